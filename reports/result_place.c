/*
 * Which test case each finding belongs to.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding_text.h"
#include "reports/occurrence.h"
#include "reports/result.h"

static struct test_case *find_case(const struct unit_result *u, const char *id)
{
	for (size_t i = 0; i < u->case_count; i++) {
		struct test_case *t = &u->cases[i];
		size_t n = strlen(t->classname);

		if (!strncmp(id, t->classname, n) && id[n] == '.' && !strcmp(id + n + 1, t->name))
			return t;
	}
	return NULL;
}

/* The case of the test in which O was seen, otherwise the unit's own; made if not there. */
static struct test_case *case_of(struct results *r, struct unit_result *u,
				 const struct occurrence *o)
{
	const char *id = o->test && strchr(o->test, '.') ? o->test : NULL;
	char *own = id ? NULL : xasprintf("%s.%s", u->unit, u->unit);
	struct test_case *t = find_case(u, id ? id : own);

	free(own);
	if (t)
		return t;
	if (!id) {
		t = case_add(&r->strings, &u->cases, &u->case_count, u->unit, u->unit, OUTCOME_PASSED);
		t->seconds = u->seconds;
		return t;
	}
	const char *dot = strrchr(id, '.');
	char *class = xstrndup(id, (size_t)(dot - id));
	t = case_add(&r->strings, &u->cases, &u->case_count, class, dot + 1, OUTCOME_PASSED);
	free(class);
	return t;
}

/* The case for F beside T, which has a failure of its own; made where it is not there. */
static struct test_case *case_beside(struct results *r, struct unit_result *u,
				     const struct test_case *t, const struct finding *f)
{
	char *title = finding_title(f), *name = xasprintf("%s: %s", t->name, title);
	char *class = xstrdup(t->classname);
	struct test_case *beside = NULL;

	/* seen once, it cannot be there */
	for (size_t i = 0; i < u->case_count && !beside && f->occurrence_count > 1; i++)
		if (u->cases[i].finding == f && !strcmp(u->cases[i].classname, class) &&
		    !strcmp(u->cases[i].name, name))
			beside = &u->cases[i];
	if (!beside)
		beside = case_add(&r->strings, &u->cases, &u->case_count, class, name, OUTCOME_PASSED);
	free(class);
	free(name);
	free(title);
	return beside;
}

static enum outcome outcome_of(const struct finding *f)
{
	int ended = !strcmp(f->tool, "process") || !strncmp(f->kind, "SIG", 3) ||
		    !strcmp(f->category, "timeout");

	return ended ? OUTCOME_ERROR : OUTCOME_FAILED;
}

/* A known finding fails nothing, but nobody should take what it was seen in for proved either. */
static void mark(struct test_case *t, const struct finding *f, const struct occurrence *o)
{
	int known = !strcmp(f->status, "known");

	t->finding = f;
	t->occurrence = o;
	t->outcome = known ? OUTCOME_SKIPPED : outcome_of(f);
	free(t->message); /* of a skip */
	t->message = known ? xasprintf("known: %s", f->reason) : NULL;
}

/* What a later attempt was without. */
static void attach_flaky(struct results *r, struct unit_result *u, const struct finding *f,
			 const struct occurrence *o)
{
	struct failed_attempt *a = attempt_add(case_of(r, u, o), o->attempt, outcome_of(f));

	a->finding = f;
	a->occurrence = o;
}

/*
 * One case carries one finding: most readers of JUnit keep no more than one failure of a case. What
 * is beyond becomes a case of its own beside it.
 */
static void attach(struct results *r, struct unit_result *u, const struct finding *f,
		   const struct occurrence *o)
{
	struct test_case *t;

	if (o->flaky && strcmp(f->status, "known") != 0) {
		attach_flaky(r, u, f, o);
		return;
	}
	t = case_of(r, u, o);
	if (t->finding != f && (t->finding || t->outcome >= OUTCOME_FAILED))
		t = case_beside(r, u, t, f);
	if (t->finding != f)
		mark(t, f, o);
}

/* Findings of raw logs have no cell: they are shown in a suite of their own, by tool. */
static void attach_raw(struct results *r, const struct finding *f, const struct occurrence *o)
{
	struct cell_result *c = cell_get(r, NULL, "logs");
	struct unit_result *u;
	char *title = finding_title(f);

	c->raw = 1;
	u = unit_get(c, f->tool);
	mark(case_add(&r->strings, &u->cases, &u->case_count, f->tool, title, OUTCOME_PASSED), f, o);
	free(title);
}

static struct unit_result *unit_of(struct results *r, const struct occurrence *o)
{
	return unit_get(cell_get(r, o->runtime, o->cell ? o->cell : ""), o->unit);
}

static int is_error(const struct finding *f)
{
	return !strcmp(f->severity, "error");
}

/* Not folded: each finding has one place. */
static void place_unfolded(struct results *r, const struct finding *f)
{
	const struct occurrence *o = f->occurrences;

	if (is_error(f) && f->occurrence_count && o->unit)
		attach(r, unit_of(r, o), f, o);
}

/* A mark and what it is of. */
struct placed {
	size_t finding; /* index */
	const struct mark *m;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int c = (x->finding > y->finding) - (x->finding < y->finding);

	if (!c)
		c = string_compare(x->m->log, y->m->log);
	if (!c)
		c = string_compare(x->m->test, y->m->test);
	if (!c)
		c = (x->m->line > y->m->line) - (x->m->line < y->m->line);
	return c ? c : (x->m->pid > y->m->pid) - (x->m->pid < y->m->pid);
}

/* The place of a mark as an occurrence, which lives as long as the results. */
static struct occurrence *occurrence_of(struct results *r, const struct cell_result *c,
					const struct unit_result *u, const struct mark *m)
{
	struct occurrence *o = arena_zalloc(&r->strings, sizeof *o);

	o->runtime = c->runtime;
	o->cell = c->cell;
	o->unit = u->unit;
	o->test = (char *)m->test;
	o->log = (char *)m->log;
	o->pid = m->pid;
	o->line = m->line;
	o->attempt = m->attempt;
	o->flaky = m->flaky;
	return o;
}

static void place_unit(struct results *r, const struct cell_result *c, struct unit_result *u)
{
	struct placed *v = u->marks.n ? xcalloc(u->marks.n, sizeof *v) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < u->marks.n; i++) {
		size_t at = finding_of_mark(r, &u->marks.v[i]);

		if (at < r->finding_count && is_error(r->findings[at]))
			v[n++] = (struct placed){ at, &u->marks.v[i] };
	}
	if (n)
		qsort(v, n, sizeof *v, by_place);
	for (size_t i = 0; i < n; i++)
		attach(r, u, r->findings[v[i].finding], occurrence_of(r, c, u, v[i].m));
	free(v);
}

/* Once, however many logs it is in: the text names the places. */
static void place_raw(struct results *r, const struct finding *f)
{
	for (size_t i = 0; i < f->occurrence_count && is_error(f); i++)
		if (!f->occurrences[i].unit) {
			attach_raw(r, f, &f->occurrences[i]);
			break;
		}
}

void findings_place(struct results *r)
{
	for (size_t i = 0; r->no_fold && i < r->finding_count; i++)
		place_unfolded(r, r->findings[i]);
	for (size_t i = 0; !r->no_fold && i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].unit_count; j++)
			place_unit(r, &r->cells[i], &r->cells[i].units[j]);
	for (size_t i = 0; i < r->finding_count; i++)
		place_raw(r, r->findings[i]);
}
