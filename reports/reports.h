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
 *
 * What counts: new findings of severity "error" make their test fail and the exit code 1; warnings
 * and notes are listed, and so are those that the baseline names and those that only some of a
 * unit's attempts had. Test cases come from the runner's own XML, and one more is made for a unit that
 * ended otherwise than its XML says. In a cell that missed a control no test counts as passed:
 * these are skipped, with the control's name.
 */
#ifndef SM_REPORTS_REPORTS_H
#define SM_REPORTS_REPORTS_H

#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/error.h"
#include "reports/finding.h"

/* How a test case, or a unit as a whole, ended. */
enum outcome {
	OUTCOME_PASSED,
	OUTCOME_SKIPPED,
	OUTCOME_FAILED, /* the test said so */
	OUTCOME_ERROR,	/* signal, timeout, broken build, missing result */
};

/*
 * A test that failed and passed when its unit was run again. What a checker reported has `finding`
 * and `occurrence` set, as in a test case, and neither message nor text.
 */
struct failed_attempt {
	int attempt; /* from 1 */
	enum outcome outcome; /* OUTCOME_FAILED or OUTCOME_ERROR */
	double seconds;
	char *message, *text;
	const struct finding *finding;
	const struct occurrence *occurrence;
	struct failed_attempt *next; /* of a greater number */
};

/*
 * `finding` and `occurrence` are set by results_finish() where a checker reported this; borrowed
 * from results.findings. Such a case is
 *   failed or an error   the finding is new;
 *   skipped              it is known, and `message` says why;
 *   passed               does not occur: a flaky finding is in `attempts`.
 */
struct test_case {
	const char *classname; /* without the cell; writers put it in front */
	const char *name; /* both live as long as the results */
	enum outcome outcome; /* of the last attempt */
	double seconds;
	char *message; /* one line, or NULL */
	char *text;    /* the traceback or report, or NULL */
	const struct finding *finding;
	const struct occurrence *occurrence;
	struct failed_attempt *attempts; /* what failed before; NULL: not flaky */
};

struct control_result {
	char *name, *summary;
	char *tool, *kind, *category; /* expected; all NULL when this cell does not claim it */
	int seen;
	char *found; /* what was reported, as "tool kind, tool kind"; "" for nothing */
	double seconds;
};

struct unit_result {
	char *unit;
	struct test_case *cases; /* the runner's, and the unit's own where that says more */
	size_t case_count;
	double seconds;
	char *started;
	char *log; /* its output, relative to the result folder, or NULL */
	int attempts; /* how often it was run; the last one decides */
	int ran;   /* it left a result; otherwise it was left out, or it is missing */
	int planned;
	uint64_t *ids; /* what it was read from, sorted: nothing is read twice */
	size_t id_count;
	struct marks {
		struct mark *v;
		size_t n, cap;
	} marks; /* its findings; of result*.c alone */
};

struct property {
	char *name, *value;
};

/* How a unit of a cell is run by hand; as in cell.json, {unit} and {test} not filled. May be empty. */
struct rerun_parts {
	struct strv alone;     /* the runtime's own command for {unit} */
	struct strv test;      /* added to it for {test} alone */
	struct strv debugger;  /* before it, under a debugger */
	struct strv debug_env; /* NAME=VALUE for that */
	struct strv attach;    /* what is started in a second terminal then */
};

struct cell_result {
	char *runtime; /* "cpython-3.13", or NULL */
	char *cell, *state, *reason, *log; /* as in cell.json; state "missing" if it is not there */
	char *label;   /* the cell's name; with its runtime when the results are of several */
	int requested;
	int raw;       /* no cell: holds the findings of raw logs */
	struct strv partitions; /* as in run.json, of each result folder that was added */
	struct property *properties;
	size_t property_count;
	char *source; /* of the runtime, as the run was told; NULL: it was not */
	char *tree;   /* where that source was unpacked: what paths in reports begin with; or NULL */
	struct rerun_parts rerun;
	struct control_result *controls;
	size_t control_count;
	struct test_case *cases; /* of the cell itself: that it is missing, failed or blind */
	size_t case_count;
	struct unit_result *units; /* sorted by name */
	size_t unit_count;
	size_t unit_cap, *unit_slots, unit_slot_count; /* of result.c alone */
	double seconds; /* of the build */
};

struct totals {
	size_t tests, passed, skipped, failed, errors; /* without controls */
	size_t findings;	/* distinct, after folding */
	size_t warnings;	/* those of them that are less than errors: listed, no failure */
	size_t known, flaky;	/* errors that the baseline names; that only some attempts had */
	size_t fresh;		/* all others: new errors, which fail the run */
	size_t fixed, expired;	/* entries of the baseline: not seen any more; past their date */
	size_t missing;		/* cells and units that should have left a result */
	size_t blind, broken;	/* cells that missed a control; cells that failed otherwise */
	size_t ran;		/* units that left a result */
};

/* What several findings, of several tools and cells, tell of together. */
struct defect {
	const char *key, *category; /* borrowed from the first finding */
	struct finding **findings;  /* borrowed; the most telling one first */
	size_t finding_count;
};

