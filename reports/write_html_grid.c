/*
 * The picture of the matrix: one strip a cell, one square a unit, the same unit at the same place in
 * every strip. What is not green is a link and is read out; green squares are counted in the strip's
 * heading, so that a screen reader need not hear a thousand times "passed".
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/write_html.h"

/* Beyond that many squares, green ones are not drawn, nor too many others: the page must stay usable. */
enum { SQUARES_MAX = 40000, DENSE_MIN = 150 };

const char *const square_words[SQUARE_COUNT] = {
	"not in this cell", "passed", "skipped", "with known findings", "flaky",
	"failed", "with findings", "timed out", "missing",
};

static const char *const classes[SQUARE_COUNT] = {
	"s-none", "s-pass", "s-skip", "s-known", "s-flaky", "s-fail", "s-find", "s-time", "s-gone",
};

static enum square square_of_case(const struct unit_result *u, const struct test_case *t)
{
	if (t->outcome < OUTCOME_FAILED)
		return t->attempts ? SQUARE_FLAKY : t->finding ? SQUARE_KNOWN : SQUARE_SKIPPED;
	if (t->finding)
		return strcmp(t->finding->category, "timeout") ? SQUARE_FINDING : SQUARE_TIMEOUT;
	return u->ran ? SQUARE_FAILED : SQUARE_MISSING;
}

enum square square_of(const struct unit_result *u)
{
	enum square s = SQUARE_SKIPPED;
	size_t skipped = 0;

	if (!u || (!u->ran && !u->case_count))
		return SQUARE_NONE;
	for (size_t i = 0; i < u->case_count; i++) {
		enum square own = square_of_case(u, &u->cases[i]);

		skipped += u->cases[i].outcome == OUTCOME_SKIPPED;
		s = own > s ? own : s;
	}
	if (s == SQUARE_SKIPPED && skipped < u->case_count + !u->case_count)
		return SQUARE_PASSED;
	return s;
}

/* The finding that made U what it is, or NULL. */
static const struct finding *finding_of(const struct unit_result *u, enum square s)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < u->case_count && !f; i++) {
		const struct test_case *t = &u->cases[i];

		if (square_of_case(u, t) != s)
			continue;
		f = t->finding;
		for (const struct failed_attempt *a = t->attempts; a && !f; a = a->next)
			f = a->finding;
	}
	return f;
}

static void write_title(const struct page *p, const struct unit_result *u, enum square s)
{
	html(p->f, "title=\"%s: %s", u->unit, square_words[s]);
	if (s != SQUARE_SKIPPED && u->ran)
		html(p->f, ", %zu test%s", u->case_count, u->case_count == 1 ? "" : "s");
	else if (u->case_count && u->cases[0].message)
		html(p->f, ", %s", u->cases[0].message);
	if (u->ran) {
		html(p->f, ", ");
		html_seconds(p->f, u->seconds);
	}
	html(p->f, "\"");
}

/* A link to what is wrong. */
static void write_link(const struct page *p, const struct unit_result *u, enum square s)
{
	const struct finding *f = finding_of(u, s);

	html(p->f, "<a class=\"%s\" href=\"#", classes[s]);
	if (f) {
		page_card_id(p, page_card(p, f));
	} else if (s == SQUARE_MISSING) {
		html(p->f, "gaps");
	} else {
		html(p->f, s == SQUARE_FLAKY ? "again-" : "u-");
		html_id(p->f, u->unit);
	}
	html(p->f, "\" ");
	write_title(p, u, s);
	html(p->f, "></a>");
}

static void write_square(const struct page *p, const struct unit_result *u, enum square s)
{
	if (s >= SQUARE_KNOWN) {
		write_link(p, u, s);
		return;
	}
	html(p->f, "<i class=\"%s\"", classes[s]);
	if (s != SQUARE_NONE) {
		putc(' ', p->f);
		write_title(p, u, s);
	}
	html(p->f, "></i>");
}

