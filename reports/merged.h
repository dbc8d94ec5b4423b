/*
 * Merged results as one file that can be merged again: all that was read of the result folders and
 * logs, before it is judged. JSON lines, sanmatrix-merged/1 (ARCHITECTURE.md).
 */
#ifndef SM_REPORTS_MERGED_H
#define SM_REPORTS_MERGED_H

#include "reports/result.h"

#define MERGED_FILE "merged.jsonl"
#define MERGED_SCHEMA "sanmatrix-merged/1"

/* Adds what PATH holds to R. What R has read already is left out. */
int merged_read(struct results *r, const char *path, struct err *e);

#endif
