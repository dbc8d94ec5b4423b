#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/mem.h"

/* Each block of an arena has twice the size of the one before, up to a bound. */
enum { FIRST_BLOCK = 4096 - 32, SIZES = 5, ALIGNMENT = _Alignof(max_align_t) };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of all */
	_Alignas(max_align_t) char data[];
};

/*
 * A few released blocks of each size, to be taken again: a log's next finding needs as much as the
 * last one, and such blocks are larger than what malloc() keeps at hand.
 */
enum { SPARE_MAX = 4 };
static struct {
	struct arena_block *blocks;
	int n;
} spare[SIZES];

static struct arena_block *new_block(size_t size, unsigned class)
{
	struct arena_block *block = spare[class].blocks;

	if (block && block->size >= size) {
		spare[class].blocks = block->older;
		spare[class].n--;
		return block;
	}
	block = xrealloc(NULL, size);
	block->size = size;
	return block;
}

static void release_block(struct arena_block *block)
{
	for (unsigned class = 0; class < SIZES; class++) {
		if (block->size != (size_t)FIRST_BLOCK << class || spare[class].n == SPARE_MAX)
			continue;
		block->older = spare[class].blocks;
		spare[class].blocks = block;
		spare[class].n++;
		return;
	}
	free(block);
}

static void add_block(struct arena *a, size_t size)
{
	size_t room = (size_t)FIRST_BLOCK << a->next;

	if (room < size + sizeof(struct arena_block))
		room = size + sizeof(struct arena_block);
	struct arena_block *block = new_block(room, a->next);
	a->next += a->next < SIZES - 1;
	block->older = a->blocks;
	a->blocks = block;
	a->at = block->data;
	a->end = (char *)block + block->size;
}

static char *take(struct arena *a, size_t size)
{
	if ((size_t)(a->end - a->at) < size)
		add_block(a, size);
	char *p = a->at;
	a->at += size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t odd = -(uintptr_t)a->at % ALIGNMENT; /* a new block begins aligned */

	a->at = odd < (size_t)(a->end - a->at) ? a->at + odd : a->end;
	return take(a, size);
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = take(a, n + 1);

	if (n) /* S may be NULL then */
		memcpy(copy, s, n);
	copy[n] = 0;
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *s = take(a, n > 0 ? (size_t)n + 1 : 1);
	*s = 0;
	if (n > 0)
		vsnprintf(s, (size_t)n + 1, format, args);
	return s;
}

void arena_release(struct arena *a)
{
	for (struct arena_block *block = a->blocks; block;) {
		struct arena_block *older = block->older;

		release_block(block);
		block = older;
	}
	*a = (struct arena){ 0 };
}
