#include "reports/tests/folder.h"

static const char passing[] =
	"<testsuites><testsuite tests='2'><testcase name='test.test_a.C.test_one' time='0.5'/>"
	"<testcase name='test.test_a.C.test_two' time='0.1'><skipped>no root</skipped></testcase>"
	"</testsuite></testsuites>";

static void a_clean_unit_is_its_runners_cases(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/junit.xml", passing);
	read_folder(&r);
	assert_int_equal(r.totals.tests, 2);
	assert_int_equal(the_case(&r, "test.test_a.C", "test_one")->outcome, OUTCOME_PASSED);
	assert_string_equal(the_case(&r, "test.test_a.C", "test_two")->message, "no root");
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
}

static void a_childs_report_fails_a_passing_unit(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/junit.xml", passing);
	put_asan("asan/units/test_a/asan.77", 77, "f");
	read_folder(&r);
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_FAILED);
	assert_string_equal(c->finding->kind, "heap-use-after-free");
	assert_string_equal(c->occurrence->log, "asan/units/test_a/asan.77");
	assert_int_equal(c->occurrence->pid, 77);
	assert_string_equal(c->occurrence->runtime, "rt-1");
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
}

static void a_report_in_the_output_is_of_the_running_test(void **state)
{
	(void)state;
	struct results r;
	char *text = xasprintf("test_one (test.test_a.C.test_one) ... ok\n"
			       "test_two (test.test_a.C.test_two) ... " ASAN_REPORT, 5, "f", "f", 5);

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put("asan/units/test_a/output.txt", text);
	read_folder(&r);
	assert_int_equal(r.finding_count, 1);
	assert_non_null(the_case(&r, "test.test_a.C", "test_two")->finding);
	assert_int_equal(r.totals.tests, 2);
	results_release(&r);
	free(text);
}

static void an_unexplained_exit_code_is_an_error(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2");
	put("asan/units/test_a/junit.xml", passing);
	put("asan/units/test_a/output.txt", "first\nModuleNotFoundError: no such thing\n");
	read_folder(&r);
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_ERROR);
	assert_string_equal(c->finding->kind, "exit");
	assert_non_null(strstr(c->finding->message, "exit code 2"));
	assert_non_null(strstr(c->finding->text, "ModuleNotFoundError"));
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
}

static void a_failed_case_explains_the_exit_code(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 2");
	put("asan/units/test_a/junit.xml",
	    "<testsuite><testcase name='t'><failure message='1 != 2'>trace</failure></testcase>"
	    "</testsuite>");
	read_folder(&r);
	assert_int_equal(r.totals.tests, 1);
	assert_string_equal(the_case(&r, "test_a", "t")->message, "1 != 2");
	assert_string_equal(the_case(&r, "test_a", "t")->text, "trace");
	results_release(&r);
}

static void a_skipped_module_is_a_skipped_case(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\", \"test_b\", \"test_c\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/output.txt", "0:00:00 [1/1] test_a\n"
	    "test_a skipped -- No module named 'winreg'\n0:00:00 [1/1] test_a skipped\n");
	put_unit("test_b", "\"exit_code\": 4");
	put("asan/units/test_b/output.txt", "0:00:00 [1/1] test_b skipped (resource denied)\n");
	put_unit("test_c", "\"exit_code\": 0");
	put("asan/units/test_c/output.txt", "xtest_c skipped -- is another unit\n");
	read_folder(&r);
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_SKIPPED);
	assert_string_equal(c->message, "No module named 'winreg'");
	c = the_case(&r, "test_b", "test_b");
	assert_int_equal(c->outcome, OUTCOME_SKIPPED);
	assert_string_equal(c->message, "resource denied");
	assert_int_equal(the_case(&r, "test_c", "test_c")->outcome, OUTCOME_PASSED);
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
}

static void a_planned_unit_without_result_is_missing(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\", \"test_b\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_b/output.txt", "begun\n");
	read_folder(&r);
	assert_int_equal(the_case(&r, "test_b", "test_b")->outcome, OUTCOME_ERROR);
	assert_int_equal(r.totals.missing, 1);
	assert_int_equal(results_status(&r), EXIT_INFRASTRUCTURE);
	results_release(&r);
}

static void green_of_a_blind_cell_does_not_count(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put("asan/cell.json",
	    "{\"state\": \"ready\", \"controls\": [{\"name\": \"race\", \"expected\": {\"tool\": "
	    "\"tsan\", \"kind\": \"data race\", \"category\": \"race\"}, \"seen\": false, "
	    "\"found\": []}, {\"name\": \"leak\", \"expected\": null, \"seen\": false, \"found\": "
	    "[{\"tool\": \"lsan\", \"kind\": \"Direct leak\"}]}]}");
	put_unit("test_a", "\"exit_code\": 0");
	read_folder(&r);
	assert_string_equal(r.cells[0].state, "blind");
	assert_int_equal(r.totals.passed, 0);
	assert_non_null(strstr(the_case(&r, "test_a", "test_a")->message, "race"));
	assert_string_equal(r.cells[0].controls[0].found, "lsan Direct leak");
	assert_int_equal(r.cells[0].cases[0].outcome, OUTCOME_ERROR);
	assert_int_equal(results_status(&r), EXIT_INFRASTRUCTURE);
	results_release(&r);
}

static int status_of_state(const char *cell, enum outcome *outcome)
{
	struct results r;

	put("asan/cell.json", cell);
	read_folder(&r);
	int status = results_status(&r);
	*outcome = r.cells[0].cases[0].outcome;
	results_release(&r);
	return status;
}

