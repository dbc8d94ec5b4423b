/*
 * ThreadSanitizer: a free is a write of the whole block, an allocation begins its history anew, and
 * handing a block on through the quarantine orders what was done before. The interface for Java's heap
 * gives the stack of the allocation, for one range of addresses only: that around the first region.
 */
#include "internal.h"

PS_WEAK void __tsan_java_init(unsigned long start, unsigned long size);
PS_WEAK void __tsan_java_alloc(unsigned long p, unsigned long size);
PS_WEAK void __tsan_java_free(unsigned long p, unsigned long size);
PS_WEAK void __tsan_write_range(void *p, unsigned long size);
PS_WEAK void __tsan_acquire(void *p);
PS_WEAK void __tsan_release(void *p);

/* TSan looks for the block of an address step by step down to the range's start: not larger. */
enum { AROUND = 1 << 27 };

static int start(void)
{
	return __tsan_java_init && __tsan_java_alloc && __tsan_java_free && __tsan_write_range &&
	                       __tsan_acquire && __tsan_release
	               ? 0
	               : -1;
}

static void region(const void *start, size_t size, int added)
{
	static _Atomic int done;
	uintptr_t from = ps_address(start) & ~(uintptr_t)(AROUND - 1);

	(void)size;
	if (added && !atomic_exchange(&done, 1))
		__tsan_java_init(from > AROUND ? from - AROUND : from, (uintptr_t)AROUND * 3);
}

static size_t whole(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static void live(const struct ps_block *b, unsigned flags)
{
	(void)flags;
	if (b->size)
		__tsan_java_alloc(ps_address(b->user), whole(b->size));
}

static void resized(const struct ps_block *b, size_t old_size)
{
	if (whole(b->size) > whole(old_size))
		__tsan_java_alloc(ps_address(b->user) + whole(old_size),
		        whole(b->size) - whole(old_size));
}

static void dead(const struct ps_block *b)
{
	size_t keep = b->pool->keep;

	if (keep < b->size)
		__tsan_write_range(b->user + keep, b->size - keep);
	__tsan_release(b->user);
}

static void released(const struct ps_block *b, int untracked)
{
	(void)untracked;
	__tsan_acquire(b->user);
	if (b->size)
		__tsan_java_free(ps_address(b->user), whole(b->size));
}

const struct ps_backend ps_tsan = {
	.name = "tsan",
	.title = "ThreadSanitizer",
	.own_stacks = 1,
	.start = start,
	.live = live,
	.resized = resized,
	.dead = dead,
	.released = released,
	.region = region,
};
