#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"

/* Every test works in an empty folder of its own. */
static int enter_scratch(void **state)
{
	char template[] = "/tmp/test_file.XXXXXX";

	*state = xstrdup(mkdtemp(template));
	return *state ? chdir(*state) : -1;
}

static int leave_scratch(void **state)
{
	int rc = chdir("/") < 0 || dir_remove(*state, NULL) < 0 || path_exists(*state);

	free(*state);
	return rc ? -1 : 0;
}

static void write_text(const char *path, const char *text)
{
	struct err e = { 0 };

	if (file_write(path, text, strlen(text), &e) < 0)
		fail_msg("%s", e.msg);
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	struct buf b = { 0 };

	write_text("f", "old");
	assert_int_equal(file_write("f", "a\0b", 3, NULL), 0);
	buf_addstr(&b, "before ");
	assert_int_equal(file_read("f", &b, 0, NULL), 0);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "before a\0b", 11);
	buf_release(&b);
}

static void writing_leaves_no_temporary_file(void **state)
{
	(void)state;
	struct strv names = { 0 };

	write_text("f", "text");
	mkdir("folder", 0777);
	assert_int_equal(file_write("folder", "x", 1, NULL), -1);
	assert_int_equal(dir_list(".", &names, NULL), 0);
	assert_int_equal(names.n, 2);
	strv_release(&names);
}

static void reading_is_bounded(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct err e = { 0 };

	write_text("f", "0123456789");
	assert_int_equal(file_read("f", &b, 10, &e), 0);
	assert_int_equal(file_read("f", &b, 9, &e), -1);
	assert_int_equal(e.code, EXIT_USAGE);
	assert_non_null(strstr(e.msg, "'f' is larger than 9 bytes"));
	buf_release(&b);
}

static void absent_files_are_named(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct strv names = { 0 };
	struct err e = { 0 };

	assert_int_equal(file_read("absent", &b, 0, &e), -1);
	assert_non_null(strstr(e.msg, "'absent': No such file"));
	assert_int_equal(dir_list("nowhere", &names, &e), -1);
	assert_non_null(strstr(e.msg, "'nowhere'"));
	assert_int_equal(file_write("no/folder/f", "", 0, &e), -1);
	assert_non_null(strstr(e.msg, "no/folder/f"));
	assert_false(path_exists("absent"));
}

static void a_full_disk_is_an_error(void **state)
{
	(void)state;
	struct err e = { 0 };

	/* the temporary file is a link to a device without room */
	char *temporary = xasprintf("f.%ld.new", (long)getpid());
	assert_int_equal(symlink("/dev/full", temporary), 0);
	assert_int_equal(file_write("f", "text", 4, &e), -1);
	assert_int_equal(e.code, EXIT_INFRASTRUCTURE);
	assert_non_null(strstr(e.msg, "No space left"));
	assert_false(path_exists("f"));
	assert_false(path_exists(temporary));
	free(temporary);
}

static void folders_are_made_with_those_above(void **state)
{
	(void)state;
	struct err e = { 0 };

	assert_int_equal(dir_make("a/b//c", &e), 0);
	assert_int_equal(dir_make("a/b/c", &e), 0);
	assert_true(path_exists("a/b/c"));
	write_text("a/file", "");
	assert_int_equal(dir_make("a/file/x", &e), -1);
	assert_non_null(strstr(e.msg, "'a/file'"));
}

static void removing_takes_all_but_what_links_point_to(void **state)
{
	(void)state;

	dir_make("kept", NULL);
	write_text("kept/f", "");
	dir_make("gone/a/b", NULL);
	write_text("gone/a/b/f", "");
	assert_int_equal(symlink("../kept", "gone/link"), 0);
	chmod("gone/a/b", 0);
	chmod("gone/a", 0500);
	assert_int_equal(dir_remove("gone", NULL), 0);
	assert_false(path_exists("gone"));
	assert_true(path_exists("kept/f"));
	assert_int_equal(dir_remove("gone", NULL), 0);
}

