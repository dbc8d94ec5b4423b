/*
 * What a writer writes, in memory.
 */
#ifndef SM_REPORTS_TESTS_WRITTEN_H
#define SM_REPORTS_TESTS_WRITTEN_H

#include "reports/tests/folder.h"

/* Owned by the caller. */
static inline char *written(const struct results *r, results_writer *writer, int flags)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(writer(r, f, flags, NULL), 0);
	fclose(f);
	return text;
}

#endif
