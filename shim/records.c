/*
 * What is known of an address.
 *
 * One bit for each 16 bytes of the address space says that a block begins or began there, and for a
 * block with its record behind it also where that is. A bit stays set when its block is freed and is
 * not written again when the next block begins there, which is the usual case; a new block clears
 * those inside it that are left of older ones.
 */
#include "hot.h"

enum {
	BITS_SIZE = 2 * PS_LEAF_WORDS * sizeof(ps_word), /* both sets */
	MARKS_SIZE = sizeof(ps_mark_word) << (PS_LEAF_SHIFT - 4),
};

ps_word *_Atomic *ps_leaves;
uint64_t ps_seal_key;

int ps_records_start(void)
{
	ps_leaves = ps_map(sizeof *ps_leaves << (PS_TOP_SHIFT - PS_LEAF_SHIFT));
	if (ps_leaves) {
		size_t used = (size_t)1 << (PS_CLIENT_SHIFT - PS_LEAF_SHIFT);
		size_t all = (size_t)1 << (PS_TOP_SHIFT - PS_LEAF_SHIFT);
		PS_CALL(hide, ps_leaves + used, (all - used) * sizeof *ps_leaves, 1);
	}
	ps_seal_key = ps_backend->own_stacks ? 0x9e3779b97f4a7c15u : 0;
	return ps_leaves ? 0 : -1;
}

ps_word *ps_leaf_make(uintptr_t address)
{
	ps_word *other = NULL;

	if ((uint64_t)address >> PS_TOP_SHIFT)
		return NULL;
	size_t size = BITS_SIZE + (ps_backend == &ps_memcheck ? MARKS_SIZE : 0);
	ps_word *made = ps_map(size);
	if (!made)
		return NULL;
	if (atomic_compare_exchange_strong(&ps_leaves[address >> PS_LEAF_SHIFT], &other, made))
		return made;
	ps_unmap(made, size);
	return other;
}

static uint64_t bits_at(uintptr_t address)
{
	ps_word *leaf = ps_leaf(address);

	return leaf ? atomic_load_explicit(ps_word_of(leaf, address), memory_order_relaxed) : 0;
}

static void set(uintptr_t address)
{
	ps_word *leaf = ps_leaf(address);

	if (!leaf && !(leaf = ps_leaf_make(address)))
		return;
	atomic_fetch_or_explicit(ps_word_of(leaf, address), (uint64_t)1 << (address >> 4 & 63),
	        memory_order_relaxed);
}

PS_NOINLINE int ps_mark_slow(uintptr_t start, size_t size, int ends)
{
	uintptr_t last = start + size - PS_GRAIN;
	uintptr_t next = ps_bit_after(start, size - PS_GRAIN);

	/* the same as before, but over the end of a word */
	if (ps_bit(start) && next == (ends ? last : 0))
		return 1;
	ps_bits_clear(start + PS_GRAIN, start + size);
	set(start);
	if (ends)
		set(last);
	return 0;
}

static void clear_word(ps_word *w, uint64_t mask)
{
	if (ps_load(w) & mask)
		atomic_fetch_and_explicit(w, ~mask, memory_order_relaxed);
}

/* WHICH: 0, or PS_LEAF_WORDS for the second set */
static void bits_clear(uintptr_t start, uintptr_t end, size_t which)
{
	start = (start + PS_GRAIN - 1) & ~(uintptr_t)(PS_GRAIN - 1);
	while (start < end) {
		ps_word *leaf = ps_leaf(start);
		uintptr_t stop = (start | 1023) + 1;
		if (!leaf) {
			start = (start | (((uintptr_t)1 << PS_LEAF_SHIFT) - 1)) + 1;
			if (!start)
				return;
			continue;
		}
		uint64_t mask = ~(uint64_t)0 << (start >> 4 & 63);
		if (end < stop && (end >> 4 & 63))
			mask &= ~(~(uint64_t)0 << ((end + 15) >> 4 & 63));
		clear_word(ps_word_of(leaf + which, start), mask);
		start = stop;
	}
}

void ps_bits_clear(uintptr_t start, uintptr_t end)
{
	bits_clear(start, end, 0);
	if (!ps_seal_key)
		bits_clear(start, end, PS_LEAF_WORDS);
}

