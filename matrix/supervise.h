/*
 * The supervisor's side of a job.
 */
#ifndef SM_MATRIX_SUPERVISE_H
#define SM_MATRIX_SUPERVISE_H

#include "matrix/job.h"

/* What the supervisor tells the driver, in one write. */
struct job_report {
	int failed; /* there is no result, and ERR says why */
	struct job_end end;
	struct err err;
};

/*
 * Runs SPEC; called in a fresh child of DRIVER with all signals blocked. Writes a job_report to
 * REPORT_FD and exits.
 */
_Noreturn void supervise(const struct job_spec *spec, pid_t driver, int report_fd);

#endif
