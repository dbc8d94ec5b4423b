/*
 * What every allocation and free goes through, inline: bits, records, canaries.
 */
#ifndef POOLSHIM_HOT_H
#define POOLSHIM_HOT_H

#include "internal.h"

enum {
	PS_LEAF_SHIFT = 26, /* a leaf of bits is for 64 MB */
	PS_TOP_SHIFT = 48,
	PS_CLIENT_SHIFT = 40, /* Valgrind gives a program the first 128 GB */
	PS_LEAF_WORDS = 1 << (PS_LEAF_SHIFT - 4 - 6),
	PS_CHECK_SHIFT = 50,
	PS_STATE_SHIFT = 48,
	PS_POOL_SHIFT = 36,
	PS_FREED_SHIFT = 26,
	PS_ALIVE_SHIFT = 52,
	PS_SHORT_SHIFT = 53,
	PS_STACK_MASK = (1 << 26) - 1,
};

typedef _Atomic uint64_t ps_word;
extern ps_word *_Atomic *ps_leaves; /* NULL where no block has been */
extern uint64_t ps_seal_key; /* 0: no checks, under Memcheck */

/* Under Memcheck bits are followed by a mark for each 16 bytes: cpython_memcheck.c. */
typedef uint16_t ps_mark_word;
ps_word *ps_leaf_make(uintptr_t address); /* NULL: no memory */

/* Makes the bits of [START, START + SIZE) those of a raw block. 0 */
int ps_mark_slow(uintptr_t start, size_t size, int ends);
int ps_mark_both_slow(uintptr_t start, size_t size); /* 0 */

