/*
 * How regrtest's worker processes ended:
 *
 *   0:00:01 load avg: 6.88 [1/2/1] test_x worker non-zero exit code (Exit code -11 (SIGSEGV))
 *   0:00:01 load avg: 6.88 [1/2/1] test_x crashed (Exit code -11 (SIGSEGV))       up to 3.11
 *   0:20:01 load avg: 6.88 [1/2/1] test_x timed out (20 min)
 *
 * What the worker printed comes next. Only if nothing in it tells of the end, up to the next line
 * of regrtest's own, that line is a finding.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"
#include "reports/kinds.h"

struct cpython_worker {
	char *test; /* NULL: none has ended badly */
	char *message, *kind;
	long line;
	unsigned long emitted; /* by then */
};

static void forget(struct cpython_worker *w)
{
	free(w->test);
	free(w->message);
	free(w->kind);
	memset(w, 0, sizeof *w);
}

/* The worker's output is over. */
static void judge(struct cpython *c)
{
	struct cpython_worker *w = c->worker;

	if (!w || !w->test)
		return;
	cpython_close(c);
	if (scanner_emitted(c->s) == w->emitted) {
		struct finding *f = finding_process(w->kind, w->test, w->message);
		f->occurrences = xcalloc(1, sizeof *f->occurrences);
		f->occurrence_count = 1;
		f->occurrences->line = w->line;
		scanner_emit(c->s, f);
	}
	forget(w);
}

/* "-11 (SIGSEGV))" or "1)": the signal's name, or "exit"; the caller's. */
static char *kind_of(const char *code)
{
	const char *name = strstr(code, "(SIG");
	size_t len = name ? strcspn(name + 1, ") ") : 0;
	long number = strtol(code, NULL, 10);

	if (len && len < 16)
		return xstrndup(name + 1, len);
	const char *known = number < 0 && number > -65 ? sigabbrev_np((int)-number) : NULL;
	return known ? xasprintf("SIG%s", known) : xstrdup("exit");
}

/* TEXT, the rest of the line, says how: what the test's name is before, and the kind. */
static void take(struct cpython *c, const struct line *line, const char *how, char *kind)
{
	const char *name = how;

	while (name > line->s && name[-1] != ' ')
		name--;
	if (!c->worker)
		c->worker = xcalloc(1, sizeof *c->worker);
	forget(c->worker);
	c->worker->test = xstrndup(name, (size_t)(how - name));
	c->worker->message = xstrndup(name, 1000);
	c->worker->kind = kind;
	c->worker->line = line->number;
	c->worker->emitted = scanner_emitted(c->s);
}

static int opens(struct cpython *c, const struct line *line)
{
	static const char *const ends[] = { " worker non-zero exit code (", " crashed (" };
	const char *how;

	if (!strstr(line->s, "load avg: ") && !text_after(line->s, "== Tests result") &&
	        !strstr(line->s, "xit code "))
		return 0;
	judge(c);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *code = text_after_any(line->s, ends[i]);
		code = code ? text_after(code, "Exit code ") : NULL;
		if (code) {
			take(c, line, strstr(line->s, ends[i]), kind_of(code));
			return 1;
		}
	}
	how = strstr(line->s, " timed out (");
	if (!how || !text_ends(line->s, ")") || !strstr(line->s, "load avg: "))
		return 0;
	take(c, line, how, xstrdup("timeout"));
	return 1;
}

static int goes_on(struct cpython *c, const struct line *line)
{
	(void)c, (void)line;
	return 0;
}

void cpython_worker_finish(struct cpython *c)
{
	judge(c);
	free(c->worker);
	c->worker = NULL;
}

const struct cpython_part cpython_workers = { opens, goes_on };
