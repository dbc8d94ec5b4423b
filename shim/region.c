/*
 * The memory that a pool cuts its blocks from. Looked up in reports only.
 */
#include "internal.h"

static _Atomic int lock;
static struct ps_region *spare;

static struct ps_region *region_new(void)
{
	struct ps_region *r = spare;

	if (r)
		spare = r->next;
	else
		r = ps_meta(sizeof *r);
	return r;
}

int ps_region_add(struct poolshim_pool *pool, uintptr_t start, uintptr_t end)
{
	ps_lock(&lock);
	struct ps_region *r = region_new();
	if (r) {
		r->start = start;
		r->end = end;
		r->next = atomic_load(&pool->regions);
		atomic_store(&pool->regions, r);
	}
	ps_unlock(&lock);
	return r ? 0 : -1;
}

/* Takes [START, END) out of R; a second region for what is behind it goes on the list after R. */
static void cut(struct ps_region *r, uintptr_t start, uintptr_t end)
{
	if (start > r->start && end < r->end) {
		struct ps_region *rest = region_new();
		if (rest) {
			*rest = (struct ps_region){ r->next, end, r->end };
			r->next = rest;
		}
	}
	if (start > r->start)
		r->end = start < r->end ? start : r->end;
	else
		r->start = end < r->end ? end : r->end;
}

void ps_region_remove(struct poolshim_pool *pool, uintptr_t start, uintptr_t end)
{
	struct ps_region *r, *before = NULL, *next;

	ps_lock(&lock);
	for (r = atomic_load(&pool->regions); r; r = next) {
		next = r->next;
		if (r->start < end && r->end > start)
			cut(r, start, end);
		if (r->start < r->end) {
			before = r;
			continue;
		}
		if (before)
			before->next = next;
		else
			atomic_store(&pool->regions, next);
		r->next = spare;
		spare = r;
	}
	ps_unlock(&lock);
}

struct poolshim_pool *ps_region_pool(uintptr_t address)
{
	for (unsigned i = 1; i < PS_POOLS; i++) {
		struct poolshim_pool *pool = &ps_pools[i];
		if (!atomic_load_explicit(&pool->used, memory_order_relaxed))
			continue;
		for (struct ps_region *r = atomic_load(&pool->regions); r; r = r->next)
			if (address >= r->start && address < r->end)
				return pool;
	}
	return NULL;
}

void ps_regions_each(void (*f)(uintptr_t low, uintptr_t high, void *arg), void *arg)
{
	for (unsigned i = 1; i < PS_POOLS; i++) {
		if (!atomic_load_explicit(&ps_pools[i].used, memory_order_relaxed))
			continue;
		for (struct ps_region *r = atomic_load(&ps_pools[i].regions); r; r = r->next)
			f(r->start, r->end, arg);
	}
}
