/*
 * Fatal errors: Py_FatalError's own, and those that faulthandler prints for signals.
 *
 *   Fatal Python error: [FUNCTION: ]TEXT      3.8 names no function
 *   Python runtime state: initialized         not by faulthandler
 *   TYPE: TEXT                                the exception that was set, maybe with a traceback
 *
 *   Current thread 0x... (most recent call first):
 */
#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "reports/cpython.h"

/*
 * Between an error's first line and its stacks there may be so many lines of others, and so many
 * that might be its own.
 */
enum { FOREIGN_MAX = 20, WEAK_MAX = 60 };

struct phrase {
	const char *text, *kind;
};

static const struct phrase signals[] = {
	{ "Segmentation fault", "SIGSEGV" },
	{ "Aborted", "SIGABRT" },
	{ "Bus error", "SIGBUS" },
	{ "Illegal instruction", "SIGILL" },
	{ "Floating point exception", "SIGFPE" },
	{ "Floating-point exception", "SIGFPE" },
	{ "Access violation", "SIGSEGV" },
};

/* Texts of all versions from 3.8 on; the first match counts. */
static const struct phrase texts[] = {
	{ "_Py_CheckFunctionResult", "check-result" },
	{ "_Py_CheckSlotResult", "check-result" },
	{ " without setting an e", "check-result" }, /* "error" in 3.8, "exception" since */
	{ " with an error set", "check-result" },
	{ " with an exception set", "check-result" },
	{ "deallocating ", "immortal-dealloc" },
	{ "deallocated twice", "immortal-dealloc" },
	{ "caused by a refcount error", "immortal-dealloc" },
	{ "negative ref count", "negative-refcount" },
	{ "bad ID: ", "debug-allocator" }, /* without its dump */
	{ "bad leading pad byte", "debug-allocator" },
	{ "bad trailing pad byte", "debug-allocator" },
	{ "could not acquire lock for ", "shutdown-lock" },
	{ "stack overflow", "stack-overflow" },
	{ "recover from MemoryError", "out-of-memory" },
	{ "ut of memory", "out-of-memory" },
	{ "memory allocation failed", "out-of-memory" },
	{ "not enough memory", "out-of-memory" },
	{ "recursive normalization", "stack-overflow" },
	{ "unlocking ", "mutex" },
	{ "without holding the GIL", "gil" },
	{ "GIL held", "gil" },
	{ "GIL is ", "gil" },
	{ "thread state", "gil" },
	{ "thread-state", "gil" },
	{ "tstate", "gil" },
	{ "no current thread", "gil" },
	{ "thread is not current", "gil" },
	{ "this thread state must be current", "gil" },
};

static const char *look_up(const char *text)
{
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (!strcmp(text, signals[i].text))
			return signals[i].kind;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strstr(text, texts[i].text))
			return texts[i].kind;
	return "fatal-error";
}

/* What comes before a C function's name and ": ": nothing but a name, or a pair of brackets. */
static size_t where_length(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	if (n && text_after(text + n, "()"))
		n += 2;
	return n && text_after(text + n, ": ") ? n : 0;
}

/* Does TEXT, of a fatal error, belong to the assertion or the dump that is open? */
static int ends_prelude(const struct cpython *c, const char *text)
{
	const char *kind = look_up(text);

	switch (c->prelude) {
	case PRELUDE_ASSERT:
		return !strcmp(kind, "SIGABRT");
	case PRELUDE_OBJECT: /* it may crash on its way */
		return text_after(kind, "SIG") || text_ends(text, "_PyObject_AssertFailed");
	case PRELUDE_DUMP:
		return text_after(kind, "SIG") || strstr(text, "bad ID: ") ||
		       strstr(text, "bad leading pad") || strstr(text, "bad trailing pad") ||
		       strstr(text, "expect a NULL pointer");
	default:
		return 0;
	}
}

/* S without quotes before AT: what a program prints of what it expected is in quotes. */
static int is_quoted(const char *s, const char *at)
{
	for (const char *p = s; p < at; p++)
		if (strchr("'\"`", *p))
			return 1;
	return 0;
}

static int take_fatal(struct cpython *c, const struct line *line)
{
	const char *at = strstr(line->s, "Fatal Python error: ");

	if (!at) { /* "Fatal Python error from unexpected signum: 12" */
		at = text_after(line->s, "Fatal Python error from unexpected signum: ");
		if (at)
			cpython_open(c, &cpython_fatal, "fatal-error", line, line->s);
		return at != NULL;
	}
	if (is_quoted(line->s, at))
		return 0;
	const char *text = at + strlen("Fatal Python error: ");
	int other = c->source && line->source && c->source != line->source;
	if (c->r.f && c->prelude != PRELUDE_NONE && !other && ends_prelude(c, text)) {
		if (c->prelude == PRELUDE_DUMP)
			cpython_alloc_end(c, text);
		c->prelude = PRELUDE_NONE;
		report_text(&c->r, line);
		return 1;
	}
	size_t where = where_length(text);
	cpython_open(c, &cpython_fatal, look_up(text), line, text);
	c->doubtful = at != line->s;
	if (where)
		cpython_add_site(c, text, where, NULL, 0);
	return 1;
}

/* faulthandler on Windows; a code without a name may well be handled afterwards. */
static int take_windows(struct cpython *c, const struct line *line)
{
	const char *text = text_after(line->s, "Windows fatal exception: ");

	if (!text)
		return 0;
	cpython_open(c, &cpython_fatal,
	        text_after(text, "code 0x") ? "windows-code" : "windows-crash", line, text);
	return 1;
}

static int take_timeout(struct cpython *c, const struct line *line)
{
	if (!text_after(line->s, "Timeout (") || !text_ends(line->s, ")!"))
		return 0;
	cpython_open(c, &cpython_fatal, "timeout", line, line->s);
	return 1;
}

static int opens(struct cpython *c, const struct line *line)
{
	return take_fatal(c, line) || take_windows(c, line) || take_timeout(c, line);
}

/* "core initialized" and the like: the interpreter did not start. */
static void take_state(struct cpython *c, const char *state)
{
	c->stack_seen |= c->doubtful; /* nobody else says this */
	c->doubtful = 0;
	if (!strcmp(c->r.f->kind, "fatal-error") && !text_after(state, "initialized") &&
	        !text_after(state, "finalizing"))
		report_set_kind(&c->r, "init-error");
}

static void give_up(struct cpython *c)
{
	if (c->prelude == PRELUDE_DUMP)
		report_cut(&c->r, "the dump has no end");
	cpython_close(c);
}

int cpython_fatal_goes_on(struct cpython *c, const struct line *line)
{
	const char *state = text_after(line->s, "Python runtime state: ");

	if (text_after(line->s, "Extension modules: ")) {
		report_text(&c->r, line);
		cpython_close(c);
		return 1;
	}
	if (state)
		take_state(c, state);
	if (state || cpython_stack_line(c, line)) {
		c->weak = 0;
		report_text(&c->r, line);
		return 1;
	}
	if (!c->stack_seen && cpython_traceback_line(c, line)) { /* instead of faulthandler's */
		report_text(&c->r, line);
		return 1;
	}
	int weak = c->weak++ < (c->stack_seen ? 1 : WEAK_MAX) && cpython_stack_weak(c, line->s);
	if (weak)
		report_text(&c->r, line);
	else if (++c->r.foreign > (c->stack_seen ? 0 : FOREIGN_MAX))
		give_up(c);
	return weak;
}

const struct cpython_part cpython_fatal = { opens, cpython_fatal_goes_on };
