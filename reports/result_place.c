/*
 * Which test case each finding belongs to.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding_text.h"
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
static struct test_case *case_of(struct unit_result *u, const struct occurrence *o)
{
	const char *id = o->test && strchr(o->test, '.') ? o->test : NULL;
	char *own = id ? NULL : xasprintf("%s.%s", u->unit, u->unit);
	struct test_case *t = find_case(u, id ? id : own);

	free(own);
	if (t)
		return t;
	if (!id) {
		t = case_add(&u->cases, &u->case_count, u->unit, u->unit, OUTCOME_PASSED);
		t->seconds = u->seconds;
		return t;
	}
	const char *dot = strrchr(id, '.');
	char *class = xstrndup(id, (size_t)(dot - id));
	t = case_add(&u->cases, &u->case_count, class, dot + 1, OUTCOME_PASSED);
	free(class);
	return t;
}

/* The case for F beside T, which has a failure of its own; made where it is not there. */
static struct test_case *case_beside(struct unit_result *u, const struct test_case *t,
				     const struct finding *f)
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
		beside = case_add(&u->cases, &u->case_count, class, name, OUTCOME_PASSED);
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
static void attach_flaky(struct unit_result *u, const struct finding *f, const struct occurrence *o)
{
	struct failed_attempt *a = attempt_add(case_of(u, o), o->attempt, outcome_of(f));

	a->finding = f;
	a->occurrence = o;
}

/*
 * One case carries one finding: most readers of JUnit keep no more than one failure of a case. What
 * is beyond becomes a case of its own beside it.
 */
static void attach(struct unit_result *u, const struct finding *f, const struct occurrence *o)
{
	struct test_case *t;

	if (o->flaky && strcmp(f->status, "known") != 0) {
		attach_flaky(u, f, o);
		return;
	}
	t = case_of(u, o);
	if (t->finding != f && (t->finding || t->outcome >= OUTCOME_FAILED))
		t = case_beside(u, t, f);
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
	mark(case_add(&u->cases, &u->case_count, f->tool, title, OUTCOME_PASSED), f, o);
	free(title);
}

static struct unit_result *unit_of(struct results *r, const struct occurrence *o)
{
	return unit_get(cell_get(r, o->runtime, o->cell ? o->cell : ""), o->unit);
}

void finding_place(struct results *r, const struct finding *f)
{
	int raw = 0;

	if (strcmp(f->severity, "error") != 0)
		return;
	for (size_t i = 0; i < f->occurrence_count; i++) {
		const struct occurrence *o = &f->occurrences[i];

		if (o->unit)
			attach(unit_of(r, o), f, o);
		else if (!raw++) /* folded: once, and the text names all places */
			attach_raw(r, f, o);
	}
}
