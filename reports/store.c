#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/scan.h"
#include "reports/store.h"

struct store {
	int no_fold;
	struct finding **v;
	size_t n, cap;
	size_t *slots; /* index into v, plus 1; 0: free */
	size_t slot_count;
};

struct store *store_new(int no_fold)
{
	struct store *s = xcalloc(1, sizeof *s);

	s->no_fold = no_fold;
	return s;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		finding_free(s->v[i]);
	free(s->v);
	free(s->slots);
	free(s);
}

/* Which of two findings with one key speaks for both: the one that was seen first. */
int finding_place_compare(const struct finding *a, const struct finding *b)
{
	int c = 0;

	if (a->occurrence_count && b->occurrence_count)
		c = occurrence_compare(a->occurrences, b->occurrences);

	if (!c)
		c = string_compare(a->tool, b->tool);
	if (!c)
		c = string_compare(a->kind, b->kind);
	if (!c)
		c = string_compare(a->message, b->message);
	return c ? c : string_compare(a->text, b->text);
}

/* Folds F into the finding at SLOT; one of the two is freed. */
static void fold(struct finding **slot, struct finding *f)
{
	struct finding *old = *slot;

	if (finding_place_compare(f, old) < 0) {
		*slot = f;
		f = old;
		old = *slot;
	}
	old->count += f->count;
	occurrences_move(old, f);
	finding_free(f);
}

static size_t *find_slot(struct store *s, const char *key)
{
	size_t i = (size_t)XXH3_64bits(key, strlen(key)) & (s->slot_count - 1);

	while (s->slots[i] && strcmp(s->v[s->slots[i] - 1]->fingerprint, key) != 0)
		i = (i + 1) & (s->slot_count - 1);
	return &s->slots[i];
}

static void grow(struct store *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = xrealloc(s->v, s->cap * sizeof *s->v);
	}
	if (s->no_fold || s->n * 2 < s->slot_count)
		return;
	free(s->slots);
	s->slot_count = s->slot_count ? s->slot_count * 2 : 128;
	s->slots = xcalloc(s->slot_count, sizeof *s->slots);
	for (size_t i = 0; i < s->n; i++)
		*find_slot(s, s->v[i]->fingerprint) = i + 1;
}

void store_add(struct store *s, struct finding *f)
{
	grow(s);
	occurrences_sort(f);
	if (!s->no_fold) {
		size_t *slot = find_slot(s, f->fingerprint);

		if (*slot) {
			fold(&s->v[*slot - 1], f);
			return;
		}
		*slot = s->n + 1;
	}
	s->v[s->n++] = f;
}

static int by_key(const void *a, const void *b)
{
	const struct finding *f = *(struct finding *const *)a, *g = *(struct finding *const *)b;
	int c = string_compare(f->tool, g->tool);

	if (!c)
		c = string_compare(f->kind, g->kind);
	if (!c)
		c = string_compare(f->fingerprint, g->fingerprint);
	return c ? c : finding_place_compare(f, g);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *f = *(struct finding *const *)a, *g = *(struct finding *const *)b;
	int c = finding_place_compare(f, g);

	return c ? c : by_key(a, b);
}

struct finding **store_take(struct store *s, size_t *count)
{
	struct finding **v = s->v;

	for (size_t i = 0; i < s->n; i++) {
		fingerprint_bucket(v[i]); /* of what the tool wrote */
		clean_finding(v[i]);
	}
	if (s->n)
		qsort(v, s->n, sizeof(struct finding *), s->no_fold ? by_place : by_key);
	*count = s->n;
	free(s->slots);
	s->v = NULL;
	s->slots = NULL;
	s->n = s->cap = s->slot_count = 0;
	return v;
}