PS_NOINLINE int ps_mark_both_slow(uintptr_t start, size_t size)
{
	uintptr_t last = start + size - PS_GRAIN;

	bits_clear(start, start + size, PS_LEAF_WORDS);
	ps_word *leaf = ps_leaf(last);
	if (leaf)
		atomic_fetch_or_explicit(ps_word_of(leaf + PS_LEAF_WORDS, last),
		        (uint64_t)1 << (last >> 4 & 63), memory_order_relaxed);
	return 0;
}

uintptr_t ps_bit_before(uintptr_t address, size_t limit)
{
	uintptr_t last = address > limit ? address - limit : 0;

	for (uintptr_t a = address | 1023; a > last; a -= 1024) {
		uint64_t bits = bits_at(a);
		if (a >= address && (address >> 4 & 63) != 63)
			bits &= ((uint64_t)2 << (address >> 4 & 63)) - 1;
		if (bits)
			return (a & ~(uintptr_t)1023) + ((63 - (unsigned)__builtin_clzll(bits)) << 4);
		if (a < 1024)
			break;
	}
	return 0;
}

uintptr_t ps_bit_after(uintptr_t address, size_t limit)
{
	uintptr_t first = (address | (PS_GRAIN - 1)) + 1, last = first + limit;

	for (uintptr_t a = first; a < last; a = (a | 1023) + 1) {
		if (!ps_leaf(a)) {
			a |= ((uintptr_t)1 << PS_LEAF_SHIFT) - 1;
			continue;
		}
		uint64_t bits = bits_at(a) & ~(uint64_t)0 << (a >> 4 & 63);
		if (!bits)
			continue;
		a = (a & ~(uintptr_t)1023) + ((uintptr_t)__builtin_ctzll(bits) << 4);
		return a < last ? a : 0;
	}
	return 0;
}

void ps_bits_each(uintptr_t start, uintptr_t end, void (*f)(uintptr_t address, void *), void *arg)
{
	if ((uint64_t)end >> PS_TOP_SHIFT)
		end = (uintptr_t)((uint64_t)1 << PS_TOP_SHIFT);
	while (start < end) {
		if (!ps_leaf(start)) {
			start = (start | (((uintptr_t)1 << PS_LEAF_SHIFT) - 1)) + 1;
			continue;
		}
		uint64_t bits = bits_at(start) & ~(uint64_t)0 << (start >> 4 & 63);
		for (; bits; bits &= bits - 1) {
			uintptr_t a = (start & ~(uintptr_t)1023) + ((uintptr_t)__builtin_ctzll(bits) << 4);
			if (a >= end)
				return;
			f(a, arg);
		}
		start = (start | 1023) + 1;
	}
}

/* --- records */

static void unpack(struct ps_block *b, uint64_t stacks)
{
	b->alloc = stacks & PS_STACK_MASK;
	b->freed = stacks >> PS_FREED_SHIFT & PS_STACK_MASK;
}

/* Fills B from the record R. 0, or -1: it is not whole. */
static int record_read(struct ps_block *b, void *r, enum poolshim_layout layout)
{
	uint64_t what = ps_load(ps_what(r, layout));
	uint64_t stacks = ps_backend->own_stacks ? ps_load(ps_stacks(r, layout)) : 0;
	unsigned number = what >> PS_POOL_SHIFT & (PS_POOLS - 1);
	size_t size = what & (PS_SIZE_MAX - 1);
	unsigned char *raw = r;
	struct poolshim_pool *pool = &ps_pools[number];
	if (!pool->used || pool->layout != layout)
		return -1;
	uint64_t live = ps_seal(pool, size, r, stacks);
	b->alive = what == live;
	if (!b->alive && what != ps_unseal(live, r))
		return -1;
	if (layout == POOLSHIM_TAIL)
		raw -= ps_round(size + !size);
	ps_block_place(b, pool, raw, size);
	unpack(b, stacks);
	return 0;
}

