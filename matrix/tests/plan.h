/* What tests of the plan share: a folder of their own with places in it, and files. */
#ifndef SM_MATRIX_TESTS_PLAN_H
#define SM_MATRIX_TESTS_PLAN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/cell.h"
#include "matrix/runtime.h"
#include "matrix/toolchain.h"

static char root[40];
static struct places places;
static struct err err;

static inline void put(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", root, name), *slash = strrchr(path, '/');

	*slash = 0;
	assert_int_equal(dir_make(path, NULL), 0);
	*slash = '/';
	assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
	free(path);
}

static inline char *in_root(const char *name)
{
	return xasprintf("%s/%s", root, name);
}

static inline int make_places(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test-plan.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	memset(&err, 0, sizeof err);
	places.data = xstrdup(root);
	places.cache = in_root("cache");
	places.controls = in_root("controls");
	places.suppressions = in_root("suppressions");
	places.toolchain = in_root("toolchain.conf");
	strv_own(&places.cell_dirs, in_root("cells"));
	strv_own(&places.runtime_dirs, in_root("runtimes"));
	return 0;
}

static inline int drop_places(void **state)
{
	(void)state;
	places_release(&places);
	return dir_remove(root, NULL);
}

#define assert_says(what) \
	do { \
		if (!strstr(err.msg, what)) \
			fail_msg("'%s' does not say '%s'", err.msg, what); \
	} while (0)

#endif
