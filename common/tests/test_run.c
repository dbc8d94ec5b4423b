/* Children that are run to their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/run.h"

static struct err err;

/* Runs sh with SCRIPT. */
static int sh(const char *script, struct run r, int *status)
{
	struct strv argv = { 0 };

	strv_push(&argv, "sh");
	strv_push(&argv, "-c");
	strv_push(&argv, script);
	r.argv = &argv;
	int rc = run_child(&r, status, &err);
	strv_release(&argv);
	return rc;
}

static void check(const char *script, struct run r, const char *expected)
{
	struct buf out = { 0 };
	int status;

	r.out = &out;
	assert_int_equal(sh(script, r, &status), 0);
	assert_string_equal(out.data ? out.data : "", expected);
	buf_release(&out);
}

static void test_output(void **state)
{
	(void)state;
	check("echo one; echo two >&2", (struct run){ .with_stderr = 1 }, "one\ntwo\n");
	check("echo one; exec 2>/dev/null; echo two >&2", (struct run){ 0 }, "one\n");
	check("cat", (struct run){ 0 }, "");
	check("pwd", (struct run){ .cwd = "/usr" }, "/usr\n");
	check("head -c 300000 /dev/zero | tr '\\0' x | wc -c", (struct run){ 0 }, "300000\n");
}

static void test_status(void **state)
{
	int status;

	(void)state;
	assert_int_equal(sh("exit 7", (struct run){ 0 }, &status), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	assert_int_equal(sh("kill -9 $$", (struct run){ 0 }, &status), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == 9);
}

static void test_environment(void **state)
{
	struct strv env = { 0 };

	(void)state;
	setenv("OURS", "inherited", 1);
	check("echo $OURS", (struct run){ 0 }, "inherited\n");
	strv_push(&env, "THEIRS=given");
	check("echo $OURS$THEIRS", (struct run){ .env = &env }, "given\n");
	strv_release(&env);
	check("echo $OURS", (struct run){ .env = &env }, "\n");
}

static void test_not_there(void **state)
{
	struct strv argv = { 0 };
	int status;

	(void)state;
	strv_push(&argv, "/nonexistent/program");
	assert_int_equal(run_capture(&argv, NULL, NULL, NULL, &status, &err), -1);
	assert_non_null(strstr(err.msg, "cannot run '/nonexistent/program'"));
	strv_release(&argv);
}

static void test_time_limit(void **state)
{
	double start = clock_now();
	int status;

	(void)state;
	assert_int_equal(sh("exec sleep 30", (struct run){ .seconds = 0.2 }, &status), -1);
	assert_non_null(strstr(err.msg, "took more than"));
	/* It may close its output and go on. */
	assert_int_equal(sh("exec sleep 30 >&-", (struct run){ .seconds = 0.2 }, &status), -1);
	assert_true(clock_now() - start < 10);
	assert_int_equal(sh("exit 0", (struct run){ .seconds = 20 }, &status), 0);
}

static void test_which(void **state)
{
	char *sh_path = run_which("sh");

	(void)state;
	assert_non_null(sh_path);
	assert_int_equal(sh_path[0], '/');
	free(sh_path);
	assert_null(run_which("no-such-program-at-all"));
	assert_null(run_which("/nonexistent/program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