/* The tools that saw D, the most telling one first, and the cells, sorted; appended, each once. */
void defect_tools(const struct defect *d, struct strv *tools);
void defect_cells(const struct defect *d, struct strv *cells);

/* An entry of the baseline that was not seen although its cells and units ran. */
struct fixed {
	const char *fingerprint, *title, *reason; /* borrowed from the baseline; title may be NULL */
	const char *file; /* the baseline's */
	int line;	  /* of the entry */
};

struct results {
	char *runtime, *version, *suite, *hashseed, *hostname, *started; /* NULL: no run.json */
	struct cell_result *cells; /* sorted by name */
	size_t cell_count;
	struct finding **findings; /* folded unless no_fold; sorted */
	size_t finding_count;
	struct defect *defects; /* after results_finish; every finding is in one; sorted */
	size_t defect_count;
	struct finding **defect_findings; /* what the lists in `defects` are parts of */
	struct fixed *fixed; /* after results_finish; sorted by fingerprint */
	size_t fixed_count;
	struct baseline *baseline; /* of result_known.c; NULL: there is none, and all is new */
	struct unparsed *unparsed;
	size_t unparsed_count;
	struct totals totals; /* after results_finish */
	int no_fold;	      /* set before adding: one entry a finding */
	size_t folders, logs; /* how many result folders and raw logs were added */
	struct store *store;  /* of result.c alone */
	int folded;	      /* of result_judge.c: results_fold() was, results_finish() was not */
	struct arena strings; /* the test cases' names, and the like */
	struct source *sources; /* of result*.c alone: the raw logs, a table by their ids */
	size_t source_count, source_cap;
	struct finding_key *keys; /* of result_marks.c: the findings by their keys */
};

/* Adds a result folder, a folder of raw logs, a raw log, or "-" for standard input. */
int results_add(struct results *r, const char *input, struct err *e);
void results_finish(struct results *r);
void results_release(struct results *r);

/*
 * Reads the findings that are known (baseline.h) from PATH. Before results_finish(), which then
 * gives them the status "known".
 */
int results_baseline(struct results *r, const char *path, struct err *e);

/*
 * After results_finish(): adds an entry with REASON to the file PATH, which is made where it is not
 * there, for each finding that results_baseline()'s file has none of. What stands in PATH stays as
 * it is. *ADDED is how many entries were added. Not for results that are not folded.
 */
int results_write_baseline(const struct results *r, const char *path, const char *reason,
			   size_t *added, struct err *e);

/*
 * Before results_finish(): writes DIR/merged.jsonl, with all that was read. DIR can then be added to
 * other results in place of what R was made of, or beside it. Not for results that are not folded.
 */
int results_write_merged(struct results *r, const char *dir, struct err *e);

/* The planted faults of all cells by name, once each, sorted; added to NAMES. */
void results_control_names(const struct results *r, struct strv *names);
/* What C saw of the planted fault NAME; NULL: it was not planted there. Borrowed. */
const struct control_result *cell_control(const struct cell_result *c, const char *name);

/* What the program's exit code should be for these results: enum exit_status. */
int results_status(const struct results *r);

/* An input that should have been there: a cell of that name is missing. */
void results_add_missing(struct results *r, const char *input);

/*
 * One unit's (or control's) folder alone, finished: r->findings are its findings, and r->totals
 * tells of its test cases. For controls, and for the line that a finished unit prints. Needs no
 * run.json and no cell.json. R is all zero before; the caller releases it.
 */
int results_add_unit(struct results *r, const char *unit_dir, struct err *e);

enum { JUNIT_STRICT = 1 };
int write_junit(const struct results *r, FILE *f, int flags, struct err *e);
int write_json(const struct results *r, FILE *f, int flags, struct err *e); /* flags: none yet */
/* One self-contained page; flags: none yet. Written in one pass: it needs no memory to speak of. */
int write_html(const struct results *r, FILE *f, int flags, struct err *e);
/* SARIF 2.1.0 within GitHub's limits; flags: none yet. */
int write_sarif(const struct results *r, FILE *f, int flags, struct err *e);
/* GitHub's flavour of Markdown for a CI job's summary, within its 1,024 kB; flags: none yet. */
int write_markdown(const struct results *r, FILE *f, int flags, struct err *e);
/* The summary for a terminal: defects, failed tests, the table of controls, one line of totals. */
int write_summary(const struct results *r, FILE *f, int colour, struct err *e);

/* The calls of all writers of files as one type. */
typedef int results_writer(const struct results *r, FILE *f, int flags, struct err *e);
/* Writes PATH by rename, or standard output when it is "-". */
int results_write_file(const struct results *r, const char *path, results_writer *writer, int flags,
		       struct err *e);

enum view { VIEW_JUNIT, VIEW_JSON, VIEW_SARIF, VIEW_HTML, VIEW_MARKDOWN, VIEW_COUNT };
extern const struct view_kind {
	const char *option; /* "junit": of the command line */
	const char *file;   /* "junit.xml": in a result folder */
	results_writer *writer;
} view_kinds[VIEW_COUNT];

/* Writes all views into DIR, each as a whole or not at all. FLAGS are write_junit()'s. */
int results_write_views(const struct results *r, const char *dir, int flags, struct err *e);

#endif
