/*
 * What all that was read means: which cells and units are missing, and which green does not count.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/result.h"
#include "reports/store.h"

static int by_cell(const void *a, const void *b)
{
	const struct cell_result *c = a, *d = b;
	int order = strcmp(c->cell, d->cell);

	return order ? order : string_compare(c->runtime, d->runtime);
}

static int by_log(const void *a, const void *b)
{
	const struct unparsed *u = a, *v = b;
	int order = string_compare(u->log, v->log);

	if (!order)
		order = (u->line > v->line) - (u->line < v->line);
	if (!order)
		order = string_compare(u->reason, v->reason);
	return order ? order : string_compare(u->text, v->text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct property *)a)->name, ((const struct property *)b)->name);
}

static int by_control(const void *a, const void *b)
{
	return strcmp(((const struct control_result *)a)->name,
		      ((const struct control_result *)b)->name);
}

/* Results of several runtimes have cells of the same names: these are told apart by the label. */
static void label_cells(struct results *r)
{
	const char *runtime = NULL;
	int several = 0;

	for (size_t i = 0; i < r->cell_count; i++) {
		const char *own = r->cells[i].runtime;

		several |= own && runtime && strcmp(own, runtime) != 0;
		runtime = own ? own : runtime;
	}
	for (size_t i = 0; i < r->cell_count; i++) {
		struct cell_result *c = &r->cells[i];

		free(c->label);
		c->label = several && c->runtime ? xasprintf("%s@%s", c->cell, c->runtime)
						 : xstrdup(c->cell);
	}
}

static int state_is(const struct cell_result *c, const char *state)
{
	return c->state && !strcmp(c->state, state);
}

static void set_state(struct cell_result *c, const char *state, char *reason)
{
	free(c->state);
	free(c->reason);
	c->state = xstrdup(state);
	c->reason = reason;
}

/* The controls that were claimed and missed: "a, b", or NULL. Owned by the caller. */
static char *missed_controls(const struct cell_result *c)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < c->control_count; i++)
		if (c->controls[i].category && !c->controls[i].seen)
			buf_addf(&b, "%s%s", b.len ? ", " : "", c->controls[i].name);
	return b.len ? buf_detach(&b) : NULL;
}

/* "hash:2/4": is part 1, 3 or 4 nowhere? Only asked when several folders are merged. */
static char *missing_partitions(const struct cell_result *c)
{
	struct buf b = { 0 };
	int total = 0;

	for (size_t i = 0; i < c->partitions.n; i++) {
		const char *slash = strchr(c->partitions.v[i], '/');
		int n = slash ? (int)strtol(slash + 1, NULL, 10) : 0;

		total = n > total && n <= 10000 ? n : total;
	}
	for (int part = 1; part <= total && total > 1; part++) {
		int there = 0;

		for (size_t i = 0; i < c->partitions.n && !there; i++) {
			const char *colon = strchr(c->partitions.v[i], ':');

			there = colon && strtol(colon + 1, NULL, 10) == part;
		}
		if (!there)
			buf_addf(&b, "%s%d/%d", b.len ? ", " : "", part, total);
	}
	return b.len ? buf_detach(&b) : NULL;
}

static void add_cell_case(struct results *r, struct cell_result *c, const char *name, enum outcome outcome,
			  const char *message)
{
	struct test_case *t = case_add(&r->strings, &c->cases, &c->case_count, "cell", name, outcome);

	t->message = clean_line(message, 500);
}

static void judge_state(struct results *r, struct cell_result *c)
{
	char *missed = missed_controls(c), *parts = r->folders > 1 ? missing_partitions(c) : NULL;
	char *message;

	if (!c->state)
		set_state(c, "missing", xstrdup("it left no result"));
	if (missed && state_is(c, "ready"))
		set_state(c, "blind", xasprintf("it missed %s", missed));
	if (parts) {
		message = xasprintf("no result of partition %s", parts);
		add_cell_case(r, c, "partitions", OUTCOME_ERROR, message);
		r->totals.missing++;
		free(message);
	}
	free(missed);
	free(parts);
	if (state_is(c, "ready"))
		return;
	message = xasprintf("cell %s is %s: %s", c->label, c->state,
			    c->reason ? c->reason : "no reason was given");
	if (state_is(c, "unavailable") && !c->requested) {
		add_cell_case(r, c, c->cell, OUTCOME_SKIPPED, message);
	} else {
		add_cell_case(r, c, c->cell, OUTCOME_ERROR, message);
		if (state_is(c, "missing"))
			r->totals.missing++;
		else if (state_is(c, "blind"))
			r->totals.blind++;
		else
			r->totals.broken++;
	}
	free(message);
}

