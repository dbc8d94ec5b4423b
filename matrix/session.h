/*
 * A session: one run of the driver over some cells. What `run` and `exec` share: the plan, the
 * result folder, the queue, and the life of each cell from source to proof.
 *
 *   session_open()    toolchain, runtime, recipes
 *   session_work()    claims the result folder, takes every cell up to `built`, and runs the queue
 *   session_report()  reads the result folder back and writes the views
 *   session_close()
 */
#ifndef SM_MATRIX_SESSION_H
#define SM_MATRIX_SESSION_H

#include <stdio.h>
#include <time.h>

#include "matrix/cell.h"
#include "matrix/progress.h"
#include "matrix/queue.h"
#include "matrix/runtime.h"
#include "matrix/times.h"
#include "matrix/toolchain.h"

/* What the command line says; strings are borrowed. */
struct session_options {
	struct strv cells;	  /* asked for by name; empty: the defaults */
	const char *runtime, *runtime_src; /* NULL: what configure was told */
	const char *program;	  /* of somebody else, in place of what is built here; NULL: none */
	const char *out;
	const char *suite;	  /* "smoke" */
	struct strv units;	  /* --unit; empty: the suite */
	const char *partition;	  /* "hash:1/2", or NULL */
	const char *seed;	  /* PYTHONHASHSEED */
	int jobs;		  /* tokens in all */
	double time_limit;	  /* of a unit; 0: the recipe's */
	int retries;		  /* how often a unit that is not clean is run again */
	const char *baseline;	  /* the findings that are known; NULL: none */
	int fresh;		  /* do not go on with an unfinished run */
	int no_ccache;
	enum progress_mode progress;
	int colour;		  /* -1: find out */
};

enum cell_state {
	CELL_PLANNED,
	CELL_UNAVAILABLE, /* cannot run here */
	CELL_FAILED,	  /* its build broke, or it is not what it claims */
	CELL_BUILT,	  /* built and verified, not yet proved */
	CELL_READY,	  /* sees all that it claims */
	CELL_BLIND,	  /* missed a control */
};

/* What became of one planted fault. */
struct proof {
	const struct control *control;
	int done, seen;
	double seconds;
	struct found {
		char *tool, *kind, *category;
	} *found;
	size_t found_count;
};

struct cell_run {
	struct session *session;
	struct recipe recipe;
	struct vars vars;
	int requested;	/* by name */
	enum cell_state state;
	char *reason;	/* why it is not ready */
	char *log;	/* relative to the result folder; says more of the reason */
	char *dir;	/* OUT/CELL */
	char *build;	/* where it is built, in the cache */
	int build_lock; /* fd, or -1 */
	struct buf step_inputs; /* of build.c: all that went into the steps so far */
	int step, step_running, inputs_taken; /* of build.c: where it is on its way */
	struct proof *proofs; /* one for each of recipe.controls */
	size_t proofs_left;
	struct strv units;  /* what will run here, in order */
	struct strv left_out; /* what was selected and the cell leaves out */
	int expected;	    /* tasks that are still to be queued, for the total that is shown */
	double started, seconds;
};

struct session {
	struct session_options options;
	struct places places;
	struct toolchain tools;
	struct runtime runtime;
	struct cell_run **cells;
	size_t cell_count;
	char *out;	/* absolute */
	int out_lock;
	char *id;	/* hash of the plan: an unfinished run of the same plan is continued */
	char *tmp;	/* short path, for the temporary folders of what runs */
	long tmp_count;
	char *tree_stamp; /* of the source, taken once */
	time_t started;
	int incomplete; /* the result folder does not say how the run ended */
	struct jobserver server;
	struct progress *progress;
	struct queue *queue;
	struct times *times;
	void (*on_built)(struct cell_run *c); /* of session_work() */
};

/* OPTIONS is copied, its strings borrowed until session_close(). */
int session_open(struct session *s, const struct session_options *options, struct err *e);
void session_close(struct session *s);

/*
 * ON_BUILT is called when a cell is built and verified, and adds what is to run in it. 0 when all is
 * done, the number of the signal that ended it, or -1 with E filled.
 */
int session_work(struct session *s, void (*on_built)(struct cell_run *c), struct err *e);

/*
 * Writes the views of the result folder, and the summary to SUMMARY. The exit status that the
 * results call for.
 */
enum exit_status session_report(struct session *s, FILE *summary);

/* Queues a cell's way from source to `built`; build.c. */
void cell_start(struct cell_run *c);
/* Queues the cell's planted faults; prove.c. When all have run the cell is ready or blind. */
void cell_prove(struct cell_run *c);
/* Whether this very build was proved before; and saying that it is ready without a proof now. */
int cell_is_proved(const struct cell_run *c);
void cell_ready(struct cell_run *c);
/* Queues the cell's units, but those that have a result already; units.c. */
void cell_queue_units(struct cell_run *c);

/* The cell cannot go on: state, reason, and cell.json; a line to the user. */
void cell_fail(struct cell_run *c, enum cell_state state, const char *log, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Writes OUT/CELL/cell.json as things stand; -1 was told to the user. */
int cell_write(const struct cell_run *c);

/*
 * Fills c->units: the suite's or --unit's, without what the cell leaves out, of this partition.
 * An unknown suite, or a unit that the runtime does not have, is an error.
 */
int cell_select_units(struct cell_run *c, struct err *e);

/*
 * A task that runs COMMAND (placeholders are expanded here) in the cell's environment, with a
 * temporary folder of its own, results in DIR (made, emptied). WRAPPED: under the cell's checker.
 * UNIT also is what {unit} stands for. NULL with E filled.
 */
struct task *cell_task(struct cell_run *c, const char *kind, const char *unit, const char *dir,
	const struct strv *command, int wrapped, struct err *e);
/* MORE (or, negative, fewer) tasks of this cell are still to come. */
void cell_expect(struct cell_run *c, int more);
/* Removes the task's temporary folder; to be called from its done(). */
void cell_task_clean(struct task *t);
/* Replaces the task's estimate and memory by what was recorded, where something was. */
void cell_task_expect(struct task *t);

/* The environment that everything starts from: PATH, a fixed locale, HOME and TMPDIR in TMP. */
void base_env(struct strv *env, const char *tmp);

/* outdir.c: the result folder and run.json. */
int outdir_claim(struct session *s, struct err *e);
int outdir_finish(struct session *s, int finished, struct err *e);

#endif
