/*
 * MemorySanitizer: what may not be used is uninitialised. The origin of a freed block's bytes is where
 * it was freed.
 */
#include "internal.h"

PS_WEAK void __msan_allocated_memory(const volatile void *p, size_t size);
PS_WEAK void __msan_unpoison(const volatile void *p, size_t size);
PS_WEAK void __msan_unpoison_param(size_t n);

static int start(void)
{
	return __msan_allocated_memory && __msan_unpoison ? 0 : -1;
}

static void poolshim_live(const struct ps_block *b, unsigned flags)
{
	__msan_allocated_memory(b->raw, b->raw_size);
	if (flags & POOLSHIM_ZEROED)
		__msan_unpoison(b->user, b->size);
}

static void resized(const struct ps_block *b, size_t old_size)
{
	size_t same = b->size < old_size ? b->size : old_size;

	__msan_allocated_memory(
	        b->user + same, b->raw_size - (size_t)(b->user - b->raw) - same);
}

static void poolshim_dead(const struct ps_block *b)
{
	size_t keep = b->pool->keep;

	if (keep < b->size)
		__msan_allocated_memory(b->user + keep, b->size - keep);
}

static void released(const struct ps_block *b, int untracked)
{
	size_t n = untracked ? b->raw_size : ps_link(b);

	if (n)
		__msan_unpoison(b->raw, n);
	/* arguments of the callback, which is instrumented code that we are not */
	if (__msan_unpoison_param)
		__msan_unpoison_param(2);
}

static void fence(const void *start, size_t size, int freed)
{
	(void)freed;
	__msan_allocated_memory(start, size);
}

static void open(const void *start, size_t size)
{
	__msan_unpoison(start, size);
}

const struct ps_backend ps_msan = {
	.name = "msan",
	.title = "MemorySanitizer",
	.own_stacks = 1,
	.start = start,
	.live = poolshim_live,
	.resized = resized,
	.dead = poolshim_dead,
	.released = released,
	.fence = fence,
	.open = open,
};
