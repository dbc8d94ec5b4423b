/*
 * One self-contained page: no network, readable without its script, and nothing in it runs but that.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/store.h"
#include "reports/write_html.h"

static int by_address(const void *a, const void *b)
{
	const struct finding *x = ((const struct card_of *)a)->finding;
	const struct finding *y = ((const struct card_of *)b)->finding;

	return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 0 is the worst. */
static int status_rank(const char *status)
{
	return !strcmp(status, "known") ? 2 : !strcmp(status, "flaky") ? 1 : 0;
}

/* In how many cells and units. A finding's occurrences are sorted by both. */
static void count_places(struct card *c)
{
	struct strv cells = { 0 };

	for (size_t i = 0; i < c->finding_count; i++) {
		const struct finding *f = c->findings[i];
		const struct occurrence *last = NULL;

		for (size_t j = 0; j < f->occurrence_count; j++) {
			const struct occurrence *o = &f->occurrences[j];

			c->units += o->unit && (!last || string_compare(last->unit, o->unit) ||
						string_compare(last->cell, o->cell));
			last = o;
		}
	}
	page_card_cells(c, &cells);
	c->cells = cells.n;
	strv_release(&cells);
}

/* What is new comes first, and of that what is seen in the most places; else as in the results. */
static int by_weight(const void *a, const void *b)
{
	const struct card *x = a, *y = b;
	int order = y->is_error - x->is_error;

	if (!order)
		order = status_rank(x->status) - status_rank(y->status);
	if (!order)
		order = (x->cells < y->cells) - (x->cells > y->cells);
	if (!order)
		order = (x->units < y->units) - (x->units > y->units);
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static void add_card(struct page *p, const struct finding *const *findings, size_t n)
{
	struct card *c = &p->cards[p->card_count];

	*c = (struct card){ .category = findings[0]->category, .status = findings[0]->status,
			   .findings = findings, .finding_count = n, .place = p->card_count };
	for (size_t i = 0; i < n; i++) {
		if (status_rank(findings[i]->status) < status_rank(c->status))
			c->status = findings[i]->status;
		c->is_error |= !strcmp(findings[i]->severity, "error");
	}
	count_places(c);
	p->card_count++;
}

static void make_cards(struct page *p)
{
	const struct results *r = p->r;
	size_t n = 0;

	p->cards = xcalloc(r->finding_count + r->defect_count + 1, sizeof *p->cards);
	p->cards_of = xcalloc(r->finding_count + 1, sizeof *p->cards_of);
	for (size_t i = 0; i < r->defect_count; i++)
		add_card(p, (const struct finding *const *)r->defects[i].findings,
			 r->defects[i].finding_count);
	for (size_t i = 0; i < r->finding_count && !r->defect_count; i++)
		add_card(p, (const struct finding *const *)&r->findings[i], 1);
	if (p->card_count)
		qsort(p->cards, p->card_count, sizeof *p->cards, by_weight);
	for (size_t i = 0; i < p->card_count; i++)
		for (size_t j = 0; j < p->cards[i].finding_count && n < r->finding_count; j++)
			p->cards_of[n++] = (struct card_of){ p->cards[i].findings[j], i };
	if (n)
		qsort(p->cards_of, n, sizeof *p->cards_of, by_address);
}

static void make_units(struct page *p)
{
	const struct results *r = p->r;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < r->cell_count; i++)
		n += r->cells[i].raw ? 0 : r->cells[i].unit_count;
	p->units = xcalloc(n + 1, sizeof *p->units);
	n = 0;
	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; !r->cells[i].raw && j < r->cells[i].unit_count; j++)
			p->units[n++] = r->cells[i].units[j].unit;
	if (n)
		qsort(p->units, n, sizeof *p->units, by_text);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(p->units[kept - 1], p->units[i]))
			p->units[kept++] = p->units[i];
	p->unit_count = kept;
}

int page_is_failed(const struct unit_result *u, const struct test_case *t)
{
	return u->ran && t->outcome >= OUTCOME_FAILED && !t->finding;
}

