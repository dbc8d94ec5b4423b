/*
 * The calls of poolshim.h.
 */
#include <pthread.h>

#include "internal.h"

const struct ps_backend *ps_backend;
struct poolshim_pool *ps_pools;
_Atomic uint32_t ps_epoch = 1;
static _Atomic int pools_lock;

static void before_fork(void)
{
	ps_lock(&pools_lock);
	ps_quarantine_fork(0);
}

static void after_fork(void)
{
	ps_quarantine_fork(1);
	ps_unlock(&pools_lock);
}

static void start(void)
{
	static const struct ps_backend *const all[] = { &ps_memcheck, &ps_asan, &ps_msan, &ps_tsan };

	for (unsigned i = 0; !ps_backend && i < sizeof all / sizeof *all; i++)
		if (!all[i]->start())
			ps_backend = all[i];
	ps_options_read();
	if (!ps_backend && !ps_none.start())
		ps_backend = &ps_none;
	if (!ps_backend)
		return;
	ps_pools = ps_map(PS_POOLS * sizeof *ps_pools);
	if (!ps_pools) {
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
		pool->name[i] = name[i] < ' ' || name[i] == 127 ? '?' : name[i];
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
	ps_lock(&pools_lock);
	for (unsigned i = 1; i < PS_POOLS - 1 && !pool; i++) {
		if (ps_pools[i].used)
			continue;
		pool = &ps_pools[i];
		name_pool(pool, config->name);
		pool->number = i;
		pool->layout = config->layout;
		pool->flags = config->flags;
		pool->link = config->link;
		pool->keep = config->keep & ~7u;
		pool->owner = owner;
		pool->release = config->release;
		pool->context = config->context;
		pool->used = 1;
	}
	ps_unlock(&pools_lock);
	if (!pool)
		ps_owner_put(owner);
	return pool;
}

PS_API size_t poolshim_do_size(const struct poolshim_pool *pool, size_t size)
{
	return ps_raw_size(pool->layout, size);
}

/* --- canaries: the bytes between a block's end and the next multiple of 16, which are ours */

/* Where they begin, and how many; at most 16. */
static inline unsigned pad_of(const struct ps_block *b, unsigned char **pad)
{
	*pad = b->user + b->size;
	if (b->pool->layout == POOLSHIM_HEADER)
		return PS_GRAIN - (b->size & (PS_GRAIN - 1));
	return (unsigned)(ps_round(b->size + !b->size) - b->size);
}

/* The upper N bytes of a word that is not the first of a block may be written as a whole. */
static inline void pad_write(const struct ps_block *b)
{
	unsigned char *pad;
	unsigned n = pad_of(b, &pad);

	if (n >= 8) {
		__builtin_memcpy(pad, &(uint64_t){ PS_CANARY }, 8);
		__builtin_memcpy(pad + n - 8, &(uint64_t){ PS_CANARY }, 8);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		*(volatile unsigned char *)(pad + i) = (unsigned char)PS_CANARY;
}

/* The first byte of the pad that was overwritten, or NULL. */
static inline unsigned char *pad_broken(const struct ps_block *b)
{
	unsigned char *pad;
	unsigned n = pad_of(b, &pad);
	uint64_t first, last;

	if (n >= 8) {
		__builtin_memcpy(&first, pad, 8);
		__builtin_memcpy(&last, pad + n - 8, 8);
		if (first == PS_CANARY && last == PS_CANARY)
			return NULL;
	}
	for (unsigned i = 0; i < n; i++)
		if (pad[i] != (unsigned char)PS_CANARY)
			return pad + i;
	return NULL;
}

/* --- allocation and free */

static inline int has_canaries(void)
{
	return ps_backend->own_stacks && ps_options.canaries;
}

PS_API void *poolshim_do_alloc(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	const struct ps_backend *backend = ps_backend;
	struct ps_block b;
	uintptr_t start = ps_address(raw);

	ps_block_place(&b, pool, raw, size);
	b.alive = 1;
	b.freed = atomic_load_explicit(&ps_epoch, memory_order_relaxed);
	b.alloc = backend->own_stacks
	                ? ps_stack_here(__builtin_frame_address(0), ps_options.alloc_depth)
	                : 0;
	ps_bits_clear(start + PS_GRAIN, start + b.raw_size);
	PS_CALL(prepare, &b);
	ps_record_write(&b, PS_ALIVE);
	if (has_canaries())
		pad_write(&b);
	if (pool->layout == POOLSHIM_TAIL)
		ps_bit_set(start + b.raw_size - PS_GRAIN);
	ps_bit_set(start);
	PS_CALL(live, &b, flags);
	return b.user;
}

/* What is wrong with freeing P, no live block of POOL as it seems. */
static PS_NOINLINE void bad_free(struct poolshim_pool *pool, void *p, const void *frame)
{
	uintptr_t start = ps_address(p) - (pool->layout == POOLSHIM_HEADER ? PS_GRAIN : 0);
	struct ps_block b;
	enum ps_fault fault = PS_UNDERRUN;

	PS_CALL(quiet, 1);
	if (ps_address(p) % PS_GRAIN || !ps_bit(start) || ps_block_from_bit(&b, start) ||
	        b.user != p)
		fault = PS_FOREIGN;
	else if (!b.alive)
		fault = PS_DOUBLE_FREE;
	else if (b.pool && b.pool != pool)
		fault = PS_WRONG_POOL;
	PS_CALL(quiet, 0);
	ps_fault(fault, pool, p, frame);
}

/* B is the allocator's again. Outside regions nothing may be left of it: its memory may be unmapped. */
static void give_back(const struct ps_block *b)
{
	int untracked = !atomic_load_explicit(&b->pool->regions, memory_order_relaxed);

	if (untracked)
		ps_bits_clear(ps_address(b->raw), ps_address(b->raw) + b->raw_size);
	PS_CALL(released, b, untracked);
}

void ps_released(struct poolshim_pool *pool, unsigned char *user, size_t size)
{
	struct ps_block b;

	ps_block_place(&b, pool, user - (pool->layout == POOLSHIM_HEADER ? PS_GRAIN : 0), size);
	give_back(&b);
	pool->release(pool->context, b.raw);
}

static inline int keeps(const struct poolshim_pool *pool)
{
	return pool->release && !(pool->flags & POOLSHIM_NO_QUARANTINE);
}

PS_API void *poolshim_do_free(struct poolshim_pool *pool, void *block)
{
	const struct ps_backend *backend = ps_backend;
	const void *frame = __builtin_frame_address(0);
	struct ps_block b;

	if (!block)
		return NULL;
	if (PS_UNLIKELY(ps_block_at(&b, pool, block) || !b.alive || b.pool != pool)) {
		bad_free(pool, block, frame);
		return NULL;
	}
	unsigned char *broken = has_canaries() ? pad_broken(&b) : NULL;
	if (PS_UNLIKELY(broken != NULL))
		ps_fault(PS_OVERRUN, pool, broken, frame);
	b.alive = 0;
	b.freed = backend->own_stacks ? ps_stack_here(frame, ps_options.free_depth) : 0;
	ps_record_write(&b, PS_KEPT);
	PS_CALL(dead, &b);
	if (keeps(pool) && ps_quarantine_put(&b))
		return NULL;
	give_back(&b);
	return b.raw;
}

PS_API int poolshim_do_resize(struct poolshim_pool *pool, void *block, size_t size)
{
	struct ps_block b, old;

	if (ps_block_at(&b, pool, block) || !b.alive || b.pool != pool) {
		bad_free(pool, block, __builtin_frame_address(0));
		return -1;
	}
	old = b;
	ps_bits_clear(ps_address(b.raw) + PS_GRAIN, ps_address(b.raw) + b.raw_size);
	ps_block_place(&b, pool, b.raw, size);
	ps_bits_clear(ps_address(b.raw) + PS_GRAIN, ps_address(b.raw) + b.raw_size);
	ps_record_write(&b, PS_ALIVE);
	if (has_canaries())
		pad_write(&b);
	if (pool->layout == POOLSHIM_TAIL)
		ps_bit_set(ps_address(b.raw) + b.raw_size - PS_GRAIN);
	PS_CALL(resized, &b, old.size);
	return 0;
}

PS_API size_t poolshim_do_block_size(const struct poolshim_pool *pool, const void *block)
{
	struct ps_block b;

	return ps_block_at(&b, pool, block) || !b.alive || b.pool != pool ? SIZE_MAX : b.size;
}

PS_API int poolshim_do_owns(const struct poolshim_pool *pool, const void *block)
{
	return poolshim_do_block_size(pool, block) != SIZE_MAX;
}

PS_API void poolshim_do_flush(struct poolshim_pool *pool)
{
	ps_quarantine_flush(pool->owner);
}

/* --- regions */

PS_API int poolshim_do_region_add(
        struct poolshim_pool *pool, void *start, size_t size, unsigned flags)
{
	uintptr_t from = ps_address(start);

	if (from % PS_GRAIN || size % PS_GRAIN || !size || from + size < from ||
	        ps_region_pool(from) || ps_region_pool(from + size - 1) ||
	        ps_region_add(pool, from, from + size))
		return -1;
	if (!(flags & POOLSHIM_OPEN))
		PS_CALL(fence, start, size, 0);
	PS_CALL(region, start, size, 1);
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

struct reset {
	struct poolshim_pool *pool;
	ps_stack stack;
};

static void reset_one(uintptr_t start, void *arg)
{
	const struct reset *r = arg;
	struct ps_block b;

	if (ps_block_from_bit(&b, start) || ps_address(b.raw) != start || !b.alive ||
	        b.pool != r->pool)
		return;
	b.alive = 0;
	b.freed = r->stack;
	ps_record_write(&b, PS_KEPT);
	PS_CALL(dead, &b);
}

static void reset(struct poolshim_pool *pool, ps_stack stack)
{
	struct reset r = { pool, stack };

	for (struct ps_region *g = atomic_load(&pool->regions); g; g = g->next) {
		ps_quarantine_forget(pool->owner, g->start, g->end);
		ps_bits_each(g->start, g->end, reset_one, &r);
	}
}

PS_API void poolshim_do_reset(struct poolshim_pool *pool)
{
	reset(pool, ps_backend->own_stacks
	                ? ps_stack_here(__builtin_frame_address(0), ps_options.free_depth)
	                : 0);
}

PS_API void poolshim_do_destroy(struct poolshim_pool *pool)
{
	struct ps_region *g;

	ps_quarantine_flush(pool->owner);
	reset(pool, 1);
	while ((g = atomic_load(&pool->regions)))
		poolshim_do_region_remove(pool, (void *)g->start, g->end - g->start);
	ps_owner_put(pool->owner);
	ps_lock(&pools_lock);
	pool->used = 0;
	ps_unlock(&pools_lock);
}

PS_API void poolshim_set_frame_hook(const struct poolshim_frame_hook *hook)
{
	ps_hook = hook ? *hook : (struct poolshim_frame_hook){ NULL, NULL };
}
