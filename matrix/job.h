/*
 * A job: one command, run under supervision, which leaves a folder with its results.
 *
 * job_start() forks a supervisor (no exec: it costs about a millisecond) that is the subreaper over
 * all that the command starts. The command is the leader of a session and process group of its own.
 * The supervisor
 *   - appends standard output and error to DIR/output.txt, bounded: what is beyond is read,
 *     counted and dropped, but for the last part, which is kept;
 *   - at the time limit sends SIGABRT to the command (faulthandler prints the Python stacks), and
 *     after a grace of 10 s (time_limit/10 if that is less) SIGKILL to every process left;
 *   - kills what the command left behind when it ends, and counts it;
 *   - sets RLIMIT_CORE to 0, standard input to /dev/null;
 *   - writes DIR/unit.json (see ARCHITECTURE.md) by rename, and exits with 0 (1: it could not write
 *     its results; the reason is on standard error and in DIR/job-error.txt where possible);
 *   - dies with its tree when the driver dies (PR_SET_PDEATHSIG), at whatever moment, SIGKILL
 *     included, and on SIGTERM.
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
	int keep_fds[2];	 /* inherited by the command (the job server's pipe); -1: none */
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

/* The supervisor's pid, or -1. SPEC is borrowed for the call only. */
pid_t job_start(const struct job_spec *spec, struct err *e);

/* Reads DIR/unit.json back: 0, or -1 when it is absent or not whole. */
int job_read(const char *dir, struct job_end *end, struct err *e);

#endif
