/*
 * The end of a run as a person reads it, from the bottom up: one line of totals, above it the
 * defects and what failed, above that the proof that the cells can see.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/finding_text.h"
#include "reports/guide.h"
#include "reports/occurrence.h"
#include "reports/reports.h"
#include "reports/store.h"
#include "reports/table.h"

enum { LINES_MAX = 100, RERUNS_MAX = 5 };

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static size_t cases_with(const struct cell_result *c, enum outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < c->case_count; i++)
		n += c->cases[i].outcome == outcome;
	for (size_t i = 0; i < c->unit_count; i++)
		for (size_t j = 0; j < c->units[i].case_count; j++)
			n += c->units[i].cases[j].outcome == outcome;
	return n;
}

static int has_cells(const struct results *r)
{
	for (size_t i = 0; i < r->cell_count; i++)
		if (!r->cells[i].raw)
			return 1;
	return 0;
}

static void write_cells(const struct results *r, struct table *t)
{
	static const char *const head[] = { "cell",    "state",	 "passed", "skipped",
					    "failed",  "errors", "reason" };

	for (size_t i = 0; i < 7; i++)
		table_cell(t, head[i]);
	table_row(t, STYLE_HEAD);
	for (size_t i = 0; i < r->cell_count; i++) {
		const struct cell_result *c = &r->cells[i];
		int ready = c->state && !strcmp(c->state, "ready");

		if (c->raw)
			continue;
		table_cell(t, c->label);
		table_cell(t, c->state);
		for (int o = OUTCOME_PASSED; o <= OUTCOME_ERROR; o++)
			table_number(t, cases_with(c, (enum outcome)o));
		table_cell(t, ready ? "" : c->reason);
		table_row(t, ready ? STYLE_NONE
			      : !strcmp(c->state, "unavailable") && !c->requested ? STYLE_WARN
									      : STYLE_BAD);
	}
	table_write(t);
}

static const char *control_word(const struct control_result *k)
{
	if (!k)
		return "";
	if (k->category)
		return k->seen ? "seen" : "MISSED";
	return k->found && *k->found ? "extra" : "-";
}

/* Fault x cell: what each cell proved that it can see. */
static void write_controls(const struct results *r, struct table *t)
{
	struct strv names = { 0 };

	results_control_names(r, &names);
	if (!names.n)
		return;
	table_cell(t, "control");
	for (size_t i = 0; i < r->cell_count; i++)
		if (r->cells[i].control_count)
			table_cell(t, r->cells[i].label);
	table_row(t, STYLE_HEAD);
	for (size_t j = 0; j < names.n; j++) {
		int missed = 0;

		table_cell(t, names.v[j]);
		for (size_t i = 0; i < r->cell_count; i++) {
			const char *word = control_word(cell_control(&r->cells[i], names.v[j]));

			if (r->cells[i].control_count)
				table_cell(t, word);
			missed |= !strcmp(word, "MISSED");
		}
		table_row(t, missed ? STYLE_BAD : STYLE_NONE);
	}
	table_write(t);
	strv_release(&names);
}

struct reason {
	const char *text;
	size_t count;
};

static int by_reason(const void *a, const void *b)
{
	return strcmp(((const struct reason *)a)->text, ((const struct reason *)b)->text);
}

static int by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

static struct reason *skip_reasons(const struct results *r, size_t *count)
{
	struct reason *v = NULL;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].unit_count; j++) {
			const struct unit_result *u = &r->cells[i].units[j];

			v = xrealloc(v, (n + u->case_count + 1) * sizeof *v);
			for (size_t k = 0; k < u->case_count; k++)
				if (u->cases[k].outcome == OUTCOME_SKIPPED)
					v[n++] = (struct reason){ u->cases[k].message
									  ? u->cases[k].message
									  : "no reason given", 1 };
		}
	if (n)
		qsort(v, n, sizeof *v, by_reason);
	for (size_t i = 0; i < n; i++) {
		if (kept && !strcmp(v[kept - 1].text, v[i].text))
			v[kept - 1].count++;
		else
			v[kept++] = v[i];
	}
	if (kept)
		qsort(v, kept, sizeof *v, by_count);
	*count = kept;
	return v;
}

