/*
 * What CPython says of itself. Here: where its text begins in a line, and which part it is for.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

static const struct cpython_part *const parts[] = {
	&cpython_fatal,
	&cpython_alloc,
	&cpython_assert,
	&cpython_raise,
	&cpython_warn,
	&cpython_workers,
	&cpython_regrtest,
	&cpython_dumprefs,
	&cpython_stats,
};

void cpython_close(struct cpython *c)
{
	if (c->doubtful && !c->stack_seen)
		report_drop(&c->r);
	c->doubtful = 0;
	c->part = NULL;
	report_close(&c->r);
}

void cpython_open(struct cpython *c, const struct cpython_part *part, const char *kind,
        const struct line *line, const char *message)
{
	cpython_close(c);
	report_open(&c->r, c->s, "cpython", kind, line, 0);
	if (message)
		report_message(&c->r, message);
	c->part = part;
	c->prelude = PRELUDE_NONE;
	c->collecting = c->current = c->stack_seen = c->allocation = c->weak = 0;
	c->traceback = TRACEBACK_NONE;
	c->ignored = NULL;
}

void cpython_emit(
        struct cpython *c, const char *kind, const struct line *line, const char *message)
{
	cpython_open(c, NULL, kind, line, message);
	cpython_close(c);
}

void cpython_emit_text(struct cpython *c, const char *kind, long number, struct buf *text)
{
	char *s = buf_detach(text);
	struct line line = { .s = s, .len = strlen(s), .number = number };

	cpython_emit(c, kind, &line, s);
	free(s);
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

void cpython_add_site(
        struct cpython *c, const char *function, size_t len, const char *file, int line)
{
	struct frame frame = { .file = finding_strdup(c->r.f, file), .line = line };

	if (function) {
		len = bare_name(&function, len);
		frame.function = finding_strndup(c->r.f, function, len);
	}
	report_role(&c->r, ROLE_ACCESS);
	report_add_frame(&c->r, &frame);
}

int cpython_split_place(char *head)
{
	size_t len = strlen(head), end = len;

	while (len && isdigit((unsigned char)head[len - 1]))
		len--;
	if (len < 2 || len == end || end - len > 9 || head[len - 1] != ':')
		return -1;
	head[len - 1] = 0;
	return atoi(head + len);
}

/* What a test runner's marks ("..s.", "XX5 ") may stand before, on the same line. */
static int is_start(const char *s)
{
	static const char *const starts[] = {
		"Fatal Python error",
		"Windows fatal exception: ",
		"Debug memory block at ",
		"Exception ignored ",
		"Exception in thread ",
		"Warning -- ",
		"Timeout (",
		"Task was destroyed",
		"Task exception was never",
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s, starts[i]))
			return 1;
	return 0;
}

/* How much of S a test runner put there: marks of tests, or "test_x (...) ... ". */
static size_t runner_marks(const char *s)
{
	size_t n = strspn(s, ".sFEuxrRX0123456789: ");

	for (size_t i = 1; i <= n; i++)
		if (is_start(s + i) || (i > 2 && s[i] == '/' && s[i - 1] == '.'))
			return i;
	const char *at = text_after_any(s, " ... ");
	return at && *at && (is_start(at) || *at == '/') ? (size_t)(at - s) : 0;
}

/*
 * CPython writes from the beginning of a line; only a fatal error may come anywhere, behind what
 * was not ended by a line feed.
 */
static int opens(void *state, const struct line *line)
{
	struct cpython *c = state;
	struct line own = *line;

	if (!own.len || strchr("\t=#", *own.s))
		return 0;
	if (*own.s == ' ' && !strstr(own.s, "Fatal Python error: "))
		return 0;
	if (*own.s != ' ' && (!isalpha((unsigned char)*own.s) || strstr(own.s, " ... "))) {
		size_t marks = runner_marks(own.s);
		own.s += marks;
		own.len -= marks;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i]->opens(c, &own))
			return 1;
	return 0;
}

static int goes_on(void *state, const struct line *line)
{
	struct cpython *c = state;

	if (c->r.f && c->part && c->part->goes_on(c, line))
		return 1;
	return cpython_regrtest.goes_on(c, line) || cpython_dumprefs.goes_on(c, line) ||
	       cpython_stats.goes_on(c, line);
}

static void finish(void *state)
{
	struct cpython *c = state;

	if (c->prelude == PRELUDE_DUMP && c->r.f)
		report_cut(&c->r, "the dump has no end");
	cpython_close(c);
	cpython_worker_finish(c);
	cpython_tests_finish(c);
	cpython_objects_finish(c);
	cpython_stats_finish(c);
	buf_release(&c->r.text);
	free(c);
}

static void *make(struct scanner *s)
{
	struct cpython *c = xcalloc(1, sizeof *c);

	c->s = s;
	c->r.s = s;
	return c;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		"Fatal Python error",
		"Windows fatal exception: ",
		"Timeout (",
		"Debug memory block at address p=",
		": Assertion ",
		"Assertion failed",
		"assertion \"",
		"Exception ignored ",
		"Exception in thread ",
		"Exception in callback ",
		"Unhandled exception in thread",
		"Error in atexit._run_exitfuncs:",
		"Error in sys.excepthook:",
		"Task was destroyed but it is pending!",
		"exception was never retrieved",
		"Traceback (most recent call last):",
		": ResourceWarning: ",
		" was never awaited",
		" leaked [",
		"REFLEAK ",
		"Warning -- ",
		"load avg: ",
		"== Tests result",
		"(Exit code ",
		" failed (env changed)",
		" failed (reference leak)",
		" altered the execution environment",
		"Remaining object",
		"Small block threshold = ",
		" blocks]",
		NULL,
	};

	return needles[i];
}

const struct reader cpython_reader = { "cpython", needle, make, opens, goes_on, finish, NULL };
