/*
 * What CPython says of itself: fatal errors, failed assertions, the debug allocator's dumps,
 * faulthandler's stacks, and regrtest's counts of leaked references.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/reader.h"

struct state {
	struct scanner *s;
	struct report r;
	int prelude;    /* an assertion or a dump is open, and its fatal error has not come */
	int collecting; /* Python frames are being read */
	int current;    /* the current thread's stack has been read */
	int stack_seen;
	unsigned char api; /* of the debug allocator's dump */
};

static const struct {
	const char *text, *kind;
} signals[] = {
	{ "Segmentation fault", "SIGSEGV" },
	{ "Aborted", "SIGABRT" },
	{ "Bus error", "SIGBUS" },
	{ "Illegal instruction", "SIGILL" },
	{ "Floating point exception", "SIGFPE" },
	{ "Floating-point exception", "SIGFPE" },
};

/* Fatal errors that are of a kind of their own. */
static const struct {
	const char *text, *kind;
} fatals[] = {
	{ "_Py_CheckFunctionResult: ", "check-result" },
	{ "_Py_CheckSlotResult: ", "check-result" },
	{ "returned NULL without setting an exception", "check-result" },
	{ "returned a result with an exception set", "check-result" },
	{ "without holding the GIL", "gil" },
	{ "must be called with the GIL held", "gil" },
	{ "bug likely caused by a refcount error", "immortal-dealloc" },
	{ "deallocating ", "immortal-dealloc" },
	{ "negative ref count", "negative-refcount" },
};

static const char *fatal_kind(const char *text)
{
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (!strcmp(text, signals[i].text))
			return signals[i].kind;
	for (size_t i = 0; i < sizeof fatals / sizeof *fatals; i++)
		if (strstr(text, fatals[i].text))
			return fatals[i].kind;
	return "fatal-error";
}

static void open_report(
        struct state *st, const char *kind, const struct line *line, const char *message)
{
	report_open(&st->r, st->s, "cpython", kind, line, 0);
	report_message(&st->r, message);
	st->prelude = st->collecting = st->current = st->stack_seen = 0;
}

/* The name in S, which may be a whole prototype: "int *f(int)", as clang's assert prints it. */
static size_t bare_name(const char **s, size_t len)
{
	const char *paren = memchr(*s, '(', len);

	if (!paren || paren == *s)
		return len;
	len = (size_t)(paren - *s);
	for (size_t i = len; i--;) {
		if (strchr(" *&", (*s)[i])) {
			*s += i + 1;
			return len - i - 1;
		}
	}
	return len;
}

static void add_site(struct state *st, const char *function, size_t len, const char *file, int line)
{
	if (function)
		len = bare_name(&function, len);
	struct frame frame = { .file = finding_strdup(st->r.f, file), .line = line };

	if (function)
		frame.function = finding_strndup(st->r.f, function, len);
	report_role(&st->r, ROLE_ACCESS);
	report_add_frame(&st->r, &frame);
}

/*
 * What the debug allocator found: the id of a freed block is overwritten with its dead byte. TEXT
 * is "FUNCTION: REASON", or a signal's name where the dump itself crashed.
 */
static void end_dump(struct state *st, const char *text)
{
	const char *colon = strstr(text, ": "), *reason = colon ? colon + 2 : text;
	char *where = colon ? xasprintf(" (%.*s)", (int)(colon - text), text) : xstrdup("");
	char *message;

	if (st->api == 0xdd)
		message = xasprintf("block was freed before%s", where);
	else if (!st->api || !strchr("rmo", st->api))
		message = xasprintf("block was not allocated here%s", where);
	else
		message = xasprintf("%s%s", reason, where);
	report_message(&st->r, message);
	free(message);
	free(where);
}

/* S without quotes before AT: what a test prints of what it expected is in quotes. */
static int is_said(const char *s, const char *at)
{
	for (const char *p = s; p < at; p++)
		if (strchr("'\"`", *p))
			return 0;
	return at == s || at[-1] == ' ' || at[-1] == '.';
}

