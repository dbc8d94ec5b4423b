/*
 * The summary of a CI job: the verdict, the cells, the defects, what failed, what each cell proved to
 * see, what is missing. GitHub takes 1,024 kB of it: each section has its share, and says what did
 * not fit.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/write_markdown.h"

enum {
	DEFECTS_END = 650000,
	FAILED_END = 800000,
	CONTROLS_END = 900000,
	MISSING_END = 990000,
	NAME_MAX_BYTES = 200,
	MESSAGE_MAX = 300,
};

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void add_count(struct buf *b, size_t n, const char *what)
{
	if (n)
		buf_addf(b, "%s%zu %s%s", b->len ? ", " : "", n, what, plural(n));
}

static void add_plain(struct buf *b, size_t n, const char *what)
{
	if (n)
		buf_addf(b, "%s%zu %s", b->len ? ", " : "", n, what);
}

static int has_cells(const struct results *r)
{
	for (size_t i = 0; i < r->cell_count; i++)
		if (!r->cells[i].raw)
			return 1;
	return 0;
}

static void verdict(struct page *p)
{
	static const char *const words[] = { "clean", "findings", "not usable", "incomplete",
					     "nothing was run" };
	const struct totals *t = &p->r->totals;
	struct buf b = { 0 };
	int status = results_status(p->r);

	add_count(&b, t->fresh, "new finding");
	if (has_cells(p->r)) { /* for raw logs there is one for each finding */
		add_count(&b, t->failed, "failed test");
		add_count(&b, t->errors, "error");
	}
	add_plain(&b, t->missing, "missing");
	add_count(&b, t->blind, "blind cell");
	add_count(&b, t->broken, "broken cell");
	add_plain(&b, t->known, "known");
	add_plain(&b, t->flaky, "flaky");
	add_plain(&b, t->fixed, "gone");
	add_plain(&b, t->expired, "expired in the baseline");
	add_count(&b, t->warnings, "warning");
	add_plain(&b, p->r->unparsed_count, "not parsed");
	buf_addf(&p->item, "## sanmatrix: %s%s%s\n\n",
		 status >= 0 && status < 5 ? words[status] : "failed", b.len ? ": " : "",
		 b.len ? b.data : "");
	if (has_cells(p->r))
		buf_addf(&p->item, "%zu test%s: %zu passed, %zu skipped.", t->tests, plural(t->tests),
			 t->passed, t->skipped);
	if (p->r->runtime) {
		buf_addstr(&p->item, " Runtime: ");
		page_text(p, p->r->runtime, NAME_MAX_BYTES);
		buf_addstr(&p->item, p->r->version ? ", version " : "");
		page_text(p, p->r->version, NAME_MAX_BYTES);
		buf_addstr(&p->item, ".");
	}
	buf_addstr(&p->item, "\n\n");
	page_put(p);
	buf_release(&b);
}

static size_t cases_with(const struct cell_result *c, enum outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < c->unit_count; i++)
		for (size_t j = 0; j < c->units[i].case_count; j++)
			n += c->units[i].cases[j].outcome == outcome;
	return n;
}

static void cells(struct page *p)
{
	int head = 0;

	for (size_t i = 0; i < p->r->cell_count; i++) {
		const struct cell_result *c = &p->r->cells[i];

		if (c->raw)
			continue;
		if (!head++)
			buf_addstr(&p->item, "| cell | state | passed | skipped | failed | errors | |\n"
					     "|---|---|--:|--:|--:|--:|---|\n");
		buf_addstr(&p->item, "| ");
		page_code(p, c->label, NAME_MAX_BYTES);
		buf_addstr(&p->item, " | ");
		page_text(p, c->state, NAME_MAX_BYTES);
		for (int o = OUTCOME_PASSED; o <= OUTCOME_ERROR; o++)
			buf_addf(&p->item, " | %zu", cases_with(c, (enum outcome)o));
		buf_addstr(&p->item, " | ");
		page_text(p, c->reason, MESSAGE_MAX);
		buf_addstr(&p->item, " |\n");
		page_put(p);
	}
	page_section_end(p, "cells");
	buf_addstr(&p->item, "\n");
	page_put(p);
}

static void defects(struct page *p)
{
	if (p->r->defect_count)
		buf_addf(&p->item, "### %zu defect%s\n\n", p->r->defect_count,
			 plural(p->r->defect_count));
	page_put(p);
	page_defects(p);
	page_section_end(p, "defects");
}

static void failed_case(struct page *p, const struct cell_result *c, const struct test_case *t)
{
	buf_addstr(&p->item, "| ");
	page_code(p, c->label, NAME_MAX_BYTES);
	buf_addstr(&p->item, " | ");
	if (strcmp(t->classname, t->name) != 0) {
		page_text(p, t->classname, NAME_MAX_BYTES);
		buf_addstr(&p->item, "&#46;");
	}
	page_text(p, t->name, NAME_MAX_BYTES);
	buf_addstr(&p->item, " | ");
	page_text(p, t->message, MESSAGE_MAX);
	buf_addstr(&p->item, " |\n");
	page_put(p);
}

