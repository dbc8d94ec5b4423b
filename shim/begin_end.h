/*
 * The begin of a block and its end, inline: for poolshim_alloc() and poolshim_free(), and for wrappers
 * that know what these would have to find out.
 */
#ifndef POOLSHIM_BEGIN_END_H
#define POOLSHIM_BEGIN_END_H

#include "asan.h"
#include "hot.h"

PS_INLINE void ps_live(const struct ps_block *b, unsigned flags)
{
	if (ps_asan_direct)
		ps_asan_live(b);
	else
		PS_CALL(live, b, flags);
}

PS_INLINE void ps_dead(const struct ps_block *b)
{
	if (ps_asan_direct)
		ps_asan_dead(b);
	else
		PS_CALL(dead, b);
}

/* As poolshim_alloc(), for a checker without a function for that; FRAME as for ps_stack_here(). */
PS_INLINE void *ps_begin(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags,
        const void *frame)
{
	struct ps_block b;

	ps_block_place(&b, pool, raw, size);
	ps_mark(ps_address(raw), ps_is_brief(&b) ? PS_GRAIN : b.raw_size, pool->layout == POOLSHIM_TAIL);
	if (ps_options.canaries)
		ps_pad_write(b.user + size, ps_pad(pool->layout, size));
	void *record = ps_record_of(&b);
	ps_stack stack = ps_stack_here(frame, ps_options.alloc_depth);
	uint32_t epoch = atomic_load_explicit(&ps_epoch, memory_order_relaxed);
	uint64_t stacks = ps_pack(stack, epoch, 1, size);
	ps_store(ps_what(record, pool->layout), ps_seal(pool, size, record, stacks));
	ps_store(ps_stacks(record, pool->layout), stacks);
	ps_live(&b, flags);
	return b.user;
}

/* B, whose record is at RECORD, is dead from now on. */
PS_INLINE void ps_kill(struct ps_block *b, void *record, ps_stack stack)
{
	ps_word *what = ps_what(record, b->pool->layout);
	ps_word *stacks = ps_stacks(record, b->pool->layout);

	ps_store(what, ps_unseal(ps_load(what), record));
	if (ps_backend->own_stacks) {
		uint64_t old = ps_load(stacks);
		ps_store(stacks, ps_pack(old & PS_STACK_MASK, stack, 0, b->size));
	}
	ps_dead(b);
}

/*
 * B, a live block whose record is at RECORD, is freed. As poolshim_free(), for a checker without a
 * function for that.
 */
PS_INLINE void *ps_end(struct ps_block *b, void *record, const void *frame)
{
	struct poolshim_pool *pool = b->pool;
	unsigned char *broken = NULL;
	if (ps_options.canaries)
		broken = ps_pad_broken(b->user + b->size, ps_pad(pool->layout, b->size));
	if (PS_UNLIKELY(broken != NULL))
		ps_fault(PS_OVERRUN, pool, broken, frame);
	ps_kill(b, record, ps_stack_here(frame, ps_options.free_depth));
	if (pool->keeps && ps_quarantine_put(pool, b->user, b->size))
		return NULL;
	return ps_give_back(pool, b->user, b->size);
}

#endif
