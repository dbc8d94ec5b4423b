/*
 * What a category means in a runtime with reference counts and pools, what to look at first, and how
 * to see a finding again.
 */
#ifndef SM_REPORTS_GUIDE_H
#define SM_REPORTS_GUIDE_H

#include "reports/reports.h"

enum { GUIDE_FIRST_MAX = 4 };

/* All static; plain ASCII text without markup. */
struct guide {
	const char *category;
	const char *title;   /* "Use after free" */
	const char *meaning; /* a few sentences */
	const char *first[GUIDE_FIRST_MAX + 1]; /* what to look at, in this order; ends with NULL */
	const char *url;     /* a page that says more, or NULL */
};

/* The guide of CATEGORY; that of "other" for NULL and for what is unknown. Never NULL. */
const struct guide *guide_find(const char *category);

/*
 * What this tool's word for it says beyond its category ("a negative count is a decref too many"): a
 * sentence or two, or NULL. Static.
 */
const char *guide_hint(const char *tool, const char *kind);

/* Lines for a shell, all names quoted; NULL where there is none. */
struct rerun {
	char *unit;	/* the unit again as it ran, in its cell, with its results in a folder of its own */
	char *alone;	/* the unit alone, its output on the terminal; only its test case where known */
	char *debugger; /* the same under gdb */
	char *attach;	/* what to start in a second terminal then */
};

/*
 * How to see F again in the first place (of a cell's unit) where it was seen, or only in CELL (a name;
 * NULL: any). -1, and all NULL, when that is nowhere: raw logs have no command.
 */
int rerun_find(struct rerun *to, const struct results *r, const struct finding *f, const char *cell);
/* The same for one unit of a cell; TEST may be NULL. */
int rerun_unit(struct rerun *to, const struct results *r, const struct cell_result *c,
	       const char *unit, const char *test);
void rerun_release(struct rerun *r);

#endif
