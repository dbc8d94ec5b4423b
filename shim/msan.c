/*
 * No checker: with POOLSHIM_OPTIONS=check=1 the records and canaries still find what can be found when
 * a block is freed.
 */
#include "internal.h"

static void live(const struct ps_block *b, unsigned flags)
{
	(void)b;
	(void)flags;
}

static void resized(const struct ps_block *b, size_t old_size)
{
	(void)b;
	(void)old_size;
}

static void dead(const struct ps_block *b)
{
	(void)b;
}

static void released(const struct ps_block *b, int untracked)
{
	(void)b;
	(void)untracked;
}

static void fence(const void *start, size_t size, int freed)
{
	(void)start;
	(void)size;
	(void)freed;
}

static void open(const void *start, size_t size)
{
	(void)start;
	(void)size;
}

static void region(const void *start, size_t size, int added)
{
	(void)start;
	(void)size;
	(void)added;
}

static int bad_free(const void *p)
{
	(void)p;
	return 0;
}

static int start(void)
{
	return -1;
}

const struct ps_backend ps_msan = {
	.name = "msan",
	.title = "poolshim",
	.own_stacks = 1,
	.start = start,
	.live = live,
	.resized = resized,
	.dead = dead,
	.released = released,
	.fence = fence,
	.open = open,
	.region = region,
	.bad_free = bad_free,
};
