/*
 * The door of this folder: what the program needs of it.
 *
 *   struct results r = {0};
 *   results_add(&r, "out", &err);           a result folder, or a raw log, as often as needed
 *   results_finish(&r);                     folds, judges, sorts: the same for any order of adding
 *   write_junit(&r, file, flags, &err);     and the other views
 *   results_release(&r);
 *
 * Functions return 0, or -1 with the error filled.
 */
#ifndef SM_REPORTS_REPORTS_H
#define SM_REPORTS_REPORTS_H

#include <stdio.h>

#include "common/error.h"
#include "reports/finding.h"

/* How a test case, or a unit as a whole, ended. */
enum outcome {
	OUTCOME_PASSED,
	OUTCOME_SKIPPED,
	OUTCOME_FAILED, /* the test said so */
	OUTCOME_ERROR,	/* signal, timeout, broken build, missing result */
};

struct test_case {
	char *classname; /* without the cell; writers put it in front */
	char *name;
	enum outcome outcome;
	double seconds;
	char *message; /* one line, or NULL */
	char *text;    /* the traceback or report, or NULL */
};

struct control_result {
	char *name, *summary;
	char *tool, *kind, *category; /* expected; all NULL when this cell does not claim to see it */
	int seen;
	char *found; /* what was reported, as "tool kind, tool kind"; "" for nothing */
	double seconds;
};

struct unit_result {
	char *unit;
	struct test_case *cases; /* the runner's, and one for the unit itself where that says more */
	size_t case_count;
	double seconds;
	char *started;
};

struct cell_result {
	char *cell, *state, *reason, *log; /* as in cell.json; state "missing" if it is not there */
	int requested;
	struct { char *name, *value; } *properties;
	size_t property_count;
	struct control_result *controls;
	size_t control_count;
	struct unit_result *units;
	size_t unit_count;
	double seconds;
};

struct totals {
	size_t tests, passed, skipped, failed, errors;
	size_t findings;	/* distinct, after folding */
	size_t missing;		/* cells and units that should have left a result */
	size_t blind, broken;	/* cells that missed a control; cells that failed otherwise */
};

struct results {
	char *runtime, *version, *suite, *hashseed, *hostname, *started; /* NULL without a run.json */
	struct cell_result *cells; /* sorted by name */
	size_t cell_count;
	struct finding **findings; /* folded unless no_fold; sorted */
	size_t finding_count;
	struct unparsed *unparsed;
	size_t unparsed_count;
	struct totals totals; /* after results_finish */
	int no_fold;	      /* set before adding: one entry a finding */
	struct store *store;  /* of results.c alone */
};

/* Adds a result folder, a folder of raw logs, a raw log, or "-" for standard input. */
int results_add(struct results *r, const char *input, struct err *e);
void results_finish(struct results *r);
void results_release(struct results *r);

/* What the program's exit code should be for these results: enum exit_status. */
int results_status(const struct results *r);

/*
 * Only the findings in one unit's (or control's) folder, as raw as they are; for controls, and for
 * the line that a finished unit prints. Needs no run.json and no cell.json. The caller releases R.
 */
int results_add_unit(struct results *r, const char *unit_dir, struct err *e);

enum { JUNIT_STRICT = 1 };
int write_junit(const struct results *r, FILE *f, int flags, struct err *e);
int write_json(const struct results *r, FILE *f, struct err *e);
/* The summary for a terminal: defects, failed tests, the table of controls, one line of totals. */
int write_summary(const struct results *r, FILE *f, int colour, struct err *e);

#endif
