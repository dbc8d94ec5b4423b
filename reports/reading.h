/*
 * Reading one unit's logs, or a raw log. Used by result_*.c alone.
 */
#ifndef SM_REPORTS_READING_H
#define SM_REPORTS_READING_H

#include <stdio.h>

#include "reports/result.h"
#include "reports/runner.h"

/*
 * Findings that may tell of the same end as another one wait until the unit has been read; so many
 * of one unit at most, the rest is stored at once.
 */
enum { HELD_MAX = 64 };

/* So many places of one log are told of one by one; of the rest it is told how many they are. */
enum { UNPARSED_OF_LOG_MAX = 100 };

struct reading {
	struct results *r;
	const char *runtime, *cell; /* NULL for raw logs */
	struct unit_result *u;	    /* NULL for raw logs */
	struct runner runner;
	int in_output; /* the log that is read now is the unit's output */
	long file_pid; /* from its name */
	size_t unparsed;	      /* places in it that could not be read, */
	struct unparsed *last_unparsed; /* and the last one, where there are too many to keep */
	struct finding *held[HELD_MAX];
	size_t held_count;
	size_t errors; /* findings of severity "error" so far, held or not */
	int attempt;   /* of the unit, from 1 */
	struct strv keys;        /* the findings' fingerprints, where the unit was run again */
	struct marks *marks;     /* where what is found is counted */
	const struct strv *last; /* those of the last attempt; NULL: this is the last one */
};

struct end {
	int exit_code, signal, timed_out, out_of_memory;
	long left_behind;
	double time_limit;
};

/* Reads F, which occurrences call LOG; PATH is for errors. */
int reading_log(struct reading *g, FILE *f, const char *path, const char *log, struct err *e);
/* Reads all logs in FOLDER/DIR; occurrences call them DIR/NAME. DIR may be "". */
int reading_folder(struct reading *g, const char *folder, const char *dir, struct err *e);

/* Fills in F's first occurrence what is known of it. */
void reading_place(struct reading *g, struct finding *f);
/* Frees a held finding, which another one tells better; the last one takes its index. */
void reading_drop(struct reading *g, size_t i);

/*
 * Reads FOLDER/DIR (DIR may be ""), the folder of one attempt of the unit whose own is UNIT_DIR, into
 * G, of which r, runtime, cell, u (all zero), attempt and last are set.
 */
int attempt_read(struct reading *g, const char *folder, const char *dir, const char *unit_dir,
		 struct err *e);

/* Hands F to the store. */
void reading_keep(struct reading *g, struct finding *f);

/* Joins the held findings with each other and with the process's end. (result_end.c) */
void reading_end(struct reading *g, const struct end *end);
/* The unit ended with exit code CODE, and nothing says why; SKIPPED: why its runner skipped it. */
void reading_exit(struct reading *g, int code, const char *skipped);
/* Hands the held findings to the store. */
void reading_store(struct reading *g);

#endif