PS_INLINE uint64_t ps_load(ps_word *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

PS_INLINE void ps_store(ps_word *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

PS_INLINE ps_word *ps_leaf(uintptr_t address)
{
	if (PS_UNLIKELY((uint64_t)address >> PS_TOP_SHIFT))
		return NULL;
	return atomic_load_explicit(&ps_leaves[address >> PS_LEAF_SHIFT], memory_order_acquire);
}

PS_INLINE ps_word *ps_word_of(ps_word *leaf, uintptr_t address)
{
	return &leaf[(address >> 10) & (PS_LEAF_WORDS - 1)];
}

PS_INLINE ps_mark_word *ps_mark_of(ps_word *leaf, uintptr_t address)
{
	return (ps_mark_word *)(leaf + 2 * PS_LEAF_WORDS) +
	       (address >> 4 & ((1 << (PS_LEAF_SHIFT - 4)) - 1));
}

/*
 * A raw block begins at START; with ENDS the last 16 bytes of it have a bit too. 1: the bits were so
 * already, a block of this size was here before.
 */
PS_INLINE int ps_mark(uintptr_t start, size_t size, int ends)
{
	ps_word *leaf = ps_leaf(start);
	unsigned first = start >> 4 & 63;
	size_t n = size >> 4;

	if (PS_UNLIKELY(!leaf || first + n > 63))
		return ps_mark_slow(start, size, ends);
	uint64_t now = atomic_load_explicit(ps_word_of(leaf, start), memory_order_relaxed) >> first;
	uint64_t beyond = ~(uint64_t)0 << n;
	uint64_t bits = ends ? (~beyond ^ ~beyond >> 1) | 1 : 1;
	return PS_UNLIKELY((now & ~beyond) != bits) ? ps_mark_slow(start, size, ends) : 1;
}

/*
 * Under Memcheck a second set of bits says where blocks end: 1 if the only one that begins in the SIZE bytes
 * at START does so there, and the only one that ends there ends with them. Then that was one and the
 * same. Else they are made so: 0.
 */
PS_INLINE int ps_mark_both(uintptr_t start, size_t size, int tail)
{
	int same = ps_mark(start, size, tail);
	ps_word *leaf = ps_leaf(start);
	unsigned first = start >> 4 & 63;
	size_t n = size >> 4;

	if (PS_UNLIKELY(!same || !leaf || first + n > 63))
		return ps_mark_both_slow(start, size);
	uint64_t now = ps_load(ps_word_of(leaf + PS_LEAF_WORDS, start)) >> first;
	uint64_t after = (uint64_t)1 << n;
	return PS_UNLIKELY((now & (after - 1)) != after >> 1) ? ps_mark_both_slow(start, size) : 1;
}

PS_INLINE int ps_bit(uintptr_t address)
{
	ps_word *leaf = ps_leaf(address);

	return leaf && (atomic_load_explicit(ps_word_of(leaf, address), memory_order_relaxed) >>
	                               (address >> 4 & 63) &
	                       1);
}

/* --- records: the words in an order that keeps the allocator's list, or Memcheck's fence, clear */

PS_INLINE ps_word *ps_what(void *record, enum poolshim_layout layout)
{
	return (ps_word *)record + (layout == POOLSHIM_TAIL);
}

PS_INLINE ps_word *ps_stacks(void *record, enum poolshim_layout layout)
{
	return (ps_word *)record + (layout == POOLSHIM_HEADER);
}

/*
 * The first word of the record at RECORD of a block of POOL that is live and whose second word is STACKS.
 * That of a freed block is another, which ps_unseal() makes of it.
 */
PS_INLINE uint64_t ps_seal(
        const struct poolshim_pool *pool, uint64_t size, const void *record, uint64_t stacks)
{
	uint64_t what = pool->seal | size;
	uint64_t check = (what ^ ps_address(record) ^ stacks) * ps_seal_key;

	return what | check >> PS_CHECK_SHIFT << PS_CHECK_SHIFT;
}

PS_INLINE uint64_t ps_unseal(uint64_t what, const void *record)
{
	const uint64_t check = ~(uint64_t)0 << PS_CHECK_SHIFT;

	what = (what & ~check) ^ (uint64_t)(PS_ALIVE ^ PS_KEPT) << PS_STATE_SHIFT;
	return what | (((what ^ ps_address(record)) * ps_seal_key) & check);
}

PS_INLINE uint64_t ps_pack(ps_stack alloc, ps_stack freed, int alive, size_t size)
{
	uint64_t least = size < PS_SIZE_SHORT ? size : PS_SIZE_SHORT;

	return alloc | (uint64_t)freed << PS_FREED_SHIFT | (uint64_t)alive << PS_ALIVE_SHIFT |
	       least << PS_SHORT_SHIFT;
}

/* The record of the block at USER, if there may be one; NULL: there is none. */
PS_INLINE void *ps_find_record(const struct poolshim_pool *pool, const void *user)
{
	uintptr_t address = ps_address(user), end;

	if (PS_UNLIKELY(address & (PS_GRAIN - 1) || address < 2 * PS_GRAIN))
		return NULL;
	if (pool->layout == POOLSHIM_HEADER)
		return ps_bit(address - PS_GRAIN) ? (void *)(address - PS_GRAIN) : NULL;
	if (!ps_bit(address))
		return NULL;
	uint64_t above = atomic_load_explicit(ps_word_of(ps_leaf(address), address),
	                         memory_order_relaxed) >>
	                 (address >> 4 & 63) >> 1;
	if (above)
		end = address + (((uintptr_t)__builtin_ctzll(above) + 1) << 4);
	else
		end = ps_bit_after(address, PS_SIZE_MAX);
	return (void *)end;
}

/* The first word of a live block of POOL at USER, whose record is at RECORD; 0: it is none. */
PS_INLINE uint64_t ps_live_what(
        const struct poolshim_pool *pool, const void *user, void *record)
{
	uint64_t what = ps_load(ps_what(record, pool->layout));
	uint64_t stacks = ps_seal_key ? ps_load(ps_stacks(record, pool->layout)) : 0;
	size_t size = what & (PS_SIZE_MAX - 1);

	if (PS_UNLIKELY(what != ps_seal(pool, size, record, stacks)))
		return 0;
	if (pool->layout == POOLSHIM_TAIL &&
	        PS_UNLIKELY((const char *)record - ps_round(size + !size) != (const char *)user))
		return 0;
	return what;
}

/* --- canaries: the bytes between a block's end and the next multiple of 16, which are ours */

PS_INLINE unsigned ps_pad(enum poolshim_layout layout, size_t size)
{
	if (layout == POOLSHIM_HEADER)
		return PS_GRAIN - (unsigned)(size & (PS_GRAIN - 1));
	return (unsigned)(ps_round(size + !size) - size);
}

PS_INLINE void ps_pad_write(unsigned char *pad, unsigned n)
{
	if (n >= 8) {
		__builtin_memcpy(pad, &(uint64_t){ PS_CANARY }, 8);
		__builtin_memcpy(pad + n - 8, &(uint64_t){ PS_CANARY }, 8);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		*(volatile unsigned char *)(pad + i) = (unsigned char)PS_CANARY;
}

/* The first byte that was overwritten, or NULL. */
PS_INLINE unsigned char *ps_pad_broken(unsigned char *pad, unsigned n)
{
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

PS_INLINE size_t ps_raw_size(enum poolshim_layout layout, size_t size)
{
	if (PS_UNLIKELY(size >= PS_SIZE_MAX))
		return 0;
	return PS_GRAIN + ps_round(layout == POOLSHIM_HEADER ? size + 1 : size + !size);
}

PS_INLINE void ps_block_place(
        struct ps_block *b, struct poolshim_pool *pool, void *raw, size_t size)
{
	b->pool = pool;
	b->raw = raw;
	b->size = size;
	b->user = pool->layout == POOLSHIM_HEADER ? b->raw + PS_GRAIN : b->raw;
	b->raw_size = ps_raw_size(pool->layout, size);
}

PS_INLINE void ps_block_at(
        struct ps_block *b, struct poolshim_pool *pool, void *user, size_t size)
{
	size_t before = pool->layout == POOLSHIM_HEADER ? PS_GRAIN : 0;

	ps_block_place(b, pool, (unsigned char *)user - before, size);
}

PS_INLINE void *ps_record_of(const struct ps_block *b)
{
	return b->raw == b->user ? b->raw + b->raw_size - PS_GRAIN : b->raw;
}

#endif