static void write_skipped(const struct results *r, struct table *t)
{
	enum { SHOWN = 8 };
	size_t n, others = 0;
	struct reason *v = skip_reasons(r, &n);

	if (n) {
		table_cell(t, "skipped");
		table_cell(t, "reason");
		table_row(t, STYLE_HEAD);
	}
	for (size_t i = 0; i < n; i++) {
		if (i >= SHOWN) {
			others += v[i].count;
			continue;
		}
		table_number(t, v[i].count);
		table_cell(t, v[i].text);
		table_row(t, STYLE_NONE);
	}
	if (others) {
		table_number(t, others);
		table_cell(t, "for other reasons");
		table_row(t, STYLE_NONE);
	}
	table_write(t);
	free(v);
}

/* Failures that are no finding: the tests' own, missing units, units that ended oddly. */
static void write_failed(const struct results *r, struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].unit_count; j++)
			for (size_t k = 0; k < r->cells[i].units[j].case_count; k++) {
				const struct test_case *c = &r->cells[i].units[j].cases[k];

				if (c->outcome < OUTCOME_FAILED || c->finding || n++ >= LINES_MAX)
					continue;
				if (n == 1) {
					table_cell(t, "failed in");
					table_cell(t, "test");
					table_cell(t, "message");
					table_row(t, STYLE_HEAD);
				}
				char *name = xasprintf("%s.%s", c->classname, c->name);
				table_cell(t, r->cells[i].label);
				table_cell(t, strcmp(c->classname, c->name) ? name : c->name);
				table_cell(t, c->message);
				table_row(t, STYLE_BAD);
				free(name);
			}
	table_write(t);
	if (n > LINES_MAX)
		table_note(t, "... and %zu more", n - LINES_MAX);
}

/* "a, b"; owned by the caller. */
static char *joined(const struct strv *list)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < list->n; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", list->v[i]);
	return buf_detach(&b);
}

/* Tests and units that saw D, in all cells; occurrences are sorted by cell and unit. */
static size_t units_of(const struct defect *d)
{
	size_t units = 0;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct occurrence *last = NULL, *o = d->findings[i]->occurrences;

		for (size_t n = d->findings[i]->occurrence_count; n--; last = o++)
			units += o->unit && (!last || string_compare(last->cell, o->cell) ||
					     string_compare(last->unit, o->unit));
	}
	return units;
}

/* "new", unless all of D is known, flaky, or no error; static. */
static const char *status_of(const struct defect *d)
{
	const char *status = NULL;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];
		const char *own = strcmp(f->severity, "error") ? f->severity : f->status;

		if (!strcmp(own, "new") || (status && strcmp(own, status) != 0))
			return "new";
		status = own;
	}
	return status;
}

static void write_defect(const struct defect *d, struct table *t)
{
	const struct finding *f = d->findings[0];
	struct strv tools = { 0 }, cells = { 0 };
	char *where = finding_where(f), *names;
	const char *status = status_of(d);
	size_t count = 0;

	defect_tools(d, &tools);
	defect_cells(d, &cells);
	for (size_t i = 0; i < d->finding_count; i++)
		count += d->findings[i]->count;
	table_cell(t, strcmp(status, "error") ? status : "new");
	names = joined(&tools);
	table_cell(t, names);
	free(names);
	table_cell(t, f->kind);
	table_cell(t, *where || !f->occurrence_count ? where
		      : f->occurrences[0].unit	     ? f->occurrences[0].unit
						     : f->occurrences[0].log);
	names = joined(&cells);
	table_cell(t, names);
	free(names);
	table_number(t, units_of(d));
	table_number(t, count);
	table_row(t, strcmp(status, "new") ? STYLE_WARN : STYLE_BAD);
	strv_release(&tools);
	strv_release(&cells);
	free(where);
}

static void write_defects(const struct results *r, struct table *t)
{
	static const char *const head[] = { "status", "tool",  "finding", "where",
					    "seen by", "units", "times" };

	if (!r->defect_count)
		return;
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		table_cell(t, head[i]);
	table_row(t, STYLE_HEAD);
	for (size_t i = 0; i < r->defect_count && i < LINES_MAX; i++)
		write_defect(&r->defects[i], t);
	table_write(t);
	if (r->defect_count > LINES_MAX)
		table_note(t, "... and %zu more, all in findings.json", r->defect_count - LINES_MAX);
}

