/*
 * What CPython says of itself. Here: where its text begins in a line, and which part it is for.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

enum { MARGIN = 2 };

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
	c->margin = 0;
	c->source = line->source;
}

void cpython_emit(struct cpython *c, const char *kind, const struct line *line, const char *message)
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
 * pytest's summary has warnings two columns in, and what nobody could catch as warnings of its own.
 * How much of S is before CPython's text; 0: it is not such a line.
 */
static size_t pytest_margin(const char *s)
{
	static const char *const wrapped[] = {
		": PytestUnraisableExceptionWarning: ",
		": PytestUnhandledThreadExceptionWarning: ",
	};

	if (!text_after(s, "  ") || s[MARGIN] == ' ')
		return 0;
	for (size_t i = 0; i < sizeof wrapped / sizeof *wrapped; i++) {
		const char *text = text_after_any(s, wrapped[i]);
		if (text)
			return (size_t)(text - s);
	}
	return strstr(s, ": ResourceWarning: ") || strstr(s, " was never awaited") ? MARGIN : 0;
}

static struct line part_of(const struct line *line, size_t from)
{
	struct line part = *line;

	part.s += from;
	part.len -= from;
	return part;
}

/*
 * CPython writes from the beginning of a line; only a fatal error may come anywhere, behind what
 * was not ended by a line feed.
 */
static int opens(void *state, const struct line *line)
{
	struct cpython *c = state;
	const char *s = line->s;
	size_t before = 0, margin = 0;

	if (!line->len || strchr("\t=#", *s))
		return 0;
	if (*s == ' ') {
		before = margin = pytest_margin(s);
		if (!margin && !strstr(s, "Fatal Python error: "))
			return 0;
	} else if (!isalpha((unsigned char)*s) || strstr(s, " ... ")) {
		before = runner_marks(s);
	}
	struct line own = part_of(line, before);
	c->wrapped = margin > MARGIN;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && own.len; i++) {
		if (parts[i]->opens(c, &own)) {
			c->margin = margin ? MARGIN : 0;
			return 1;
		}
	}
	return 0;
}

/* LINE for the part that has a report open. */
static int part_goes_on(struct cpython *c, const struct line *line)
{
	if (c->source && line->source && c->source != line->source)
		return 0; /* another container's, or another job's */
	if (c->margin && line->len) {
		if (!text_after(line->s, "  ")) {
			cpython_close(c);
			return 0;
		}
		struct line own = part_of(line, MARGIN);
		return c->part->goes_on(c, &own);
	}
	return c->part->goes_on(c, line);
}

static int goes_on(void *state, const struct line *line)
{
	struct cpython *c = state;

	if (c->r.f && c->part && part_goes_on(c, line))
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
