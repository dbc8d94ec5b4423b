/* The top of the page: what broke, where, and above all what is missing. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding_text.h"
#include "reports/write_html.h"

enum { LEAD_MAX = 5, MISSING_SHOWN = 20 };

struct sums {
	size_t fresh, flaky, known, warnings; /* defects */
};

static struct sums sums_of(const struct page *p)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < p->card_count; i++) {
		const struct card *c = &p->cards[i];

		if (!c->is_error)
			s.warnings++;
		else if (page_is_fresh(c))
			s.fresh++;
		else if (!strcmp(c->status, "known"))
			s.known++;
		else
			s.flaky++;
	}
	return s;
}

static const char *s_of(size_t n)
{
	return n == 1 ? "" : "s";
}

/* With separators of thousands. */
static void add_count(struct buf *b, size_t n)
{
	if (n < 1000) {
		buf_addf(b, "%zu", n);
		return;
	}
	add_count(b, n / 1000);
	buf_addf(b, ",%03zu", n % 1000);
}

/* "3 missing results, 1 blind cell"; nothing when the run is whole. */
static void add_gaps(struct buf *b, const struct totals *t)
{
	static const char *const words[] = { "missing result", "blind cell", "broken cell" };
	size_t counts[] = { t->missing, t->blind, t->broken };

	for (size_t i = 0; i < 3; i++) {
		if (!counts[i])
			continue;
		buf_addstr(b, b->len ? ", " : "");
		add_count(b, counts[i]);
		buf_addf(b, " %s%s", words[i], s_of(counts[i]));
	}
}

/* "3 defects and 2 failed tests"; nothing when there is neither. */
static void add_faults(struct buf *b, const struct page *p, const struct sums *s)
{
	if (s->fresh) {
		add_count(b, s->fresh);
		buf_addf(b, " %sdefect%s", p->r->baseline ? "new " : "", s_of(s->fresh));
	}
	if (p->failed) {
		buf_addstr(b, s->fresh ? " and " : "");
		add_count(b, p->failed);
		buf_addf(b, " failed test%s", s_of(p->failed));
	}
}

/* Its class, for colour. */
static const char *verdict_kind(int status)
{
	return status == EXIT_CLEAN ? "good" : status == EXIT_FINDINGS ? "bad" : "gap";
}

/* The verdict in one sentence; owned by the caller. */
static char *verdict(const struct page *p, const struct sums *s)
{
	const struct totals *t = &p->r->totals;
	struct buf gaps = { 0 }, b = { 0 };

	add_gaps(&gaps, t);
	add_faults(&b, p, s);
	if (gaps.len)
		buf_addf(&b, "%s%s", b.len ? ", and the run is not whole: " : "Not whole: ", gaps.data);
	else if (results_status(p->r) == EXIT_NOTHING)
		buf_addstr(&b, "Nothing was run");
	else if (!b.len)
		buf_addstr(&b, s->known || s->flaky ? "Nothing new" : "No defect");
	if (p->cells && results_status(p->r) != EXIT_NOTHING && !gaps.len)
		buf_addf(&b, " in %zu cell%s", p->cells, s_of(p->cells));
	buf_release(&gaps);
	return buf_detach(&b);
}

static void write_meta(const struct page *p, const char *sentence)
{
	html(p->f,
	     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	     "style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\"/>\n"
	     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	     "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	     "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
	     "<title>%s: %s%s%s</title>\n<style>\n",
	     html_style_hash, html_script_hash, sentence, p->r->runtime ? p->r->runtime : "raw logs",
	     p->r->suite ? ", " : "", p->r->suite);
	fputs(html_style, p->f);
	html(p->f, "</style>\n</head>\n<body>\n");
}

