/*
 * What is written: hostile texts, names that are equal, columns.
 */
#include <stdio.h>

#include <jansson.h>

#include "reports/clean.h"
#include "reports/tests/written.h"

static void check_clean(const char *text, size_t len, size_t max, const char *expected)
{
	struct buf b = { 0 };

	clean_text(&b, text, len, max);
	assert_string_equal(b.data ? b.data : "", expected);
	buf_release(&b);
}

static void bad_bytes_are_shown_and_colour_is_dropped(void **state)
{
	(void)state;
#define CLEAN(in, out) check_clean(in, sizeof in - 1, 0, out)
	CLEAN("plain \xc3\xa9 \xf0\x9f\x90\x8d\n", "plain \xc3\xa9 \xf0\x9f\x90\x8d\n");
	CLEAN("\033[1;31mred\033[0m", "red");
	CLEAN("\033]8;;http://x\033\\link\033]8;;\007", "link");
	CLEAN("\033", "[0x1B]");
	CLEAN("\033[12", "[0x1B][12");
	CLEAN("a\0b", "a[0x00]b");
	CLEAN("\xff\xc3", "[0xFF][0xC3]");
	CLEAN("\xed\xa0\x80", "[0xED][0xA0][0x80]"); /* a surrogate */
	CLEAN("\xef\xbf\xbe", "[0xEF][0xBF][0xBE]"); /* U+FFFE */
	CLEAN("\xc0\xaf", "[0xC0][0xAF]");	     /* overlong */
	CLEAN("a\r\nb\rc", "a\nb\nc");
	CLEAN("]]>", "]]>");
	check_clean("0123456789abcdef", 16, 12, "01234\n[11 bytes more were left out here]");
}

static void a_line_is_one_line_and_bounded(void **state)
{
	(void)state;
	char *line = clean_line("  a\n\n b\t\033[1mc ", 100);

	assert_string_equal(line, "a b c");
	free(line);
	line = clean_line("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 8);
	assert_string_equal(line, "\xc3\xa9\xc3\xa9\xc3\xa9...");
	free(line);
	line = clean_line(NULL, 8);
	assert_string_equal(line, "");
	free(line);
}

static void junit_holds_what_was_said(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2");
	put("asan/units/test_a/output.txt", "\033[31m]]>&lt;<tag> \xff\xef\xbf\xbe\n");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(//testcase/@classname)", "asan.test_a");
	check_xml(xml, "string(contains(//error, '\n]]>&lt;<tag> [0xFF][0xEF][0xBF][0xBE]\n'))",
		   "true");
	assert_null(strstr(xml, "CDATA"));
	check_xml(xml, "string(//testsuite/@time)", "1.500");
	check_xml(xml, "string(//testsuite/@timestamp)", "2026-11-20T06:00:00");
	assert_non_null(strstr(xml, "[[ATTACHMENT|asan/units/test_a/output.txt]]\n"));
	free(xml);
	results_release(&r);
}

static void equal_names_are_told_apart(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/junit.xml", "<testsuite><testcase classname='c' name='n'/><testcase "
	    "classname='c' name='n'/><testcase classname='c' name='n'/></testsuite>");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "count(//testcase[@name='n'])", "1");
	check_xml(xml, "count(//testcase[@name='n [2]'])", "1");
	check_xml(xml, "count(//testcase[@name='n [3]'])", "1");
	free(xml);
	results_release(&r);
}

static void each_finding_of_a_test_is_a_failure_of_its_own(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, "f");
	put_asan("asan/units/test_a/asan.2", 2, "g");
	put_asan("asan/units/test_a/asan.3", 3, "g");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "count(//failure)", "2");
	check_xml(xml, "count(//testcase[count(*[not(self::system-out)]) > 1])", "0");
	check_xml(xml, "string(//failure/@type)", "heap-use-after-free");
	check_xml(xml, "count(//failure[contains(., 'READ of size 8')])", "2");
	check_xml(xml, "count(//testcase[@file='/src/a.c'][@line='3'])", "2");
	free(xml);
	xml = written(&r, write_junit, JUNIT_STRICT);
	check_xml(xml, "count(//testcase/@file | //testcase/@line | /testsuites/@*)", "0");
	check_xml(xml, "count(//testcase/system-out)", "0");
	check_xml(xml, "string(//testsuite/@id)", "0");
	free(xml);
	results_release(&r);
}

