/*
 * For tests of the engine: a scratch folder, jobs in it, and what is left of the processes that
 * were started. A test calls be_reaper() first: then every process that loses its parent comes
 * below the test, and none can hide.
 */
#ifndef SM_MATRIX_TESTS_BELOW_H
#define SM_MATRIX_TESTS_BELOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/job.h"
#include "matrix/reap.h"

static char root[40];

static inline int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test-engine.XXXXXX");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return mkdtemp(root) ? 0 : -1;
}

static inline int remove_root(void **state)
{
	(void)state;
	return dir_remove(root, NULL);
}

/* A job in root/NAME that runs SCRIPT; the caller frees it with release_spec(). */
static inline struct job_spec shell_job(const char *name, const char *script)
{
	struct job_spec s = { .cell = "cell", .unit = name, .time_limit = 30, .attempt = 1 };

	s.dir = xasprintf("%s/%s", root, name);
	assert_int_equal(dir_make(s.dir, NULL), 0);
	s.output_limit = 1 << 20;
	env_set(&s.env, "PATH", "/usr/bin:/bin");
	strv_push(&s.argv, "sh");
	strv_push(&s.argv, "-c");
	strv_push(&s.argv, script);
	return s;
}

static inline void release_spec(struct job_spec *s)
{
	free((char *)s->dir);
	free((char *)s->cwd);
	strv_release(&s->argv);
	strv_release(&s->env);
}

/* The content of root/NAME/FILE, owned; NULL when it is absent. */
static inline char *text_of(const char *name, const char *file)
{
	struct buf b = { 0 };
	char *path = xasprintf("%s/%s/%s", root, name, file);
	int rc = file_read(path, &b, 0, NULL);

	free(path);
	return rc < 0 ? NULL : buf_detach(&b);
}

/* The unit.json that the job NAME left, or NULL; the caller's. */
static inline json_t *unit_of(const char *name)
{
	char *text = text_of(name, "unit.json");
	json_t *o = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return o;
}

/* How many processes are below the test after at most SECONDS. */
static inline size_t left_after(double seconds)
{
	double until = clock_now() + seconds;
	size_t n;

	while ((n = children_reap(0, NULL)) && clock_now() < until)
		usleep(2000);
	return n;
}

#endif