/* Entries of the baseline that are of no use any more, and known ones that are past their date. */
static void write_judged(const struct results *r, struct table *t)
{
	for (size_t i = 0; i < r->fixed_count && i < LINES_MAX; i++) {
		const struct fixed *x = &r->fixed[i];

		table_good(t, "fixed: %s is not seen any more; its entry is %s:%d",
			   x->title ? x->title : x->fingerprint, x->file, x->line);
	}
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i]->reason && strcmp(r->findings[i]->status, "known") != 0) {
			char *title = finding_title(r->findings[i]);

			table_bad(t, "new: %s %s", title, r->findings[i]->reason);
			free(title);
		}
}

/* Whole, however long: it is there to be copied. */
static void write_command(const struct table *t, const char *name, const char *command)
{
	if (command)
		fprintf(t->file, "  %s: %s\n", name, command);
}

static int write_rerun(const struct results *r, const struct finding *f, struct table *t)
{
	struct rerun again;

	if (strcmp(f->status, "new") != 0 || strcmp(f->severity, "error") != 0 ||
	    rerun_find(&again, r, f, NULL) < 0)
		return 0;
	char *title = finding_title(f), *line = clean_line(title, 80);
	table_note(t, "to see %s again:", line);
	write_command(t, "again", again.unit);
	write_command(t, "alone", again.alone);
	write_command(t, "gdb", again.debugger);
	write_command(t, "and, in a second terminal", again.attach);
	free(title);
	free(line);
	rerun_release(&again);
	return 1;
}

/* One finding speaks for its defect. */
static void write_reruns(const struct results *r, struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < r->defect_count && n < RERUNS_MAX; i++)
		for (size_t k = 0; k < r->defects[i].finding_count; k++)
			if (write_rerun(r, r->defects[i].findings[k], t)) {
				n++;
				break;
			}
	if (n == RERUNS_MAX)
		table_note(t, "the commands for all others are in summary.md and report.html");
	if (n)
		fputc('\n', t->file);
}

static void write_errors(const struct results *r, struct table *t)
{
	for (size_t i = 0; i < r->cell_count; i++) {
		const struct cell_result *c = &r->cells[i];

		for (size_t j = 0; j < c->case_count; j++) {
			if (c->cases[j].outcome != OUTCOME_ERROR)
				continue;
			table_bad(t, "error: %s%s%s", c->cases[j].message, c->log ? "; see " : "",
				  c->log ? c->log : "");
		}
	}
}

static void write_totals(const struct results *r, struct table *t)
{
	const struct totals *n = &r->totals;
	struct buf b = { 0 };

	if (has_cells(r))
		buf_addf(&b, "%zu test%s: %zu passed, %zu skipped, %zu failed, %zu error%s; ",
			 n->tests, plural(n->tests), n->passed, n->skipped, n->failed, n->errors,
			 plural(n->errors));
	buf_addf(&b, "%zu finding%s", n->findings, plural(n->findings));
	if (r->defect_count < n->findings)
		buf_addf(&b, " of %zu defect%s", r->defect_count, plural(r->defect_count));
	if (n->warnings)
		buf_addf(&b, "; %zu warning%s", n->warnings, plural(n->warnings));
	if (n->known)
		buf_addf(&b, "; %zu known", n->known);
	if (n->flaky)
		buf_addf(&b, "; %zu flaky", n->flaky);
	if (n->fixed)
		buf_addf(&b, "; %zu fixed", n->fixed);
	if (r->unparsed_count)
		buf_addf(&b, "; %zu not parsed", r->unparsed_count);
	if (n->missing)
		buf_addf(&b, "; %zu missing", n->missing);
	if (n->blind)
		buf_addf(&b, "; %zu cell%s blind", n->blind, plural(n->blind));
	if (n->broken)
		buf_addf(&b, "; %zu cell%s broken", n->broken, plural(n->broken));
	if (results_status(r) == EXIT_CLEAN)
		table_good(t, "%s", b.data);
	else
		table_bad(t, "%s", b.data);
	buf_release(&b);
}

int write_summary(const struct results *r, FILE *f, int colour, struct err *e)
{
	struct table t = { .file = f, .colour = colour };

	if (has_cells(r)) {
		write_cells(r, &t);
		write_controls(r, &t);
		write_skipped(r, &t);
		write_failed(r, &t);
	}
	write_defects(r, &t);
	write_reruns(r, &t);
	write_judged(r, &t);
	write_errors(r, &t);
	write_totals(r, &t);
	if (fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write the summary:");
	return 0;
}
