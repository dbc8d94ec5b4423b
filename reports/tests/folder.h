/*
 * Result folders made by tests.
 */
#ifndef SM_REPORTS_TESTS_FOLDER_H
#define SM_REPORTS_TESTS_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/reports.h"

static char folder[64];

static inline int folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/sanmatrix-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
	(void)state;
	return dir_remove(folder, NULL);
}

/* Writes FOLDER/NAME and the folders above it. */
static inline void put(const char *name, const char *content)
{
	char *path = xasprintf("%s/%s", folder, name), *slash = strrchr(path, '/');

	*slash = 0;
	assert_int_equal(dir_make(path, NULL), 0);
	*slash = '/';
	assert_int_equal(file_write(path, content, strlen(content), NULL), 0);
	free(path);
}

static inline void put_ready(const char *cell)
{
	char *name = xasprintf("%s/cell.json", cell);

	put(name, "{\"state\": \"ready\", \"requested\": true}");
	free(name);
}

/* One cell "asan" that is ready, with the units in UNITS ("\"a\", \"b\"") planned. */
static inline void put_run(const char *units)
{
	char *run = xasprintf("{\"runtime\": \"rt-1\", \"hostname\": \"h\", \"partition\": \"hash:1/1\","
			      "\"started\": \"2026-11-20T06:00:00\", \"cells\": "
			      "[{\"name\": \"asan\", \"requested\": true, \"units\": [%s]}]}", units);

	put("run.json", run);
	put_ready("asan");
	free(run);
}

/* HOW: members of unit.json, as "\"exit_code\": 0". */
static inline void put_unit(const char *unit, const char *how)
{
	char *name = xasprintf("asan/units/%s/unit.json", unit);
	char *json = xasprintf("{\"cell\": \"asan\", \"unit\": \"%s\", \"seconds\": 1.5, "
			       "\"time_limit\": 60, %s}", unit, how);

	put(name, json);
	free(name);
	free(json);
}

/* All of the folder, finished; the caller releases R. */
static inline void read_folder(struct results *r)
{
	struct err e = { 0 };

	memset(r, 0, sizeof *r);
	if (results_add(r, folder, &e) < 0)
		fail_msg("%s", e.msg);
	results_finish(r);
}

/* The one case with this class and name in cell 0; fails when there is none, or another. */
static inline const struct test_case *the_case(const struct results *r, const char *class,
					       const char *name)
{
	const struct test_case *found = NULL;

	for (size_t i = 0; i < r->cells[0].unit_count; i++)
		for (size_t j = 0; j < r->cells[0].units[i].case_count; j++) {
			const struct test_case *c = &r->cells[0].units[i].cases[j];

			if (strcmp(c->classname, class) || strcmp(c->name, name))
				continue;
			assert_null(found);
			found = c;
		}
	assert_non_null(found);
	return found;
}

#define ASAN_REPORT \
	"==%d==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc " \
	"0x55 bp 0x7f sp 0x7e\n" \
	"READ of size 8 at 0x602000000010 thread T0\n" \
	"    #0 0x55 in %s /src/a.c:3:5\n" \
	"    #1 0x56 in main /src/a.c:9:2\n" \
	"\n" \
	"SUMMARY: AddressSanitizer: heap-use-after-free /src/a.c:3:5 in %s\n" \
	"==%d==ABORTING\n"

/* A report of ASan in LOG, by PID, in FUNCTION. */
static inline void put_asan(const char *log, int pid, const char *function)
{
	char *text = xasprintf(ASAN_REPORT, pid, function, function, pid);

	put(log, text);
	free(text);
}

#endif
