/*
 * Inside of recipe_load(): what the sections of cell and runtime files say, gathered one by one.
 */
#ifndef SM_MATRIX_RECIPE_H
#define SM_MATRIX_RECIPE_H

#include "matrix/cell.h"
#include "matrix/conf.h"
#include "matrix/runtime.h"

/* The parsed file of CELL, freed by cfg_free(); NULL with E filled. */
cfg_t *cell_open(const char *cell, const struct places *p, struct err *e);

struct draft {
	struct recipe *r; /* what needs no further work goes straight into it */
	const char *version, *family; /* for conditions; FAMILY is NULL before one is chosen */
	struct strv sanitizers, compiler, configure, cflags, ldflags, test_args;
	int valgrind, foreign;
	struct strv foreign_marks, foreign_env;
	char *unavailable;
	double time_factor, time_limit;
	long memory; /* MiB */
};

/*
 * Adds what SECTION and those of its `when` that hold say. STRICT: a claim on a control that the
 * runtime does not plant is an error; otherwise it is passed over.
 */
int draft_read(struct draft *d, cfg_t *section, int strict, struct err *e);
void draft_release(struct draft *d);

#endif
