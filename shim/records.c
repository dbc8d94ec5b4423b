/*
 * What is known of an address.
 *
 * One bit for each 16 bytes of the address space says that a block begins or began there, and for a
 * block with its record behind it also where that is. A bit stays set when its block is freed and is
 * not written again when the next block begins there, which is the usual case; a new block clears
 * those inside it that are left of older ones.
 */
#include "internal.h"

enum {
	LEAF_SHIFT = 26, /* a leaf is for 64 MB */
	TOP_SHIFT = 48,
	LEAF_WORDS = 1 << (LEAF_SHIFT - 4 - 6),
	CHECK_BITS = 14,
};

typedef _Atomic uint64_t word;
static word *_Atomic *top; /* leaves, NULL where no block has been */

static word *leaf_of(uintptr_t address)
{
	if (!top || (uint64_t)address >> TOP_SHIFT)
		return NULL;
	return atomic_load_explicit(&top[address >> LEAF_SHIFT], memory_order_acquire);
}

static PS_NOINLINE word *leaf_make(uintptr_t address)
{
	static word *_Atomic *_Atomic shared;

	if ((uint64_t)address >> TOP_SHIFT)
		return NULL;
	if (!top) {
		word *_Atomic *none = NULL;
		size_t size = sizeof *top << (TOP_SHIFT - LEAF_SHIFT);
		word *_Atomic *t = ps_map(size);
		if (!t)
			return NULL;
		if (!atomic_compare_exchange_strong(&shared, &none, t))
			ps_unmap(t, size);
		top = atomic_load(&shared);
	}
	word *made = ps_map(LEAF_WORDS * sizeof *made), *other = NULL;
	if (!made)
		return NULL;
	if (atomic_compare_exchange_strong(&top[address >> LEAF_SHIFT], &other, made))
		return made;
	ps_unmap(made, LEAF_WORDS * sizeof *made);
	return other;
}

static inline size_t word_of(uintptr_t address)
{
	return (address >> 10) & (LEAF_WORDS - 1);
}

static inline uint64_t mask_of(uintptr_t address)
{
	return (uint64_t)1 << (address >> 4 & 63);
}

int ps_bit(uintptr_t address)
{
	word *leaf = leaf_of(address);

	return leaf && (atomic_load_explicit(&leaf[word_of(address)], memory_order_relaxed) &
	                       mask_of(address));
}

void ps_bit_set(uintptr_t address)
{
	word *leaf = leaf_of(address);

	if (PS_UNLIKELY(!leaf) && !(leaf = leaf_make(address)))
		return;
	word *w = &leaf[word_of(address)];
	uint64_t mask = mask_of(address);
	if (!(atomic_load_explicit(w, memory_order_relaxed) & mask))
		atomic_fetch_or_explicit(w, mask, memory_order_relaxed);
}

void ps_bits_clear(uintptr_t start, uintptr_t end)
{
	start = (start + PS_GRAIN - 1) & ~(uintptr_t)(PS_GRAIN - 1);
	while (start < end) {
		word *leaf = leaf_of(start);
		uintptr_t stop = (start | 1023) + 1;
		if (!leaf) {
			start = (start | (((uintptr_t)1 << LEAF_SHIFT) - 1)) + 1;
			if (!start)
				return;
			continue;
		}
		uint64_t mask = ~(uint64_t)0 << (start >> 4 & 63);
		if (end < stop && (end >> 4 & 63))
			mask &= ~(~(uint64_t)0 << ((end + 15) >> 4 & 63));
		word *w = &leaf[word_of(start)];
		if (atomic_load_explicit(w, memory_order_relaxed) & mask)
			atomic_fetch_and_explicit(w, ~mask, memory_order_relaxed);
		start = stop;
	}
}

uintptr_t ps_bit_before(uintptr_t address, size_t limit)
{
	uintptr_t last = address > limit ? address - limit : 0;

	for (uintptr_t a = address | 1023; a > last; a -= 1024) {
		word *leaf = leaf_of(a);
		uint64_t bits = leaf ? atomic_load_explicit(&leaf[word_of(a)], memory_order_relaxed) : 0;
		if (a >= address && (address >> 4 & 63) != 63)
			bits &= mask_of(address + PS_GRAIN) - 1;
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
		word *leaf = leaf_of(a);
		uint64_t bits = leaf ? atomic_load_explicit(&leaf[word_of(a)], memory_order_relaxed) : 0;
		bits &= ~(uint64_t)0 << (a >> 4 & 63);
		if (bits)
			return (a & ~(uintptr_t)1023) + ((uintptr_t)__builtin_ctzll(bits) << 4);
	}
	return 0;
}

