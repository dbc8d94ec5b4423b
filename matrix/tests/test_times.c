/* Recorded durations and shipped estimates. */
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
#include "matrix/times.h"

static char root[40], record[80], shipped[80];

static int make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/test-times.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(record, sizeof record, "%s/times.tsv", root);
	snprintf(shipped, sizeof shipped, "%s/estimates.tsv", root);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	return dir_remove(root, NULL);
}

static void write_text(const char *path, const char *text)
{
	assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
}

static void check(const struct times *t, const char *cell, const char *unit, double wanted,
	size_t wanted_memory)
{
	double seconds = -1;
	size_t memory = 77;

	assert_int_equal(times_get(t, "rt-1", cell, unit, 10, &seconds, &memory), wanted >= 0);
	assert_true(seconds > wanted - 0.002 && seconds < wanted + 0.002);
	assert_int_equal(memory, wanted_memory);
}

static void nothing_is_known_at_first(void **state)
{
	struct times *t = times_load(record, NULL);

	(void)state;
	check(t, "asan", "u", -1, 77);
	assert_int_equal(times_save(t, NULL), 0);
	assert_false(path_exists(record));
	times_free(t);
}

static void shipped_lines_go_from_special_to_general(void **state)
{
	(void)state;
	write_text(shipped, "# comment\tx\ty\t1\t1\n"
			    "rt-1\tasan\tu\t5.5\t1000\n"
			    "*\tasan\tu\t6\t1001\n*\tasan\tv\t7\t1002\n"
			    "rt-1\t*\tw\t0.25\t0\n*\t*\tx\t0.5\t1003\n"
			    "*\tasan\t*\t3\t1004\n*\t*\t*\t1\t0\n"
			    "broken\nrt-1\tasan\tz\tNaN\t5\n"
			    "rt-1\tasan\tz\t-1\t5\nrt-1\tasan\tz\t\t");
	struct times *t = times_load(record, shipped);
	check(t, "asan", "u", 5.5, 1000);
	check(t, "asan", "v", 7, 1002);
	check(t, "asan", "w", 2.5, 77); /* a plain build's time, ten times slower */
	check(t, "tsan", "x", 5, 1003);
	check(t, "asan", "z", 3, 1004);
	check(t, "tsan", "z", 10, 77);
	times_free(t);
}

static void what_is_recorded_wins_and_is_kept(void **state)
{
	static const char odd[] = "a\tb\nc *%$() \xc3\xa4";
	struct times *t = times_load(record, shipped);

	(void)state;
	times_set(t, "rt-1", "asan", "u", 40, 2000);
	times_set(t, "rt-1", "asan", odd, 3, 5);
	check(t, "asan", "u", 40, 2000);
	assert_int_equal(times_save(t, NULL), 0);
	check(t, "asan", "u", 40, 2000);
	times_free(t);
	t = times_load(record, shipped);
	check(t, "asan", "u", 40, 2000);
	check(t, "asan", odd, 3, 5);
	times_set(t, "rt-1", "asan", "u", 20, 3000);
	check(t, "asan", "u", 30, 3000); /* the middle of both */
	times_free(t); /* not saved */
	t = times_load(record, shipped);
	check(t, "asan", "u", 40, 2000);
	times_free(t);
}

static void two_writers_keep_each_others_lines(void **state)
{
	struct times *a = times_load(record, NULL), *b = times_load(record, NULL);

	(void)state;
	times_set(a, "rt-1", "c", "a", 1, 1);
	times_set(b, "rt-1", "c", "b", 2, 2);
	assert_int_equal(times_save(a, NULL), 0);
	assert_int_equal(times_save(b, NULL), 0);
	check(b, "c", "a", 1, 1);
	times_free(a);
	times_free(b);
	a = times_load(record, NULL);
	check(a, "c", "a", 1, 1);
	check(a, "c", "b", 2, 2);
	times_free(a);
}

static void an_unwritable_record_is_told(void **state)
{
	struct times *t = times_load("/nonexistent/times.tsv", NULL);
	struct err e = { 0 };

	(void)state;
	times_set(t, "r", "c", "u", 1, 1);
	assert_int_equal(times_save(t, &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/times.tsv"));
	times_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(shipped_lines_go_from_special_to_general),
		cmocka_unit_test(what_is_recorded_wins_and_is_kept),
		cmocka_unit_test(two_writers_keep_each_others_lines),
		cmocka_unit_test(an_unwritable_record_is_told),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
