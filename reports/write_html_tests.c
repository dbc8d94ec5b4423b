/* Tests that failed although no checker said anything of them, and those that passed when run again. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/store.h"
#include "reports/write_html.h"

enum { FAILED_MAX = 2000, TEXT_SHOWN = 16384 };

struct failure {
	const struct cell_result *cell;
	const struct unit_result *unit;
	const struct test_case *test;
	const char *message, *text;
};

static int same_test(const struct failure *x, const struct failure *y)
{
	return !strcmp(x->unit->unit, y->unit->unit) &&
	       !strcmp(x->test->classname, y->test->classname) && !strcmp(x->test->name, y->test->name);
}

static int by_test(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;
	int order = strcmp(x->unit->unit, y->unit->unit);

	if (!order)
		order = strcmp(x->test->classname, y->test->classname);
	if (!order)
		order = strcmp(x->test->name, y->test->name);
	return order ? order : strcmp(x->cell->label, y->cell->label);
}

/* Nonzero if T is of the kind that is asked for. */
static int is_wanted(const struct unit_result *u, const struct test_case *t, int flaky,
		     struct failure *f)
{
	const struct failed_attempt *a = flaky ? page_flaky(t) : NULL;

	if (flaky ? !a : !page_is_failed(u, t))
		return 0;
	f->message = a ? a->message : t->message;
	f->text = a ? a->text : t->text;
	return 1;
}

/* COUNT of them there are; the caller frees the list. */
static struct failure *failures(const struct page *p, int flaky, size_t count)
{
	struct failure *v = xcalloc(count + 1, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < p->r->cell_count; i++) {
		const struct cell_result *c = &p->r->cells[i];

		for (size_t j = 0; j < c->unit_count; j++)
			for (size_t k = 0; k < c->units[j].case_count && n < count; k++) {
				struct failure f = { c, &c->units[j], &c->units[j].cases[k], NULL, NULL };

				if (is_wanted(f.unit, f.test, flaky, &f))
					v[n++] = f;
			}
	}
	if (n)
		qsort(v, n, sizeof *v, by_test);
	return v;
}

/* What a class is named like is a unit as a whole. */
static void write_test_name(const struct page *p, const struct test_case *t)
{
	int plain = !strcmp(t->classname, t->name);

	html(p->f, "%s%s%s", plain ? "" : t->classname, plain ? "" : ".", t->name);
}

/* What the test said in each cell; what it said in the cell before is not told again. */
static void write_texts(const struct page *p, const struct failure *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int same = i && !string_compare(v[i].text, v[i - 1].text) &&
			   !string_compare(v[i].message, v[i - 1].message);

		if (same) {
			html(p->f, "<p class=\"dim\">%s: the same</p>\n", v[i].cell->label);
			continue;
		}
		html(p->f, "<h4>%s <span class=\"dim\">%s</span></h4>\n<pre>", v[i].cell->label,
		     v[i].unit->log);
		html_text(p->f, v[i].text ? v[i].text : v[i].message, TEXT_SHOWN);
		html(p->f, "</pre>\n");
	}
}

static void write_again(const struct page *p, const struct failure *f)
{
	struct rerun again;
	char *test = strcmp(f->test->classname, f->test->name)
			     ? xasprintf("%s.%s", f->test->classname, f->test->name)
			     : NULL;

	if (!rerun_unit(&again, p->r, f->cell, f->unit->unit, test))
		page_rerun(p, &again, 1);
	rerun_release(&again);
	free(test);
}

/* One test in all the cells in which it failed: V[0] to V[N - 1]. ID: it is what squares lead to. */
static void write_failure(const struct page *p, const struct failure *v, size_t n, int id, int flaky)
{
	html(p->f, "<article class=\"failed f%s\" data-status=\"|%s|\" data-cell=\"|",
	     flaky ? " mild" : "", flaky ? "flaky" : "failed");
	for (size_t i = 0; i < n; i++)
		html(p->f, "%s|", v[i].cell->cell);
	putc('"', p->f);
	if (id) {
		html(p->f, " id=\"%s-", flaky ? "again" : "u");
		html_id(p->f, v->unit->unit);
		putc('"', p->f);
	}
	html(p->f, ">\n<details><summary><h3><code>");
	write_test_name(p, v->test);
	html(p->f, "</code></h3>\n<span class=\"meta\">");
	for (size_t i = 0; i < n; i++)
		html(p->f, "<span class=\"tag\">%s</span> ", v[i].cell->label);
	html(p->f, "%s</span></summary>\n<div class=\"body\">\n", v->message);
	write_texts(p, v, n);
	write_again(p, v);
	html(p->f, "</div></details>\n</article>\n");
}

static void write_list(const struct page *p, int flaky, size_t count)
{
	struct failure *v = failures(p, flaky, count);
	const char *last = "";
	size_t shown = 0, i = 0, n;

	for (; i < count && shown < FAILED_MAX; i += n, shown++) {
		for (n = 1; i + n < count && same_test(&v[i], &v[i + n]); n++)
			;
		write_failure(p, &v[i], n, strcmp(last, v[i].unit->unit) != 0, flaky);
		last = v[i].unit->unit;
	}
	if (i < count)
		html(p->f, "<p class=\"dim\">and %zu more, all in junit.xml</p>\n", count - i);
	free(v);
}

void page_lead_tests(const struct page *p, size_t max)
{
	struct failure *v = failures(p, 0, p->failed);
	size_t n, i = 0;

	for (; i < p->failed && max; i += n, max--) {
		html(p->f, "<li><a href=\"#u-");
		html_id(p->f, v[i].unit->unit);
		html(p->f, "\"><b>failed:</b> <code>");
		write_test_name(p, v[i].test);
		html(p->f, "</code></a>");
		for (n = 0; i + n < p->failed && same_test(&v[i], &v[i + n]); n++)
			html(p->f, " <span class=\"tag\">%s</span>", v[i + n].cell->label);
		html(p->f, "</li>\n");
	}
	if (i < p->failed)
		html(p->f, "<li class=\"more\"><a href=\"#failed\">and more failed tests</a></li>\n");
	free(v);
}

void page_failed(const struct page *p)
{
	if (!p->failed && !p->flaky)
		return;
	html(p->f, "<section id=\"failed\" aria-labelledby=\"failed-h\">\n");
	if (p->failed) {
		html(p->f, "<h2 id=\"failed-h\">Failed tests</h2>\n<p class=\"say\">No checker said "
			   "anything of these: the test itself, or how its process ended.</p>\n");
		write_list(p, 0, p->failed);
	}
	if (p->flaky) {
		html(p->f, "<h2 id=\"%s\">Passed when run again</h2>\n<p class=\"say\">These failed first."
			   "</p>\n", p->failed ? "flaky-h" : "failed-h");
		write_list(p, 1, p->flaky);
	}
	html(p->f, "</section>\n");
}
