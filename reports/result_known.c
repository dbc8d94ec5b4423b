/*
 * What is known already: the findings that the baseline names, and the entries that are gone.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/baseline.h"
#include "reports/clean.h"
#include "reports/finding_text.h"
#include "reports/result.h"
#include "reports/store.h"

enum { SEEN_IN_MAX = 10 };

int results_baseline(struct results *r, const char *path, struct err *e)
{
	baseline_free(r->baseline);
	r->baseline = baseline_read(path, e);
	return r->baseline ? 0 : -1;
}

/* The first cell that saw F and is not one of those of K; NULL: F is known wherever it was seen. */
static const char *other_cell(const struct known *k, const struct finding *f)
{
	for (size_t i = 0; k->cells.n && i < f->occurrence_count; i++) {
		const char *cell = f->occurrences[i].cell;

		if (!cell || !strv_has(&k->cells, cell))
			return cell ? cell : "a log of no cell";
	}
	return NULL;
}

static void judge(struct results *r, struct finding *f)
{
	struct known *k = baseline_find(r->baseline, f->fingerprint);
	const char *other = k ? other_cell(k, f) : NULL;
	char *reason = k ? clean_line(k->reason, 500) : NULL;

	if (!k)
		return;
	k->seen = 1;
	if (k->expired) {
		f->reason = finding_printf(f, "was known until %s: %s", k->expires, reason);
		r->totals.expired++;
	} else if (other) {
		f->reason = finding_printf(f, "not known in %s: %s", other, reason);
	} else {
		f->status = "known";
		f->reason = finding_strdup(f, reason);
	}
	free(reason);
}

void known_judge(struct results *r)
{
	for (size_t i = 0; i < r->finding_count; i++) {
		struct finding *f = r->findings[i];

		judge(r, f);
		if (strcmp(f->severity, "error") != 0)
			r->totals.warnings++;
		else if (!strcmp(f->status, "known"))
			r->totals.known++;
		else if (!strcmp(f->status, "flaky"))
			r->totals.flaky++;
		else
			r->totals.fresh++;
	}
}

/* Did U run to its end, so that what it did not report is not there? */
static int is_proof(const struct cell_result *c, const struct unit_result *u)
{
	if (!u->ran || !c->state || strcmp(c->state, "ready") != 0)
		return 0;
	for (size_t i = 0; i < u->case_count; i++)
		if (u->cases[i].outcome == OUTCOME_ERROR)
			return 0;
	return 1;
}

static const struct unit_result *find_unit(const struct cell_result *c, const char *name)
{
	for (size_t i = 0; i < c->unit_count; i++)
		if (!strcmp(c->units[i].unit, name))
			return &c->units[i];
	return NULL;
}

/* "CELL/UNIT", in any runtime. */
static int place_ran(const struct results *r, const char *place)
{
	size_t cell = strcspn(place, "/");

	for (size_t i = 0; i < r->cell_count; i++) {
		const struct cell_result *c = &r->cells[i];
		const struct unit_result *u;

		if (strlen(c->cell) != cell || strncmp(c->cell, place, cell) != 0)
			continue;
		u = find_unit(c, place + cell + 1);
		if (u && is_proof(c, u))
			return 1;
	}
	return 0;
}

/* All units of a cell, of which there is one at least. */
static int cell_ran(const struct cell_result *c)
{
	size_t ran = 0;

	for (size_t i = 0; i < c->unit_count; i++) {
		ran += c->units[i].ran != 0;
		if ((c->units[i].planned || c->units[i].ran) && !is_proof(c, &c->units[i]))
			return 0;
	}
	return ran > 0;
}

/*
 * Was it looked for? In any of the places where it was seen; where the entry does not name them, in
 * all cells that it does name, and where it names none, in all that there are.
 */
static int was_looked_for(const struct results *r, const struct known *k)
{
	size_t cells = 0, ran = 0;

	for (size_t i = 0; i < k->seen_in.n; i++)
		if (place_ran(r, k->seen_in.v[i]))
			return 1;
	for (size_t i = 0; i < r->cell_count && !k->seen_in.n; i++) {
		const struct cell_result *c = &r->cells[i];

		if (c->raw || (k->cells.n && !strv_has(&k->cells, c->cell)))
			continue;
		cells++;
		ran += cell_ran(c) != 0;
	}
	return cells > 0 && ran == cells && ran >= k->cells.n;
}

void known_fixed(struct results *r)
{
	const struct baseline *b = r->baseline;

	for (size_t i = 0; b && i < b->n; i++) {
		const struct known *k = &b->v[i];

		if (k->seen || !was_looked_for(r, k))
			continue;
		r->fixed = xrealloc(r->fixed, (r->fixed_count + 1) * sizeof *r->fixed);
		r->fixed[r->fixed_count++] = (struct fixed){ k->fingerprint, k->title, k->reason,
							     b->file, baseline_line(k) };
	}
	r->totals.fixed = r->fixed_count;
}

/* The first places where F was seen, as "CELL/UNIT". */
static void add_places(struct strv *places, const struct finding *f)
{
	for (size_t i = 0; i < f->occurrence_count && places->n < SEEN_IN_MAX; i++) {
		const struct occurrence *o = &f->occurrences[i];
		char *place = o->cell && o->unit ? xasprintf("%s/%s", o->cell, o->unit) : NULL;

		if (place && !strv_has(places, place))
			strv_own(places, place);
		else
			free(place);
	}
}

static void add_entry(struct buf *b, const struct finding *f, const char *reason)
{
	char *where = finding_where(f);
	char *title = xasprintf("%s: %s%s%s", f->tool, f->kind, *where ? " in " : "", where);
	struct strv places = { 0 };

	add_places(&places, f);
	baseline_format(b, f->fingerprint, title, reason, &places);
	strv_release(&places);
	free(title);
	free(where);
}

static const char opening[] =
	"# Findings that are known: `sanmatrix report --baseline` and `run --baseline` do not fail for\n"
	"# them. Each needs a reason. `expires = '2027-01-31'` makes one new again after that day, and\n"
	"# `cells = {'asan'}` lets it be known in these cells only.\n";

/* The new findings that have no entry yet, one each. */
static size_t add_entries(struct buf *b, const struct results *r, const struct baseline *old,
			  const char *reason)
{
	size_t added = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct finding *f = r->findings[i];

		if (baseline_find(r->baseline, f->fingerprint) ||
		    baseline_find(old, f->fingerprint))
			continue;
		add_entry(b, f, reason);
		added++;
	}
	return added;
}

int results_write_baseline(const struct results *r, const char *path, const char *reason,
			   size_t *added, struct err *e)
{
	struct buf b = { 0 };
	struct baseline *old = path_exists(path) ? baseline_read(path, e) : NULL;
	int rc = old ? file_read(path, &b, 0, e) : path_exists(path) ? -1 : 0;

	if (!rc) {
		if (!b.len)
			buf_addstr(&b, opening);
		else if (b.data[b.len - 1] != '\n')
			buf_addch(&b, '\n');
		*added = add_entries(&b, r, old, reason);
		rc = file_write(path, b.data, b.len, e);
	}
	baseline_free(old);
	buf_release(&b);
	return rc;
}
