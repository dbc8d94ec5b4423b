/*
 * Where a finding was seen: a sorted list, bounded, and the same for any order in which the places
 * were added.
 */
#ifndef SM_REPORTS_OCCURRENCE_H
#define SM_REPORTS_OCCURRENCE_H

#include "reports/finding.h"

enum {
	/*
	 * No finding keeps more occurrences than this: the first ones in sorted order, so that a
	 * race that was reported a million times costs no more memory than one that was seen a
	 * thousand times.
	 */
	OCCURRENCES_MAX = 1000,
	/* of one test, or of one log without tests: so many processes, each with its first line */
	PROCESSES_OF_PLACE_MAX = 20,
};

/* strcmp() in which NULL comes before every string. */
int string_compare(const char *a, const char *b);

/* By runtime, cell, unit, log, test, line, pid. */
int occurrence_compare(const struct occurrence *a, const struct occurrence *b);

/* Sorts what F has, and keeps to the bounds. */
void occurrences_sort(struct finding *f);

/* Moves those of FROM to F's, which are sorted, and keeps to the bounds. FROM has none afterwards. */
void occurrences_move(struct finding *f, struct finding *from);

void occurrence_release(struct occurrence *o);

#endif
