#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/mem.h"

enum { FIRST_BLOCK = 4096 - 32, BLOCK_MAX = 65536 - 32, ALIGNMENT = _Alignof(max_align_t) };

struct arena_block {
	struct arena_block *older;
	_Alignas(max_align_t) char data[];
};

static void add_block(struct arena *a, size_t size)
{
	size_t room = a->next ? a->next : FIRST_BLOCK;

	a->next = room * 2 < BLOCK_MAX ? room * 2 : BLOCK_MAX;
	if (room < size + sizeof(struct arena_block))
		room = size + sizeof(struct arena_block);
	struct arena_block *block = xrealloc(NULL, room);
	block->older = a->blocks;
	a->blocks = block;
	a->at = block->data;
	a->end = (char *)block + room;
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

		free(block);
		block = older;
	}
	*a = (struct arena){ 0 };
}
