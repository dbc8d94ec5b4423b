/*
 * The allocator that the tests annotate: raw blocks are cut from one region, and freed ones wait in
 * lists by size, linked through their first word.
 */
#ifndef POOLSHIM_TESTS_HEAP_H
#define POOLSHIM_TESTS_HEAP_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "poolshim.h"

enum { HEAP_CLASSES = 512 };

struct heap_link {
	struct heap_link *next;
};

struct heap {
	struct poolshim_pool *pool;
	pthread_mutex_t lock;
	char *start, *top, *end;
	uint32_t *sizes; /* of raw blocks, by where they begin */
	struct heap_link *lists[HEAP_CLASSES];
	size_t taken; /* raw blocks that were given to the shim and did not come back */
};

/* Of the raw block at RAW, in bytes. */
static uint32_t *heap_size(struct heap *h, void *raw)
{
	return &h->sizes[(size_t)((char *)raw - h->start) / 16];
}

static void heap_give_back(void *context, void *raw)
{
	struct heap *h = context;
	struct heap_link *link = raw;

	pthread_mutex_lock(&h->lock);
	size_t class = *heap_size(h, raw) / 16;
	h->taken--;
	if (class < HEAP_CLASSES) {
		link->next = h->lists[class];
		h->lists[class] = link;
	}
	pthread_mutex_unlock(&h->lock);
}

static __attribute__((unused)) void *heap_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

static __attribute__((unused)) void heap_open(struct heap *h, const char *name,
        enum poolshim_layout layout, unsigned flags, void *memory, size_t size)
{
	memset(h, 0, sizeof *h);
	pthread_mutex_init(&h->lock, NULL);
	h->start = memory;
	h->top = h->start;
	h->end = h->start + size;
	h->sizes = heap_memory(size / 16 * sizeof *h->sizes);
	h->pool = poolshim_create(&(struct poolshim_config){ .name = name, .layout = layout,
	        .flags = flags, .link = 8, .release = heap_give_back, .context = h });
	poolshim_region_add(h->pool, memory, size, 0);
}

static __attribute__((unused, noinline)) void *heap_alloc(struct heap *h, size_t size, unsigned flags)
{
	size_t n = (poolshim_size(h->pool, size) + 15) & ~(size_t)15, class;
	void *raw;

	n += !n * 16;
	class = n / 16;
	pthread_mutex_lock(&h->lock);
	if (class < HEAP_CLASSES && h->lists[class]) {
		raw = h->lists[class];
		h->lists[class] = h->lists[class]->next;
	} else if (n <= (size_t)(h->end - h->top)) {
		raw = h->top;
		h->top += n;
		*heap_size(h, raw) = (uint32_t)n;
	} else {
		raw = NULL;
	}
	h->taken += raw != NULL;
	pthread_mutex_unlock(&h->lock);
	if (!raw)
		return NULL;
	void *p = poolshim_alloc(h->pool, raw, size, flags);
	if (flags & POOLSHIM_ZEROED)
		memset(p, 0, size);
	return p;
}

/* Is ASan told by its own calls? Then it says use-after-poison of all that is read or written. */
static __attribute__((unused)) int told_by_calls(void)
{
	const char *options = getenv("POOLSHIM_OPTIONS");

	return options && strstr(options, "direct=0") != NULL;
}

static __attribute__((unused, noinline)) void heap_free(struct heap *h, void *p)
{
	void *raw = poolshim_free(h->pool, p);

	if (raw)
		heap_give_back(h, raw);
}

#endif
