/*
 * Stacks as faulthandler prints them, in a signal handler: the most recent call first, Python's
 * frames of each thread, then (3.14) the C stack; and what else a fatal error prints with them.
 */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/cpython.h"
#include "reports/frame.h"

static void add_python(struct cpython *c, const struct frame *frame)
{
	struct finding *f = c->r.f;

	if (c->collecting && f->python.n < REPORT_FRAMES_MAX)
		*frames_add(f, &f->python) = *frame;
}

/* '  File "/a.py", line 3 in f', and without " in f" where a block was allocated. */
static int take_python_frame(struct cpython *c, const char *s)
{
	struct frame frame;

	if (!text_after(s, "  File ") || frame_parse_script(&c->r.f->arena, s + 2, &frame) ||
	        (!frame.function && !c->allocation))
		return 0;
	if (frame.function)
		add_python(c, &frame);
	else
		report_add_frame(&c->r, &frame);
	return 1;
}

/* '  Binary file "/usr/bin/python", at f+0x1a [0x5581]': the C stack of 3.14. */
static int take_c_frame(struct cpython *c, const char *s)
{
	const char *module = text_after(s, "  Binary file \"");
	const char *end = module ? strchr(module, '"') : NULL;
	struct finding *f = c->r.f;

	if (!end)
		return 0;
	struct frame frame = { .module = finding_strndup(f, module, (size_t)(end - module)) };
	const char *name = text_after(end, "\", at ");
	if (name) {
		size_t len = strcspn(name, "+ ");
		if (len)
			frame.function = finding_strndup(f, name, len);
		if (name[len] == '+')
			frame.offset = hex_dup(f, name + len + 1);
	}
	report_add_frame(&c->r, &frame);
	return 1;
}

/* The current thread's frames are wanted; without one, those of the thread printed last: main. */
static void begin_thread(struct cpython *c, int current)
{
	c->stack_seen = 1;
	c->allocation = 0;
	c->collecting = current || !c->current;
	c->current |= current;
	if (c->collecting)
		c->r.f->python.n = 0;
}

static int take_heading(struct cpython *c, const char *s)
{
	if (!text_ends(s, "(most recent call first):"))
		return 0;
	if (text_after(s, "Current thread's C stack") || text_after(s, "  C stack")) {
		report_role(&c->r, ROLE_ACCESS);
		c->stack_seen = 1;
	} else if (text_after(s, "Current thread 0x") || text_after(s, "Stack (")) {
		begin_thread(c, 1);
	} else if (text_after(s, "Thread 0x")) {
		begin_thread(c, 0);
	} else if (text_after(s, "Memory block allocated at ")) {
		report_role(&c->r, ROLE_ALLOC);
		c->allocation = 1;
	} else {
		return 0;
	}
	return 1;
}

/* Lines that say nothing to us, and are CPython's all the same. */
static int is_own_text(const char *s)
{
	static const char *const starts[] = {
		"Enable tracemalloc",
		"object ",
		"<object at ",
		"<Cannot show all threads",
		"  <no Python frame>",
		"  <freed",
		"  <tstate is freed>",
		"  <truncated",
		"  <cannot get C stack",
		"  <system returned no",
		"  ...",
		"  Garbage-collecting",
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s, starts[i]))
			return 1;
	return 0;
}

int cpython_stack_line(struct cpython *c, const struct line *line)
{
	return take_heading(c, line->s) || take_python_frame(c, line->s) ||
	       take_c_frame(c, line->s) || is_own_text(line->s);
}

int cpython_stack_weak(const struct cpython *c, const char *s)
{
	static const char *const starts[] = {
		"    ",
		"SystemError: ",
	};

	if (!*s || (c->stack_seen && !strcmp(s, "...")))
		return 1;
	for (size_t i = 0; i < sizeof starts / sizeof *starts && !c->stack_seen; i++)
		if (text_after(s, starts[i]))
			return 1;
	return 0;
}