static int take_fatal(struct state *st, const struct line *line)
{
	const char *at = strstr(line->s, "Fatal Python error: ");

	if (!at || !is_said(line->s, at))
		return 0;
	const char *text = at + strlen("Fatal Python error: ");
	if (st->r.f && st->prelude) {
		st->prelude = 0;
		if (!strcmp(st->r.f->kind, "debug-allocator"))
			end_dump(st, text);
		report_text(&st->r, line);
		return 1;
	}
	const char *kind = fatal_kind(text), *where = strstr(text, ": ");
	open_report(st, kind, line, text);
	if (where && !memchr(text, ' ', (size_t)(where - text)))
		add_site(st, text, (size_t)(where - text), NULL, 0);
	return 1;
}

static int take_dump(struct state *st, const struct line *line)
{
	const char *at = text_after_any(line->s, "Debug memory block at address p=");

	if (!at || !is_said(line->s, at - strlen("Debug memory block at address p=")))
		return 0;
	open_report(st, "debug-allocator", line, "the debug allocator's check failed");
	st->prelude = 1;
	st->r.f->access.address = hex_dup(st->r.f, at);
	const char *api = text_after_any(at, "API '");
	st->api = api ? (unsigned char)*api : 0;
	return 1;
}

/*
 * "[PROGRAM: ]FILE:LINE: [FUNCTION: ]Assertion `EXPRESSION' failed." of libc, and CPython's own
 * with double quotes, or "Assertion failed: MESSAGE".
 */
static int take_assertion(struct state *st, const struct line *line)
{
	const char *at = strstr(line->s, ": Assertion ");

	if (!at || !(text_after(at + 2, "Assertion `") || text_after(at + 2, "Assertion \"") ||
	                   text_after(at + 2, "Assertion failed")))
		return 0;
	char *head = xstrndup(line->s, (size_t)(at - line->s)), *function = NULL, *place = head;
	int number = 0, column = 0;
	for (char *p = head; (p = strstr(p, ": ")); p += 2) {
		place = function ? function : place;
		function = p + 2;
	}
	if (function)
		function[-2] = 0;
	frame_split_location(place, &number, &column);
	if (!number && function) { /* no function was printed */
		place = function;
		function = NULL;
		frame_split_location(place, &number, &column);
	}
	if (number) {
		int negative = strstr(at, "negative ref count") != NULL;
		open_report(st, negative ? "negative-refcount" : "assertion", line, at + 2);
		add_site(st, function, function ? strlen(function) : 0, place, number);
		st->prelude = 1;
	}
	free(head);
	return number != 0;
}

static const struct {
	const char *what, *kind;
} leaks[] = {
	{ "references", "refleak" },
	{ "memory blocks", "blockleak" },
	{ "file descriptors", "fdleak" },
};

/* "test_x leaked [1, 1, 1] references, sum=3" */
static int take_leak(struct state *st, const struct line *line)
{
	const char *at = strstr(line->s, " leaked ["), *end = at ? strstr(at, "] ") : NULL;

	if (!end || !strstr(end, ", sum="))
		return 0;
	for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
		if (!text_after(end + 2, leaks[i].what))
			continue;
		open_report(st, leaks[i].kind, line, line->s);
		report_close(&st->r);
		return 1;
	}
	return 0;
}

/* "REFLEAK 3 [NAME]": a script measured sys.gettotalrefcount() around what it does. */
static int take_measured(struct state *st, const struct line *line)
{
	const char *number = text_after(line->s, "REFLEAK ");
	char *end;

	if (!number)
		return 0;
	long n = strtol(number, &end, 10);
	if (end == number || (*end && *end != ' ') || n == 0)
		return 0;
	open_report(st, "refleak", line, "");
	char *message = xasprintf("%ld reference%s %s%s%s", labs(n), labs(n) == 1 ? "" : "s",
	        n > 0 ? "leaked" : "missing", *end ? ":" : "", end);
	report_message(&st->r, message);
	free(message);
	report_close(&st->r);
	return 1;
}

