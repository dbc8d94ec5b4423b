#include <stdlib.h>
#include <string.h>

#include "reports/finding_text.h"
#include "reports/guide.h"
#include "reports/store.h"
#include "reports/write_markdown.h"

enum { TITLE_MAX = 200, LINE_MAX_BYTES = 500, FIRST_TEXT_MAX = 8000, MORE_TEXT_MAX = 3000 };
enum { FINDINGS_MAX = 6 };

static void add_cells(struct page *p, const struct defect *d)
{
	struct strv cells = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];

		count += f->count;
		for (size_t j = 0; j < f->occurrence_count; j++)
			if (f->occurrences[j].cell && !strv_has(&cells, f->occurrences[j].cell))
				strv_push(&cells, f->occurrences[j].cell);
	}
	for (size_t i = 0; i < cells.n; i++) {
		buf_addstr(&p->item, i ? ", " : "; ");
		page_text(p, cells.v[i], TITLE_MAX);
	}
	buf_addf(&p->item, "; %zu time%s", count, count == 1 ? "" : "s");
	strv_release(&cells);
}

static const char *status_of(const struct defect *d)
{
	const char *status = d->findings[0]->status;

	for (size_t i = 0; i < d->finding_count; i++)
		if (!strcmp(d->findings[i]->status, "new"))
			status = "new";
	return status;
}

static void add_summary(struct page *p, const struct defect *d)
{
	const struct finding *f = d->findings[0];
	char *where = finding_where(f);

	buf_addstr(&p->item, "<details><summary>");
	if (strcmp(status_of(d), "new") != 0)
		buf_addf(&p->item, "%s: ", status_of(d));
	if (strcmp(f->severity, "error") != 0)
		buf_addf(&p->item, "%s: ", f->severity);
	buf_addstr(&p->item, "<b>");
	page_text(p, f->kind, TITLE_MAX);
	buf_addstr(&p->item, "</b>");
	if (*where) {
		buf_addstr(&p->item, " in ");
		page_code(p, where, TITLE_MAX);
	}
	add_cells(p, d);
	buf_addstr(&p->item, "</summary>\n\n");
	free(where);
}

static void add_finding(struct page *p, const struct finding *f, size_t text_max)
{
	const struct occurrence *o = f->occurrence_count ? f->occurrences : NULL;
	char *line = finding_line(f);

	page_text(p, line, LINE_MAX_BYTES);
	if (f->reason) {
		buf_addstr(&p->item, " (");
		page_text(p, f->reason, LINE_MAX_BYTES);
		buf_addstr(&p->item, ")");
	}
	if (o && o->log) {
		buf_addstr(&p->item, ", in ");
		page_code(p, o->log, LINE_MAX_BYTES);
	}
	buf_addstr(&p->item, "\n");
	page_block(p, f->text, text_max);
	free(line);
}

static void add_guide(struct page *p, const struct finding *f)
{
	const struct guide *g = guide_find(f->category);
	const char *hint = guide_hint(f->tool, f->kind);

	page_text(p, hint, 1000);
	buf_addstr(&p->item, hint ? "\n\n" : "");
	page_text(p, g->meaning, 1000);
	buf_addf(&p->item, " What to look at first%s%s%s:\n\n", g->url ? " ([more](" : "",
		 g->url ? g->url : "", g->url ? "))" : "");
	for (size_t i = 0; g->first[i]; i++) {
		buf_addf(&p->item, "%zu. ", i + 1);
		page_text(p, g->first[i], 1000);
		buf_addch(&p->item, '\n');
	}
}

static void add_rerun(struct page *p, const struct defect *d)
{
	struct rerun again;
	struct buf lines = { 0 };
	int found = -1;

	for (size_t i = 0; i < d->finding_count && found; i++)
		found = rerun_find(&again, p->r, d->findings[i], NULL);
	if (found)
		return;
	const char *const commands[] = { again.unit, again.alone, again.debugger, again.attach };
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i])
			buf_addf(&lines, "%s\n", commands[i]);
	buf_addstr(&p->item, "\nAgain, alone, and under gdb:\n");
	page_block(p, lines.data, 20000);
	buf_release(&lines);
	rerun_release(&again);
}

/* Two findings of one tool say the same twice here: the most telling one of each tool is shown. */
static int tool_shown(const struct defect *d, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(d->findings[j]->tool, d->findings[i]->tool))
			return 1;
	return 0;
}

static void add_defect(struct page *p, const struct defect *d)
{
	add_summary(p, d);
	for (size_t i = 0, n = 0; i < d->finding_count && n < FINDINGS_MAX; i++)
		if (!tool_shown(d, i))
			add_finding(p, d->findings[i], n++ ? MORE_TEXT_MAX : FIRST_TEXT_MAX);
	if (d->finding_count > 1)
		buf_addf(&p->item, "%zu findings tell of it.\n\n", d->finding_count);
	add_guide(p, d->findings[0]);
	add_rerun(p, d);
	buf_addstr(&p->item, "\n</details>\n\n");
}

/* New errors first; each group in the order of the results. */
static int rank(const struct defect *d)
{
	static const char *const order[] = { "new", "flaky", "known" };
	int n = 0;

	while (n < 3 && strcmp(status_of(d), order[n]) != 0)
		n++;
	return n + (strcmp(d->findings[0]->severity, "error") != 0 ? 4 : 0);
}

void page_defects(struct page *p)
{
	const struct results *r = p->r;

	for (int group = 0; group < 8; group++)
		for (size_t i = 0; i < r->defect_count; i++)
			if (rank(&r->defects[i]) == group) {
				add_defect(p, &r->defects[i]);
				page_put(p);
			}
}