static const struct unit_result *unit_of(const struct cell_result *c, const char *name)
{
	size_t low = 0, high = c->unit_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(c->units[middle].unit, name);

		if (!order)
			return &c->units[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void write_counts(const struct page *p, const size_t *counts)
{
	int some = 0;

	for (int s = SQUARE_MISSING; s > SQUARE_NONE; s--)
		if (counts[s])
			html(p->f, "%s<span class=\"%s\">%zu %s</span>", some++ ? ", " : "",
			     classes[s] + 2, counts[s], square_words[s]);
	if (!some)
		html(p->f, "no units");
}

static void write_name(const struct page *p, const struct cell_result *c)
{
	int ready = c->state && !strcmp(c->state, "ready");
	size_t counts[SQUARE_COUNT] = { 0 };

	for (size_t i = 0; i < c->unit_count; i++)
		counts[square_of(&c->units[i])]++;
	html(p->f, "<div class=\"name\"><h3>%s</h3>", c->label);
	if (!ready)
		html(p->f, " <span class=\"state is-%s\">%s</span>", c->state, c->state);
	html(p->f, "<p class=\"counts\">");
	write_counts(p, counts);
	html(p->f, "</p>\n");
	if (!ready && c->reason)
		html(p->f, "<p class=\"why\">%s</p>\n", c->reason);
	html(p->f, "</div>\n");
}

static void write_strip(const struct page *p, const struct cell_result *c, int all)
{
	size_t drawn = 0;

	html(p->f, "<section class=\"strip f\" data-cell=\"|%s|\">\n", c->cell);
	write_name(p, c);
	html(p->f, "<div class=\"squares\" role=\"group\" aria-label=\"units of %s that did not pass\">",
	     c->label);
	for (size_t i = 0; i < p->unit_count; i++) {
		const struct unit_result *u = unit_of(c, p->units[i]);
		enum square s = square_of(u);

		if (!all && s < SQUARE_KNOWN)
			continue;
		if (all || drawn < SQUARES_MAX / p->cells)
			write_square(p, u, s);
		drawn++;
	}
	if (!all && drawn > SQUARES_MAX / p->cells)
		html(p->f, " and %zu more", drawn - SQUARES_MAX / p->cells);
	html(p->f, "</div>\n</section>\n");
}

static void write_legend(const struct page *p)
{
	size_t counts[SQUARE_COUNT] = { 0 };

	for (size_t i = 0; i < p->r->cell_count; i++)
		for (size_t j = 0; j < p->r->cells[i].unit_count; j++)
			counts[square_of(&p->r->cells[i].units[j])] += !p->r->cells[i].raw;
	html(p->f, "<p class=\"legend\">");
	for (int s = SQUARE_PASSED; s < SQUARE_COUNT; s++)
		if (counts[s])
			html(p->f, "<span><i class=\"%s\"></i>%s</span> ", classes[s], square_words[s]);
	html(p->f, "</p>\n");
}

void page_grid(const struct page *p)
{
	int all = p->cells * p->unit_count <= SQUARES_MAX;

	if (!p->cells)
		return;
	html(p->f, "<section id=\"grid\" aria-labelledby=\"grid-h\">\n<h2 id=\"grid-h\">Units and cells"
		   "</h2>\n<p class=\"say\">Each square is a unit (%zu in all), in the same place in every "
		   "cell. What did not pass leads to what is known of it.%s</p>\n",
	     p->unit_count, all ? "" : " There are so many that those that passed are not drawn.");
	write_legend(p);
	html(p->f, "<p id=\"point\" class=\"point\" aria-live=\"polite\"></p>\n"
		   "<div class=\"strips%s\">\n", p->unit_count >= DENSE_MIN ? " dense" : "");
	for (size_t i = 0; i < p->r->cell_count; i++)
		if (!p->r->cells[i].raw)
			write_strip(p, &p->r->cells[i], all);
	html(p->f, "</div>\n</section>\n");
}
