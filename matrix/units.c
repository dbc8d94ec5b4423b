/*
 * The units of a cell: which, in what order, and what became of each.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/partition.h"
#include "matrix/session.h"
#include "reports/reports.h"

enum { PRIORITY_UNIT = 1, ESTIMATE_UNIT = 5 };

/* All that the suite or --unit names; the suite with no list is all that the runtime has. */
static int wanted_units(const struct cell_run *c, struct strv *wanted, struct err *e)
{
	const struct session_options *o = &c->session->options;
	const struct suite *suite = recipe_suite(&c->recipe, o->suite);

	if (o->units.n) {
		strv_extend(wanted, &o->units);
		return 0;
	}
	if (!suite)
		return err_set(e, EXIT_USAGE, "cell '%s' has no suite '%s'", c->recipe.cell, o->suite);
	if (suite->units.n)
		strv_extend(wanted, &suite->units);
	else
		return runtime_units(&c->session->runtime, wanted, e);
	return 0;
}

/* Units asked for by name run even if the cell leaves them out; but they have to exist. */
static int check_names(const struct cell_run *c, const struct strv *wanted, struct err *e)
{
	struct strv all = { 0 };
	int rc = runtime_units(&c->session->runtime, &all, e);

	for (size_t i = 0; rc == 0 && all.n && i < wanted->n; i++)
		if (!strv_has(&all, wanted->v[i]))
			rc = err_set(e, EXIT_USAGE, "%s has no unit '%s': `sanmatrix units` lists them",
				c->recipe.runtime, wanted->v[i]);
	strv_release(&all);
	return rc;
}

int cell_select_units(struct cell_run *c, struct err *e)
{
	const struct session_options *o = &c->session->options;
	struct strv wanted = { 0 };
	struct partition part;
	int rc = -1;

	if (partition_parse(&part, o->partition, e) < 0 || wanted_units(c, &wanted, e) < 0 ||
		(o->units.n && check_names(c, &wanted, e) < 0))
		goto out;
	for (size_t i = 0; i < wanted.n; i++) {
		const char *name = wanted.v[i];
		int left_out = !o->units.n && recipe_skip(&c->recipe, name);
		struct strv *list = left_out ? &c->left_out : &c->units;
		if (partition_has(&part, name, i) && !strv_has(list, name))
			strv_push(list, name);
	}
	rc = 0;
out:
	strv_release(&wanted);
	return rc;
}

/* "ok", "2 findings", "3 failed": what a finished attempt's own folder says. */
static char *verdict_of(const struct cell_run *c, const struct job_end *end, const char *dir, int *bad)
{
	const char *baseline = c->session->options.baseline;
	struct results r = { 0 };
	struct err e = { 0 };

	if ((baseline && results_baseline(&r, baseline, &e) < 0) || results_add_unit(&r, dir, &e) < 0)
		warn("%s", e.msg);
	size_t fresh = r.totals.fresh, known = r.totals.known;
	size_t failed = r.totals.failed + r.totals.errors;
	results_release(&r);
	*bad = fresh > 0 || failed > 0;
	if (fresh > 0)
		return xasprintf("%zu finding%s", fresh, fresh == 1 ? "" : "s");
	if (failed > 0 && end->signal)
		return xasprintf("killed by signal %d", end->signal);
	if (failed > 0)
		return xasprintf("%zu failed", failed);
	return known ? xasprintf("ok, %zu known", known) : xstrdup("ok");
}

/* Where attempt N of the unit in DIR leaves its results; owned by the caller. */
static char *attempt_dir(const char *dir, int n)
{
	return n == 1 ? xstrdup(dir) : xasprintf("%s/attempt-%d", dir, n);
}

static void queue_attempt(struct cell_run *c, const char *unit, int n);

static void unit_done(struct queue *q, struct task *t, const struct job_end *end, const struct err *err)
{
	struct cell_run *c = t->owner;
	int bad = 1, more;

	(void)q;
	cell_task_clean(t);
	if (end && end->interrupted)
		return;
	char *verdict = end ? verdict_of(c, end, t->spec.dir, &bad) : xstrdup(err->msg);
	more = end && bad && t->spec.attempt <= c->session->options.retries;
	if (more || t->spec.attempt > 1) {
		char *plain = verdict;
		verdict = xasprintf("%s (attempt %d%s)", plain, t->spec.attempt,
			more ? ", once more" : "");
		free(plain);
	}
	progress_end(c->session->progress, t, verdict, bad, end ? end->seconds : 0);
	free(verdict);
	if (end)
		times_set(c->session->times, c->recipe.runtime, c->recipe.cell, t->name, end->seconds,
			end->max_rss);
	if (more)
		queue_attempt(c, t->name, t->spec.attempt + 1);
}

static char *unit_dir(const struct cell_run *c, const char *unit)
{
	char *name = path_encode(unit), *dir = xasprintf("%s/units/%s", c->dir, name);

	free(name);
	return dir;
}

static void queue_attempt(struct cell_run *c, const char *unit, int n)
{
	struct err e = { 0 };
	char *base = unit_dir(c, unit), *dir = attempt_dir(base, n);
	struct task *t = cell_task(c, "unit", unit, dir, &c->recipe.unit_command, 1, &e);

	free(dir);
	free(base);
	if (!t) {
		warn("cell '%s', unit '%s': %s", c->recipe.cell, unit, e.msg);
		return; /* without a result it is missing in every output */
	}
	if (c->session->options.time_limit > 0)
		t->spec.time_limit = c->session->options.time_limit;
	t->spec.attempt = n;
	t->priority = PRIORITY_UNIT;
	t->estimate = ESTIMATE_UNIT * c->recipe.time_factor;
	cell_task_expect(t);
	t->done = unit_done;
	queue_add(c->session->queue, t);
}

/* The attempt of UNIT that an earlier, killed run did not come to; 0: nothing is left to do. */
static int next_attempt(const struct cell_run *c, const char *unit)
{
	char *base = unit_dir(c, unit), *last = xstrdup(base);
	struct job_end end;
	int done = 0, bad = 0;

	for (;;) {
		char *dir = attempt_dir(base, done + 1);
		if (job_read(dir, &end, NULL) < 0) {
			free(dir);
			break;
		}
		free(last);
		last = dir;
		done++;
	}
	if (done && done <= c->session->options.retries) {
		job_read(last, &end, NULL);
		free(verdict_of(c, &end, last, &bad));
	}
	free(last);
	free(base);
	return !done || bad ? done + 1 : 0;
}

void cell_queue_units(struct cell_run *c)
{
	cell_expect(c, -(int)c->units.n);
	for (size_t i = 0; i < c->units.n; i++) {
		int attempt = next_attempt(c, c->units.v[i]);
		if (attempt)
			queue_attempt(c, c->units.v[i], attempt);
	}
}
