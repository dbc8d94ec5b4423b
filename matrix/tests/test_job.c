/* One job: how it ends, and what it leaves. */
#include "matrix/tests/below.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "matrix/supervise.h"

static int run_script(const char *name, const char *script, struct job_end *end, struct err *e)
{
	struct job_spec s = shell_job(name, script);
	int rc = job_run(&s, end, e);

	release_spec(&s);
	return rc;
}

static long long number_of(const char *name, const char *member)
{
	json_t *o = unit_of(name), *v = json_object_get(o, member);
	long long n = json_is_integer(v) ? json_integer_value(v) : -1;

	json_decref(o);
	return n;
}

static void an_exit_code_is_kept(void **state)
{
	struct job_end end, again;
	struct err e;

	(void)state;
	assert_int_equal(run_script("exit", "echo out; echo err >&2; exit 7", &end, &e), 0);
	assert_int_equal(end.exit_code, 7);
	assert_int_equal(end.signal, 0);
	assert_false(end.timed_out || end.interrupted || end.out_of_memory);
	assert_true(end.max_rss > 100000 && end.seconds > 0 && end.seconds < 20);
	char *text = text_of("exit", "output.txt"), *dir = xasprintf("%s/exit", root);
	assert_string_equal(text, "out\nerr\n");
	assert_int_equal(job_read(dir, &again, &e), 0);
	assert_int_equal(again.exit_code, 7);
	assert_int_equal(again.max_rss, end.max_rss);
	free(text);
	free(dir);
}

static void unit_json_has_its_members(void **state)
{
	static const char *const members[] = { "schema", "cell", "unit", "command", "started",
		"seconds", "user_seconds", "system_seconds", "max_rss", "exit_code", "timed_out",
		"time_limit", "out_of_memory", "output_dropped", "left_behind", "attempt" };
	struct job_end end;

	(void)state;
	assert_int_equal(run_script("a \"b\"\n$(c)", "true", &end, NULL), 0);
	json_t *o = unit_of("a \"b\"\n$(c)");
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		assert_non_null(json_object_get(o, members[i]));
	assert_int_equal(json_object_size(o), sizeof members / sizeof *members);
	assert_string_equal(json_string_value(json_object_get(o, "unit")), "a \"b\"\n$(c)");
	assert_int_equal(json_array_size(json_object_get(o, "command")), 3);
	json_decref(o);
}

static void a_signal_is_kept(void **state)
{
	struct job_end end;

	(void)state;
	assert_int_equal(run_script("signal", "kill -SEGV $$", &end, NULL), 0);
	assert_int_equal(end.signal, SIGSEGV);
	assert_int_equal(end.exit_code, -1);
	assert_int_equal(number_of("signal", "signal"), SIGSEGV);
	assert_int_equal(number_of("signal", "exit_code"), -1);
	assert_int_equal(run_script("kill", "kill -KILL $$", &end, NULL), 0);
	assert_int_equal(end.signal, SIGKILL);
	assert_false(end.out_of_memory);
}

static void no_such_program(void **state)
{
	struct job_spec s = shell_job("noprog", "");
	struct job_end end;
	struct err e = { 0 };

	(void)state;
	free(s.argv.v[0]);
	s.argv.v[0] = xstrdup("no-such-program");
	assert_int_equal(job_run(&s, &end, &e), -1);
	assert_string_equal(e.msg, "cannot execute 'no-such-program': No such file or directory");
	char *text = text_of("noprog", "job-error.txt"), *unit = text_of("noprog", "unit.json");
	assert_non_null(strstr(text, "no-such-program"));
	assert_null(unit);
	free(text);
	s.cwd = xstrdup("/nonexistent");
	assert_int_equal(job_run(&s, &end, &e), -1);
	assert_string_equal(e.msg, "cannot enter folder '/nonexistent': No such file or directory");
	release_spec(&s);
	assert_int_equal(left_after(0), 0);
}

/* What is no program is not handed to a shell. */
static void a_text_file_is_no_program(void **state)
{
	struct job_spec s = shell_job("text", "");
	struct job_end end;
	struct err e = { 0 };

	(void)state;
	free(s.argv.v[0]);
	s.argv.v[0] = xasprintf("%s/text/script", root);
	assert_int_equal(file_write(s.argv.v[0], "true\n", 5, NULL), 0);
	assert_int_equal(chmod(s.argv.v[0], 0755), 0);
	assert_int_equal(job_run(&s, &end, &e), -1);
	assert_non_null(strstr(e.msg, "Exec format error"));
	release_spec(&s);
}

