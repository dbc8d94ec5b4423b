/*
 * Faults that are found when a block is freed, reported in the checker's name and form.
 */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static _Atomic int lock;

void ps_report_begin(void)
{
	ps_lock(&lock);
}

void ps_report_end(void)
{
	ps_unlock(&lock);
}

static const struct {
	const char *kind, *text;
} faults[] = {
	[PS_DOUBLE_FREE] = { "double-free", "attempting double-free on" },
	[PS_FOREIGN] = { "bad-free", "attempting free on address which was not allocated from its pool:" },
	[PS_WRONG_POOL] = { "alloc-dealloc-mismatch", "alloc-dealloc-mismatch (wrong pool) on" },
	[PS_OVERRUN] = { "heap-buffer-overflow",
	        "heap-buffer-overflow (seen when the block was freed) on address" },
	[PS_UNDERRUN] = { "heap-buffer-overflow",
	        "heap-buffer-overflow (seen when the block was freed) before address" },
	[PS_OVERRUN_RECORD] = { "heap-buffer-overflow",
	        "heap-buffer-overflow (seen when the block was freed) behind address" },
};

static void stop(void)
{
	if (!ps_options.halt_on_error)
		return;
	if (ps_options.abort_on_error)
		abort();
	_exit(ps_options.exitcode);
}

void ps_fault(enum ps_fault fault, struct poolshim_pool *pool, void *p, const void *frame)
{
	const char *title = ps_backend->title;
	unsigned thread = ps_thread_number();

	if (ps_backend->fault && ps_backend->fault(fault, p))
		return;
	ps_report_begin();
	ps_print("=================================================================");
	ps_printf("==%u==ERROR: %s: %s %p in thread T%u (pool '%s')", (unsigned)getpid(), title,
	        faults[fault].text, p, thread, pool->name);
	if (ps_backend->own_stacks)
		ps_print_stack(ps_stack_here(frame, PS_DEPTH));
	ps_print("");
	ps_describe(ps_address(p));
	ps_printf("SUMMARY: %s: %s (pool '%s')", title, faults[fault].kind, pool->name);
	ps_report_end();
	stop();
}

PS_API int poolshim_describe(const void *address)
{
	int known;

	if (!ps_backend)
		return -1;
	ps_report_begin();
	known = ps_describe(ps_address(address));
	ps_report_end();
	return known;
}
