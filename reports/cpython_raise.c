/*
 * Exceptions that nobody could catch: sys.unraisablehook's, threading's, asyncio's. And of those
 * that a traceback tells of, the ones that only wrong C code raises.
 *
 *   Exception ignored in: <function A.__del__ at 0x...>
 *   Traceback (most recent call last):
 */
#include <string.h>

#include "common/text.h"
#include "reports/cpython.h"

static const struct {
	const char *text, *kind;
} starts[] = {
	{ "Exception ignored in", "unraisable" }, /* 3.14: "while calling deallocator" */
	{ "Exception ignored on", "unraisable" },
	{ "Exception ignored when", "unraisable" },
	{ "Exception ignored while", "unraisable" },
	{ "Exception ignored from", "unraisable" },
	{ "Exception in thread ", "thread-exception" },
	{ "Unhandled exception in thread started by ", "thread-exception" },
	{ "Error in atexit._run_exitfuncs:", "unraisable" },
	{ "Error in sys.excepthook:", "unraisable" },
	{ "Exception in callback ", "callback-exception" },
};

/* asyncio logs: what logging puts before its text is anybody's choice. */
static const struct {
	const char *text, *kind;
} ends[] = {
	{ "Task was destroyed but it is pending!", "task-destroyed" },
	{ "Task exception was never retrieved", "task-exception" },
	{ "Future exception was never retrieved", "task-exception" },
	{ "_GatheringFuture exception was never retrieved", "task-exception" },
};

/* SystemErrors of the checks that every call of a C function goes through. */
static const struct {
	const char *text, *kind;
} errors[] = {
	{ " without setting an e", "check-result" },
	{ " with an error set", "check-result" },
	{ " with an exception set", "check-result" },
	{ "error return without exception set", "check-result" },
	{ "bad argument to internal function", "bad-internal-call" },
};

static void begin(struct cpython *c, const char *kind, const struct line *line, const char *text)
{
	cpython_open(c, &cpython_raise, kind, line, text);
	cpython_traceback_begin(c, TRACEBACK_BARE);
}

/* Something is named after the words: it is not the middle of a sentence. */
static int names_object(const char *rest)
{
	return text_ends(rest, ":") || strstr(rest, ": ") || strpbrk(rest, "<'");
}

static int take_ignored(struct cpython *c, const struct line *line)
{
	const char *s = line->s;
	const char *logged = strstr(s, "asyncio") ? strstr(s, "Exception in callback ") : NULL;

	s = logged ? logged : s;
	if (*s != 'E' && *s != 'U')
		return 0;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		if (!text_after(s, starts[i].text))
			continue;
		if (strcmp(starts[i].kind, "callback-exception") != 0 && !c->wrapped &&
		        !names_object(s))
			return 0;
		begin(c, starts[i].kind, line, s);
		c->ignored = finding_strndup(c->r.f, s, strnlen(s, 2000));
		c->doubtful = !strcmp(starts[i].kind, "callback-exception");
		return 1;
	}
	return 0;
}

static int take_asyncio(struct cpython *c, const struct line *line)
{
	if (!strchr("!d", line->s[line->len - 1]) || line->len > 400)
		return 0;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!text_ends(line->s, ends[i].text))
			continue;
		begin(c, ends[i].kind, line, line->s + line->len - strlen(ends[i].text));
		c->doubtful = line->len > strlen(ends[i].text) + 1 && !strstr(line->s, "asyncio");
		return 1;
	}
	return 0;
}

/* Is a traceback expected to be part of what is open? */
static int awaits_traceback(const struct cpython *c)
{
	if (c->part == &cpython_raise)
		return c->traceback != TRACEBACK_DONE;
	return c->part && c->part->goes_on == cpython_fatal_goes_on && !c->stack_seen;
}

/* A traceback of its own: a finding only if its exception is one of ERRORS. */
static int take_traceback(struct cpython *c, const struct line *line)
{
	if (strcmp(line->s, "Traceback (most recent call last):") != 0)
		return 0;
	if (c->r.f && awaits_traceback(c))
		return 0;
	begin(c, "", line, NULL);
	c->doubtful = 1;
	return cpython_traceback_line(c, line);
}

static int opens(struct cpython *c, const struct line *line)
{
	return take_ignored(c, line) || take_asyncio(c, line) || take_traceback(c, line);
}

/* The kind of an exception that only C code can have brought about, or NULL. */
static const char *error_kind(const char *exception)
{
	const char *text = text_after(exception, "SystemError: ");

	for (size_t i = 0; text && i < sizeof errors / sizeof *errors; i++)
		if (strstr(text, errors[i].text))
			return errors[i].kind;
	return NULL;
}

/* With -W error, a warning is an exception that is ignored. */
static void take_warning(struct cpython *c, const char *message)
{
	const char *text = text_after(message, "ResourceWarning: ");
	const char *kind = "ResourceWarning";

	if (!text && strstr(message, " was never awaited")) {
		text = text_after(message, "RuntimeWarning: ");
		kind = "never-awaited";
	}
	if (!c->ignored || !text)
		return;
	report_set_kind(&c->r, kind);
	c->r.f->message = text;
}

/* The exception was read: what is it? */
static void judge(struct cpython *c)
{
	const char *message = c->r.f->message, *kind = error_kind(message);

	c->stack_seen = 1; /* believed */
	if (!c->ignored && !*c->r.f->kind && !kind)
		c->stack_seen = 0;
	else if (kind)
		report_set_kind(&c->r, kind);
	else
		take_warning(c, message);
}

/* "task: <Task pending ... coro=<f() running at /a.py:3> ...>" and the like. */
static int take_object(struct cpython *c, const char *s)
{
	static const char *const objects[] = { "task: <", "future: <", "handle: <" };

	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		if (!text_after(s, objects[i]))
			continue;
		if (!*c->r.f->kind) /* a traceback of its own, which has none */
			return 0;
		c->stack_seen = 1;
		const char *coro = text_after_any(s, " coro=<");
		if (coro && strchr(coro, '('))
			cpython_add_site(c, coro, strcspn(coro, "("), NULL, 0);
		return 1;
	}
	return 0;
}

static int goes_on(struct cpython *c, const struct line *line)
{
	enum traceback before = c->traceback;

	if (take_object(c, line->s)) {
		report_text(&c->r, line);
		return 1;
	}
	if (text_after(line->s, "source_traceback: Object created at")) {
		cpython_traceback_begin(c, TRACEBACK_ORIGIN);
		report_text(&c->r, line);
		return 1;
	}
	int own = cpython_traceback_line(c, line);
	if (!own && before == TRACEBACK_ORIGIN) { /* an exception without a traceback */
		c->traceback = TRACEBACK_BARE;
		own = cpython_traceback_line(c, line);
	}
	if (own) {
		report_text(&c->r, line);
		if (c->traceback == TRACEBACK_DONE && before != TRACEBACK_DONE)
			judge(c);
	} else if (*line->s || c->r.foreign++) {
		cpython_close(c);
	}
	return own;
}

const struct cpython_part cpython_raise = { opens, goes_on };
