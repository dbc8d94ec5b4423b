/*
 * Valgrind's Memcheck: its own client requests, so that no header of Valgrind's is needed. Memcheck
 * keeps the stacks and says itself what is wrong; the first half of a record is kept, in bytes that
 * stay accessible, for what it cannot know: which pool a block is of.
 */
#include <stdlib.h>

#include "hot.h"
#include "memcheck.h"

enum { FENCE = 8 }; /* half a record */

static int start(void)
{
	char here[16];

	/* other tools answer 0 to what they do not know */
	return ps_request(RUNNING, 0, 0, 0, 0) && ps_request(DEFINED, ps_address(here), sizeof here, 0, 0)
	               ? 0
	               : -1;
}

static uintptr_t what_of(const struct ps_block *b)
{
	return ps_address(b->raw) + (b->user == b->raw ? b->raw_size - FENCE : 0);
}

/*
 * What is not the block's of a raw block, but for the record's first half. Without redzones of
 * their own MALLOCLIKE and FREELIKE leave that as it is: the next block that begins and ends here needs
 * nothing.
 */
static void prepare(const struct ps_block *b)
{
	ps_request(NOACCESS, ps_address(b->raw), b->raw_size + b->pool->extra, 0, 0);
	ps_request(DEFINED, what_of(b), FENCE, 0, 0);
}

/*
 * All that runs here runs under Memcheck, where an instruction costs as much as ten: so no more than has
 * to be.
 */
static void *poolshim_live(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	size_t raw_size = ps_raw_size(pool->layout, size);
	uintptr_t start = ps_address(raw);
	uintptr_t what = start;

	if (PS_UNLIKELY(!ps_mark_both(start, raw_size, pool->layout == POOLSHIM_TAIL))) {
		struct ps_block b;
		ps_block_place(&b, pool, raw, size);
		prepare(&b);
	}
	if (pool->layout == POOLSHIM_HEADER)
		start += PS_GRAIN;
	else
		what += raw_size - FENCE;
	ps_store((ps_word *)what, pool->seal | size);
	ps_request(MALLOCLIKE, start, size, 0, !!(flags & POOLSHIM_ZEROED));
	return (void *)start;
}

static void resized(const struct ps_block *b, size_t old_size)
{
	uintptr_t end = ps_address(b->user) + b->size;

	ps_request(RESIZE_IN_PLACE, ps_address(b->user), old_size, b->size, 0);
	ps_request(NOACCESS, end, ps_address(b->raw) + b->raw_size + b->pool->extra - end, 0, 0);
	if (b->user == b->raw)
		ps_request(DEFINED, what_of(b), FENCE, 0, 0);
}

static void dead(const struct ps_block *b)
{
	ps_request(FREELIKE, ps_address(b->user), 0, 0, 0);
	if (b->pool->keep)
		ps_request(DEFINED, ps_address(b->user),
		        b->pool->keep < b->size ? b->pool->keep : b->size, 0, 0);
}

static void released(const struct ps_block *b, int untracked)
{
	if (untracked)
		ps_request(UNDEFINED, ps_address(b->raw), b->raw_size + b->pool->extra, 0, 0);
	else if (b->user == b->raw || b->pool->link > FENCE)
		ps_request(UNDEFINED, ps_address(b->raw), ps_link(b), 0, 0);
}

/* A double free and a foreign pointer are Memcheck's to report; a wrong pool is its mismatched free. */
static inline __attribute__((always_inline)) int poolshim_fault(enum ps_fault fault, void *p)
{
	if (fault == PS_WRONG_POOL)
		free(p);
	else
		ps_request(FREELIKE, ps_address(p), 0, 0, 0);
	return 1;
}

static void *poolshim_dead(struct poolshim_pool *pool, void *block)
{
	int wild = ps_address(block) >> PS_CLIENT_SHIFT != 0;
	void *record = wild ? NULL : ps_find_record(pool, block);
	uint64_t what = record ? ps_load(ps_what(record, pool->layout)) : 0;
	size_t size = what & (PS_SIZE_MAX - 1);

	if (!block)
		return NULL;
	if (PS_UNLIKELY((what ^ pool->seal) >> PS_POOL_SHIFT)) {
		/* here: Memcheck takes errors whose first four frames are the same for one error */
		poolshim_fault(wild ? PS_FOREIGN : ps_fault_of(pool, block), block);
		return NULL;
	}
	ps_store(ps_what(record, pool->layout),
	        what ^ (uint64_t)(PS_ALIVE ^ PS_KEPT) << PS_STATE_SHIFT);
	ps_request(FREELIKE, ps_address(block), 0, 0, 0);
	if (pool->keep)
		ps_request(DEFINED, ps_address(block), pool->keep < size ? pool->keep : size, 0, 0);
	if (pool->keeps && ps_quarantine_put(pool, block, size))
		return NULL;
	return ps_give_back(pool, block, size);
}