static void the_time_limit_aborts(void **state)
{
	struct job_spec s = shell_job("time",
		"trap 'echo stacks; exit 3' ABRT; while :; do sleep 0.01; done");
	struct job_end end;

	(void)state;
	s.time_limit = 0.5;
	assert_int_equal(job_run(&s, &end, NULL), 0);
	assert_true(end.timed_out);
	assert_int_equal(end.exit_code, 3);
	char *text = text_of("time", "output.txt");
	assert_string_equal(text, "stacks\n");
	free(text);
	release_spec(&s);
	assert_int_equal(left_after(0), 0);
}

static void who_ignores_the_abort_is_killed(void **state)
{
	struct job_spec s = shell_job("stubborn",
		"trap '' ABRT TERM; sleep 1000 & setsid sleep 1000 & while :; do sleep 1; done");
	struct job_end end;
	double begun = clock_now();

	(void)state;
	s.time_limit = 0.5;
	assert_int_equal(job_run(&s, &end, NULL), 0);
	assert_true(end.timed_out);
	assert_int_equal(end.signal, SIGKILL);
	assert_true(clock_now() - begun < 5);
	assert_true(number_of("stubborn", "left_behind") >= 2);
	release_spec(&s);
	assert_int_equal(left_after(0), 0);
}

static void what_is_left_behind_is_killed(void **state)
{
	struct job_spec s = shell_job("behind", "sleep 1000 & setsid sleep 1000 & "
		"(setsid sh -c 'sleep 1000 & sleep 1000' &) ; sleep 0.2");
	struct job_end end;
	double begun = clock_now();

	(void)state;
	s.linger = -1;
	assert_int_equal(job_run(&s, &end, NULL), 0);
	assert_int_equal(end.exit_code, 0);
	assert_true(clock_now() - begun < 5); /* although they hold the pipe */
	assert_int_equal(number_of("behind", "left_behind"), 5);
	release_spec(&s);
	assert_int_equal(left_after(0), 0);
}

static void who_is_just_ending_may_end(void **state)
{
	struct job_end end;

	(void)state;
	assert_int_equal(run_script("ending", "(sleep 0.3; echo report) & exit 0", &end, NULL), 0);
	assert_int_equal(number_of("ending", "left_behind"), 0);
	char *text = text_of("ending", "output.txt");
	assert_string_equal(text, "report\n");
	free(text);
}

static void output_is_bounded(void **state)
{
	struct job_spec s = shell_job("big",
		"echo first; yes 0123456789 | head -c 1000000000; echo; echo last");
	struct job_end end;
	struct stat st;
	double begun = clock_now();

	(void)state;
	assert_int_equal(job_run(&s, &end, NULL), 0);
	assert_int_equal(end.exit_code, 0);
	char *text = text_of("big", "output.txt"), *path = xasprintf("%s/output.txt", s.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 1 << 20 && st.st_size > (1 << 20) - 100);
	assert_memory_equal(text, "first\n", 6);
	assert_string_equal(text + strlen(text) - 6, "\nlast\n");
	assert_non_null(strstr(text, "bytes were dropped here]\n"));
	long long dropped = number_of("big", "output_dropped");
	const char *note_end = strstr(text, "were dropped here]\n") + 19;
	long note = note_end - strstr(text, "\n[sanmatrix: ");
	assert_int_equal(dropped + st.st_size - note, 1000000000 + 6 + 6);
	assert_true(clock_now() - begun < 60);
	free(text);
	free(path);
	release_spec(&s);
}

/* Around the bound nothing may be lost or doubled. */
static void small_bounds(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 30; limit++) {
		struct job_spec s = shell_job("small", "printf 0123456789; printf abcdefghij");
		struct job_end end;
		s.output_limit = limit;
		assert_int_equal(job_run(&s, &end, NULL), 0);
		char *text = text_of("small", "output.txt");
		long long dropped = number_of("small", "output_dropped");
		assert_int_equal(dropped, limit < 20 ? 20 - limit : 0);
		assert_int_equal(text[0], '0');
		if (!dropped)
			assert_string_equal(text, "0123456789abcdefghij");
		else if (limit > 1)
			assert_int_equal(text[strlen(text) - 1], 'j');
		free(text);
		release_spec(&s);
	}
}

static void a_full_disk_is_told(void **state)
{
	struct job_spec s = shell_job("full", "yes | head -c 3000000; echo $? >../full-status");
	struct job_end end;
	struct err e = { 0 };

	(void)state;
	if (mount("none", s.dir, "tmpfs", 0, "size=64k") < 0) {
		release_spec(&s);
		print_message("# skipped: only root can mount\n");
		skip();
	}
	s.output_limit = 0;
	int rc = job_run(&s, &end, &e);
	char *unit = text_of("full", "unit.json");
	umount(s.dir);
	assert_int_equal(rc, -1);
	assert_null(unit);
	assert_non_null(strstr(e.msg, "/full/output.txt': No space left on device"));
	char *status = text_of("", "full-status"); /* it was not disturbed */
	assert_string_equal(status, "0\n");
	free(status);
	release_spec(&s);
}

