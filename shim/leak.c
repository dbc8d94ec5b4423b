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
	int indirect; /* only other lost blocks point to it */
};

struct search {
	const struct ps_reach *reach; /* NULL: what is alive is told, whoever points to it */
	const struct poolshim_pool *pool;
	uint64_t since;
	struct group *groups; /* by hash */
	size_t blocks, bytes, used;
};

PS_API uint64_t poolshim_checkpoint(void)
{
	return atomic_fetch_add(&ps_epoch, 1) + 1;
}

static struct group *group_of(struct search *s, ps_stack stack, unsigned pool, int indirect)
{
	size_t i = (stack * 0x9e3779b1u ^ pool ^ (unsigned)indirect << 15) & (GROUPS - 1);

	while (s->groups[i].blocks && (s->groups[i].stack != stack || s->groups[i].pool != pool ||
	                                      s->groups[i].indirect != indirect))
		i = (i + 1) & (GROUPS - 1);
	if (!s->groups[i].blocks && s->used < GROUPS - 1) {
		s->used++;
		s->groups[i].stack = stack;
		s->groups[i].pool = pool;
		s->groups[i].indirect = indirect;
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
	enum ps_reached how = s->reach ? ps_reach_of(s->reach, start) : PS_LOST;
	if (how == PS_REACHED)
		return;
	s->blocks++;
	s->bytes += b.size;
	struct group *g = s->groups ? group_of(s, b.alloc, b.pool->number,
	                                      how == PS_LOST_INDIRECTLY)
	                            : NULL;
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

static void print_group(const struct group *g)
{
	ps_printf("%s leak of %zu byte(s) in %zu object(s) allocated from:",
	        g->indirect ? "Indirect" : "Direct", g->bytes, g->blocks);
	ps_print_stack(g->stack);
	ps_printf("  of pool '%s'", ps_pools[g->pool].name);
	ps_print("");
}

static void print(struct search *s)
{
	struct group *g;
	int begun = 0;

	while (s->groups && (g = next(s))) {
		if (!begun++) {
			ps_report_begin();
			ps_print("=================================================================");
			ps_printf("==%u==ERROR: LeakSanitizer: detected memory leaks",
			        (unsigned)getpid());
			ps_print("");
		}
		print_group(g);
		g->pool = 0;
	}
	if (!begun)
		return;
	ps_printf("SUMMARY: %s: %zu byte(s) leaked in %zu allocation(s) of pools.",
	        ps_backend->title, s->bytes, s->blocks);
	ps_report_end();
}

static size_t leaks(struct search s)
{
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

PS_API size_t poolshim_leaks(const struct poolshim_pool *pool, uint64_t since)
{
	return ps_backend ? leaks((struct search){ .pool = pool, .since = since }) : 0;
}

static void at_exit(void)
{
	struct ps_reach *reach = ps_options.leaks == 1 ? ps_reach_new() : NULL;

	if (reach || ps_options.leaks != 1)
		leaks((struct search){ .reach = reach });
	if (reach) {
		ps_reach_fence_lost(reach);
		ps_reach_free(reach);
	}
}

/* 1 needs stacks of our own, and a runtime that asks for leaks as well. */
void ps_leak_start(void)
{
	if (ps_options.leaks > 1 || (ps_options.leaks && ps_backend->own_stacks))
		atexit(at_exit);
}