static void fence(const void *start, size_t size, int freed)
{
	(void)freed;
	ps_bits_clear(ps_address(start), ps_address(start) + size); /* records there are fenced as well */
	ps_request(NOACCESS, ps_address(start), size, 0, 0);
}

static void open(const void *start, size_t size)
{
	ps_request(DEFINED, ps_address(start), size, 0, 0);
}

static void hide(const void *start, size_t size, int hidden)
{
	ps_request(hidden ? NOACCESS : DEFINED, ps_address(start), size, 0, 0);
}

static void quiet(int on)
{
	ps_request(REPORTING, on ? 1 : (uintptr_t)-1, 0, 0, 0);
}

/*
 * A region from malloc is a block of Memcheck's too, which would be named in the place of ours, and it is
 * not searched for pointers as a whole. So that block is made small while the region is ours. Where the
 * region is no such block nothing happens: the request is refused, quietly.
 */
static void region(const void *start, size_t size, int added)
{
	uintptr_t from = ps_address(start);

	if (size <= PS_GRAIN)
		return;
	quiet(1);
	if (!added) {
		ps_request(RESIZE_IN_PLACE, from, PS_GRAIN, size, 0);
	} else if (!ps_request(CHECK_ADDRESSABLE, from + PS_GRAIN, 1, 0, 0)) {
		ps_request(RESIZE_IN_PLACE, from, size, PS_GRAIN, 0);
		if (ps_request(CHECK_ADDRESSABLE, from + PS_GRAIN, 1, 0, 0))
			ps_request(UNDEFINED, from + PS_GRAIN, size - PS_GRAIN, 0, 0);
	}
	quiet(0);
}

/*
 * The same for the usual pool: with headers, whose freed blocks nobody may look at. What may be unusual
 * goes the long way.
 */
static void *poolshim_live_header(
        struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	uintptr_t start = ps_address(raw);
	ps_word *leaf = ps_leaves[start >> PS_LEAF_SHIFT];
	unsigned first = start >> 4 & 63;
	size_t n = (size >> 4) + 2; /* ps_raw_size() in 16 bytes */

	if (PS_UNLIKELY(!leaf || first + n > 63 || size > 900))
		return poolshim_live(pool, raw, size, flags);
	ps_word *begins = ps_word_of(leaf, start);
	uint64_t after = (uint64_t)1 << n, mask = after - 1;
	uint64_t differs = ((ps_load(begins) >> first & mask) ^ 1) |
	                   ((ps_load(begins + PS_LEAF_WORDS) >> first & mask) ^ after >> 1);
	if (PS_UNLIKELY(differs))
		return poolshim_live(pool, raw, size, flags);
	ps_store(raw, pool->seal | size);
	ps_request(MALLOCLIKE, start + PS_GRAIN, size, 0, !!(flags & POOLSHIM_ZEROED));
	return (void *)(start + PS_GRAIN);
}

static void *poolshim_dead_header(struct poolshim_pool *pool, void *block)
{
	uintptr_t record = ps_address(block) - PS_GRAIN;
	ps_word *leaf = record >> PS_CLIENT_SHIFT ? NULL : ps_leaves[record >> PS_LEAF_SHIFT];

	if (PS_UNLIKELY(!leaf || record & (PS_GRAIN - 1) ||
	                !(ps_load(ps_word_of(leaf, record)) >> (record >> 4 & 63) & 1)))
		return poolshim_dead(pool, block);
	uint64_t what = ps_load((ps_word *)record);
	if (PS_UNLIKELY((what ^ pool->seal) >> PS_POOL_SHIFT))
		return poolshim_dead(pool, block);
	ps_store((ps_word *)record, what ^ (uint64_t)(PS_ALIVE ^ PS_KEPT) << PS_STATE_SHIFT);
	ps_request(FREELIKE, ps_address(block), 0, 0, 0);
	if (pool->keeps && ps_quarantine_put(pool, block, what & (PS_SIZE_MAX - 1)))
		return NULL;
	return ps_give_back(pool, block, what & (PS_SIZE_MAX - 1));
}

void ps_memcheck_functions(struct poolshim_pool *pool)
{
	if (pool->layout != POOLSHIM_HEADER || pool->keep)
		return;
	pool->alloc = poolshim_live_header;
	pool->free = poolshim_dead_header;
}

const struct ps_backend ps_memcheck = {
	.name = "memcheck",
	.title = "Memcheck",
	.start = start,
	.prepare = prepare,
	.alloc = poolshim_live,
	.resized = resized,
	.free = poolshim_dead,
	.dead = dead,
	.released = released,
	.fence = fence,
	.open = open,
	.region = region,
	.hide = hide,
	.fault = poolshim_fault,
	.quiet = quiet,
};
