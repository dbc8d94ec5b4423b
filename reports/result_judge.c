/*
 * What all that was read means: which cells and units are missing, and which green does not count.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
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

/* "hash:2/4" as "hash", 2 and 4; 0 if it is not that. */
static int parse_partition(const char *s, size_t *scheme, long *part, long *total)
{
	const char *colon = strchr(s, ':'), *slash = colon ? strchr(colon, '/') : NULL;

	*scheme = colon ? (size_t)(colon - s) : 0;
	*part = colon ? strtol(colon + 1, NULL, 10) : 0;
	*total = slash ? strtol(slash + 1, NULL, 10) : 0;
	return *part >= 1 && *total >= *part && *total <= 10000;
}

/* Appends the parts that belong to partition LIKE of C and are nowhere: "hash:1/4, hash:3/4". */
static void add_missing(struct buf *b, const struct cell_result *c, const char *like)
{
	size_t scheme, other_scheme;
	long part, total, other, other_total;

	if (!parse_partition(like, &scheme, &part, &total))
		return;
	char *there = xcalloc((size_t)total + 1, 1);
	for (size_t i = 0; i < c->partitions.n; i++) {
		const char *s = c->partitions.v[i];

		if (parse_partition(s, &other_scheme, &other, &other_total) &&
		    other_total == total && other_scheme == scheme && !strncmp(s, like, scheme))
			there[other] = 1;
	}
	for (part = 1; part <= total; part++)
		if (!there[part])
			buf_addf(b, "%s%.*s:%ld/%ld", b->len ? ", " : "", (int)scheme, like, part,
				 total);
	free(there);
}

static int same_whole(const char *a, const char *b)
{
	return !strncmp(a, b, strcspn(a, ":") + 1) &&
	       !strcmp(a + strcspn(a, "/"), b + strcspn(b, "/"));
}

/* The parts of C that did not arrive; NULL: none. A part 1/1 is all there is. */
static char *missing_partitions(const struct cell_result *c)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < c->partitions.n; i++)
		if (text_ends(c->partitions.v[i], ":1/1"))
			return NULL;
	for (size_t i = 0; i < c->partitions.n; i++) {
		size_t k = 0;

		while (k < i && !same_whole(c->partitions.v[k], c->partitions.v[i]))
			k++;
		if (k == i)
			add_missing(&b, c, c->partitions.v[i]);
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

/* Sorted, each once: however often, and in what order, they were added. */
static void tidy_partitions(struct strv *p)
{
	size_t kept = 0;

	strv_sort(p);
	for (size_t i = 0; i < p->n; i++) {
		if (kept && !strcmp(p->v[kept - 1], p->v[i]))
			free(p->v[i]);
		else
			p->v[kept++] = p->v[i];
	}
	p->n = kept;
	if (p->v)
		p->v[kept] = NULL;
}

static void sort_cells(struct results *r)
{
	if (r->cell_count)
		qsort(r->cells, r->cell_count, sizeof *r->cells, by_cell);
	for (size_t i = 0; i < r->cell_count; i++) {
		units_sort(&r->cells[i]);
		tidy_partitions(&r->cells[i].partitions);
	}
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
