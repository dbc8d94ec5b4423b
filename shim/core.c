/*
 * Allocation and free.
 */
#include "begin_end.h"

const struct ps_backend *ps_backend;
_Atomic uint32_t ps_epoch = 1;

PS_API size_t poolshim_do_size(const struct poolshim_pool *pool, size_t size)
{
	size_t raw = ps_raw_size(pool->layout, size);

	return raw ? raw + pool->extra : 0;
}

static void *alloc(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	return ps_begin(pool, raw, size, flags, __builtin_frame_address(0));
}

/* P is no block of its pool's layout: is it one of the other layout? */
static enum ps_fault fault_elsewhere(void *p)
{
	struct ps_block b;

	if (ps_address(p) % PS_GRAIN || ps_block_near(&b, ps_address(p)) || b.user != p)
		return PS_FOREIGN;
	return b.alive ? PS_WRONG_POOL : PS_DOUBLE_FREE;
}

PS_NOINLINE enum ps_fault ps_fault_of(struct poolshim_pool *pool, void *p)
{
	uintptr_t start = ps_address(p) - (pool->layout == POOLSHIM_HEADER ? PS_GRAIN : 0);
	struct ps_block b;
	enum ps_fault fault = PS_UNDERRUN;

	PS_CALL(quiet, 1);
	if (ps_address(p) % PS_GRAIN || !ps_bit(start))
		fault = fault_elsewhere(p);
	else if (ps_block_from_bit(&b, start) || b.user != p)
		fault = pool->layout == POOLSHIM_TAIL ? PS_OVERRUN_RECORD
		        : pool->link > 8              ? PS_DOUBLE_FREE
		                                      : PS_UNDERRUN;
	else if (!b.alive)
		fault = PS_DOUBLE_FREE;
	else if (b.pool && b.pool != pool)
		fault = PS_WRONG_POOL;
	PS_CALL(quiet, 0);
	return fault;
}

PS_NOINLINE void ps_bad_free(struct poolshim_pool *pool, void *p, const void *frame)
{
	ps_fault(ps_fault_of(pool, p), pool, p, frame);
}

/* Fills B with the live block of POOL at USER. Its record, or NULL: there is none. */
PS_INLINE void *find(struct ps_block *b, struct poolshim_pool *pool, void *user)
{
	void *record = ps_find_record(pool, user);
	uint64_t what = record ? ps_live_what(pool, user, record) : 0;

	if (PS_UNLIKELY(!what))
		return NULL;
	ps_block_at(b, pool, user, what & (PS_SIZE_MAX - 1));
	return record;
}

/* Outside regions nothing may be left of a block: its memory may be unmapped. */
void *ps_give_back(struct poolshim_pool *pool, unsigned char *user, size_t size)
{
	int untracked = !pool->tracked &&
	                !atomic_load_explicit(&pool->regions, memory_order_relaxed);
	struct ps_block b;

	if (pool->plain && !untracked)
		return user - PS_GRAIN;
	ps_block_place(&b, pool, user - (pool->layout == POOLSHIM_HEADER ? PS_GRAIN : 0), size);
	size_t bits = ps_is_brief(&b) ? PS_GRAIN : b.raw_size;
	if (untracked)
		ps_bits_clear(ps_address(b.raw), ps_address(b.raw) + bits);
	if (ps_asan_direct)
		ps_asan_released(&b, untracked);
	else
		PS_CALL(released, &b, untracked);
	return b.raw;
}

static void *dealloc(struct poolshim_pool *pool, void *block)
{
	const void *frame = __builtin_frame_address(0);
	struct ps_block b;

	if (!block)
		return NULL;
	void *record = find(&b, pool, block);
	if (PS_UNLIKELY(!record)) {
		ps_bad_free(pool, block, frame);
		return NULL;
	}
	return ps_end(&b, record, frame);
}