void ps_bits_each(uintptr_t start, uintptr_t end, void (*f)(uintptr_t address, void *), void *arg)
{
	if ((uint64_t)end >> TOP_SHIFT)
		end = (uintptr_t)((uint64_t)1 << TOP_SHIFT);
	while (start < end) {
		word *leaf = leaf_of(start);
		if (!leaf) {
			start = (start | (((uintptr_t)1 << LEAF_SHIFT) - 1)) + 1;
			continue;
		}
		uint64_t bits = atomic_load_explicit(&leaf[word_of(start)], memory_order_relaxed);
		bits &= ~(uint64_t)0 << (start >> 4 & 63);
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

size_t ps_raw_size(enum poolshim_layout layout, size_t size)
{
	if (size >= PS_SIZE_MAX)
		return 0;
	if (layout == POOLSHIM_HEADER)
		return PS_GRAIN + ps_round(size + 1);
	return ps_round(size + !size) + PS_GRAIN;
}

void ps_block_place(struct ps_block *b, struct poolshim_pool *pool, void *raw, size_t size)
{
	b->pool = pool;
	b->raw = raw;
	b->size = size;
	b->user = pool->layout == POOLSHIM_HEADER ? b->raw + PS_GRAIN : b->raw;
	b->raw_size = ps_raw_size(pool->layout, size);
}

struct ps_record *ps_block_record(const struct ps_block *b)
{
	if (b->pool->layout == POOLSHIM_HEADER)
		return (struct ps_record *)(void *)b->raw;
	return (struct ps_record *)(void *)(b->raw + b->raw_size - PS_GRAIN);
}

/* The words, in an order that leaves the second one next to the block. */
static inline _Atomic uint64_t *what_of(struct ps_record *r, enum poolshim_layout layout)
{
	return layout == POOLSHIM_HEADER ? &r->what : &r->stacks;
}

static inline _Atomic uint64_t *stacks_of(struct ps_record *r, enum poolshim_layout layout)
{
	return layout == POOLSHIM_HEADER ? &r->stacks : &r->what;
}

static inline uint64_t seal(uint64_t what, const void *record)
{
	uint64_t x = (what ^ ps_address(record)) * 0x9e3779b97f4a7c15u;

	return what | (x >> (64 - CHECK_BITS)) << (64 - CHECK_BITS);
}

void ps_record_short(const struct ps_block *b, enum ps_state state)
{
	struct ps_record *r = ps_block_record(b);
	uint64_t what = b->size | (uint64_t)b->pool->number << 36 | (uint64_t)state << 48;

	atomic_store_explicit(what_of(r, b->pool->layout), seal(what, r), memory_order_relaxed);
}

void ps_record_write(const struct ps_block *b, enum ps_state state)
{
	uint64_t size = b->size < PS_SIZE_SHORT ? b->size : PS_SIZE_SHORT;

	ps_record_short(b, state);
	if (!ps_backend->own_stacks)
		return;
	atomic_store_explicit(stacks_of(ps_block_record(b), b->pool->layout),
	        b->alloc | (uint64_t)b->freed << 26 | (uint64_t)(state == PS_ALIVE) << 52 |
	                size << 53,
	        memory_order_relaxed);
}

/* Fills B from the record R. 0, or -1: it is not whole. */
static int record_read(struct ps_block *b, struct ps_record *r, enum poolshim_layout layout)
{
	uint64_t what = atomic_load_explicit(what_of(r, layout), memory_order_relaxed);
	unsigned number = what >> 36 & (PS_POOLS - 1);
	struct poolshim_pool *pool = &ps_pools[number];

	if (what != seal(what & (((uint64_t)1 << 50) - 1), r) || !number || !what)
		return -1;
	if (pool->layout != layout)
		return -1;
	size_t size = what & (PS_SIZE_MAX - 1);
	unsigned char *raw = (unsigned char *)r;
	if (layout == POOLSHIM_TAIL)
		raw -= ps_raw_size(layout, size) - PS_GRAIN;
	ps_block_place(b, pool, raw, size);
	b->alive = (what >> 48 & 3) == PS_ALIVE;
	b->alloc = b->freed = 0;
	if (ps_backend->own_stacks) {
		uint64_t stacks = atomic_load_explicit(stacks_of(r, layout), memory_order_relaxed);
		b->alloc = stacks & ((1 << 26) - 1);
		b->freed = stacks >> 26 & ((1 << 26) - 1);
	}
	return 0;
}

/* What a header still tells whose first half the allocator has overwritten. */
static int record_rest(struct ps_block *b, struct ps_record *r)
{
	uint64_t stacks = atomic_load_explicit(&r->stacks, memory_order_relaxed);
	struct ps_trace trace;

	if (!ps_backend->own_stacks)
		return -1;
	b->alloc = stacks & ((1 << 26) - 1);
	b->freed = stacks >> 26 & ((1 << 26) - 1);
	b->alive = stacks >> 52 & 1;
	b->size = stacks >> 53;
	if (ps_depot_get(b->alloc, &trace) || (!b->alive && ps_depot_get(b->freed, &trace)))
		return -1;
	b->raw = (unsigned char *)r;
	b->user = b->raw + PS_GRAIN;
	b->raw_size = ps_raw_size(POOLSHIM_HEADER, b->size);
	b->pool = ps_region_pool(ps_address(r));
	return 0;
}

int ps_block_at(struct ps_block *b, const struct poolshim_pool *pool, const void *user)
{
	uintptr_t address = ps_address(user);

	if (address & (PS_GRAIN - 1) || address < 2 * PS_GRAIN)
		return -1;
	if (pool->layout == POOLSHIM_HEADER) {
		if (!ps_bit(address - PS_GRAIN))
			return -1;
		return record_read(b, (struct ps_record *)(address - PS_GRAIN), POOLSHIM_HEADER);
	}
	if (!ps_bit(address))
		return -1;
	uintptr_t end = ps_bit_after(address, PS_SIZE_MAX);
	if (!end || record_read(b, (struct ps_record *)end, POOLSHIM_TAIL) || b->user != user)
		return -1;
	return 0;
}

int ps_block_from_bit(struct ps_block *b, uintptr_t start)
{
	if (!record_read(b, (struct ps_record *)start, POOLSHIM_HEADER))
		return 0;
	if (!record_read(b, (struct ps_record *)start, POOLSHIM_TAIL))
		return 0;
	uintptr_t end = ps_bit_after(start, PS_SIZE_MAX);
	if (end && !record_read(b, (struct ps_record *)end, POOLSHIM_TAIL) &&
	        ps_address(b->raw) == start)
		return 0;
	struct poolshim_pool *pool = ps_region_pool(start);
	if (pool && pool->layout == POOLSHIM_TAIL)
		return -1;
	return record_rest(b, (struct ps_record *)start);
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
