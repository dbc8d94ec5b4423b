/*
 * What test runners say in their output and not in their XML: that a whole unit was skipped and
 * why, and which test case is running. The words are in one table in runner.c.
 */
#ifndef SM_REPORTS_RUNNER_H
#define SM_REPORTS_RUNNER_H

#include <stddef.h>

#include "reports/reports.h"

/* A test case as a runner tells of it; the strings are its own. */
struct found_case {
	char *classname, *name; /* not NULL */
	enum outcome outcome;
	double seconds;
	char *message, *text; /* as in struct test_case */
};

struct runner {
	char *unit;
	char *skipped; /* why the whole unit was skipped, or NULL */
	char *running; /* the case that has not ended yet, as "module.Class.method", or NULL */
	/*
	 * If `collect` is set: the cases that ended. A runner that crashes writes no XML, and what
	 * it had run by then would be lost.
	 */
	int collect;
	struct found_case *cases; /* owned by whoever takes them */
	size_t case_count;
};

/* "test.test_x.Class.method (i=1)" is split before "method"; CLASS is NULL if there is none. */
void runner_split(const char *id, char **class, char **name);

void runner_init(struct runner *r, const char *unit); /* UNIT is copied */
void runner_release(struct runner *r);

/* One line of output, with or without its end; a long line may come cut. */
void runner_line(struct runner *r, const char *line, size_t len);

/* Nonzero for an exit code with which runners end when a unit was skipped or had nothing to run. */
int runner_skip_code(int exit_code);

#endif
