/*
 * Which findings are of one defect. Tools name, cut and inline frames differently, so only what they
 * agree on is compared, and what is in doubt stays apart:
 *
 *   - Each finding that knows enough has a key: its class, the function at fault, and the other site
 *     that makes the defect what it is: where the block was freed or allocated, or the other thread's
 *     access (defect_key.c). Findings of one key are of one defect, unless one tool has several of
 *     them: then three functions of a stack have to agree, not one.
 *   - A finding that knows less (UBSan without a stack, DRD, the debug allocator) has hints at where
 *     to look. It joins the one defect that has the same hint, and none if there are several.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/mem.h"
#include "reports/defect_key.h"
#include "reports/occurrence.h"
#include "reports/result.h"
#include "reports/store.h"

struct item {
	struct finding *f;
	char *key, *fine; /* NULL: it knows too little */
	size_t group;	  /* from 1; 0: none yet */
};

struct hint {
	char *text;
	size_t group;
	const struct finding *from;
};

struct hints {
	struct hint *v;
	size_t n, cap;
};

static void hint_add(struct hints *h, char *text, size_t group, const struct finding *from)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->v = xrealloc(h->v, h->cap * sizeof *h->v);
	}
	h->v[h->n++] = (struct hint){ text, group, from };
}

static int by_hint(const void *a, const void *b)
{
	return strcmp(((const struct hint *)a)->text, ((const struct hint *)b)->text);
}

static void hints_sort(struct hints *h)
{
	if (h->n)
		qsort(h->v, h->n, sizeof *h->v, by_hint);
}

static void hints_release(struct hints *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].text);
	free(h->v);
}

/* The first of the hints with this text; H->n: there is none. */
static size_t hints_find(const struct hints *h, const char *text)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(h->v[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < h->n && !strcmp(h->v[low].text, text) ? low : h->n;
}

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = string_compare(x->key, y->key);

	if (!c)
		c = string_compare(x->fine, y->fine);
	if (!c)
		c = string_compare(x->f->tool, y->f->tool);
	return c ? c : string_compare(x->f->fingerprint, y->f->fingerprint);
}

/* Do the N items tell of several findings of one tool? Then their common key says too little. */
static int in_doubt(const struct item *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && j < i + 64; j++)
			if (!strcmp(v[i].f->tool, v[j].f->tool) &&
			    strcmp(v[i].f->fingerprint, v[j].f->fingerprint) != 0)
				return 1;
	return 0;
}

static const char *hashed(struct finding *f, const char *key)
{
	XXH128_hash_t h = XXH3_128bits(key, strlen(key));

	return finding_printf(f, "d1:%016llx%016llx", (unsigned long long)h.high64,
			      (unsigned long long)h.low64);
}

/* Gives the N items of one key their groups, from *GROUPS + 1 on. */
static void group(struct item *v, size_t n, size_t *groups)
{
	int doubt = in_doubt(v, n);

	for (size_t i = 0; i < n; i++) {
		if (!i || (doubt && strcmp(v[i].fine, v[i - 1].fine) != 0))
			++*groups;
		v[i].group = *groups;
		v[i].f->defect = hashed(v[i].f, doubt ? v[i].fine : v[i].key);
	}
}

static size_t group_all(struct item *v, size_t n)
{
	size_t groups = 0;

	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (v[i].key && end < n && v[end].key && !strcmp(v[i].key, v[end].key))
			end++;
		if (v[i].key)
			group(v + i, end - i, &groups);
	}
	return groups;
}

/* The one group that hint TEXT leads to, 0 if there is none, -1 if there are several. */
static long led_to(const struct hints *known, const char *text)
{
	size_t at = hints_find(known, text), group = 0;

	for (; at < known->n && !strcmp(known->v[at].text, text); at++) {
		if (group && known->v[at].group != group)
			return -1;
		group = known->v[at].group;
	}
	return (long)group;
}

/* Do other findings that know little have this hint as well? Then it is not known who is meant. */
static int is_shared(const struct hints *own, const struct hint *hint)
{
	size_t at = hints_find(own, hint->text);

	for (; at < own->n && !strcmp(own->v[at].text, hint->text); at++)
		if (strcmp(own->v[at].from->fingerprint, hint->from->fingerprint) != 0)
			return 1;
	return 0;
}

/* The hints of an item, the surest first: the first that leads anywhere decides. */
static void follow(struct item *item, const struct hints *known, const struct hints *all)
{
	struct strv own = { 0 };
	long to = 0;

	defect_hints(item->f, HINT_WANTED, &own);
	for (size_t i = 0; i < own.n && !to; i++) {
		struct hint hint = { own.v[i], 0, item->f };

		to = led_to(known, own.v[i]);
		if (to > 0 && defect_hint_is_vague(own.v[i]) && is_shared(all, &hint))
			to = -1;
	}
	if (to > 0)
		item->group = (size_t)to;
	strv_release(&own);
}

/* ASKED: only hints that are there are of interest; NULL: all are. */
static void add_hints(struct hints *h, const struct item *item, enum hint_kind kind,
		      const struct hints *asked)
{
	struct strv own = { 0 };

	defect_hints(item->f, kind, &own);
	for (size_t i = 0; i < own.n; i++)
		if (!asked || hints_find(asked, own.v[i]) < asked->n)
			hint_add(h, xstrdup(own.v[i]), item->group, item->f);
	strv_release(&own);
}

