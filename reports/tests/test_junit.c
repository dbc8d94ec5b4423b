/*
 * JUnit: what each reader of it needs, beyond what test_write.c asks for.
 */
#include "reports/tests/written.h"

static void put_case(const char *path, const char *inner)
{
	char *xml = xasprintf("<testsuite><testcase classname='c' name='n'>%s</testcase></testsuite>",
			      inner);

	put(path, xml);
	free(xml);
}

static void what_passed_at_last_is_a_flaky_failure(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2, \"attempt\": 1");
	put_case("asan/units/test_a/junit.xml", "<failure message='&lt;once&gt;'>trace ]]&gt;</failure>");
	put("asan/units/test_a/attempt-2/unit.json", "{\"cell\": \"asan\", \"unit\": \"test_a\", "
						     "\"exit_code\": 0, \"attempt\": 2}");
	put_case("asan/units/test_a/attempt-2/junit.xml", "");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(//testsuite/@failures)", "0");
	check_xml(xml, "count(//failure | //error)", "0");
	check_xml(xml, "string(//testcase[@name='n']/flakyFailure/@message)", "attempt 1: <once>");
	check_xml(xml, "string(//testcase[@name='n']/flakyFailure/@type)", "failed");
	check_xml(xml, "string(//flakyFailure/stackTrace)", "trace ]]>");
	free(xml);
	xml = written(&r, write_junit, JUNIT_STRICT); /* windyroad knows no such element */
	check_xml(xml, "count(//testcase[@name='n']/*)", "0");
	free(xml);
	results_release(&r);
}

static void what_fails_again_and_again_is_one_failure(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2, \"attempt\": 1");
	put_case("asan/units/test_a/junit.xml", "<failure message='first'>x</failure>");
	put("asan/units/test_a/attempt-2/unit.json", "{\"cell\": \"asan\", \"unit\": \"test_a\", "
						     "\"exit_code\": 2, \"attempt\": 2}");
	put_case("asan/units/test_a/attempt-2/junit.xml", "<failure message='second'>y</failure>");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(//testsuite/@failures)", "1");
	check_xml(xml, "string(//testcase[@name='n']/failure/@message)", "second");
	check_xml(xml, "count(//flakyFailure)", "0");
	free(xml);
	results_release(&r);
}

static void what_is_known_is_skipped_with_its_reason(void **state)
{
	(void)state;
	struct results r = { 0 };
	struct err e = { 0 };
	size_t added;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, "f");
	read_folder(&r);
	char *path = xasprintf("%s/base.conf", folder);
	assert_int_equal(results_write_baseline(&r, path, "gh-1 <waits>", &added, &e), 0);
	results_release(&r);
	r = (struct results){ 0 };
	assert_int_equal(results_baseline(&r, path, &e), 0);
	assert_int_equal(results_add(&r, folder, &e), 0);
	results_finish(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(/testsuites/@failures)", "0");
	check_xml(xml, "string(/testsuites/@errors)", "0");
	check_xml(xml, "contains(//skipped/@message, 'gh-1 <waits>')", "true");
	free(xml);
	free(path);
	results_release(&r);
}

static void a_missing_cell_is_an_error(void **state)
{
	(void)state;
	struct results r;

	put("run.json", "{\"runtime\": \"rt-1\", \"cells\": [{\"name\": \"tsan\", \"requested\": true, "
			"\"units\": [\"test_a\"]}]}");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "count(//testcase[@classname='tsan.cell']/error[@message])", "1");
	free(xml);
	results_release(&r);
}

static void suites_have_their_properties_and_valid_attributes(void **state)
{
	(void)state;
	struct results r;

	put("run.json", "{\"runtime\": \"rt-1\", \"version\": \"1.2\", \"hashseed\": \"7\", "
			"\"hostname\": \" \\n \", \"started\": \"2026-02-30T06:00:00\", \"cells\": "
			"[{\"name\": \"asan\", \"requested\": true, \"units\": []}]}");
	put("asan/cell.json", "{\"state\": \"ready\", \"properties\": {\"compiler\": \"cc 1\", "
			      "\"cflags\": \"-g\", \"options\": \"A=b\", \" \": \"no name\"}}");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(//testsuite/@hostname)", "localhost");
	check_xml(xml, "string(//testsuite/@timestamp)", "1970-01-01T00:00:00");
	static const char *const pairs[][2] = { { "runtime", "rt-1" }, { "version", "1.2" },
						{ "cell", "asan" },    { "seed", "7" },
						{ "compiler", "cc 1" }, { "cflags", "-g" },
						{ "options", "A=b" } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char *path = xasprintf("string(//property[@name='%s']/@value)", pairs[i][0]);
		check_xml(xml, path, pairs[i][1]);
		free(path);
	}
	check_xml(xml, "count(//property[@name=''])", "0");
	check_xml(xml, "name(//testsuite/*[1])", "properties");
	check_xml(xml, "name(//testsuite/*[last()])", "system-err");
	free(xml);
	results_release(&r);
}

static void a_report_ends_with_the_command(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, "f");
	read_folder(&r);
	char *xml = written(&r, write_junit, JUNIT_STRICT);
	check_xml(xml, "starts-with(//failure, '==1==ERROR: AddressSanitizer')", "true");
	check_xml(xml, "substring-after(//failure, 'again: ')",
		  "sanmatrix run --runtime rt-1 --cell asan --unit=test_a --out out/again\n");
	free(xml);
	results_release(&r);
}

/* The second case that a long report is told in has only its beginning. */
static void a_long_report_is_told_once(void **state)
{
	(void)state;
	struct results r;
	struct buf b = { 0 };

	buf_addf(&b, ASAN_REPORT, 1, "f", "f", 1);
	char *frame = strstr(b.data, "    #1");
	struct buf log = { 0 };
	buf_add(&log, b.data, (size_t)(frame - b.data));
	for (int i = 1; i < 4000; i++)
		buf_addf(&log, "    #%d 0x56 in g%d /src/a.c:%d:2\n", i, i, i);
	buf_addstr(&log, "\nSUMMARY: AddressSanitizer: heap-use-after-free /src/a.c:3:5 in f\n");
	put_run("\"test_a\", \"test_b\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_unit("test_b", "\"exit_code\": 1");
	put("asan/units/test_a/asan.1", log.data);
	put("asan/units/test_b/asan.1", log.data);
	read_folder(&r);
	assert_int_equal(r.finding_count, 1);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "count(//failure)", "2");
	check_xml(xml, "string-length(//testcase[@classname='asan.test_a']/failure) > 100000", "true");
	check_xml(xml, "string-length(//testcase[@classname='asan.test_b']/failure) < 70000", "true");
	free(xml);
	buf_release(&b);
	buf_release(&log);
	results_release(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		CASE(what_passed_at_last_is_a_flaky_failure),
		CASE(what_fails_again_and_again_is_one_failure),
		CASE(what_is_known_is_skipped_with_its_reason),
		CASE(a_missing_cell_is_an_error),
		CASE(suites_have_their_properties_and_valid_attributes),
		CASE(a_report_ends_with_the_command),
		CASE(a_long_report_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
