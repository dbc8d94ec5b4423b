/*
 * A job: one command, run under supervision, which leaves a folder with its results.
 *
 * job_start() forks a supervisor (no exec: it costs less than a millisecond) that is the subreaper
 * over all that the command starts, in a process group of its own and with all signals blocked, so
 * that neither the terminal nor a signal to the driver's process group reaches it. The command is
 * the leader of a session and process group of its own. The supervisor
 *   - writes standard output and error to DIR/output.txt, bounded: what is beyond is read,
 *     counted and dropped, but for the last part, which is kept;
 *   - at the time limit sends SIGABRT to the command (faulthandler prints the Python stacks), and
 *     after a grace of 10 s (time_limit/10 if that is less) SIGKILL to every process left;
 *   - gives what the command left behind when it ended a moment (LINGER: children that are just
 *     ending write their reports), then kills it, and counts what it killed;
 *   - sets RLIMIT_CORE to 0, standard input to /dev/null;
 *   - writes DIR/unit.json (see ARCHITECTURE.md) by rename, and exits with 0;
 *   - or, if it could not start the command or write a result, leaves no unit.json, says why in
 *     DIR/job-error.txt where possible and to the driver (job_finish), and exits with 1;
 *   - dies with its tree when the driver dies (PR_SET_PDEATHSIG), at whatever moment, SIGKILL
 *     included, and on SIGTERM: the tree gets SIGTERM, so that make and the compiler remove
 *     half-written files, and SIGKILL two seconds later, or at once on a second SIGTERM.
 * What an older job left of output.txt, unit.json and job-error.txt is removed at the start.
 * While it runs its working folder is DIR, so that a process whose environment was cleared can find
 * DIR through its ancestors (see matrix/options.c).
 *
 * Nothing here knows what is being run.
 */
#ifndef SM_MATRIX_JOB_H
#define SM_MATRIX_JOB_H

#include <sys/types.h>

#include "common/buf.h"
#include "common/error.h"

struct job_spec {
	const char *cell, *unit; /* for unit.json */
	const char *dir;	 /* result folder, exists; absolute */
	const char *cwd;	 /* where the command runs; absolute */
	struct strv argv;	 /* argv[0] is looked up in PATH of ENV; no shell */
	struct strv env;	 /* the whole environment */
	double time_limit;	 /* seconds, wall; 0: none */
	size_t output_limit;	 /* bytes of output.txt; 0: none */
	int attempt;		 /* from 1 */
	double linger;		 /* seconds for what outlives the command; 0: 2 s; < 0: none */
	int keep_fds[2];	 /* inherited by the command (the job server's pipe); < 3: none */
	int hold_fd;		 /* kept open by the supervisor until its tree is gone, not by the
				    command: a lock on the results; < 3: none */
	int obey_modes;		 /* root too may not write to what is read-only (the shared sources) */
	int terminal;		 /* exec: output is also copied to our standard output as it comes,
				    and standard input is ours */
};

struct job_end {
	int exit_code;	/* -1 if it ended by a signal */
	int signal;	/* 0 if it did not */
	int timed_out, out_of_memory;
	int interrupted; /* the driver ended it: it has no result and is run again next time */
	double seconds;
	size_t max_rss; /* bytes */
};

/* A running job, as the driver sees it. */
struct job {
	pid_t pid; /* of the supervisor */
	int fd;	   /* readable when the job is over */
	int lost;  /* set by job_finish() when the supervisor itself was killed */
};

/* SPEC is borrowed for the call only. 0, or -1 with E filled. */
int job_start(const struct job_spec *spec, struct job *job, struct err *e);

/*
 * Waits until JOB is over and releases it. 0: END is filled; -1: the command could not be started
 * or left no result, and E says why. If the supervisor itself was killed, what it supervised now
 * below this process if it is a subreaper: see orphans_kill() in reap.h. The queue does that.
 */
int job_finish(struct job *job, struct job_end *end, struct err *e);

/* Asks JOB to end; it has no result then. Twice: at once. */
void job_interrupt(const struct job *job);

/* Start and finish: for callers without a queue. */
int job_run(const struct job_spec *spec, struct job_end *end, struct err *e);

/* Reads DIR/unit.json back: 0, or -1 when it is absent or not whole. */
int job_read(const char *dir, struct job_end *end, struct err *e);

#endif
