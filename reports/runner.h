/*
 * What test runners say in their output and not in their XML: that a whole unit was skipped and
 * why, and which test case is running. The words are in one table in runner.c.
 */
#ifndef SM_REPORTS_RUNNER_H
#define SM_REPORTS_RUNNER_H

#include <stddef.h>

#include "common/buf.h"

struct runner {
	char *unit;
	char *skipped; /* why the whole unit was skipped, or NULL */
	char *running; /* the case that has not ended yet, as "module.Class.method", or NULL */
};

void runner_init(struct runner *r, const char *unit); /* UNIT is copied */
void runner_release(struct runner *r);

/* One line of output, with or without its end; a long line may come cut. */
void runner_line(struct runner *r, const char *line, size_t len);

/* Nonzero for an exit code with which runners end when a unit was skipped or had nothing to run. */
int runner_skip_code(int exit_code);

#endif
