/*
 * The queue: everything that may run now, over all cells, and what is running.
 *
 * A task becomes a job when it is the one with the highest priority, then the longest estimate, that
 * fits into free memory, and a token is free. When one ends its owner is told and may add more.
 * queue_run() returns when nothing waits and nothing runs, or when it was interrupted.
 */
#ifndef SM_MATRIX_QUEUE_H
#define SM_MATRIX_QUEUE_H

#include "matrix/job.h"
#include "matrix/jobserver.h"

struct queue;

struct task {
	char *cell, *name;  /* owned; shown in progress lines */
	const char *kind;   /* static: "configure", "make", "verify", "control", "unit", "command" */
	int priority;	    /* higher first; steps of a build have their own */
	double estimate;    /* seconds */
	size_t memory;	    /* bytes that it is expected to need at its peak */
	int uses_tokens;    /* a make: it gets the job server, and takes tokens of its own */
	struct job_spec spec;
	/*
	 * Called in the driver when the job is over. END is NULL when it could not be started or
	 * left no result; ERR says why. May add tasks; must not block.
	 */
	void (*done)(struct queue *q, struct task *t, const struct job_end *end, const struct err *err);
	void *owner; /* of the caller */
};

struct progress; /* progress.h */

struct queue *queue_new(struct jobserver *j, struct progress *p);
/* The queue owns T (allocated by xcalloc) and frees it after done(). */
void queue_add(struct queue *q, struct task *t);
void task_free(struct task *t);
/* How many tasks are still expected that are not in the queue yet (for the total in [done/total]). */
void queue_expect(struct queue *q, int more);

/*
 * Runs until all is done: 0. Or until SIGINT, SIGTERM or SIGHUP: that signal's number, when all
 * children are gone; tasks that waited are dropped without done(), those that ran get done() with
 * end->interrupted set. SIGUSR1 lists what runs now.
 */
int queue_run(struct queue *q);
void queue_free(struct queue *q);

#endif
