/*
 * unit.json: how the command of a job ended (schema sanmatrix-unit/1, see ARCHITECTURE.md).
 */
#ifndef SM_MATRIX_UNIT_H
#define SM_MATRIX_UNIT_H

#include <sys/resource.h>

#include "matrix/job.h"

struct unit_facts {
	time_t started;
	struct rusage usage; /* of all processes of the job */
	size_t output_dropped;
	int left_behind;
};

/* Writes DIR/unit.json as a whole or not at all; 0, or -1 with E filled. */
int unit_write(const struct job_spec *spec, const struct job_end *end, const struct unit_facts *f,
	struct err *e);

#endif
