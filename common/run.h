/*
 * Running a child to its end: an argument vector, no shell, output into memory. For short helpers
 * (apt, tar, compilers' --version); what is under test is started by matrix/job.h.
 */
#ifndef SM_COMMON_RUN_H
#define SM_COMMON_RUN_H

#include "common/buf.h"
#include "common/error.h"

struct run {
	const struct strv *argv; /* argv[0] is looked up in our PATH */
	const struct strv *env;	 /* the whole environment, or NULL: ours */
	const char *cwd;	 /* or NULL: ours */
	struct buf *out;	 /* standard output is appended to it; NULL: dropped */
	int with_stderr;	 /* standard error goes to OUT too; otherwise it is ours */
	double seconds;		 /* killed after that long; 0: no bound */
};

/*
 * Runs it and waits: 0 with the wait status in *STATUS, whatever it is. -1: it could not be
 * started, or took too long (then it is killed and waited for). Standard input is /dev/null.
 */
int run_child(const struct run *r, int *status, struct err *e);

/* The plain case: no bound, standard error is ours. ENV, CWD, OUT may be NULL. */
int run_capture(const struct strv *argv, const struct strv *env, const char *cwd, struct buf *out,
		int *status, struct err *e);

/* The path of PROGRAM as PATH finds it; owned by the caller; NULL when there is none. */
char *run_which(const char *program);

#endif
