/* The shapes of prefixes, and lines that look like one and are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/prefix.h"

static const char text[] = "==123==ERROR: AddressSanitizer: x";

static void check(const char *prefix, int has_source)
{
	char line[400];
	unsigned source = 1;

	snprintf(line, sizeof line, "%s%s", prefix, text);
	size_t len = prefix_length(line, strlen(line), &source);
	if (strcmp(line + len, text) != 0)
		fail_msg("\"%s\": is left: %s", prefix, line + len);
	if ((source != 0) != has_source)
		fail_msg("\"%s\": source %u", prefix, source);
}

static void test_times(void **state)
{
	(void)state;
	check("", 0);
	check("2026-01-01T00:00:00.1234567Z ", 0);
	check("\xef\xbb\xbf"
	      "2026-01-01T00:00:00.1234567Z ",
	        0);
	check("2026-01-01T00:00:00.123456Z 01O ", 0);
	check("2026-01-01T00:00:00.123456Z 0aE+", 0);
	check("2026-01-01T00:00:00+01:00 ", 0);
	check("2026-01-01 00:00:00,123 ", 0);
	check("[2026-01-01T00:00:00.123Z] ", 0);
	check("00:00:00 ", 0);
	check("00:00:00.123 ", 0);
	check("[00:00:00] ", 0);
	check("[   12.345678] ", 0);
	check("[Thu Jan  1 00:00:00 2026] ", 0);
}

static void test_sources(void **state)
{
	(void)state;
	check("web_1  | ", 1);
	check("project-db-1 | ", 1);
	check("1: ", 1);
	check(" 12: ", 1);
	check("#12 0.123 ", 1);
	check("[1,0]<stderr>:", 1);
	check("[   12.345678][  T123] ", 1);
	check("[pod/a-1/b] ", 1);
	check("01-02 03:04:05.678  1234  1236 F DEBUG   : ", 1);
	check("F/DEBUG   ( 1234): ", 1);
	check("01-02 03:04:05.678 I/wrap.sh( 1234): ", 1);
	check("Jan  1 00:00:00 host prog[123]: ", 1);
	check("Jan 10 00:00:00 host prog: ", 0);
	check("build\tRun tests\t2026-01-01T00:00:00.1234567Z ", 1);
	check("2026-01-01T00:00:00.1234567Z web_1  | 3: ", 1);
	check("web-1  | 2026-01-01T00:00:00.123456789Z ", 1);
}

static unsigned source_of(const char *line)
{
	unsigned source;

	prefix_length(line, strlen(line), &source);
	return source;
}

static void test_same_source(void **state)
{
	(void)state;
	assert_int_equal(source_of("web_1 | 00:00:01 a"), source_of("web_1     | 00:00:02 b"));
	assert_int_not_equal(source_of("web_1 | a"), source_of("web_2 | a"));
	assert_int_not_equal(source_of("1: a"), source_of("2: a"));
}

static void test_none(void **state)
{
	static const char *const lines[] = {
		"    #0 0x4f4b44 in main a.cpp:5:10 (a.out+0x10)",
		"#12 0x123 in f",
		"#1  f (x=1) at a.c:3",
		"=================================================================",
		"READ of size 4 at 0x60 thread T0",
		"a.c:3:5: runtime error: load of null pointer",
		"==00:00:00:01.234 123== Invalid read of size 4",
		"Shadow bytes around the buggy address:",
		"  0x602000000000: fa fa 00 fa",
		"[1]: f",
		"May 2026",
		"12",
		"",
		" ",
		"[",
		"[   12",
		"2026-01-01T00:00:00",
		"Jan  1 00:00:00",
		"a\tb\tc",
		"name |x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		unsigned source;
		if (prefix_length(lines[i], strlen(lines[i]), &source) || source)
			fail_msg("\"%s\" was cut", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_same_source),
		cmocka_unit_test(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
