/* An allocator with all calls of the shim, or without any: WITHOUT. */
#include <stddef.h>

#ifndef WITHOUT
#include "poolshim.h"
#else
#define poolshim_size(pool, size) ((size_t)(size))
#define poolshim_alloc(pool, raw, size, flags) ((void *)(raw))
#define poolshim_free(pool, block) ((void *)(block))
#endif

struct raw {
	struct raw *next;
};

struct arena {
	char *top, *end;
	struct raw *freed;
};

#ifndef WITHOUT
extern struct poolshim_pool *pool;
#define POOL(a) pool
#endif

void *get(struct arena *a, size_t size)
{
	size_t n = (poolshim_size(POOL(a), size) + 15) & ~(size_t)15;
	struct raw *raw = a->freed;

	if (raw && n <= 64) {
#ifndef WITHOUT
		poolshim_access_begin(POOL(a), raw, sizeof *raw);
#endif
		a->freed = raw->next;
#ifndef WITHOUT
		poolshim_access_end(POOL(a), raw, sizeof *raw);
#endif
	} else if (n <= (size_t)(a->end - a->top)) {
		raw = (struct raw *)(void *)a->top;
		a->top += n;
	} else {
		return NULL;
	}
	return poolshim_alloc(POOL(a), raw, size, 0);
}

void put(struct arena *a, void *block)
{
	struct raw *raw = poolshim_free(POOL(a), block);

	if (raw) {
		raw->next = a->freed;
		a->freed = raw;
	}
}

void begin(struct arena *a, char *memory, size_t size)
{
	a->top = memory;
	a->end = memory + size;
	a->freed = NULL;
#ifndef WITHOUT
	(void)poolshim_create(&(struct poolshim_config){ .name = "x", .link = 8 });
	poolshim_region_add(POOL(a), memory, size, POOLSHIM_OPEN);
	poolshim_set_frame_hook(&(struct poolshim_frame_hook){ .capture = NULL });
#endif
}

void reset(struct arena *a, char *memory)
{
#ifndef WITHOUT
	poolshim_reset(POOL(a));
	poolshim_flush(POOL(a));
	poolshim_free_range(POOL(a), memory, 16);
	poolshim_region_remove(POOL(a), memory, 16);
	poolshim_destroy(POOL(a));
	(void)poolshim_checker();
	(void)poolshim_checkpoint();
	poolshim_leaks(POOL(a), 0);
	poolshim_describe(memory);
	poolshim_resize(POOL(a), memory, 5);
	(void)poolshim_owns(POOL(a), memory);
	(void)poolshim_block_size(POOL(a), memory);
#endif
	a->top = memory;
	a->freed = NULL;
}