static int take_timeout(struct state *st, const struct line *line)
{
	if (!text_after(line->s, "Timeout (") || !text_ends(line->s, ")!"))
		return 0;
	open_report(st, "timeout", line, line->s);
	return 1;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;

	return take_fatal(st, line) || take_dump(st, line) || take_assertion(st, line) ||
	       take_leak(st, line) || take_measured(st, line) || take_timeout(st, line);
}

/* '  File "/a.py", line 3 in f' */
static int take_python_frame(struct state *st, const char *s)
{
	const char *file = text_after(s, "  File \""), *end = NULL;

	for (const char *p = file; p && (p = strstr(p, "\", line ")); p++)
		end = p;
	if (!end)
		return 0;
	char *rest;
	long line = strtol(end + strlen("\", line "), &rest, 10);
	const char *function = text_after(rest, " in ");
	struct finding *f = st->r.f;
	if (function && st->collecting && f->python.n < REPORT_FRAMES_MAX) {
		struct frame *frame = frames_add(f, &f->python);
		frame->file = finding_strndup(f, file, (size_t)(end - file));
		frame->line = (int)line;
		frame->function = finding_strdup(f, function);
	}
	return function != NULL;
}

/* '  Binary file "/usr/bin/python", at f+0x1a [0x5581]': the C stack of 3.14. */
static int take_c_frame(struct state *st, const char *s)
{
	const char *module = text_after(s, "  Binary file \"");
	const char *end = module ? strstr(module, "\", at ") : NULL;

	if (!end)
		return 0;
	const char *name = end + strlen("\", at ");
	size_t len = strcspn(name, "+ ");
	struct finding *f = st->r.f;
	struct frame frame = { .module = finding_strndup(f, module, (size_t)(end - module)) };
	if (len)
		frame.function = finding_strndup(f, name, len);
	if (name[len] == '+')
		frame.offset = hex_dup(f, name + len + 1);
	report_add_frame(&st->r, &frame);
	return 1;
}

/* The current thread's frames are wanted; without one, those of the thread printed last: main. */
static int take_thread(struct state *st, const char *s)
{
	if (!text_ends(s, "(most recent call first):"))
		return 0;
	int current = text_after(s, "Current thread 0x") != NULL;
	if (!current && !text_after(s, "Thread 0x"))
		return text_after(s, "Current thread's C stack") != NULL ||
		       text_after(s, "Memory block allocated at") != NULL;
	st->stack_seen = 1;
	st->collecting = current || !st->current;
	st->current |= current;
	if (st->collecting)
		st->r.f->python.n = 0;
	return 1;
}

static int is_own_text(const char *s)
{
	static const char *const starts[] = {
		"Python runtime state:",
		"Enable tracemalloc",
		"object ",
		"<object at ",
		"  <no Python frame>",
		"  ...",
		"    ",
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s, starts[i]))
			return 1;
	return *s == 0;
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;

	if (!st->r.f)
		return 0;
	if (text_after(line->s, "Extension modules: ")) {
		report_text(&st->r, line);
		report_close(&st->r);
		return 1;
	}
	if (take_thread(st, line->s) || take_python_frame(st, line->s) ||
	        take_c_frame(st, line->s) || is_own_text(line->s)) {
		report_text(&st->r, line);
		return 1;
	}
	if (++st->r.foreign > (st->stack_seen ? 0 : 20))
		report_close(&st->r);
	return 0;
}

static void finish(void *state)
{
	struct state *st = state;

	if (st->prelude && st->r.f && !strcmp(st->r.f->kind, "debug-allocator"))
		report_cut(&st->r, "the dump has no end");
	report_close(&st->r);
	buf_release(&st->r.text);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		"Fatal Python error: ",
		"Debug memory block at address p=",
		": Assertion ",
		" leaked [",
		"REFLEAK ",
		"Timeout (",
		NULL,
	};

	return needles[i];
}

const struct reader cpython_reader = { "cpython", needle, make, opens, goes_on, finish };
