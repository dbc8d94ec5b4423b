/*
 * How long units take and how much memory they need: what was recorded on this machine, and the
 * shipped estimates for what was not.
 *
 * Both are text: a line a unit, RUNTIME, CELL, UNIT, SECONDS, BYTES with tabs between them, `#` for
 * comments. Names are encoded as path_encode() does it. `*` as RUNTIME, CELL or UNIT (in estimates
 * only) stands for any; a line whose CELL is `*` tells of a plain build.
 */
#ifndef SM_MATRIX_TIMES_H
#define SM_MATRIX_TIMES_H

#include <stddef.h>

#include "common/error.h"

struct times;

/*
 * RECORD: the file in the cache, which need not exist yet; ESTIMATES: the shipped file, or NULL.
 * A line that is none is passed over. Never NULL.
 */
struct times *times_load(const char *record, const char *estimates);
void times_free(struct times *t);

/*
 * What is known of UNIT: recorded, or shipped for its runtime and cell, or for any. FACTOR is how
 * much slower than a plain build the cell is. 1, or 0: nothing is known, and *SECONDS and *MEMORY
 * are untouched; a memory that is not known leaves *MEMORY alone too.
 */
int times_get(const struct times *t, const char *runtime, const char *cell, const char *unit,
	double factor, double *seconds, size_t *memory);

/* Remembers how it went this time. */
void times_set(struct times *t, const char *runtime, const char *cell, const char *unit,
	double seconds, size_t memory);

/*
 * Writes what times_set() was told into the record, by rename, and leaves what others wrote there
 * meanwhile. 0, or -1 with E filled.
 */
int times_save(struct times *t, struct err *e);

#endif
