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

/* "ok", "2 findings", "3 failed": what a finished unit's own folder says. */
static char *verdict_of(const struct job_end *end, const char *dir, int *bad)
{
	struct results r = { 0 };
	struct err e = { 0 };
	size_t errors = 0;

	if (results_add_unit(&r, dir, &e) < 0)
		warn("%s", e.msg);
	for (size_t i = 0; i < r.finding_count; i++)
		errors += strcmp(r.findings[i]->severity, "error") == 0;
	size_t failed = r.totals.failed + r.totals.errors;
	results_release(&r);
	*bad = errors > 0 || failed > 0;
	if (errors > 0)
		return xasprintf("%zu finding%s", errors, errors == 1 ? "" : "s");
	if (end->signal)
		return xasprintf("killed by signal %d", end->signal);
	return failed > 0 ? xasprintf("%zu failed", failed) : xstrdup("ok");
}

static void unit_done(struct queue *q, struct task *t, const struct job_end *end, const struct err *err)
{
	struct cell_run *c = t->owner;
	int bad = 1;

	(void)q;
	cell_task_clean(t);
	if (end && end->interrupted)
		return;
	char *verdict = end ? verdict_of(end, t->spec.dir, &bad) : xstrdup(err->msg);
	progress_end(c->session->progress, t, verdict, bad, end ? end->seconds : 0);
	free(verdict);
	if (end)
		times_set(c->session->times, c->recipe.runtime, c->recipe.cell, t->name, end->seconds,
			end->max_rss);
}

static void queue_unit(struct cell_run *c, const char *unit, const char *dir)
{
	struct err e = { 0 };
	struct task *t = cell_task(c, "unit", unit, dir, &c->recipe.unit_command, 1, &e);

	if (!t) {
		warn("cell '%s', unit '%s': %s", c->recipe.cell, unit, e.msg);
		return; /* without a result it is missing in every output */
	}
	if (c->session->options.time_limit > 0)
		t->spec.time_limit = c->session->options.time_limit;
	t->priority = PRIORITY_UNIT;
	t->estimate = ESTIMATE_UNIT * c->recipe.time_factor;
	cell_task_expect(t);
	t->done = unit_done;
	queue_add(c->session->queue, t);
}

void cell_queue_units(struct cell_run *c)
{
	struct job_end end;

	cell_expect(c, -(int)c->units.n);
	for (size_t i = 0; i < c->units.n; i++) {
		char *name = path_encode(c->units.v[i]);
		char *dir = xasprintf("%s/units/%s", c->dir, name);
		if (job_read(dir, &end, NULL) < 0)
			queue_unit(c, c->units.v[i], dir);
		free(dir);
		free(name);
	}
}
