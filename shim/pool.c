/*
 * Pools and their regions; the start of it all.
 */
#include <pthread.h>

#include "asan.h"

struct poolshim_pool *ps_pools;
static _Atomic int lock;

static void before_fork(void)
{
	ps_lock(&lock);
	ps_quarantine_fork(0);
}

static void after_fork(void)
{
	ps_quarantine_fork(1);
	ps_unlock(&lock);
}

static void start(void)
{
	static const struct ps_backend *const all[] = { &ps_memcheck, &ps_asan, &ps_msan, &ps_tsan };

	for (unsigned i = 0; !ps_backend && i < sizeof all / sizeof *all; i++)
		if (!all[i]->start())
			ps_backend = all[i];
	ps_options_read();
	ps_asan_direct = ps_asan_direct && ps_options.direct;
	if (!ps_backend && !ps_none.start())
		ps_backend = &ps_none;
	if (!ps_options.enabled)
		ps_backend = NULL;
	if (!ps_backend)
		return;
	ps_pools = ps_map(PS_POOLS * sizeof *ps_pools);
	if (!ps_pools || ps_records_start()) {
		ps_backend = NULL;
		return;
	}
	if (ps_backend->own_stacks)
		ps_depot_start();
	pthread_atfork(before_fork, after_fork, after_fork);
	ps_leak_start();
}

static void start_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

PS_API const char *poolshim_checker(void)
{
	start_once();
	return ps_backend ? ps_backend->name : NULL;
}

static void name_pool(struct poolshim_pool *pool, const char *name)
{
	size_t i = 0;

	for (name = name ? name : "pool"; name[i] && i < PS_NAME - 1; i++)
		pool->name[i] = (unsigned char)name[i] < ' ' || name[i] == 127 ? '?' : name[i];
	pool->name[i] = 0;
}

PS_API struct poolshim_pool *poolshim_create(const struct poolshim_config *config)
{
	struct poolshim_pool *pool = NULL;

	start_once();
	if (!ps_backend)
		return NULL;
	struct ps_owner *owner = ps_owner_get(config->owner, !!(config->flags & POOLSHIM_SERIAL));
	if (!owner)
		return NULL;
	ps_lock(&lock);
	for (unsigned i = 1; i < PS_POOLS - 1 && !pool; i++) {
		if (ps_pools[i].used)
			continue;
		pool = &ps_pools[i];
		name_pool(pool, config->name);
		pool->number = i;
		pool->seal = (uint64_t)i << 36 | (uint64_t)PS_ALIVE << 48;
		pool->layout = config->layout;
		pool->link = config->link;
		pool->keep = config->keep & ~7u;
		pool->owner = owner;
		pool->release = config->release;
		pool->context = config->context;
		pool->extra = ps_backend->alloc ? PS_GRAIN : 0;
		pool->plain = ps_backend->alloc && config->layout == POOLSHIM_HEADER && config->link <= 8;
		pool->tracked = !!(config->flags & POOLSHIM_IN_REGIONS);
		pool->keeps = config->release && !(config->flags & POOLSHIM_NO_QUARANTINE) &&
		              ps_options.quarantine;
		ps_pool_functions(pool);
		pool->used = 1;
	}
	ps_unlock(&lock);
	if (!pool)
		ps_owner_put(owner);
	return pool;
}

PS_API void poolshim_do_flush(struct poolshim_pool *pool)
{
	ps_quarantine_flush(pool->owner);
}

PS_API int poolshim_do_region_add(
        struct poolshim_pool *pool, void *start, size_t size, unsigned flags)
{
	uintptr_t from = ps_address(start);

	if (from % PS_GRAIN || size % PS_GRAIN || !size || from + size < from ||
	        ps_region_pool(from) || ps_region_pool(from + size - 1) ||
	        ps_region_add(pool, from, from + size))
		return -1;
	PS_CALL(region, start, size, 1);
	if (!(flags & POOLSHIM_OPEN))
		PS_CALL(fence, start, size, 0);
	return 0;
}

PS_API void poolshim_do_region_remove(struct poolshim_pool *pool, void *start, size_t size)
{
	uintptr_t from = ps_address(start);

	ps_quarantine_forget(pool->owner, from, from + size);
	ps_bits_clear(from, from + size);
	PS_CALL(open, start, size);
	PS_CALL(region, start, size, 0);
	ps_region_remove(pool, from, from + size);
}

PS_API void poolshim_do_access_begin(struct poolshim_pool *pool, const void *start, size_t size)
{
	(void)pool;
	PS_CALL(open, start, size);
}

PS_API void poolshim_do_access_end(struct poolshim_pool *pool, const void *start, size_t size)
{
	(void)pool;
	PS_CALL(fence, start, size, 1);
}

PS_API void poolshim_do_destroy(struct poolshim_pool *pool)
{
	struct ps_region *g;

	ps_quarantine_flush(pool->owner);
	ps_reset(pool, 1);
	while ((g = atomic_load(&pool->regions)))
		poolshim_do_region_remove(pool, (void *)g->start, g->end - g->start);
	ps_owner_put(pool->owner);
	ps_lock(&lock);
	pool->used = 0;
	ps_unlock(&lock);
}

PS_API void poolshim_set_frame_hook(const struct poolshim_frame_hook *hook)
{
	ps_hook = hook ? *hook : (struct poolshim_frame_hook){ 0 };
}
