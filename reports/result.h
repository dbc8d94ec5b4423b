/*
 * Between the files result*.c alone.
 *
 *   result.c        what may be added, and walking it
 *   result_cell.c   run.json and cell.json
 *   result_unit.c   one attempt of a unit: logs, process end, the runner's XML
 *   result_attempts.c  a unit of several attempts
 *   result_end.c    how its process ended, joined with its findings
 *   result_place.c  which test case each finding belongs to
 *   result_known.c  which findings the baseline knows, and which of its entries are gone
 *   result_judge.c  what all of it means: missing, blind, failed; totals
 */
#ifndef SM_REPORTS_RESULT_H
#define SM_REPORTS_RESULT_H

#include <jansson.h>

#include "reports/reports.h"

enum { JSON_MAX = 64 << 20, TAIL_MAX = 8192 };

/* Found or made; borrowed, valid until the next one is made. RUNTIME may be NULL. */
struct cell_result *cell_get(struct results *r, const char *runtime, const char *cell);
struct unit_result *unit_get(struct cell_result *c, const char *unit);
void units_sort(struct cell_result *c);

/*
 * That a finding was seen in a unit, or in a raw log. How often is counted here, so that what is read
 * twice, as a folder and as a part of merged results, can be left out.
 */
struct mark {
	uint64_t key; /* a hash of the finding's fingerprint */
	const char *test, *log; /* of the first time; in the results' arena; may be NULL */
	long pid, line;
	int attempt, flaky; /* as in struct occurrence */
	size_t count;
};

/* A raw log that was read. */
struct source {
	uint64_t id;
	struct marks marks;
};

/* Adds M's count to the mark of the same finding, test and attempt, or M itself. */
void mark_add(struct marks *marks, const struct mark *m);
uint64_t mark_key(const char *fingerprint);
void marks_move(struct marks *to, struct marks *from); /* FROM is empty afterwards */

/* What is in FOLDER/DIR, told by its files' names, sizes, and begins and ends; never 0. */
uint64_t folder_id(const char *folder, const char *dir);
/* The same of one log. */
uint64_t log_id(const char *path);
/* Nonzero if all of these, which are sorted, are among U's. */
int ids_known(const struct unit_result *u, const uint64_t *ids, size_t n);
void ids_add(struct unit_result *u, const uint64_t *ids, size_t n);
/* The source of this id, made when it is not there (*MADE is set); borrowed until the next one. */
struct source *source_get(struct results *r, uint64_t id, int *made);

/*
 * A new case at the end; borrowed. CLASSNAME and NAME are copied into STRINGS, the results' arena;
 * a classname that is that of the case before is not.
 */
struct test_case *case_add(struct arena *strings, struct test_case **cases, size_t *count,
			   const char *classname, const char *name, enum outcome outcome);
/* A new entry of C's attempts, in order of their numbers; borrowed. */
struct failed_attempt *attempt_add(struct test_case *c, int attempt, enum outcome outcome);
void unit_release(struct unit_result *u);

/* FROM takes the place of an earlier result of the same unit, or goes; its strings are freed. */
void unit_join(struct unit_result *to, struct unit_result *from);

/*
 * Reads FOLDER's run.json, and one cell's cell.json. CELLS gets the names of the cells; RUNTIME,
 * which may become NULL, is the caller's.
 */
int run_read(struct results *r, const char *folder, struct strv *cells, char **runtime,
	     struct err *e);
int cell_read(struct results *r, const char *folder, const char *runtime, const char *cell,
	      struct err *e);

/*
 * Reads FOLDER/DIR (DIR may be ""), the folder of one unit, and those of its further attempts in it
 * (attempt-2, ...): U (all zero before) gets name and cases, the store the findings. -1 without a
 * whole unit.json: then there is no result.
 */
int unit_read(struct results *r, const char *folder, const char *dir, const char *runtime,
	      const char *cell, struct unit_result *u, struct err *e);

/* What the unit in FOLDER/DIR is called; owned by the caller; NULL without a whole unit.json. */
char *unit_name(const char *folder, const char *dir);

/* Puts each finding on the test cases in which it was seen. */
void findings_place(struct results *r);

/* Counts each finding by its marks, which also say whether it is flaky. Not for no_fold. */
void findings_count(struct results *r);
/* The index of M's finding; r->finding_count: it has none. After findings_count(). */
size_t finding_of_mark(const struct results *r, const struct mark *m);

/* Folds and sorts what was read; results_finish() does it where it was not done before. */
void results_fold(struct results *r);

/* Gives each finding its status, and counts; then, when all cells are judged, lists what is fixed. */
void known_judge(struct results *r);
void known_fixed(struct results *r);

/* Fills r->defects, and each finding's `defect`. (defects.c) */
void defects_find(struct results *r);

void unparsed_add(struct results *r, struct unparsed *u); /* takes U over */

/* Of merged folders: VALUE, the caller's until now, takes the place of *TO if it is smaller. */
void take_smaller(char **to, char *value);
/* The same for a cell's state, of which the gravest counts; and for its controls and properties. */
void take_state(struct cell_result *c, char *state, char *reason, char *log);
void control_add(struct cell_result *c, struct control_result *k);
void read_properties(struct cell_result *c, json_t *list);
void read_rerun(struct rerun_parts *to, const json_t *rerun);

/* A finding with tool, kind and fingerprint from an object of findings.json; owned by the caller. */
struct finding *finding_from_json(const json_t *o, const char *text);

/* Parses a file; NULL with E filled. */
json_t *json_read(const char *path, struct err *e);
/* A member's text, cleaned; owned by the caller; NULL when it is absent or no string. */
char *json_text(const json_t *object, const char *name);
double json_seconds(const json_t *object, const char *name);

#endif
