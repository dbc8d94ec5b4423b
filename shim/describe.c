/*
 * What is known of an address, in ASan's words, so that whatever reads ASan's reports reads these.
 */
#include "internal.h"

/* The frame of PC is number I; returns how many it is: one for each function inlined there. */
static unsigned print_frame(unsigned i, uintptr_t pc)
{
	char text[4096];
	struct ps_mapping m;
	unsigned n = 0;

	if (__sanitizer_symbolize_pc) {
		/* a string for each, the innermost first; the last one is empty */
		for (unsigned k = 0; k < sizeof text; k++)
			text[k] = 0;
		__sanitizer_symbolize_pc((void *)pc, "%p %F %L", text, sizeof text - 2);
		for (const char *s = text; *s; s++) {
			ps_printf("    #%u %s", i + n++, s);
			while (*s)
				s++;
		}
		if (n)
			return n;
	}
	if (!ps_mapping_of(pc, &m) && m.path[0])
		ps_printf("    #%u %p  (%s+0x%x)", i, (void *)pc, m.path, pc - m.base);
	else
		ps_printf("    #%u %p  (<unknown module>)", i, (void *)pc);
	return 1;
}

void ps_print_stack(ps_stack stack)
{
	struct ps_trace t;
	char text[512];

	if (ps_depot_get(stack, &t) || !t.pcs) {
		ps_print("    <no stack was recorded>");
		return;
	}
	for (unsigned i = 0, n = 0; i < t.pcs; i++)
		n += print_frame(n, t.values[i] - 1);
	for (unsigned i = 0; i < t.words && ps_hook.describe; i++)
		if (!ps_hook.describe(t.values[t.pcs + i], text, sizeof text))
			ps_print(text);
}

static unsigned thread_of(ps_stack stack)
{
	struct ps_trace t;

	return ps_depot_get(stack, &t) ? 0 : t.thread;
}

static void print_place(const struct ps_block *b, uintptr_t address)
{
	uintptr_t start = ps_address(b->user), end = start + b->size;
	const char *where = address < start ? "before" : address < end ? "inside of" : "after";
	size_t offset = address < start ? start - address : address - (address < end ? start : end);

	ps_printf("%p is located %zu bytes %s %zu-byte region [%p,%p)", (void *)address, offset, where,
	        b->size, (void *)start, (void *)end);
}

static void print_stacks(const struct ps_block *b)
{
	if (!ps_backend->own_stacks)
		return;
	if (!b->alive) {
		ps_printf("freed by thread T%u here:", thread_of(b->freed));
		ps_print_stack(b->freed);
		ps_print("");
		ps_printf("previously allocated by thread T%u here:", thread_of(b->alloc));
	} else {
		ps_printf("allocated by thread T%u here:", thread_of(b->alloc));
	}
	ps_print_stack(b->alloc);
	ps_print("");
}

int ps_describe(uintptr_t address)
{
	struct poolshim_pool *pool;
	struct ps_block b;

	if (!ps_backend)
		return -1;
	if (!ps_block_near(&b, address)) {
		print_place(&b, address);
		ps_printf("  of pool '%s'%s", b.pool ? b.pool->name : "(unknown)",
		        b.alive ? "" : ", freed");
		print_stacks(&b);
		return 0;
	}
	if (!(pool = ps_region_pool(address)))
		return -1;
	ps_printf("%p is in free memory of pool '%s'", (void *)address, pool->name);
	return 0;
}
