/* What a built interpreter says of itself, against what its cell claims. */
#ifndef SM_MATRIX_FACTS_H
#define SM_MATRIX_FACTS_H

#include <stddef.h>

#include "common/error.h"
#include "matrix/cell.h"

/*
 * Compares the lines NAME=VALUE of DIR/output.txt with FACTS. 0, or -1 with E naming every fact
 * that differs or is not said.
 */
int facts_check(const struct fact *facts, size_t count, const char *dir, struct err *e);

#endif