/* Those that WANTED says; findings have told of themselves. */
static void case_table(struct page *p, const char *title, const char *what,
		       int (*wanted)(const struct test_case *t))
{
	int head = 0;

	for (size_t i = 0; i < p->r->cell_count; i++)
		for (size_t j = 0; j < p->r->cells[i].unit_count; j++) {
			const struct unit_result *u = &p->r->cells[i].units[j];

			for (size_t k = 0; k < u->case_count; k++) {
				if (!wanted(&u->cases[k]))
					continue;
				if (!head++) {
					buf_addf(&p->item, "### %s\n\n| cell | test | message |\n"
							   "|---|---|---|\n", title);
				}
				failed_case(p, &p->r->cells[i], &u->cases[k]);
			}
		}
	page_section_end(p, what);
	buf_addstr(&p->item, head ? "\n" : "");
	page_put(p);
}

static int has_failed(const struct test_case *t)
{
	return t->outcome >= OUTCOME_FAILED && !t->finding;
}

static int was_flaky(const struct test_case *t)
{
	return t->outcome < OUTCOME_FAILED && t->attempts;
}

static const char *control_word(const struct control_result *k)
{
	if (!k)
		return "";
	return k->category ? k->seen ? "seen" : "**MISSED**" : k->found && *k->found ? "extra" : "-";
}

static void control_head(struct page *p)
{
	buf_addstr(&p->item, "### What each cell proved to see\n\n| fault |");
	for (size_t i = 0; i < p->r->cell_count; i++)
		if (p->r->cells[i].control_count) {
			buf_addch(&p->item, ' ');
			page_text(p, p->r->cells[i].label, NAME_MAX_BYTES);
			buf_addstr(&p->item, " |");
		}
	buf_addstr(&p->item, "\n|---|");
	for (size_t i = 0; i < p->r->cell_count; i++)
		if (p->r->cells[i].control_count)
			buf_addstr(&p->item, "---|");
	buf_addch(&p->item, '\n');
}

static void controls(struct page *p)
{
	const struct results *r = p->r;
	struct strv names = { 0 };

	results_control_names(r, &names);
	if (names.n)
		control_head(p);
	for (size_t j = 0; j < names.n; j++) {
		buf_addstr(&p->item, "| ");
		page_text(p, names.v[j], NAME_MAX_BYTES);
		for (size_t i = 0; i < r->cell_count; i++)
			if (r->cells[i].control_count)
				buf_addf(&p->item, " | %s",
				         control_word(cell_control(&r->cells[i], names.v[j])));
		buf_addstr(&p->item, " |\n");
		page_put(p);
	}
	page_section_end(p, "controls");
	buf_addch(&p->item, '\n');
	page_put(p);
	strv_release(&names);
}

static void missing_item(struct page *p, int *head, const char *where, const char *what)
{
	if (!(*head)++)
		buf_addstr(&p->item, "### Missing, broken, or not read\n\n");
	buf_addstr(&p->item, "* ");
	page_code(p, where, NAME_MAX_BYTES);
	buf_addstr(&p->item, " ");
	page_text(p, what, MESSAGE_MAX);
	buf_addch(&p->item, '\n');
	page_put(p);
}

static void missing(struct page *p)
{
	const struct results *r = p->r;
	int head = 0;

	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].case_count; j++)
			if (r->cells[i].cases[j].outcome == OUTCOME_ERROR)
				missing_item(p, &head, r->cells[i].label, r->cells[i].cases[j].message);
	for (size_t i = 0; i < r->unparsed_count; i++)
		missing_item(p, &head, r->unparsed[i].log, r->unparsed[i].reason);
	for (size_t i = 0; i < r->fixed_count; i++)
		missing_item(p, &head, r->fixed[i].title ? r->fixed[i].title : r->fixed[i].fingerprint,
			     "is in the baseline and was not seen any more");
	page_section_end(p, "of these");
}

int write_markdown(const struct results *r, FILE *f, int flags, struct err *e)
{
	struct page p = { .r = r, .file = f };

	(void)flags;
	page_section(&p, DEFECTS_END);
	verdict(&p);
	cells(&p);
	page_section(&p, DEFECTS_END);
	defects(&p);
	page_section(&p, FAILED_END);
	case_table(&p, "Failed tests", "failed tests", has_failed);
	page_section(&p, FAILED_END);
	case_table(&p, "Passed when run again", "flaky tests", was_flaky);
	page_section(&p, CONTROLS_END);
	controls(&p);
	page_section(&p, MISSING_END);
	missing(&p);
	buf_release(&p.item);
	if (fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write Markdown:");
	return 0;
}