/* What those that know too little ask for; how many groups there are. */
static size_t ask(const struct item *v, size_t n, struct hints *wanted)
{
	size_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		if (!v[i].group)
			add_hints(wanted, &v[i], HINT_WANTED, NULL);
		groups = v[i].group > groups ? v[i].group : groups;
	}
	hints_sort(wanted);
	return groups;
}

/* What knows too little joins what it hints at. */
static void join_hinted(struct item *v, size_t n)
{
	struct hints known = { 0 }, wanted = { 0 };
	size_t groups = ask(v, n, &wanted);
	const char **keys = xcalloc(groups + 1, sizeof *keys);

	for (size_t i = 0; i < n && wanted.n; i++)
		if (v[i].group) {
			add_hints(&known, &v[i], HINT_GIVEN, &wanted);
			keys[v[i].group] = v[i].f->defect;
		}
	hints_sort(&known);
	for (size_t i = 0; i < n && known.n; i++) {
		if (v[i].group)
			continue;
		follow(&v[i], &known, &wanted);
		if (v[i].group)
			v[i].f->defect = finding_strdup(v[i].f, keys[v[i].group]);
	}
	free(keys);
	hints_release(&known);
	hints_release(&wanted);
}

/* --- the list --- */

/* Who tells most: a stack of the access, of where it was freed, and of where it was allocated. */
static int telling(const struct finding *f)
{
	static const char *const tools[] = { "asan",	 "msan", "tsan", "lsan", "memcheck",
					     "helgrind", "drd",	 "ubsan", "gdb", "cpython" };
	int rank = 0;

	while (rank < (int)(sizeof tools / sizeof *tools) && strcmp(tools[rank], f->tool) != 0)
		rank++;
	return rank;
}

static const char *join_key(const struct finding *f)
{
	return f->defect ? f->defect : f->fingerprint;
}

static int by_defect(const void *a, const void *b)
{
	const struct finding *f = *(struct finding *const *)a, *g = *(struct finding *const *)b;
	int c = strcmp(join_key(f), join_key(g));

	if (!c)
		c = telling(f) - telling(g);
	if (!c)
		c = string_compare(f->kind, g->kind);
	if (!c)
		c = string_compare(f->fingerprint, g->fingerprint);
	return c ? c : finding_place_compare(f, g);
}

/* New ones first, what is known last. */
static int urgency(const struct defect *d)
{
	int least = 4;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];
		int own = strcmp(f->severity, "error") != 0 ? 3
			  : !strcmp(f->status, "known")	    ? 2
			  : !strcmp(f->status, "flaky")	    ? 1
							    : 0;

		least = own < least ? own : least;
	}
	return least;
}

static int by_urgency(const void *a, const void *b)
{
	const struct defect *d = a, *e = b;
	int c = urgency(d) - urgency(e);

	if (!c)
		c = strcmp(d->category, e->category);
	if (!c)
		c = string_compare(d->findings[0]->tool, e->findings[0]->tool);
	if (!c)
		c = string_compare(d->findings[0]->kind, e->findings[0]->kind);
	if (!c)
		c = strcmp(d->key, e->key);
	return c ? c : finding_place_compare(d->findings[0], e->findings[0]);
}

static void list(struct results *r)
{
	size_t n = r->finding_count;
	struct finding **sorted = xcalloc(n + 1, sizeof *sorted);

	r->defects = xcalloc(n + 1, sizeof *r->defects);
	r->defect_findings = sorted;
	if (n)
		memcpy(sorted, r->findings, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_defect);
	for (size_t i = 0; i < n; i++) {
		struct defect *d = &r->defects[r->defect_count];

		if (i && !r->no_fold && !strcmp(join_key(sorted[i]), join_key(sorted[i - 1]))) {
			d[-1].finding_count++;
			continue;
		}
		*d = (struct defect){ join_key(sorted[i]), sorted[i]->category, &sorted[i], 1 };
		r->defect_count++;
	}
	qsort(r->defects, r->defect_count, sizeof *r->defects, by_urgency);
}

void defect_tools(const struct defect *d, struct strv *tools)
{
	for (size_t i = 0; i < d->finding_count; i++)
		if (!strv_has(tools, d->findings[i]->tool))
			strv_push(tools, d->findings[i]->tool);
}

void defect_cells(const struct defect *d, struct strv *cells)
{
	for (size_t i = 0; i < d->finding_count; i++) {
		const struct finding *f = d->findings[i];

		for (size_t j = 0; j < f->occurrence_count; j++)
			if (f->occurrences[j].cell && !strv_has(cells, f->occurrences[j].cell))
				strv_push(cells, f->occurrences[j].cell);
	}
	strv_sort(cells);
}

void defects_find(struct results *r)
{
	size_t n = r->finding_count;
	struct item *v = xcalloc(n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++) {
		v[i].f = r->findings[i];
		v[i].f->defect = NULL;
		v[i].key = defect_key(v[i].f, 1);
		v[i].fine = defect_key(v[i].f, 3);
	}
	if (n)
		qsort(v, n, sizeof *v, by_key);
	if (group_all(v, n))
		join_hinted(v, n);
	for (size_t i = 0; i < n; i++) {
		free(v[i].key);
		free(v[i].fine);
	}
	free(v);
	list(r);
}
