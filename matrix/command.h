/*
 * Starting the command of a job, in the supervisor.
 */
#ifndef SM_MATRIX_COMMAND_H
#define SM_MATRIX_COMMAND_H

#include "matrix/job.h"

/*
 * Starts the command of SPEC as leader of a new session, with OUT_FD as its standard output and
 * error. Returns when it has been executed: its pid, or -1 with E filled (no such program, no such
 * folder).
 */
pid_t command_start(const struct job_spec *spec, int out_fd, struct err *e);

/* Closes every descriptor from 3 on but the COUNT ones in KEEP. */
void close_but(const int *keep, size_t count);

/* Signal dispositions as a new process has them. */
void reset_signals(void);

#endif
