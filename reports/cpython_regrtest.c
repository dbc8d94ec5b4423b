/*
 * What CPython's test runner says of a test besides whether it passed: references, blocks and file
 * descriptors that it leaked, and what it changed and left behind.
 *
 *   test_x leaked [1, 1, 1] references, sum=3
 *   Warning -- os.environ was modified by test_x
 *   Warning --   Before: ...
 *   test_x failed (env changed)
 *   1 test altered the execution environment:
 *       test_x
 *
 * The summary goes to standard output, the reasons to standard error: which comes first is chance,
 * and one of the two may be missing. A test that is only named in the summary is a finding once the
 * log has ended.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

enum { TESTS_MAX = 1024, NAME_MAX_BYTES = 200 };

enum { ENV, LEAK, WHATS };

static const struct {
	const char *failed, *kind, *message;
} whats[WHATS] = {
	[ENV] = { " failed (env changed)", "env-changed", "altered the execution environment" },
	[LEAK] = { " failed (reference leak)", "refleak", "leaked" },
};

struct test {
	char *name;
	long line; /* where the summary names it; 0: it does not */
	int what, explained;
};

struct cpython_tests {
	struct test *v;
	size_t n, cap;
	size_t anonymous; /* reasons for a changed environment that name no test */
	int listing;      /* names are being listed */
};

static struct test *get(struct cpython *c, int what, const char *name, size_t len)
{
	struct cpython_tests *t = c->tests;

	if (!t)
		t = c->tests = xcalloc(1, sizeof *t);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].what == what && !strncmp(t->v[i].name, name, len) && !t->v[i].name[len])
			return &t->v[i];
	if (t->n == TESTS_MAX || !len || len > NAME_MAX_BYTES)
		return NULL;
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		t->v = xrealloc(t->v, t->cap * sizeof *t->v);
	}
	t->v[t->n] = (struct test){ .name = xstrndup(name, len), .what = what };
	return &t->v[t->n++];
}

static void named(struct cpython *c, int what, const char *name, size_t len, long line)
{
	struct test *t = get(c, what, name, len);

	if (t && !t->line)
		t->line = line;
}

static void explained(struct cpython *c, int what, const char *name, size_t len)
{
	struct test *t = get(c, what, name, len);

	if (t)
		t->explained = 1;
}

static const struct {
	const char *what, *kind;
} leaks[] = {
	{ "references", "refleak" },
	{ "memory blocks", "blockleak" },
	{ "file descriptors", "fdleak" },
};

static int take_leak(struct cpython *c, const struct line *line)
{
	const char *at = strstr(line->s, " leaked ["), *end = at ? strstr(at, "] ") : NULL;

	if (!end || !strstr(end, ", sum=") || text_ends(line->s, "(this is fine)"))
		return 0;
	for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++) {
		if (!text_after(end + 2, leaks[i].what))
			continue;
		explained(c, LEAK, line->s, (size_t)(at - line->s));
		cpython_emit(c, leaks[i].kind, line, line->s);
		return 1;
	}
	return 0;
}

/* "REFLEAK 3 [NAME]": a script measured sys.gettotalrefcount() around what it does. */
static int take_measured(struct cpython *c, const struct line *line)
{
	const char *number = text_after(line->s, "REFLEAK ");
	char *end;

	if (!number)
		return 0;
	long n = strtol(number, &end, 10);
	if (end == number || (*end && *end != ' ') || n == 0 || n == LONG_MIN)
		return 0;
	char *message = xasprintf("%lu reference%s %s%s%s", labs(n), labs(n) == 1 ? "" : "s",
	        n > 0 ? "leaked" : "missing", *end ? ":" : "", end);
	cpython_emit(c, "refleak", line, message);
	free(message);
	return 1;
}

/* "Warning -- TEXT"; what goes on from line to line is indented, or begins as GOES_ON says. */
static int take_warning(struct cpython *c, const struct line *line)
{
	static const char *const reasons[] = {
		" was modified by ",
		"threading_cleanup() failed to ",
		"reap_children() reaped child process ",
		" left behind ",
		" uncollectable object",
	};
	const char *text = text_after(line->s, "Warning -- ");

	for (size_t i = 0; text && i < sizeof reasons / sizeof *reasons; i++) {
		const char *at = strstr(text, reasons[i]);
		if (!at || *text == ' ')
			continue;
		const char *name = at + strlen(reasons[i]);
		int uncollectable = i == 4;
		cpython_open(c, &cpython_regrtest, uncollectable ? "uncollectable" : "env-changed",
		        line, text);
		if (i == 0)
			explained(c, ENV, name, strlen(name));
		else if (at > text && !uncollectable)
			explained(c, ENV, text, strcspn(text, " "));
		else if (get(c, ENV, "", 0) || c->tests)
			c->tests->anonymous++;
		return 1;
	}
	return 0;
}

/* "... test_x failed (env changed)" */
static int take_failed(struct cpython *c, const struct line *line)
{
	if (line->s[line->len - 1] != ')')
		return 0;
	for (int i = 0; i < WHATS; i++) {
		if (!text_ends(line->s, whats[i].failed))
			continue;
		const char *end = line->s + line->len - strlen(whats[i].failed), *name = end;
		while (name > line->s && name[-1] != ' ')
			name--;
		named(c, i, name, (size_t)(end - name), line->number);
		return 0; /* what is open may go on */
	}
	return 0;
}

static int opens(struct cpython *c, const struct line *line)
{
	if (take_leak(c, line) || take_measured(c, line) || take_warning(c, line))
		return 1;
	take_failed(c, line);
	if (strstr(line->s, " altered the execution environment")) {
		get(c, ENV, "", 0);
		if (!c->tests->listing)
			scanner_hold(c->s, 1);
		c->tests->listing = 1;
	}
	return 0;
}

/* The names below "1 test altered the execution environment:", four blanks before them. */
static void take_list(struct cpython *c, const struct line *line)
{
	const char *s = text_after(line->s, "    ");

	while (s && *s) {
		size_t len = strcspn(s, " ");
		if (len)
			named(c, ENV, s, len, line->number);
		s += len + strspn(s + len, " ");
	}
}

static int goes_on(struct cpython *c, const struct line *line)
{
	if (c->r.f && c->part == &cpython_regrtest) {
		const char *text = text_after(line->s, "Warning -- ");
		if (text && (*text == ' ' || text_after(text, "Dangling thread: "))) {
			report_text(&c->r, line);
			return 1;
		}
		cpython_close(c);
	}
	if (!c->tests || !c->tests->listing)
		return 0;
	if (strstr(line->s, " altered the execution environment"))
		return 0; /* the heading itself */
	take_list(c, line);
	c->tests->listing = text_after(line->s, "    ") != NULL;
	if (!c->tests->listing)
		scanner_hold(c->s, -1);
	return c->tests->listing;
}

void cpython_tests_finish(struct cpython *c)
{
	struct cpython_tests *t = c->tests;

	for (size_t i = 0; t && i < t->n; i++) {
		struct test *test = &t->v[i];
		int silent = test->line && !test->explained;
		if (silent && test->what == ENV && t->anonymous) {
			t->anonymous--;
			silent = 0;
		}
		if (silent) {
			struct buf text = { 0 };
			buf_addf(&text, "%s %s", test->name, whats[test->what].message);
			cpython_emit_text(c, whats[test->what].kind, test->line, &text);
		}
		free(test->name);
	}
	if (t)
		free(t->v);
	free(t);
	c->tests = NULL;
}

const struct cpython_part cpython_regrtest = { opens, goes_on };