static void an_unwritable_folder_is_told(void **state)
{
	struct job_spec s = shell_job("gone", "true");
	struct job_end end;
	struct err e = { 0 };
	char *path = xasprintf("%s/output.txt", s.dir);

	(void)state;
	assert_int_equal(dir_make(path, NULL), 0); /* stops root too */
	assert_int_equal(job_run(&s, &end, &e), -1);
	assert_non_null(strstr(e.msg, "/gone/output.txt': Is a directory"));
	char *text = text_of("gone", "job-error.txt");
	assert_non_null(strstr(text, "output.txt"));
	free(text);
	assert_int_equal(dir_remove(s.dir, NULL), 0);
	assert_int_equal(job_run(&s, &end, &e), -1);
	assert_non_null(strstr(e.msg, "/gone': No such file or directory"));
	free(path);
	release_spec(&s);
}

static void old_results_are_removed(void **state)
{
	struct job_spec s = shell_job("exit", "sleep 1000");
	struct job job;
	struct job_end end;

	(void)state;
	assert_int_equal(job_start(&s, &job, NULL), 0);
	usleep(200000);
	job_interrupt(&job);
	assert_int_equal(job_finish(&job, &end, NULL), 0);
	assert_true(end.interrupted);
	assert_null(unit_of("exit"));
	release_spec(&s);
	assert_int_equal(left_after(0), 0);
}

static void the_command_gets_only_its_descriptors(void **state)
{
	struct job_spec s = shell_job("fds", "readlink /proc/self/fd/0; exec ls /proc/self/fd");
	struct job_end end;
	int pipes[2];
	char expected[80];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	int extra = open("/dev/null", O_RDONLY), other = dup(extra); /* both would leak */
	s.keep_fds[0] = pipes[0];
	s.keep_fds[1] = pipes[1];
	s.hold_fd = extra;
	assert_int_equal(job_run(&s, &end, NULL), 0);
	char *text = text_of("fds", "output.txt");
	/* The last one is the folder that ls reads. */
	snprintf(expected, sizeof expected, "/dev/null\n0\n1\n2\n%d\n%d\n%d\n", pipes[0], pipes[1],
		pipes[1] + 1);
	assert_string_equal(text, expected);
	free(text);
	close(pipes[0]);
	close(pipes[1]);
	close(extra);
	close(other);
	release_spec(&s);
}

static void signals_are_as_in_a_new_process(void **state)
{
	struct job_end end;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run_script("mask",
		"grep -E 'SigBlk|SigIgn' /proc/self/status", &end, NULL), 0);
	signal(SIGPIPE, SIG_DFL);
	char *text = text_of("mask", "output.txt");
	assert_string_equal(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	free(text);
}

static void memory_of_a_tree_is_counted(void **state)
{
	struct job_spec s = shell_job("rss",
		"eat='$| = 1; $n = 60000000; $x = \"1\" x $n; print \"1\\n\"; sleep 1000'; "
		"perl -e \"$eat\" & exec perl -e \"$eat\"");
	struct job job;
	struct job_end end;
	char *text = NULL;

	(void)state;
	assert_int_equal(job_start(&s, &job, NULL), 0);
	for (int i = 0; i < 1000 && (!text || strcmp(text, "1\n1\n") != 0); i++) {
		free(text);
		usleep(10000);
		text = text_of("rss", "output.txt");
	}
	size_t rss = tree_rss(job.pid);
	job_interrupt(&job);
	assert_int_equal(job_finish(&job, &end, NULL), 0);
	assert_string_equal(text, "1\n1\n");
	assert_true(rss >= 120000000 && rss < 600000000);
	assert_true(end.max_rss >= 60000000 && end.max_rss < 300000000);
	free(text);
	release_spec(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_code_is_kept),
		cmocka_unit_test(unit_json_has_its_members),
		cmocka_unit_test(a_signal_is_kept),
		cmocka_unit_test(no_such_program),
		cmocka_unit_test(a_text_file_is_no_program),
		cmocka_unit_test(the_time_limit_aborts),
		cmocka_unit_test(who_ignores_the_abort_is_killed),
		cmocka_unit_test(what_is_left_behind_is_killed),
		cmocka_unit_test(who_is_just_ending_may_end),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(small_bounds),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(an_unwritable_folder_is_told),
		cmocka_unit_test(old_results_are_removed),
		cmocka_unit_test(the_command_gets_only_its_descriptors),
		cmocka_unit_test(signals_are_as_in_a_new_process),
		cmocka_unit_test(memory_of_a_tree_is_counted),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