static void names_are_listed_in_order(void **state)
{
	(void)state;
	struct strv names = { 0 };

	write_text("b", "");
	write_text("B", "");
	write_text(".a", "");
	strv_push(&names, "z");
	assert_int_equal(dir_list(".", &names, NULL), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], "z");
	assert_string_equal(names.v[1], ".a");
	assert_string_equal(names.v[2], "B");
	assert_string_equal(names.v[3], "b");
	strv_release(&names);
}

static void absolute_paths_need_not_exist(void **state)
{
	char *here = realpath(*state, NULL), *p = path_absolute("a/b"), *q = path_absolute("/no/such");
	char *expected = xasprintf("%s/a/b", here), *dot = path_absolute(".");

	assert_string_equal(p, expected);
	assert_string_equal(q, "/no/such");
	assert_string_equal(dot, here);
	free(here);
	free(p);
	free(q);
	free(expected);
	free(dot);
}

static void assert_encoded(const char *name, const char *expected)
{
	char *s = path_encode(name);

	assert_string_equal(s, expected);
	free(s);
}

static void names_are_safe_as_file_names(void **state)
{
	(void)state;

	assert_encoded("test_a.b-C+9", "test_a.b-C+9");
	assert_encoded("..", "%2E.");
	assert_encoded("a/b c", "a%2Fb%20c");
	assert_encoded("$('\n%", "%24%28%27%0A%25");
	assert_encoded("\xff", "%FF");
}

static void long_names_stay_different(void **state)
{
	(void)state;
	char a[1001], b[1001];

	memset(a, 'x', 1000);
	a[1000] = 0;
	memcpy(b, a, sizeof b);
	b[999] = 'y';
	char *encoded_a = path_encode(a), *encoded_b = path_encode(b);
	assert_true(strlen(encoded_a) <= 150);
	assert_string_not_equal(encoded_a, encoded_b);
	free(encoded_a);
	free(encoded_b);
}

static void the_cache_follows_the_environment(void **state)
{
	(void)state;

	setenv("XDG_CACHE_HOME", "/x", 1);
	setenv("HOME", "/me", 1);
	char *p = cache_dir();
	assert_string_equal(p, "/x/sanmatrix");
	free(p);
	/* a relative path is to be ignored, says the specification */
	setenv("XDG_CACHE_HOME", "x", 1);
	p = cache_dir();
	assert_string_equal(p, "/me/.cache/sanmatrix");
	free(p);
}

static void times_have_no_zone(void **state)
{
	(void)state;
	char text[20];
	double before = clock_now();

	clock_format(1763619660, text);
	assert_string_equal(text, "2025-11-20T06:21:00");
	assert_true(clock_now() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read_back, enter_scratch,
			leave_scratch),
		cmocka_unit_test_setup_teardown(writing_leaves_no_temporary_file, enter_scratch,
			leave_scratch),
		cmocka_unit_test_setup_teardown(reading_is_bounded, enter_scratch, leave_scratch),
		cmocka_unit_test_setup_teardown(absent_files_are_named, enter_scratch, leave_scratch),
		cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, enter_scratch, leave_scratch),
		cmocka_unit_test_setup_teardown(folders_are_made_with_those_above, enter_scratch,
			leave_scratch),
		cmocka_unit_test_setup_teardown(removing_takes_all_but_what_links_point_to,
			enter_scratch, leave_scratch),
		cmocka_unit_test_setup_teardown(names_are_listed_in_order, enter_scratch, leave_scratch),
		cmocka_unit_test_setup_teardown(absolute_paths_need_not_exist, enter_scratch,
			leave_scratch),
		cmocka_unit_test(names_are_safe_as_file_names),
		cmocka_unit_test(long_names_stay_different),
		cmocka_unit_test(the_cache_follows_the_environment),
		cmocka_unit_test(times_have_no_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