void ps_pool_functions(struct poolshim_pool *pool)
{
	pool->alloc = ps_backend->alloc ? ps_backend->alloc : alloc;
	pool->free = ps_backend->free ? ps_backend->free : dealloc;
	if (ps_backend == &ps_memcheck)
		ps_memcheck_functions(pool);
}

PS_API void *poolshim_do_alloc(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	return pool->alloc(pool, raw, size, flags);
}

PS_API void *poolshim_do_free(struct poolshim_pool *pool, void *block)
{
	return pool->free(pool, block);
}

PS_API int poolshim_do_resize(struct poolshim_pool *pool, void *block, size_t size)
{
	struct ps_block b, old;
	void *record = find(&old, pool, block);

	if (!record) {
		ps_bad_free(pool, block, __builtin_frame_address(0));
		return -1;
	}
	uint64_t stacks = ps_backend->own_stacks ? *ps_stacks(record, pool->layout) : 0;
	unsigned char *broken = NULL;
	if (ps_backend->own_stacks && ps_options.canaries)
		broken = ps_pad_broken(old.user + old.size, ps_pad(pool->layout, old.size));
	if (broken)
		ps_fault(PS_OVERRUN, pool, broken, __builtin_frame_address(0));
	ps_bits_clear(ps_address(old.raw) + PS_GRAIN, ps_address(old.raw) + old.raw_size);
	ps_block_place(&b, pool, old.raw, size);
	PS_CALL(resized, &b, old.size);
	ps_mark(ps_address(b.raw), b.raw_size,
	        pool->layout == POOLSHIM_TAIL);
	record = ps_record_of(&b);
	stacks = ps_pack(stacks & PS_STACK_MASK,
		        stacks >> PS_FREED_SHIFT & PS_STACK_MASK, 1, size);
	ps_store(ps_what(record, pool->layout), ps_seal(pool, size, record, stacks));
	if (ps_backend->own_stacks)
		ps_store(ps_stacks(record, pool->layout), stacks);
	if (ps_backend->own_stacks && ps_options.canaries)
		ps_pad_write(b.user + size, ps_pad(pool->layout, size));
	return 0;
}

PS_API size_t poolshim_do_block_size(const struct poolshim_pool *pool, const void *block)
{
	int wild = ps_backend == &ps_memcheck && ps_address(block) >> PS_CLIENT_SHIFT;
	void *record = wild ? NULL : ps_find_record(pool, block);
	uint64_t what = record ? ps_live_what(pool, block, record) : 0;

	return what ? what & (PS_SIZE_MAX - 1) : SIZE_MAX;
}

PS_API int poolshim_do_owns(const struct poolshim_pool *pool, const void *block)
{
	return poolshim_do_block_size(pool, block) != SIZE_MAX;
}

/* --- all at once */

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
	ps_kill(&b, ps_record_of(&b), r->stack);
}

static void reset_range(
        struct poolshim_pool *pool, ps_stack stack, uintptr_t start, uintptr_t end)
{
	struct reset r = { pool, stack };

	PS_CALL(quiet, 1);
	ps_quarantine_forget(pool->owner, start, end);
	ps_bits_each(start, end, reset_one, &r);
	PS_CALL(quiet, 0);
}

void ps_reset(struct poolshim_pool *pool, ps_stack stack)
{
	for (struct ps_region *g = atomic_load(&pool->regions); g; g = g->next)
		reset_range(pool, stack, g->start, g->end);
}

PS_API void poolshim_do_free_range(struct poolshim_pool *pool, void *start, size_t size)
{
	uintptr_t from = ps_address(start);
	ps_stack stack = ps_backend->own_stacks
	                         ? ps_stack_here(__builtin_frame_address(0), ps_options.free_depth)
	                         : 0;

	reset_range(pool, stack, from, from + size);
}

PS_API void poolshim_do_reset(struct poolshim_pool *pool)
{
	ps_reset(pool, ps_backend->own_stacks
	                       ? ps_stack_here(__builtin_frame_address(0), ps_options.free_depth)
	                       : 0);
}
