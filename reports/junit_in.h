/*
 * Reads a test runner's own JUnit XML, leniently: attributes may be missing, and of a file that was
 * cut, or that breaks off with an error, every case that is complete is handed over.
 */
#ifndef SM_REPORTS_JUNIT_IN_H
#define SM_REPORTS_JUNIT_IN_H

#include "common/error.h"
#include "reports/runner.h"

/*
 * Calls ADD for each test case; ADD owns the strings in it. UNIT (borrowed) is the class of cases
 * whose name does not tell one. Returns 0, or -1 with E filled when the file could not be opened or
 * is not whole: what could be read has been handed over all the same.
 */
int junit_read(const char *path, const char *unit, void (*add)(void *context, struct found_case *c),
	       void *context, struct err *e);

#endif
