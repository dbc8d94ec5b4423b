#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/occurrence.h"

int string_compare(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int number_compare(long a, long b)
{
	return (a > b) - (a < b);
}

/* All that says where, but for the process and the line. */
static int place_compare(const struct occurrence *a, const struct occurrence *b)
{
	int c = string_compare(a->runtime, b->runtime);

	if (!c)
		c = string_compare(a->cell, b->cell);
	if (!c)
		c = string_compare(a->unit, b->unit);
	if (!c)
		c = string_compare(a->log, b->log);
	return c ? c : string_compare(a->test, b->test);
}

int occurrence_compare(const struct occurrence *a, const struct occurrence *b)
{
	int c = place_compare(a, b);

	if (!c)
		c = number_compare(a->line, b->line);
	return c ? c : number_compare(a->pid, b->pid);
}

void occurrence_release(struct occurrence *o)
{
	free(o->runtime);
	free(o->cell);
	free(o->unit);
	free(o->test);
	free(o->log);
}

static void take_out(struct finding *f, size_t i)
{
	occurrence_release(&f->occurrences[i]);
	f->occurrence_count--;
	memmove(f->occurrences + i, f->occurrences + i + 1,
	        (f->occurrence_count - i) * sizeof *f->occurrences);
}

static void put_in(struct finding *f, size_t i, const struct occurrence *o)
{
	if (f->occurrence_count >= f->occurrence_cap) {
		f->occurrence_cap = f->occurrence_count ? 2 * f->occurrence_count : 4;
		f->occurrences =
		        xrealloc(f->occurrences, f->occurrence_cap * sizeof *f->occurrences);
	}
	memmove(f->occurrences + i + 1, f->occurrences + i,
	        (f->occurrence_count - i) * sizeof *f->occurrences);
	f->occurrences[i] = *o;
	f->occurrence_count++;
}

/* Where O belongs. Most often that is the end: logs are read from their beginning. */
static size_t position(const struct finding *f, const struct occurrence *o)
{
	size_t from = 0, to = f->occurrence_count;

	if (!to || occurrence_compare(o, &f->occurrences[to - 1]) >= 0)
		return to;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (occurrence_compare(o, &f->occurrences[middle]) < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

static int same_place(const struct finding *f, size_t i, const struct occurrence *o)
{
	return !place_compare(&f->occurrences[i], o);
}

/*
 * Puts O, which becomes F's, to where it belongs at AT, or frees it. Of its place, each process has
 * its first line only, and the last processes go where there are too many.
 */
static void insert(struct finding *f, size_t at, struct occurrence *o)
{
	size_t first = at, end = at;

	if (at >= PROCESSES_OF_PLACE_MAX && same_place(f, at - PROCESSES_OF_PLACE_MAX, o)) {
		occurrence_release(o);
		return;
	}
	for (; first && same_place(f, first - 1, o); first--) {
		if (f->occurrences[first - 1].pid == o->pid) {
			occurrence_release(o);
			return;
		}
	}
	while (end < f->occurrence_count && same_place(f, end, o)) {
		if (f->occurrences[end].pid == o->pid)
			take_out(f, end);
		else
			end++;
	}
	if (end - first >= PROCESSES_OF_PLACE_MAX)
		take_out(f, end - 1);
	if (at == OCCURRENCES_MAX) {
		occurrence_release(o);
		return;
	}
	if (f->occurrence_count == OCCURRENCES_MAX)
		take_out(f, f->occurrence_count - 1);
	put_in(f, at, o);
}

void occurrences_move(struct finding *f, struct finding *from)
{
	for (size_t i = 0; i < from->occurrence_count; i++)
		insert(f, position(f, &from->occurrences[i]), &from->occurrences[i]);
	from->occurrence_count = 0;
}

void occurrences_sort(struct finding *f)
{
	struct finding all = { .occurrences = f->occurrences,
		.occurrence_count = f->occurrence_count };

	if (f->occurrence_count < 2)
		return;
	f->occurrences = NULL;
	f->occurrence_count = f->occurrence_cap = 0;
	occurrences_move(f, &all);
	free(all.occurrences);
}