static void fact(const struct page *p, const char *name, const char *value)
{
	if (value && *value)
		html(p->f, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void write_facts(const struct page *p)
{
	const struct results *r = p->r;
	char started[32] = "";

	if (r->started && strlen(r->started) >= 16) {
		strncpy(started, r->started, 16);
		started[10] = ' ';
		strncpy(started + 16, " UTC", 5);
	}
	html(p->f, "<dl class=\"facts\">\n");
	fact(p, "runtime", r->version && *r->version ? r->version : r->runtime);
	fact(p, "suite", r->suite);
	fact(p, "started", *started ? started : r->started);
	fact(p, "host", r->hostname);
	fact(p, "hash seed", r->hashseed);
	html(p->f, "</dl>\n");
}

static void number(const struct page *p, const char *kind, size_t n, const char *what)
{
	html(p->f, "<li class=\"%s%s\"><b>%zu</b> %s</li>\n", kind, n ? "" : " zero", n, what);
}

static void write_totals(const struct page *p, const struct sums *s)
{
	const struct totals *t = &p->r->totals;

	html(p->f, "<ul class=\"totals\">\n");
	number(p, "bad", s->fresh, p->r->baseline ? "new defects" : "defects");
	if (s->known)
		number(p, "", s->known, "known");
	if (s->flaky + p->flaky)
		number(p, "", s->flaky + p->flaky, "flaky");
	if (p->r->fixed_count)
		number(p, "", p->r->fixed_count, "fixed");
	if (s->warnings)
		number(p, "", s->warnings, "warnings");
	if (p->cells) {
		number(p, "warn", p->failed, "failed tests");
		number(p, "", t->passed, "passed");
		number(p, "", t->skipped, "skipped");
		number(p, "", t->tests, "tests in all");
	}
	if (t->missing)
		number(p, "gap", t->missing, "missing");
	if (p->r->unparsed_count)
		number(p, "", p->r->unparsed_count, "places not parsed");
	html(p->f, "</ul>\n");
}

static int is_absent(const struct cell_result *c, const struct unit_result *u)
{
	return !c->raw && square_of(u) == SQUARE_MISSING;
}

static void write_absent(const struct page *p, const struct cell_result *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->unit_count; i++) {
		if (!is_absent(c, &c->units[i]))
			continue;
		if (!n)
			html(p->f, "<li><b>%s</b>: planned, and left no result: ", c->label);
		if (n < MISSING_SHOWN)
			html(p->f, "%s<code>%s</code>", n ? ", " : "", c->units[i].unit);
		n++;
	}
	if (n > MISSING_SHOWN)
		html(p->f, " and %zu more", n - MISSING_SHOWN);
	if (n)
		html(p->f, "</li>\n");
}

static void write_gaps(const struct page *p)
{
	const struct totals *t = &p->r->totals;

	if (!t->missing && !t->blind && !t->broken)
		return;
	html(p->f, "<section class=\"gaps\" aria-labelledby=\"gaps\">\n<h2 id=\"gaps\">What is not "
		   "there</h2>\n<ul>\n");
	for (size_t i = 0; i < p->r->cell_count; i++) {
		const struct cell_result *c = &p->r->cells[i];

		for (size_t j = 0; j < c->case_count; j++) {
			if (c->cases[j].outcome != OUTCOME_ERROR)
				continue;
			html(p->f, "<li>");
			/* "cell asan is blind", or what does not name the cell */
			if (strncmp(c->cases[j].message, "cell ", 5) != 0)
				html(p->f, "<b>%s</b>: ", c->label);
			html(p->f, "%s", c->cases[j].message);
			if (c->log)
				html(p->f, " <span class=\"dim\">see %s</span>", c->log);
			html(p->f, "</li>\n");
		}
		write_absent(p, c);
	}
	html(p->f, "</ul>\n</section>\n");
}

/* What broke, for whoever reads no further. */
static void write_lead(const struct page *p, const struct sums *s)
{
	size_t shown = 0;

	if (s->fresh || p->failed)
		html(p->f, "<ol class=\"lead\">\n");

	for (size_t i = 0; i < p->card_count; i++) {
		const struct card *c = &p->cards[i];
		struct strv cells = { 0 };

		if (!page_is_fresh(c) || shown++ >= LEAD_MAX)
			continue;
		char *where = finding_where(c->findings[0]);
		html(p->f, "<li><a href=\"#");
		page_card_id(p, i);
		html(p->f, "\"><b>%s</b>%s<code>%s</code></a>", c->findings[0]->kind, *where ? " in " : "",
		     where);
		page_card_cells(c, &cells);
		for (size_t j = 0; j < cells.n; j++)
			html(p->f, " <span class=\"tag\">%s</span>", cells.v[j]);
		html(p->f, "</li>\n");
		strv_release(&cells);
		free(where);
	}
	if (shown > LEAD_MAX)
		html(p->f, "<li class=\"more\"><a href=\"#defects\">and %zu more</a></li>\n",
		     shown - LEAD_MAX);
	if (shown < LEAD_MAX)
		page_lead_tests(p, LEAD_MAX - shown);
	if (s->fresh || p->failed)
		html(p->f, "</ol>\n");
}

static void write_nav(const struct page *p)
{
	size_t controls = 0;

	for (size_t i = 0; i < p->r->cell_count; i++)
		controls += p->r->cells[i].control_count;
	html(p->f, "<nav aria-label=\"Sections\">\n");
	if (p->cells)
		html(p->f, "<a href=\"#grid\">Units</a>\n");
	if (p->card_count)
		html(p->f, "<a href=\"#defects\">Defects <span>%zu</span></a>\n", p->card_count);
	if (p->failed + p->flaky)
		html(p->f, "<a href=\"#failed\">Failed tests <span>%zu</span></a>\n",
		     p->failed + p->flaky);
	if (p->r->fixed_count)
		html(p->f, "<a href=\"#fixed\">Fixed <span>%zu</span></a>\n", p->r->fixed_count);
	if (controls)
		html(p->f, "<a href=\"#controls\">Controls</a>\n");
	if (p->cells)
		html(p->f, "<a href=\"#times\">Durations</a>\n");
	if (p->r->unparsed_count)
		html(p->f, "<a href=\"#unparsed\">Not parsed <span>%zu</span></a>\n",
		     p->r->unparsed_count);
	html(p->f, "</nav>\n");
}

void page_head(const struct page *p)
{
	struct sums s = sums_of(p);
	char *sentence = verdict(p, &s);

	write_meta(p, sentence);
	html(p->f, "<header class=\"%s\">\n<div class=\"wide\">\n<p class=\"what\">%s</p>\n<h1>%s</h1>\n",
	     verdict_kind(results_status(p->r)), p->r->runtime ? p->r->runtime : "raw logs", sentence);
	write_gaps(p);
	write_lead(p, &s);
	write_totals(p, &s);
	write_facts(p);
	html(p->f, "</div>\n</header>\n");
	write_nav(p);
	html(p->f, "<main>\n");
	free(sentence);
}