static void a_huge_text_is_cut(void **state)
{
	(void)state;
	struct results r;
	char *huge = xcalloc(1, 3000001), *start = huge;

	memset(huge, 'x', 3000000);
	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2");
	char *xml = xasprintf("<testsuite><testcase name='t'><failure message='m'>%s</failure>"
			      "</testcase></testsuite>", start);
	put("asan/units/test_a/junit.xml", xml);
	free(xml);
	read_folder(&r);
	xml = written(&r, write_junit, 0);
	check_xml(xml, "string-length(//failure) < 1000100", "true");
	check_xml(xml, "string-length(//failure) > 900000", "true");
	free(xml);
	free(huge);
	results_release(&r);
}

static void controls_are_a_suite(void **state)
{
	(void)state;
	struct results r;

	put_run("");
	put("asan/cell.json",
	    "{\"state\": \"blind\", \"reason\": \"missed race\", \"controls\": ["
	    "{\"name\": \"race\", \"summary\": \"two threads\", \"expected\": {\"tool\": \"tsan\", "
	    "\"kind\": \"data race\", \"category\": \"race\"}, \"seen\": false, \"found\": []},"
	    "{\"name\": \"free\", \"expected\": {\"tool\": \"asan\", \"kind\": \"double-free\", "
	    "\"category\": \"invalid-free\"}, \"seen\": true, \"found\": []},"
	    "{\"name\": \"leak\", \"expected\": null, \"seen\": false, \"found\": "
	    "[{\"tool\": \"lsan\", \"kind\": \"Direct leak\"}]}]}");
	read_folder(&r);
	char *xml = written(&r, write_junit, 0);
	check_xml(xml, "string(//testsuite[@name='asan.controls']/@failures)", "1");
	check_xml(xml, "string(//testcase[@name='race']/failure/@type)", "missed");
	check_xml(xml, "count(//testcase[@name='free']/*)", "0");
	check_xml(xml, "contains(//testcase[@name='leak']/skipped/@message, 'lsan Direct leak')",
		   "true");
	free(xml);
	results_release(&r);
}

static void json_has_the_schemas_members_in_order(void **state)
{
	(void)state;
	static const char *const members[] = {
		"tool", "kind", "category", "cwe", "message", "severity", "access",
		"stacks", "python", "fingerprint", "bucket", "defect", "status", "reason", "count",
		"occurrences",
	};
	struct results r;
	size_t i = 0;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, "f\xff\033[1m");
	read_folder(&r);
	char *text = written(&r, write_json, 0);
	json_t *json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "schema")),
			    "sanmatrix-findings/1");
	json_t *f = json_array_get(json_object_get(json, "findings"), 0), *value;
	const char *name;
	json_object_foreach(f, name, value)
		assert_string_equal(name, members[i++]);
	assert_int_equal(i, sizeof members / sizeof *members);
	json_t *o = json_array_get(json_object_get(f, "occurrences"), 0);
	assert_string_equal(json_string_value(json_object_get(o, "unit")), "test_a");
	assert_int_equal(json_integer_value(json_object_get(o, "pid")), 1);
	assert_true(json_is_array(json_object_get(json, "unparsed")));
	json_decref(json);
	free(text);
	results_release(&r);
}

static void no_line_of_the_summary_is_too_long(void **state)
{
	(void)state;
	struct results r;
	char *text = NULL, name[400];
	size_t len;

	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = 0;
	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, name);
	read_folder(&r);
	FILE *f = open_memstream(&text, &len);
	assert_int_equal(write_summary(&r, f, 0, NULL), 0);
	fclose(f);
	assert_null(strchr(text, '\033'));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 100 || !strncmp(line, "  again: ", 9));
	free(text);
	results_release(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_bytes_are_shown_and_colour_is_dropped),
		cmocka_unit_test(a_line_is_one_line_and_bounded),
		CASE(junit_holds_what_was_said),
		CASE(equal_names_are_told_apart),
		CASE(each_finding_of_a_test_is_a_failure_of_its_own),
		CASE(a_huge_text_is_cut),
		CASE(controls_are_a_suite),
		CASE(json_has_the_schemas_members_in_order),
		CASE(no_line_of_the_summary_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
