/*
 * A unit and its further attempts, which are folders in its own: the last attempt decides, and what
 * only those before it had is flaky.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/reading.h"

enum { ATTEMPTS_MAX = 1000 };

/* The folder of attempt N of the unit in DIR, relative as DIR is; owned by the caller. */
static char *attempt_dir(const char *dir, int n)
{
	if (n == 1)
		return xstrdup(dir);
	return xasprintf("%s%sattempt-%d", dir, *dir ? "/" : "", n);
}

static int is_there(const char *folder, const char *dir, int n)
{
	char *attempt = attempt_dir(dir, n);
	char *path = xasprintf("%s/%s%sunit.json", folder, attempt, *attempt ? "/" : "");
	int there = path_exists(path);

	free(attempt);
	free(path);
	return there;
}

/* Did it end without anything that fails a unit? */
static int is_clean(const struct reading *g)
{
	for (size_t i = 0; i < g->u->case_count; i++)
		if (g->u->cases[i].outcome >= OUTCOME_FAILED)
			return 0;
	return g->errors == 0;
}

static struct test_case *find_case(struct unit_result *u, const struct test_case *c)
{
	for (size_t i = 0; i < u->case_count; i++)
		if (!strcmp(u->cases[i].name, c->name) &&
		    !strcmp(u->cases[i].classname, c->classname))
			return &u->cases[i];
	return NULL;
}

static void take_attempt(struct test_case *to, struct test_case *from, int attempt)
{
	struct failed_attempt *a = attempt_add(to, attempt, from->outcome);

	a->seconds = from->seconds;
	a->message = from->message;
	a->text = from->text;
	from->message = from->text = NULL;
}

/*
 * The cases of an earlier attempt. What failed in it and did not in the last one is flaky; what the
 * last one did not come to, unless all was well there, ended as it ended here.
 */
static void join(struct results *r, struct unit_result *u, struct unit_result *earlier, int attempt,
		 int clean)
{
	for (size_t i = 0; i < earlier->case_count; i++) {
		struct test_case *old = &earlier->cases[i], *c = find_case(u, old);
		int failed = old->outcome >= OUTCOME_FAILED;

		if (!c && (!clean || failed)) {
			c = case_add(&r->strings, &u->cases, &u->case_count, old->classname, old->name,
				     clean ? OUTCOME_PASSED : old->outcome);
			c->seconds = old->seconds;
			if (!clean) {
				c->message = old->message;
				c->text = old->text;
				old->message = old->text = NULL;
				continue;
			}
		}
		if (c && failed && c->outcome == OUTCOME_PASSED)
			take_attempt(c, old, attempt);
	}
}

int unit_read(struct results *r, const char *folder, const char *dir, const char *runtime,
	      const char *cell, struct unit_result *u, struct err *e)
{
	struct reading last = { .r = r, .runtime = runtime, .cell = cell, .u = u, .attempt = 1,
				.marks = &u->marks };
	const char *unit_dir = *dir ? dir : folder;
	int clean;

	while (last.attempt < ATTEMPTS_MAX && is_there(folder, dir, last.attempt + 1))
		last.attempt++;
	char *at = attempt_dir(dir, last.attempt);
	int rc = attempt_read(&last, folder, at, unit_dir, e);
	free(at);
	u->attempts = last.attempt;
	clean = !rc && is_clean(&last);
	for (int n = last.attempt - 1; n >= 1 && u->ran; n--) {
		struct unit_result earlier = { 0 };
		struct reading g = { .r = r, .runtime = runtime, .cell = cell, .u = &earlier,
				     .attempt = n, .last = &last.keys, .marks = &u->marks };

		at = attempt_dir(dir, n);
		if (attempt_read(&g, folder, at, unit_dir, e) < 0)
			rc = -1;
		join(r, u, &earlier, n, clean);
		free(at);
		unit_release(&earlier);
	}
	strv_release(&last.keys);
	return rc;
}
