/*
 * Tracebacks: the most recent call comes last, then the exception.
 *
 *   Traceback (most recent call last):
 *     File "/a.py", line 3, in f
 *       SOURCE
 *       ^^^^^^
 *     [Previous line repeated 996 more times]
 *   TYPE[: TEXT]
 *
 * A group's has "  + " and "  | " in front of each line, and the exceptions in it follow.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/cpython.h"

/* So many frames of a report are looked at; a stack has the innermost of them. */
enum { TRACEBACK_FRAMES_MAX = 4096 };

void cpython_traceback_begin(struct cpython *c, enum traceback what)
{
	c->traceback = what;
	c->origin_frames = 0;
	c->frames_read = 0;
}

/* Puts FRAME before the others: it is called by them. */
static void push(struct finding *f, struct frames *frames, const struct frame *frame)
{
	if (frames->n < REPORT_FRAMES_MAX)
		frames_add(f, frames);
	memmove(frames->v + 1, frames->v, (frames->n - 1) * sizeof *frames->v);
	frames->v[0] = *frame;
}

static struct frames *target(struct cpython *c)
{
	struct finding *f = c->r.f;

	if (c->traceback != TRACEBACK_ORIGIN)
		return &f->python;
	if (!c->origin_frames++) {
		if (f->stack_count >= REPORT_STACKS_MAX)
			return NULL;
		finding_stack(f, ROLE_ALLOC);
	}
	return f->stack_count ? &f->stacks[f->stack_count - 1].frames : NULL;
}

/* '  File "/a.py", line 3, in f'; "lineno 3" without a function where an object was allocated. */
static int take_frame(struct cpython *c, const char *s)
{
	const char *file = text_after(s, "  File \""), *end = NULL, *number = NULL;
	const char *rest;

	for (const char *p = file; p && (p = strstr(p, "\", line")); p++) {
		const char *digits = p + strlen("\", line");
		digits = text_after(digits, "no ") ? digits + 3 : text_after(digits, " ");
		if (digits && isdigit((unsigned char)*digits)) {
			end = p;
			number = digits;
		}
	}
	if (!number)
		return 0;
	int line = text_number(number, &rest);
	const char *function = text_after(rest, ", in ");
	if (*rest && !function)
		return 0;
	if (c->frames_read++ >= TRACEBACK_FRAMES_MAX)
		return 1;
	struct frames *frames = target(c);
	struct frame frame = {
		.function = finding_strdup(c->r.f, function),
		.file = finding_strndup(c->r.f, file, (size_t)(end - file)),
		.line = line,
	};
	if (frames)
		push(c->r.f, frames, &frame);
	return 1;
}

/* "TYPE" or "TYPE: TEXT": names with dots, and no blank before the colon. */
static int is_exception(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_' && *s != '<')
		return 0;
	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_.<>", s[n])) || s[n] & 0x80)
		n++;
	return !s[n] || text_after(s + n, ": ") || !strcmp(s + n, ":");
}

static int is_heading(const char *s)
{
	return text_after(s, "Traceback (most recent call last):") ||
	       text_after(s, "  + Exception Group Traceback (most recent call last):");
}

/* After an exception: what it was raised instead of, or from. */
static int is_chain(const char *s)
{
	return text_after(s, "The above exception was the direct cause") ||
	       text_after(s, "During handling of the above exception");
}

static void take_exception(struct cpython *c, const char *s)
{
	if (c->part->goes_on == cpython_fatal_goes_on)
		c->r.foreign = 0; /* the error says what it is */
	else if (c->ignored)
		c->r.f->message = finding_printf(c->r.f, "%.2000s (%.2000s)", s, c->ignored);
	else
		report_message(&c->r, s);
	c->traceback = TRACEBACK_DONE;
}

/* What follows an exception: it was not the last one, or it is a group. */
static int take_after(struct cpython *c, const char *s)
{
	if (is_chain(s)) {
		c->traceback = TRACEBACK_BARE;
		c->r.f->python.n = 0;
		return 1;
	}
	return text_after(s, "  +-") || text_after(s, "    |") || text_after(s, "    +");
}

int cpython_traceback_line(struct cpython *c, const struct line *line)
{
	const char *s = line->s, *margin = text_after(s, "  | ");

	if (is_heading(s)) {
		c->r.f->python.n = 0;
		cpython_traceback_begin(c, TRACEBACK_FRAMES);
		return 1;
	}
	s = margin ? margin : s;
	switch (c->traceback) {
	case TRACEBACK_FRAMES:
	case TRACEBACK_ORIGIN:
		if (take_frame(c, s) || text_after(s, "    ") || text_after(s, "  [Previous line"))
			return 1;
		if (c->traceback == TRACEBACK_ORIGIN)
			return 0;
		break;
	case TRACEBACK_BARE:
		if (!*s)
			return 1;
		break;
	case TRACEBACK_DONE:
		return take_after(c, line->s);
	default:
		return 0;
	}
	if (!is_exception(s))
		return 0;
	take_exception(c, s);
	return 1;
}
