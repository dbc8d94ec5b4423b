/*
 * What a person sees while it runs: on a terminal one line `[done/total] ...` with the time left,
 * elsewhere a line for each finished task. All of it on standard error; nothing in files.
 * Every P may be NULL: then nothing is shown, but for progress_say().
 */
#ifndef SM_MATRIX_PROGRESS_H
#define SM_MATRIX_PROGRESS_H

#include <stdio.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_NONE };

struct progress;
struct task;

/* "auto", "bar", "plain" or "none"; -1 for anything else. */
int progress_parse(const char *mode);

/* Whether what goes to F is coloured: WANTED, or if that is -1 NO_COLOR, CLICOLOR_FORCE, isatty. */
int colour_for(int wanted, FILE *f);

/* COLOUR: as WANTED above. */
struct progress *progress_new(enum progress_mode mode, int colour);
void progress_free(struct progress *p);

void progress_start(struct progress *p, const struct task *t);
/* VERDICT: "ok", "failed", "2 findings", ...; shown when a task ends. BAD colours it. */
void progress_end(struct progress *p, const struct task *t, const char *verdict, int bad,
	double seconds);
/* Is T started and not ended? Then the queue ends it with a word of its own after done(). */
int progress_runs(const struct progress *p, const struct task *t);
/* DONE of TOTAL; REMAINING: estimated seconds until all of it is over. */
void progress_update(struct progress *p, int done, int total, double remaining);
/* Draws the bar anew, for the clock: 1. Where there is none: 0. */
int progress_tick(struct progress *p);
/* A line of its own that stays, above the bar. Control characters are shown, not sent. */
void progress_say(struct progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
