/*
 * A part of the units, for a fan-out: `slice:M/N` takes every Nth from the Mth on, `hash:M/N` those
 * whose name hashes to M-1 modulo N, so that a unit stays in its part when others come or go.
 */
#ifndef SM_MATRIX_PARTITION_H
#define SM_MATRIX_PARTITION_H

#include <stddef.h>

#include "common/error.h"

struct partition {
	int by_hash;
	unsigned part, parts; /* part from 1; parts 0: everything */
};

/* TEXT NULL: everything, or what Bazel's TEST_TOTAL_SHARDS and TEST_SHARD_INDEX say. */
int partition_parse(struct partition *p, const char *text, struct err *e);

/* Whether the unit NAME, the INDEXth (from 0) of all, belongs to P. */
int partition_has(const struct partition *p, const char *name, size_t index);

#endif
