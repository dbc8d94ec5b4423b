/*
 * The queue: everything that may run now, over all cells, and what is running.
 *
 * A task becomes a job when it is the one with the highest priority, then the longest estimate,
 * that fits into free memory, and a token is free. One that does not fit is passed over for smaller
 * ones, but not for ever; when nothing runs, the first is started whether it fits or not. When one
 * ends its owner is told and may add more.
 * queue_run() returns when nothing waits and nothing runs, or when it was interrupted.
 */
#ifndef SM_MATRIX_QUEUE_H
#define SM_MATRIX_QUEUE_H

#include "matrix/job.h"
#include "matrix/jobserver.h"

struct queue;

struct task {
	char *cell, *name;  /* owned; shown in progress lines */
	const char *kind;   /* static: "configure", "make", "verify", "control", "unit", ... */
	int priority;	    /* higher first; steps of a build have their own */
	double estimate;    /* seconds */
	size_t memory;	    /* bytes that it is expected to need at its peak */
	int uses_tokens;    /* a make: the queue puts the job server into keep_fds and MAKEFLAGS,
			       and it takes tokens of its own */
	/* Owned too: argv, env, dir and cwd (allocated); cell and unit, if NULL, are the task's. */
	struct job_spec spec;
	/*
	 * Called in the driver when the job is over. END is NULL when it could not be started or
	 * left no result; ERR says why (it is NULL otherwise). May add tasks; must not block. It
	 * says with progress_end() what became of the task, or the queue does. May be NULL.
	 */
	void (*done)(struct queue *q, struct task *t, const struct job_end *end,
		const struct err *err);
	void *owner; /* of the caller */
};

struct progress; /* progress.h */

struct queue *queue_new(struct jobserver *j, struct progress *p);
/* The queue owns T (allocated by xcalloc) and frees it, not its owner, after done(). */
void queue_add(struct queue *q, struct task *t);
/* Frees T and all that it owns, dir and cwd too; NULL is allowed. */
void task_free(struct task *t);
/* Adds MORE (may be negative) to how many tasks are expected that are not in the queue yet: the
   total in [done/total] counts them. */
void queue_expect(struct queue *q, int more);

/*
 * Runs until all is done: 0. Or until SIGINT, SIGTERM or SIGHUP: that signal's number, when all
 * children are gone; tasks that waited are dropped without done(), those that ran get done() with
 * end->interrupted set. SIGUSR1 lists what runs now.
 */
int queue_run(struct queue *q);

/* Counts with BYTES for all that runs, instead of what the machine has free; 0: what is free. */
void queue_limit_memory(struct queue *q, size_t bytes);
void queue_free(struct queue *q);

#endif
