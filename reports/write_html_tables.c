/* The tables of the page: controls, durations, builds, what is fixed, and what could not be read. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/store.h"
#include "reports/write_html.h"

enum { SLOW_MAX = 15, FIXED_MAX = 1000, UNPARSED_MAX = 500 };

/* --- controls --- */

static void write_control(const struct page *p, const struct control_result *k)
{
	const char *found = k && k->found && *k->found ? k->found : NULL;

	if (!k)
		html(p->f, "<td></td>");
	else if (k->category && k->seen)
		html(p->f, "<td class=\"seen\" title=\"%s\">seen</td>", found);
	else if (k->category)
		html(p->f, "<td class=\"missed\" title=\"expected: %s %s; found: %s\">missed</td>",
		     k->tool ? k->tool : "", k->kind ? k->kind : k->category, found ? found : "nothing");
	else if (found)
		html(p->f, "<td class=\"extra\" title=\"%s\">seen, not claimed</td>", found);
	else
		html(p->f, "<td class=\"none\">not claimed</td>");
}

static void write_control_row(const struct page *p, const char *name)
{
	const char *summary = NULL;

	for (size_t i = 0; i < p->r->cell_count && !summary; i++) {
		const struct control_result *k = cell_control(&p->r->cells[i], name);

		summary = k ? k->summary : NULL;
	}
	html(p->f, "<tr><th scope=\"row\">%s <span>%s</span></th>", name, summary);
	for (size_t i = 0; i < p->r->cell_count; i++)
		if (p->r->cells[i].control_count)
			write_control(p, cell_control(&p->r->cells[i], name));
	html(p->f, "</tr>\n");
}

void page_controls(const struct page *p)
{
	const struct results *r = p->r;
	struct strv names = { 0 };

	results_control_names(r, &names);
	if (!names.n)
		return;
	html(p->f, "<section id=\"controls\" aria-labelledby=\"controls-h\">\n<h2 id=\"controls-h\">Controls"
		   "</h2>\n<p class=\"say\">Faults planted on purpose. A cell's green counts only if it saw "
		   "each one that it claims to see.</p>\n<div class=\"scroll\"><table class=\"controls\">"
		   "<thead><tr><th scope=\"col\">planted fault</th>");
	for (size_t i = 0; i < r->cell_count; i++)
		if (r->cells[i].control_count)
			html(p->f, "<th scope=\"col\">%s</th>", r->cells[i].label);
	html(p->f, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < names.n; i++)
		write_control_row(p, names.v[i]);
	html(p->f, "</tbody></table></div>\n</section>\n");
	strv_release(&names);
}

/* --- durations --- */

struct duration {
	const char *name, *cell;
	double seconds;
};

static int by_seconds(const void *a, const void *b)
{
	const struct duration *x = a, *y = b;
	int order = (x->seconds < y->seconds) - (x->seconds > y->seconds);

	if (!order)
		order = strcmp(x->cell, y->cell);
	return order ? order : string_compare(x->name, y->name);
}

static void write_bars(const struct page *p, const char *heading, struct duration *v, size_t n)
{
	size_t shown = n < SLOW_MAX ? n : SLOW_MAX;

	if (!n)
		return;
	qsort(v, n, sizeof *v, by_seconds);
	html(p->f, "<div class=\"bars\">\n<h3>%s</h3>\n<table><tbody>\n", heading);
	for (size_t i = 0; i < shown; i++) {
		html(p->f, "<tr><th scope=\"row\">%s", v[i].name ? v[i].name : v[i].cell);
		if (v[i].name)
			html(p->f, " <span class=\"tag\">%s</span>", v[i].cell);
		html(p->f, "</th><td class=\"bar\"><svg aria-hidden=\"true\"><rect height=\"100%%\" "
			   "width=\"%.1f%%\"/></svg></td><td class=\"n\">",
		     v[0].seconds > 0 ? 100 * v[i].seconds / v[0].seconds : 0.0);
		html_seconds(p->f, v[i].seconds);
		html(p->f, "</td></tr>\n");
	}
	html(p->f, "</tbody></table>\n</div>\n");
}

