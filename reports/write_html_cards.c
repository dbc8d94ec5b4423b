/* The defects, one card each: folded it says what, where and by whom, unfolded all that is known. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding_text.h"
#include "reports/store.h"
#include "reports/write_html.h"

enum { COLUMNS_MAX = 8, PLACES_MAX = 12 };

static void option_list(const struct page *p, const char *name, const char *all, struct strv *values)
{
	html(p->f, "<label>%s <select name=\"%s\"><option value=\"\">%s</option>", name, name, all);
	for (size_t i = 0; i < values->n; i++)
		html(p->f, "<option>%s</option>", values->v[i]);
	html(p->f, "</select></label>\n");
}

static void add_once(struct strv *s, const char *value)
{
	if (value && !strv_has(s, value))
		strv_push(s, value);
}

static void write_filter(const struct page *p)
{
	struct strv v[4] = { 0 };

	for (size_t i = 0; i < p->r->cell_count; i++)
		if (!p->r->cells[i].raw)
			add_once(&v[0], p->r->cells[i].cell);
	for (size_t i = 0; i < p->card_count; i++) {
		const struct card *c = &p->cards[i];

		for (size_t j = 0; j < c->finding_count; j++)
			add_once(&v[1], c->findings[j]->tool);
		add_once(&v[2], c->category);
		add_once(&v[3], page_card_status(c));
	}
	add_once(&v[3], p->failed ? "failed" : NULL);
	add_once(&v[3], p->flaky ? "flaky" : NULL);
	for (size_t i = 0; i < 4; i++)
		strv_sort(&v[i]);
	html(p->f, "<form id=\"filter\" role=\"search\" hidden=\"\">\n<label class=\"search\">"
		   "<span>search</span> <input type=\"search\" name=\"q\" "
		   "placeholder=\"function, file, test, text\" autocomplete=\"off\"/></label>\n");
	if (v[0].n)
		option_list(p, "cell", "all cells", &v[0]);
	if (v[1].n)
		option_list(p, "tool", "all tools", &v[1]);
	if (v[2].n)
		option_list(p, "category", "all categories", &v[2]);
	option_list(p, "status", "any status", &v[3]);
	html(p->f, "<button type=\"reset\">clear</button>\n<output id=\"shown\"></output>\n</form>\n");
	for (size_t i = 0; i < 4; i++)
		strv_release(&v[i]);
}

static void write_summary_line(const struct page *p, const struct card *c)
{
	const struct finding *f = c->findings[0];
	char *where = finding_where(f);
	struct strv cells = { 0 }, tools = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < c->finding_count; i++) {
		count += c->findings[i]->count;
		add_once(&tools, c->findings[i]->tool);
	}
	page_card_cells(c, &cells);
	html(p->f, "<summary><span class=\"status %s\">%s</span>\n<h3><b>%s</b>%s<code>%s</code></h3>\n"
		   "<span class=\"meta\">",
	     page_card_status(c), page_card_status(c), f->kind,
	     *where ? " in " : "", where);
	for (size_t i = 0; i < cells.n; i++)
		html(p->f, "<span class=\"tag\">%s</span> ", cells.v[i]);
	html(p->f, "<span>%s</span> <span>", c->category);
	for (size_t i = 0; i < tools.n; i++)
		html(p->f, "%s%s", i ? ", " : "", tools.v[i]);
	html(p->f, "</span>");
	if (f->cwe)
		html(p->f, " <span>CWE-%d</span>", f->cwe);
	if (c->units)
		html(p->f, " <span>%zu unit%s</span>", c->units, c->units == 1 ? "" : "s");
	html(p->f, " <span>%zu time%s</span></span></summary>\n", count, count == 1 ? "" : "s");
	strv_release(&cells);
	strv_release(&tools);
	free(where);
}

static void write_place(const struct page *p, const struct occurrence *o)
{
	html(p->f, "<li>");
	if (o->cell)
		html(p->f, "<span class=\"tag\">%s</span> %s ", o->cell, o->test ? o->test : o->unit);
	if (o->attempt > 1)
		html(p->f, "attempt %d ", o->attempt);
	html(p->f, "<span class=\"dim\">%s", o->log);
	if (o->line)
		html(p->f, ":%ld", o->line);
	if (o->pid)
		html(p->f, " pid %ld", o->pid);
	html(p->f, "</span></li>\n");
}

static void write_places(const struct page *p, const struct card *c)
{
	size_t shown = 0, all = 0;

	html(p->f, "<h4>Seen in</h4>\n<ul class=\"places\">\n");
	for (size_t i = 0; i < c->finding_count; i++) {
		const struct finding *f = c->findings[i];

		all += f->occurrence_count;
		for (size_t j = 0; j < f->occurrence_count && shown < PLACES_MAX; j++, shown++)
			write_place(p, &f->occurrences[j]);
	}
	html(p->f, "</ul>\n");
	if (all > shown)
		html(p->f, "<p class=\"dim\">and %zu more places, all in findings.json</p>\n", all - shown);
}

static void write_columns(const struct page *p, const struct card *c, int whole)
{
	html(p->f, "<div class=\"tools\">\n");
	for (size_t i = 0; i < c->finding_count && i < COLUMNS_MAX; i++)
		page_finding(p, c->findings[i], whole);
	html(p->f, "</div>\n");
	if (c->finding_count <= COLUMNS_MAX)
		return;
	html(p->f, "<h4>Reports of the same defect besides</h4>\n<ul class=\"besides\">\n");
	for (size_t i = COLUMNS_MAX; i < c->finding_count; i++) {
		char *line = finding_line(c->findings[i]);

		html(p->f, "<li>%s <span class=\"dim\">%s</span></li>\n", line,
		     c->findings[i]->fingerprint);
		free(line);
	}
	html(p->f, "</ul>\n");
}

/* About how many bytes it takes to show C whole. */
static size_t size_of(const struct card *c)
{
	size_t size = 0;

	for (size_t i = 0; i < c->finding_count && i < COLUMNS_MAX; i++) {
		const struct finding *f = c->findings[i];

		size += f->text ? strnlen(f->text, REPORT_SHOWN) : 0;
		size += f->python.n * FRAME_BYTES;
		for (size_t j = 0; j < f->stack_count; j++)
			size += (f->stacks[j].frames.n + f->stacks[j].python.n) * FRAME_BYTES;
	}
	return size;
}