static void cells_that_cannot_run_are_told(void **state)
{
	(void)state;
	enum outcome o;

	put("run.json", "{\"cells\": [{\"name\": \"asan\", \"requested\": false, \"units\": []}]}");
	assert_int_equal(status_of_state("{\"state\": \"unavailable\"}", &o), EXIT_NOTHING);
	assert_int_equal(o, OUTCOME_SKIPPED);
	assert_int_equal(status_of_state("{\"state\": \"unavailable\", \"requested\": true}", &o),
			 EXIT_INFRASTRUCTURE);
	assert_int_equal(o, OUTCOME_ERROR);
	assert_int_equal(status_of_state("{\"state\": \"failed\", \"reason\": \"make: 2\"}", &o),
			 EXIT_INFRASTRUCTURE);
	assert_int_equal(o, OUTCOME_ERROR);
	assert_int_equal(status_of_state("not JSON", &o), EXIT_INFRASTRUCTURE);
	assert_int_equal(o, OUTCOME_ERROR);
}

static void a_cell_without_cell_json_is_missing(void **state)
{
	(void)state;
	struct results r;

	put("run.json", "{\"cells\": [{\"name\": \"asan\", \"units\": [\"test_a\"]}]}");
	read_folder(&r);
	assert_string_equal(r.cells[0].state, "missing");
	assert_int_equal(r.totals.missing, 2);
	assert_int_equal(results_status(&r), EXIT_INFRASTRUCTURE);
	results_release(&r);
}

static void left_out_units_have_their_reason(void **state)
{
	(void)state;
	struct results r;

	put_run("");
	put("asan/cell.json", "{\"state\": \"ready\", \"skipped\": [{\"unit\": \"test_fork\", "
	    "\"reason\": \"deadlocks\", \"issue\": \"gh-89363\"}]}");
	read_folder(&r);
	assert_string_equal(the_case(&r, "test_fork", "test_fork")->message,
			    "deadlocks (gh-89363)");
	results_release(&r);
}

static void a_runners_xml_that_is_cut_gives_its_whole_cases(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/junit.xml",
	    "<testsuites><testsuite><testcase name='m.one'/><testcase name='m.two'><failure "
	    "message='bad'/></testcase><testcase name='m.three'><failure message='wor");
	read_folder(&r);
	assert_int_equal(r.totals.tests, 2);
	assert_int_equal(the_case(&r, "m", "two")->outcome, OUTCOME_FAILED);
	results_release(&r);
}

static void entities_are_not_expanded(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put("asan/units/test_a/junit.xml",
	    "<!DOCTYPE t [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
	    "<testsuite><testcase name='&b;&b;&b;'/></testsuite>");
	read_folder(&r);
	assert_int_equal(r.totals.tests, 1);
	assert_int_equal(the_case(&r, "test_a", "test_a")->outcome, OUTCOME_PASSED);
	results_release(&r);
}

static void any_unit_name_will_do(void **state)
{
	(void)state;
	struct results r;

	put_run("\"a b\", \"a\\nb\", \"$(x) '\\\"<&\"");
	put("asan/units/1/unit.json", "{\"unit\": \"a b\", \"exit_code\": 0}");
	put("asan/units/2/unit.json", "{\"unit\": \"a\\nb\", \"exit_code\": 3}");
	put("asan/units/3/unit.json", "{\"unit\": \"$(x) '\\\"<&\", \"exit_code\": 0}");
	read_folder(&r);
	assert_int_equal(r.totals.tests, 3);
	assert_int_equal(r.totals.missing, 0);
	assert_int_equal(the_case(&r, "a\nb", "a\nb")->outcome, OUTCOME_ERROR);
	assert_int_equal(the_case(&r, "a b", "a b")->outcome, OUTCOME_PASSED);
	results_release(&r);
}

static void raw_logs_have_findings_without_a_cell(void **state)
{
	(void)state;
	struct results r;

	put_asan("logs/deep/x.log", 3, "f");
	put_asan("logs/y.log", 4, "f");
	read_folder(&r);
	assert_int_equal(r.finding_count, 1);
	assert_int_equal(r.findings[0]->count, 2);
	assert_null(r.findings[0]->occurrences[0].cell);
	assert_int_equal(r.logs, 2);
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
}

static void one_units_folder_alone_can_be_read(void **state)
{
	(void)state;
	struct results r = { 0 };
	char *dir = xasprintf("%s/asan/units/test_a", folder);

	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.5", 5, "f");
	put_asan("asan/units/test_a/asan.6", 6, "f");
	assert_int_equal(results_add_unit(&r, dir, NULL), 0);
	assert_int_equal(r.finding_count, 1);
	assert_int_equal(r.findings[0]->count, 2);
	assert_string_equal(r.findings[0]->occurrences[0].unit, "test_a");
	assert_int_equal(r.totals.failed, 1);
	results_release(&r);
	free(dir);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		CASE(a_clean_unit_is_its_runners_cases),
		CASE(a_childs_report_fails_a_passing_unit),
		CASE(a_report_in_the_output_is_of_the_running_test),
		CASE(an_unexplained_exit_code_is_an_error),
		CASE(a_failed_case_explains_the_exit_code),
		CASE(a_skipped_module_is_a_skipped_case),
		CASE(a_planned_unit_without_result_is_missing),
		CASE(green_of_a_blind_cell_does_not_count),
		CASE(cells_that_cannot_run_are_told),
		CASE(a_cell_without_cell_json_is_missing),
		CASE(left_out_units_have_their_reason),
		CASE(a_runners_xml_that_is_cut_gives_its_whole_cases),
		CASE(entities_are_not_expanded),
		CASE(any_unit_name_will_do),
		CASE(raw_logs_have_findings_without_a_cell),
		CASE(one_units_folder_alone_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