void page_times(const struct page *p)
{
	const struct results *r = p->r;
	size_t n = 0, cells = 0;

	if (!p->cells)
		return;
	for (size_t i = 0; i < r->cell_count; i++)
		n += r->cells[i].unit_count;
	struct duration *units = xcalloc(n + 1, sizeof *units);
	struct duration *builds = xcalloc(r->cell_count, sizeof *builds);
	n = 0;
	for (size_t i = 0; i < r->cell_count; i++) {
		const struct cell_result *c = &r->cells[i];

		if (c->seconds > 0)
			builds[cells++] = (struct duration){ NULL, c->label, c->seconds };
		for (size_t j = 0; j < c->unit_count; j++)
			if (c->units[j].ran)
				units[n++] = (struct duration){ c->units[j].unit, c->label,
								c->units[j].seconds };
	}
	html(p->f, "<section id=\"times\" aria-labelledby=\"times-h\">\n<h2 id=\"times-h\">Durations</h2>\n"
		   "<div class=\"columns\">\n");
	write_bars(p, "Slowest units", units, n);
	write_bars(p, "Building the cells", builds, cells);
	html(p->f, "</div>\n</section>\n");
	free(units);
	free(builds);
}

/* --- builds --- */

static void write_build(const struct page *p, const struct cell_result *c)
{
	html(p->f, "<details class=\"built\"><summary>%s", c->label);
	if (c->seconds > 0) {
		html(p->f, " <span class=\"dim\">built in ");
		html_seconds(p->f, c->seconds);
		html(p->f, "</span>");
	}
	html(p->f, "</summary>\n<dl>\n");
	for (size_t i = 0; i < c->property_count; i++)
		html(p->f, "<div><dt>%s</dt><dd><code>%s</code></dd></div>\n", c->properties[i].name,
		     c->properties[i].value);
	html(p->f, "</dl>\n</details>\n");
}

void page_builds(const struct page *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->r->cell_count; i++) {
		const struct cell_result *c = &p->r->cells[i];

		if (!c->property_count)
			continue;
		if (!n++)
			html(p->f, "<section id=\"builds\" aria-labelledby=\"builds-h\">\n"
				   "<h2 id=\"builds-h\">How the cells were built</h2>\n");
		write_build(p, c);
	}
	if (n)
		html(p->f, "</section>\n");
}

/* --- what is fixed, and what could not be read --- */

void page_fixed(const struct page *p)
{
	const struct results *r = p->r;

	if (!r->fixed_count)
		return;
	html(p->f, "<section id=\"fixed\" aria-labelledby=\"fixed-h\">\n<h2 id=\"fixed-h\">Fixed"
		   "</h2>\n<p class=\"say\">The baseline names these; where they were seen, tests ran "
		   "to their end without them. Their entries can go.</p>\n<ul class=\"entries\">\n");
	for (size_t i = 0; i < r->fixed_count && i < FIXED_MAX; i++) {
		const struct fixed *x = &r->fixed[i];

		html(p->f, "<li><b>%s</b> %s <span class=\"dim\">%s, %s:%d</span></li>\n",
		     x->title ? x->title : x->fingerprint, x->reason, x->title ? x->fingerprint : "entry",
		     x->file, x->line);
	}
	html(p->f, "</ul>\n");
	if (r->fixed_count > FIXED_MAX)
		html(p->f, "<p class=\"dim\">and %zu more</p>\n", r->fixed_count - FIXED_MAX);
	html(p->f, "</section>\n");
}

void page_unparsed(const struct page *p)
{
	const struct results *r = p->r;

	if (!r->unparsed_count)
		return;
	html(p->f, "<section id=\"unparsed\" aria-labelledby=\"unparsed-h\">\n<h2 id=\"unparsed-h\">Not "
		   "parsed</h2>\n<p class=\"say\">These places look like reports, and could not be read as a "
		   "whole.</p>\n<ul class=\"unparsed\">\n");
	for (size_t i = 0; i < r->unparsed_count && i < UNPARSED_MAX; i++) {
		const struct unparsed *u = &r->unparsed[i];

		html(p->f, "<li><code>%s:%ld</code> %s<pre>%s</pre></li>\n", u->log, u->line, u->reason,
		     u->text);
	}
	html(p->f, "</ul>\n");
	if (r->unparsed_count > UNPARSED_MAX)
		html(p->f, "<p class=\"dim\">and %zu more, all in findings.json</p>\n",
		     r->unparsed_count - UNPARSED_MAX);
	html(p->f, "</section>\n");
}