static void write_card(const struct page *p, size_t i, int whole)
{
	const struct card *c = &p->cards[i];
	const char *reason = NULL;

	for (size_t j = 0; j < c->finding_count && !reason; j++)
		reason = c->findings[j]->reason;
	html(p->f, "<article class=\"card f%s\" id=\"", page_is_fresh(c) ? "" : " mild");
	page_card_id(p, i);
	putc('"', p->f);
	page_card_data(p, c);
	html(p->f, ">\n<details>\n");
	write_summary_line(p, c);
	html(p->f, "<div class=\"body\">\n");
	if (reason)
		html(p->f, "<p class=\"reason\">%s%s</p>\n",
		     strcmp(c->status, "known") ? "" : "Known: ", reason);
	page_about(p, c);
	write_columns(p, c, whole);
	write_places(p, c);
	html(p->f, "</div>\n</details>\n</article>\n");
}

/* As many as the budget has room for are shown whole, then none. */
static void write_list(struct page *p)
{
	int whole = 1;

	for (size_t i = 0; i < p->card_count; i++) {
		size_t size = size_of(&p->cards[i]);

		if (whole && size > p->budget) {
			whole = 0;
			html(p->f, "<p class=\"say cut\">There are many defects: of those from "
				   "here on this page shows the first frames. All of it is in "
				   "findings.json.</p>\n");
		}
		p->budget -= whole ? size : 0;
		write_card(p, i, whole);
	}
}

void page_cards(struct page *p)
{
	html(p->f, "<section id=\"defects\" aria-labelledby=\"defects-h\">\n<h2 id=\"defects-h\">Defects"
		   "</h2>\n");
	if (p->card_count || p->failed || p->flaky)
		write_filter(p);
	if (!p->card_count)
		html(p->f, "<p class=\"say\">No checker reported anything.</p>\n");
	write_list(p);
	html(p->f, "</section>\n");
}
