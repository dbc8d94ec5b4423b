/*
 * The findings of a document of Valgrind's XML, until it says how often each was seen: at its end.
 */
#ifndef SM_REPORTS_VALGRIND_PENDING_H
#define SM_REPORTS_VALGRIND_PENDING_H

#include "reports/reader.h"
#include "reports/valgrind_element.h"
#include "reports/valgrind_threads.h"

/* Valgrind stops at 1000 different errors; more than that comes from something else. */
enum { PENDING_MAX = 2000, PENDING_SLOTS = 4096 };

struct valgrind_pending {
	struct scanner *s;
	struct finding *v[PENDING_MAX];
	unsigned long long unique[PENDING_MAX];
	size_t n;
	unsigned short slots[PENDING_SLOTS]; /* by unique: index plus 1; 0: free */
	struct valgrind_threads threads;
};

/* Takes F over. E: what else its element said. */
void valgrind_pending_add(
        struct valgrind_pending *p, struct finding *f, const struct valgrind_element *e);
void valgrind_pending_count(
        struct valgrind_pending *p, unsigned long long unique, int count);

/* Hands all findings to the scanner. */
void valgrind_pending_flush(struct valgrind_pending *p);

#endif
