/*
 * What to do about a defect: what its category means, and how to see it again. The explanations stand
 * once, at the end of the page; cards lead to them, and the script brings them into an open card.
 */
#include <string.h>

#include "reports/write_html.h"

static void write_command(const struct page *p, const char *what, const char *command)
{
	if (command)
		html(p->f, "<dt>%s</dt><dd class=\"cmd\"><code>%s</code><button type=\"button\" "
			   "class=\"copy\" hidden=\"\">copy</button></dd>\n", what, command);
}

void page_rerun(const struct page *p, const struct rerun *r, int whole)
{
	html(p->f, "<dl class=\"rerun\">\n");
	write_command(p, "run this unit again", r->unit);
	if (whole || !r->unit)
		write_command(p, "alone", r->alone);
	if (whole) {
		write_command(p, "under gdb", r->debugger);
		write_command(p, "and in a second terminal", r->attach);
	}
	html(p->f, "</dl>\n");
}

void page_about(const struct page *p, const struct card *c)
{
	const struct guide *g = guide_find(c->category);
	const char *hint = NULL;

	for (size_t i = 0; i < c->finding_count && !hint; i++)
		hint = guide_hint(c->findings[i]->tool, c->findings[i]->kind);
	if (hint)
		html(p->f, "<p class=\"hint\">%s</p>\n", hint);
	html(p->f, "<div class=\"about\"><a href=\"#guide-");
	html_id(p->f, g->category);
	html(p->f, "\">%s: what it means, and what to look at first</a></div>\n", g->title);
}

static void write_guide(const struct page *p, const struct guide *g)
{
	html(p->f, "<article class=\"guide\" id=\"guide-");
	html_id(p->f, g->category);
	html(p->f, "\">\n<h3>%s</h3>\n<p>%s</p>\n<p>Look first at:</p>\n<ol>\n", g->title, g->meaning);
	for (size_t i = 0; g->first[i]; i++)
		html(p->f, "<li>%s</li>\n", g->first[i]);
	html(p->f, "</ol>\n");
	if (g->url)
		html(p->f, "<p><a href=\"%s\" rel=\"noreferrer\">%s</a></p>\n", g->url, g->url);
	html(p->f, "</article>\n");
}

void page_guide(const struct page *p)
{
	const struct guide *seen[64];
	size_t n = 0;

	for (size_t i = 0; i < p->card_count; i++) {
		const struct guide *g = guide_find(p->cards[i].category);
		size_t j = 0;

		while (j < n && seen[j] != g)
			j++;
		if (j < n || n == sizeof seen / sizeof *seen)
			continue;
		if (!n)
			html(p->f, "<section id=\"guide\" aria-labelledby=\"guide-h\">\n"
				   "<h2 id=\"guide-h\">What it means</h2>\n<p class=\"say\">The kinds of "
				   "defects above, in a runtime with reference counts and pools.</p>\n"
				   "<div class=\"guides\">\n");
		seen[n++] = g;
		write_guide(p, g);
	}
	if (n)
		html(p->f, "</div>\n</section>\n");
}
