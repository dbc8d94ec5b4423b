/*
 * Where a process' threads were created: Helgrind says it once, before the errors that name them.
 * All zero at first.
 */
#ifndef SM_REPORTS_VALGRIND_THREADS_H
#define SM_REPORTS_VALGRIND_THREADS_H

#include "reports/finding.h"

enum { THREADS_KEPT = 64 };

struct valgrind_threads {
	struct finding *v[THREADS_KEPT]; /* NULL, or one whose stack is the creation's */
	long ids[THREADS_KEPT];
};

/* Takes F over: its stack, of role thread, is where thread ID was created. */
void valgrind_threads_add(struct valgrind_threads *t, long id, struct finding *f);

/* Adds the stack of each of the N threads IDS that is known to F. */
void valgrind_threads_name(
        const struct valgrind_threads *t, struct finding *f, const long *ids, size_t n);

void valgrind_threads_release(struct valgrind_threads *t); /* T is empty, and may be used again */

#endif