/* A planned unit without a result: an error, unless its cell says why nothing ran there. */
static void judge_absent(struct results *r, struct cell_result *c, struct unit_result *u)
{
	int excused = !state_is(c, "ready") && !state_is(c, "missing");
	struct test_case *t;

	if (u->ran || u->case_count || !u->planned)
		return;
	t = case_add(&r->strings, &u->cases, &u->case_count, u->unit, u->unit,
		     excused ? OUTCOME_SKIPPED : OUTCOME_ERROR);
	if (excused)
		t->message = xasprintf("not run: cell %s is %s", c->label, c->state);
	else
		t->message = xstrdup("missing: it was planned and left no result");
	r->totals.missing += !excused;
}

/* What a checker that cannot see does not report is no proof. */
static void discount(struct cell_result *c, struct unit_result *u)
{
	for (size_t i = 0; i < u->case_count; i++) {
		struct test_case *t = &u->cases[i];

		if (t->outcome != OUTCOME_PASSED || t->finding)
			continue;
		t->outcome = OUTCOME_SKIPPED;
		t->message = xasprintf("cell %s: %s; green does not count", c->label,
				       c->reason ? c->reason : "it is blind");
	}
}

static void count_cases(struct totals *t, const struct test_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		t->tests++;
		t->passed += cases[i].outcome == OUTCOME_PASSED;
		t->skipped += cases[i].outcome == OUTCOME_SKIPPED;
		t->failed += cases[i].outcome == OUTCOME_FAILED;
		t->errors += cases[i].outcome == OUTCOME_ERROR;
	}
}

static void judge_cell(struct results *r, struct cell_result *c)
{
	if (c->property_count)
		qsort(c->properties, c->property_count, sizeof *c->properties, by_name);
	if (c->control_count)
		qsort(c->controls, c->control_count, sizeof *c->controls, by_control);
	judge_state(r, c);
	for (size_t i = 0; i < c->unit_count; i++) {
		judge_absent(r, c, &c->units[i]);
		if (state_is(c, "blind") || state_is(c, "failed"))
			discount(c, &c->units[i]);
	}
}

/* Of merged results an entry may be there twice. */
static void tidy_unparsed(struct results *r)
{
	size_t kept = 0;

	if (r->unparsed_count)
		qsort(r->unparsed, r->unparsed_count, sizeof *r->unparsed, by_log);
	for (size_t i = 0; i < r->unparsed_count; i++) {
		struct unparsed *u = &r->unparsed[i];

		if (!kept || by_log(&r->unparsed[kept - 1], u)) {
			r->unparsed[kept++] = *u;
			continue;
		}
		free(u->log);
		free(u->text);
		free(u->reason);
	}
	r->unparsed_count = kept;
}

static void sort_cells(struct results *r)
{
	if (r->cell_count)
		qsort(r->cells, r->cell_count, sizeof *r->cells, by_cell);
	for (size_t i = 0; i < r->cell_count; i++)
		units_sort(&r->cells[i]);
}

void results_fold(struct results *r)
{
	if (!r->store)
		return;
	r->findings = store_take(r->store, &r->finding_count);
	store_free(r->store);
	r->store = NULL;
	r->folded = 1;
	tidy_unparsed(r);
	sort_cells(r);
	if (!r->no_fold)
		findings_count(r);
}

static void finish_cell(struct results *r, struct cell_result *c)
{
	if (c->raw && !c->state)
		c->state = xstrdup("ready");
	judge_cell(r, c);
	count_cases(&r->totals, c->cases, c->case_count);
	for (size_t j = 0; j < c->unit_count; j++) {
		count_cases(&r->totals, c->units[j].cases, c->units[j].case_count);
		r->totals.ran += c->units[j].ran != 0;
	}
}

void results_finish(struct results *r)
{
	results_fold(r);
	if (!r->folded)
		return;
	r->folded = 0;
	memset(&r->totals, 0, sizeof r->totals);
	known_judge(r);
	defects_find(r);
	findings_place(r);
	label_cells(r);
	sort_cells(r); /* raw logs have one by now */
	for (size_t i = 0; i < r->cell_count; i++)
		finish_cell(r, &r->cells[i]);
	r->totals.findings = r->finding_count;
	known_fixed(r);
}

int results_status(const struct results *r)
{
	const struct totals *t = &r->totals;

	if (t->missing || t->blind || t->broken)
		return EXIT_INFRASTRUCTURE;
	if (t->fresh || t->failed || t->errors)
		return EXIT_FINDINGS;
	return t->ran || r->logs || !r->folders ? EXIT_CLEAN : EXIT_NOTHING;
}