/* What a header still tells whose first half the allocator has overwritten. */
static int record_rest(struct ps_block *b, void *r)
{
	uint64_t stacks = ps_load(ps_stacks(r, POOLSHIM_HEADER));
	struct ps_trace trace;

	if (!ps_backend->own_stacks)
		return -1;
	unpack(b, stacks);
	b->alive = stacks >> PS_ALIVE_SHIFT & 1;
	b->size = stacks >> PS_SHORT_SHIFT;
	if (ps_depot_get(b->alloc, &trace) || (!b->alive && ps_depot_get(b->freed, &trace)))
		return -1;
	b->raw = r;
	b->user = b->raw + PS_GRAIN;
	b->raw_size = ps_raw_size(POOLSHIM_HEADER, b->size);
	b->pool = ps_region_pool(ps_address(r));
	return 0;
}

/* A header that was overwritten in part: believed where the bytes behind the block are as they should. */
static int record_guess(struct ps_block *b, void *r)
{
	uint64_t what = ps_load(ps_what(r, POOLSHIM_HEADER));
	struct poolshim_pool *pool = &ps_pools[what >> PS_POOL_SHIFT & (PS_POOLS - 1)];
	size_t size = what & (PS_SIZE_MAX - 1);
	struct ps_trace trace;

	if (!ps_backend->own_stacks || !pool->used || pool->layout != POOLSHIM_HEADER ||
	        (what >> PS_STATE_SHIFT & 3) != PS_ALIVE)
		return -1;
	ps_block_place(b, pool, r, size);
	if (ps_region_pool(ps_address(r)) != pool ||
	        ps_region_pool(ps_address(r) + b->raw_size - 1) != pool ||
	        ps_pad_broken(b->user + size, ps_pad(POOLSHIM_HEADER, size)))
		return -1;
	unpack(b, ps_load(ps_stacks(r, POOLSHIM_HEADER)));
	b->alive = 1;
	if (ps_depot_get(b->alloc, &trace))
		b->alloc = 1;
	return 0;
}

/* Without checks, under Memcheck, a block's bytes may look as a record: does one end in the 16 at START? */
static int ends_at(uintptr_t start)
{
	ps_word *leaf = ps_leaf(start);

	return leaf && ps_load(ps_word_of(leaf + PS_LEAF_WORDS, start)) >> (start >> 4 & 63) & 1;
}

int ps_block_from_bit(struct ps_block *b, uintptr_t start)
{
	const struct poolshim_pool *in = ps_seal_key ? NULL : ps_region_pool(start);

	if ((!in || in->layout == POOLSHIM_HEADER) &&
	        !record_read(b, (void *)start, POOLSHIM_HEADER))
		return 0;
	if (ps_seal_key || ends_at(start)) {
		if (!record_read(b, (void *)start, POOLSHIM_TAIL))
			return 0;
		if (!ps_seal_key)
			return -1;
	}
	uintptr_t end = ps_bit_after(start, PS_SIZE_MAX);
	if (end && !record_read(b, (void *)end, POOLSHIM_TAIL) && ps_address(b->raw) == start)
		return 0;
	struct poolshim_pool *pool = ps_region_pool(start);
	if (pool && pool->layout == POOLSHIM_TAIL)
		return -1;
	if (!record_guess(b, (void *)start))
		return 0;
	return record_rest(b, (void *)start);
}

static size_t distance(const struct ps_block *b, uintptr_t address)
{
	uintptr_t start = ps_address(b->user), end = start + b->size;

	if (address < start)
		return start - address;
	return address < end ? 0 : address - end + 1;
}

int ps_block_near(struct ps_block *b, uintptr_t address)
{
	enum { FAR = 1 << 24, NEAR = 4096 };
	struct ps_block other;
	uintptr_t before = ps_bit_before(address, FAR);
	uintptr_t after = ps_bit_after(address, 64);
	int found = before && !ps_block_from_bit(b, before);

	/* the header of one is the fence of the one before it */
	if (found && address < ps_address(b->user) && before > PS_GRAIN) {
		uintptr_t earlier = ps_bit_before(before - 1, NEAR);
		if (earlier && !ps_block_from_bit(&other, earlier) &&
		        distance(&other, address) < distance(b, address))
			*b = other;
	}
	if (after && (!found || distance(b, address)) && !ps_block_from_bit(&other, after) &&
	        (!found || distance(&other, address) < distance(b, address))) {
		*b = other;
		found = 1;
	}
	return found && distance(b, address) <= NEAR ? 0 : -1;
}