const struct failed_attempt *page_flaky(const struct test_case *t)
{
	const struct failed_attempt *a = t->outcome < OUTCOME_FAILED ? t->attempts : NULL;

	while (a && a->finding)
		a = a->next;
	return a;
}

int page_is_fresh(const struct card *c)
{
	return c->is_error && status_rank(c->status) == 0;
}

void page_make(struct page *p, const struct results *r, FILE *f)
{
	*p = (struct page){ .r = r, .f = f, .budget = PAGE_BUDGET };
	make_cards(p);
	make_units(p);
	for (size_t i = 0; i < r->cell_count; i++) {
		p->cells += !r->cells[i].raw;
		for (size_t j = 0; j < r->cells[i].unit_count; j++) {
			const struct unit_result *u = &r->cells[i].units[j];

			for (size_t k = 0; k < u->case_count; k++) {
				p->failed += page_is_failed(u, &u->cases[k]) != 0;
				p->flaky += page_flaky(&u->cases[k]) != NULL;
			}
		}
	}
}

void page_release(struct page *p)
{
	free(p->cards);
	free(p->cards_of);
	free(p->units);
	*p = (struct page){ 0 };
}

size_t page_card(const struct page *p, const struct finding *f)
{
	struct card_of key = { f, 0 };
	const struct card_of *found = bsearch(&key, p->cards_of, p->r->finding_count,
					      sizeof *p->cards_of, by_address);

	return found ? found->card : 0;
}

/* The fingerprint: a link to it holds in the next run's page too. Only folding makes it unique. */
void page_card_id(const struct page *p, size_t card)
{
	const struct card *c = &p->cards[card];

	html_id(p->f, c->findings[0]->fingerprint);
	if (p->r->no_fold)
		html(p->f, "-%ld", (long)card);
}

const char *page_card_status(const struct card *c)
{
	static const char *const words[] = { "new", "flaky", "known" };
	int rank = status_rank(c->status);

	return c->is_error || rank == 2 ? words[rank] : "warning";
}

void page_card_cells(const struct card *c, struct strv *cells)
{
	for (size_t i = 0; i < c->finding_count; i++) {
		const struct finding *f = c->findings[i];
		const char *last = NULL;

		for (size_t j = 0; j < f->occurrence_count; j++) {
			const char *cell = f->occurrences[j].cell;

			if (cell && string_compare(cell, last) && !strv_has(cells, cell))
				strv_push(cells, cell);
			last = cell;
		}
	}
	strv_sort(cells);
}

void page_card_data(const struct page *p, const struct card *c)
{
	struct strv cells = { 0 };

	page_card_cells(c, &cells);
	fputs(" data-cell=\"|", p->f);
	for (size_t i = 0; i < cells.n; i++)
		html(p->f, "%s|", cells.v[i]);
	fputs("\" data-tool=\"|", p->f);
	for (size_t i = 0; i < c->finding_count; i++) {
		size_t j = 0;

		while (j < i && strcmp(c->findings[j]->tool, c->findings[i]->tool))
			j++;
		if (j == i)
			html(p->f, "%s|", c->findings[i]->tool);
	}
	html(p->f, "\" data-category=\"|%s|\" data-status=\"|%s|\"", c->category,
	     page_card_status(c));
	strv_release(&cells);
}

int write_html(const struct results *r, FILE *f, int flags, struct err *e)
{
	struct page p;

	(void)flags;
	page_make(&p, r, f);
	page_head(&p);
	page_grid(&p);
	page_cards(&p);
	page_failed(&p);
	page_fixed(&p);
	page_controls(&p);
	page_times(&p);
	page_builds(&p);
	page_unparsed(&p);
	page_guide(&p);
	html(f, "</main>\n<footer><p>Written by sanmatrix, from the result folders alone. It loads "
		"nothing, from anywhere.</p></footer>\n<script>\n");
	fputs(html_script, f);
	html(f, "</script>\n</body>\n</html>\n");
	page_release(&p);
	if (fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write HTML:");
	return 0;
}
