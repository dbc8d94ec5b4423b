/*
 * Blocks that are still alive, by the stack of their allocation.
 */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

enum { GROUPS = 1 << 16 };

struct group {
	ps_stack stack;
	unsigned pool;
	size_t blocks, bytes;
};

struct search {
	const struct poolshim_pool *pool;
	uint64_t since;
	struct group *groups; /* by hash */
	size_t blocks, bytes, used;
};

PS_API uint64_t poolshim_checkpoint(void)
{
	return atomic_fetch_add(&ps_epoch, 1) + 1;
}

static struct group *group_of(struct search *s, ps_stack stack, unsigned pool)
{
	size_t i = (stack * 0x9e3779b1u ^ pool) & (GROUPS - 1);

	while (s->groups[i].blocks && (s->groups[i].stack != stack || s->groups[i].pool != pool))
		i = (i + 1) & (GROUPS - 1);
	if (!s->groups[i].blocks && s->used < GROUPS - 1) {
		s->used++;
		s->groups[i].stack = stack;
		s->groups[i].pool = pool;
	}
	return &s->groups[i];
}

static void take(uintptr_t start, void *arg)
{
	struct search *s = arg;
	struct ps_block b;

	if (ps_block_from_bit(&b, start) || ps_address(b.raw) != start || !b.alive || !b.pool)
		return;
	if ((s->pool && b.pool != s->pool) || b.freed < s->since)
		return;
	s->blocks++;
	s->bytes += b.size;
	struct group *g = s->groups ? group_of(s, b.alloc, b.pool->number) : NULL;
	if (g) {
		g->blocks++;
		g->bytes += b.size;
	}
}

/* The group with most bytes, which is then gone; NULL: none is left. */
static struct group *next(struct search *s)
{
	struct group *most = NULL;

	for (size_t i = 0; i < GROUPS; i++) {
		struct group *g = &s->groups[i];
		if (g->blocks && g->pool && (!most || g->bytes > most->bytes))
			most = g;
	}
	return most;
}

static void print(struct search *s)
{
	struct group *g;

	ps_report_begin();
	ps_print("=================================================================");
	ps_printf("==%u==ERROR: LeakSanitizer: detected memory leaks", (unsigned)getpid());
	ps_print("");
	while (s->groups && (g = next(s))) {
		ps_printf("Direct leak of %zu byte(s) in %zu object(s) allocated from:", g->bytes,
		        g->blocks);
		ps_print_stack(g->stack);
		ps_printf("  of pool '%s'", ps_pools[g->pool].name);
		ps_print("");
		g->pool = 0;
	}
	ps_printf("SUMMARY: %s: %zu byte(s) leaked in %zu allocation(s) of pools.",
	        ps_backend->title, s->bytes, s->blocks);
	ps_report_end();
}

PS_API size_t poolshim_leaks(const struct poolshim_pool *pool, uint64_t since)
{
	struct search s = { .pool = pool, .since = since };

	if (!ps_backend)
		return 0;
	s.groups = ps_map(GROUPS * sizeof *s.groups);
	PS_CALL(quiet, 1);
	ps_bits_each(0, UINTPTR_MAX, take, &s);
	PS_CALL(quiet, 0);
	if (s.blocks && ps_backend->own_stacks)
		print(&s);
	if (s.groups)
		ps_unmap(s.groups, GROUPS * sizeof *s.groups);
	return s.blocks;
}

static void at_exit(void)
{
	poolshim_leaks(NULL, 0);
}

void ps_leak_start(void)
{
	if (ps_options.leak_on_exit)
		atexit(at_exit);
}
