#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/error.h"

static void an_error_is_filled_and_returned(void **state)
{
	(void)state;
	struct err e;

	assert_int_equal(err_set(&e, EXIT_USAGE, "no unit '%s'", "x"), -1);
	assert_int_equal(e.code, EXIT_USAGE);
	assert_string_equal(e.msg, "no unit 'x'");
	assert_int_equal(err_set(NULL, EXIT_USAGE, "dropped"), -1);
	assert_int_equal(err_prefix(NULL, "dropped"), -1);
}

static void a_trailing_colon_appends_errno(void **state)
{
	(void)state;
	struct err e;
	char expected[100];

	errno = ENOENT;
	err_set(&e, EXIT_INFRASTRUCTURE, "cannot open 'x':");
	snprintf(expected, sizeof expected, "cannot open 'x': %s", strerror(ENOENT));
	assert_string_equal(e.msg, expected);
	assert_int_equal(e.code, EXIT_INFRASTRUCTURE);
}

static void a_prefix_keeps_the_code(void **state)
{
	(void)state;
	struct err e;

	err_set(&e, EXIT_NOTHING, "inner");
	assert_int_equal(err_prefix(&e, "cell '%s'", "asan"), -1);
	assert_string_equal(e.msg, "cell 'asan': inner");
	assert_int_equal(e.code, EXIT_NOTHING);
}

static void messages_of_any_length_fit(void **state)
{
	(void)state;
	struct err e;
	char text[3000];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	err_set(&e, EXIT_USAGE, "%s:", text);
	assert_true(strlen(e.msg) < sizeof e.msg);
	err_prefix(&e, "%s", text);
	assert_true(strlen(e.msg) < sizeof e.msg);
}

/* What a child that calls die() prints, and its status. */
static int run_dying(char *out, size_t size)
{
	int fds[2], status;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		errno = EACCES;
		warn("first %d:", 1);
		freopen("/dev/null", "w", stdout);
		die(EXIT_NOTHING, "second");
	}
	close(fds[1]);
	size_t len = 0;
	ssize_t n;
	while (len + 1 < size && (n = read(fds[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void dying_says_why_and_ends_with_the_status(void **state)
{
	(void)state;
	char out[500], expected[500];

	assert_int_equal(run_dying(out, sizeof out), EXIT_NOTHING);
	snprintf(expected, sizeof expected, "sanmatrix: first 1: %s\nsanmatrix: second\n",
		strerror(EACCES));
	assert_string_equal(out, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_filled_and_returned),
		cmocka_unit_test(a_trailing_colon_appends_errno),
		cmocka_unit_test(a_prefix_keeps_the_code),
		cmocka_unit_test(messages_of_any_length_fit),
		cmocka_unit_test(dying_says_why_and_ends_with_the_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
