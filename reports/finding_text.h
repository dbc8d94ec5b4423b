/*
 * Findings in words, for people.
 */
#ifndef SM_REPORTS_FINDING_TEXT_H
#define SM_REPORTS_FINDING_TEXT_H

#include "reports/finding.h"

/* "heap-use-after-free in f"; owned by the caller. */
char *finding_title(const struct finding *f);

/* "asan: heap-use-after-free in f (a.c:3): MESSAGE"; owned by the caller. */
char *finding_line(const struct finding *f);

/* "f (a.c:3)" or "a.c:3", the path cut to its last two parts; "" without frames. Owned. */
char *finding_where(const struct finding *f);

/* The frame to look at first, a Python frame where there is no other; borrowed, or NULL. */
const struct frame *finding_place_of(const struct finding *f);

/* The report, and then where it was seen, O (may be NULL) first. Owned by the caller. */
char *finding_report(const struct finding *f, const struct occurrence *o);

#endif
