#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "common/mem.h"
#include "reports/store.h"

/*
 * No finding keeps more occurrences than this: the first ones in sorted order, so that a race that
 * was reported a million times costs no more memory than one that was seen a thousand times.
 */
enum { OCCURRENCES_MAX = 1000, OCCURRENCES_SLACK = 2 * OCCURRENCES_MAX };

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

int string_compare(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int number_compare(long a, long b)
{
	return (a > b) - (a < b);
}

/* Equal in all but line: the same defect again in the same log. */
static int place_compare(const struct occurrence *a, const struct occurrence *b)
{
	int c = string_compare(a->runtime, b->runtime);

	if (!c)
		c = string_compare(a->cell, b->cell);
	if (!c)
		c = string_compare(a->unit, b->unit);
	if (!c)
		c = string_compare(a->log, b->log);
	if (!c)
		c = number_compare(a->pid, b->pid);
	return c ? c : string_compare(a->test, b->test);
}

int occurrence_compare(const struct occurrence *a, const struct occurrence *b)
{
	int c = place_compare(a, b);

	return c ? c : number_compare(a->line, b->line);
}

static int by_occurrence(const void *a, const void *b)
{
	return occurrence_compare(a, b);
}

/* Sorts, keeps the first line of each place, and no more than the bound. */
static void occurrences_tidy(struct finding *f)
{
	size_t kept = 0;

	if (f->occurrence_count < 2)
		return;
	qsort(f->occurrences, f->occurrence_count, sizeof *f->occurrences, by_occurrence);
	for (size_t i = 0; i < f->occurrence_count; i++) {
		struct occurrence *o = &f->occurrences[i];

		if (kept && (kept == OCCURRENCES_MAX ||
			     !place_compare(&f->occurrences[kept - 1], o)))
			occurrence_release(o);
		else
			f->occurrences[kept++] = *o;
	}
	f->occurrence_count = kept;
}

static const struct occurrence *first_occurrence(const struct finding *f)
{
	const struct occurrence *first = f->occurrences;

	for (size_t i = 1; i < f->occurrence_count; i++)
		if (occurrence_compare(&f->occurrences[i], first) < 0)
			first = &f->occurrences[i];
	return first;
}

/* Which of two findings with one key speaks for both: the one that was seen first. */
static int speaker_compare(const struct finding *a, const struct finding *b)
{
	const struct occurrence *x = first_occurrence(a), *y = first_occurrence(b);
	int c = x && y ? occurrence_compare(x, y) : 0;

	if (!c)
		c = string_compare(a->tool, b->tool);
	if (!c)
		c = string_compare(a->kind, b->kind);
	if (!c)
		c = string_compare(a->message, b->message);
	return c ? c : string_compare(a->text, b->text);
}

static void occurrences_move(struct finding *to, struct finding *from)
{
	size_t n = to->occurrence_count + from->occurrence_count;

	to->occurrences = xrealloc(to->occurrences, (n ? n : 1) * sizeof *to->occurrences);
	if (from->occurrence_count)
		memcpy(to->occurrences + to->occurrence_count, from->occurrences,
		       from->occurrence_count * sizeof *from->occurrences);
	to->occurrence_count = n;
	from->occurrence_count = 0;
}

/* Folds F into the finding at SLOT; one of the two is freed. */
static void fold(struct finding **slot, struct finding *f)
{
	struct finding *old = *slot;

	if (speaker_compare(f, old) < 0) {
		*slot = f;
		f = old;
		old = *slot;
	}
	old->count += f->count;
	if (strcmp(f->status, "flaky") != 0)
		old->status = f->status; /* flaky wherever it was seen, or not at all */
	occurrences_move(old, f);
	finding_free(f);
	if (old->occurrence_count > OCCURRENCES_SLACK)
		occurrences_tidy(old);
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
	return c ? c : speaker_compare(f, g);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *f = *(struct finding *const *)a, *g = *(struct finding *const *)b;
	int c = speaker_compare(f, g);

	return c ? c : by_key(a, b);
}

struct finding **store_take(struct store *s, size_t *count)
{
	struct finding **v = s->v;

	for (size_t i = 0; i < s->n; i++)
		occurrences_tidy(v[i]);
	if (s->n)
		qsort(v, s->n, sizeof(struct finding *), s->no_fold ? by_place : by_key);
	*count = s->n;
	free(s->slots);
	s->v = NULL;
	s->slots = NULL;
	s->n = s->cap = s->slot_count = 0;
	return v;
}
