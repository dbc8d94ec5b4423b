/* Units that were run again: what only some attempts had is flaky, and the last one decides. */
#include "reports/tests/folder.h"

#define CASES(body) "<testsuites><testsuite>" body "</testsuite></testsuites>"
#define PASSED(name) "<testcase name='test.test_a.C." name "' time='0.5'/>"
#define FAILED(name) \
	"<testcase name='test.test_a.C." name "'><failure message='broke'>why</failure></testcase>"

/* Attempt N of test_a: how it ended, and its cases. */
static void put_attempt(int n, int exit_code, const char *cases)
{
	char *dir = n == 1 ? xstrdup("test_a") : xasprintf("test_a/attempt-%d", n);
	char *junit = xasprintf("asan/units/%s/junit.xml", dir);
	char *unit = xasprintf("asan/units/%s/unit.json", dir);
	char *json = xasprintf("{\"unit\": \"test_a\", \"exit_code\": %d, \"attempt\": %d}",
			       exit_code, n);

	put_run("\"test_a\"");
	put(unit, json);
	put(junit, cases);
	free(dir);
	free(junit);
	free(unit);
	free(json);
}

static void fails_then_passes_is_flaky(void **state)
{
	(void)state;
	struct results r;

	put_attempt(1, 2, CASES(FAILED("one") PASSED("two")));
	put_attempt(2, 0, CASES(PASSED("one") PASSED("two")));
	read_folder(&r);
	const struct test_case *c = the_case(&r, "test.test_a.C", "one");
	assert_int_equal(c->outcome, OUTCOME_PASSED);
	assert_non_null(c->attempts);
	assert_int_equal(c->attempts->attempt, 1);
	assert_int_equal(c->attempts->outcome, OUTCOME_FAILED);
	assert_string_equal(c->attempts->message, "broke");
	assert_string_equal(c->attempts->text, "why");
	assert_null(c->attempts->next);
	assert_null(the_case(&r, "test.test_a.C", "two")->attempts);
	assert_int_equal(r.cells[0].units[0].attempts, 2);
	assert_int_equal(r.totals.tests, 2);
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
}

static void fails_always_is_a_failure(void **state)
{
	(void)state;
	struct results r;

	for (int n = 1; n <= 3; n++)
		put_attempt(n, 2, CASES(FAILED("one") PASSED("two")));
	read_folder(&r);
	assert_int_equal(the_case(&r, "test.test_a.C", "one")->outcome, OUTCOME_FAILED);
	assert_null(the_case(&r, "test.test_a.C", "one")->attempts);
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
}

static void what_the_last_one_did_not_come_to_stays(void **state)
{
	(void)state;
	struct results r;

	put_attempt(1, 2, CASES(PASSED("one") FAILED("two") PASSED("three")));
	put_attempt(2, 2, CASES(FAILED("one")));
	read_folder(&r);
	assert_int_equal(the_case(&r, "test.test_a.C", "one")->outcome, OUTCOME_FAILED);
	assert_int_equal(the_case(&r, "test.test_a.C", "two")->outcome, OUTCOME_FAILED);
	assert_string_equal(the_case(&r, "test.test_a.C", "two")->message, "broke");
	assert_int_equal(the_case(&r, "test.test_a.C", "three")->outcome, OUTCOME_PASSED);
	results_release(&r);
}

static void a_crash_that_did_not_come_again_is_flaky(void **state)
{
	(void)state;
	struct results r;

	put_attempt(2, 0, CASES(PASSED("one")));
	put_unit("test_a", "\"signal\": 11");
	read_folder(&r);
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_PASSED);
	assert_non_null(c->attempts);
	assert_int_equal(c->attempts->outcome, OUTCOME_ERROR);
	assert_string_equal(c->attempts->finding->kind, "SIGSEGV");
	assert_string_equal(r.findings[0]->status, "flaky");
	assert_int_equal(r.totals.flaky, 1);
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
}

static void a_finding_of_the_last_attempt_is_new(void **state)
{
	(void)state;
	struct results r;

	put_attempt(1, 0, CASES(PASSED("one")));
	put_attempt(2, 0, CASES(PASSED("one")));
	put_asan("asan/units/test_a/asan.7", 7, "f");
	put_asan("asan/units/test_a/asan.8", 8, "g");
	put_asan("asan/units/test_a/attempt-2/asan.9", 9, "g");
	read_folder(&r);
	assert_int_equal(r.finding_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct finding *f = r.findings[i];
		int is_f = !strcmp(f->stacks[0].frames.v[0].function, "f");

		assert_string_equal(f->status, is_f ? "flaky" : "new");
		assert_int_equal(f->occurrence_count, is_f ? 1 : 2);
		assert_int_equal(f->occurrences[0].attempt, 1);
		assert_int_equal(f->occurrences[0].flaky, is_f);
	}
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_FAILED);
	assert_string_equal(c->finding->status, "new");
	assert_string_equal(c->attempts->finding->status, "flaky");
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
}

static void an_attempt_without_a_result_does_not_count(void **state)
{
	(void)state;
	struct results r;

	put_attempt(1, 2, CASES(FAILED("one")));
	put("asan/units/test_a/attempt-2/output.txt", "cut");
	read_folder(&r);
	assert_int_equal(the_case(&r, "test.test_a.C", "one")->outcome, OUTCOME_FAILED);
	assert_int_equal(r.cells[0].units[0].attempts, 1);
	results_release(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fails_then_passes_is_flaky),
		TEST(fails_always_is_a_failure),
		TEST(what_the_last_one_did_not_come_to_stays),
		TEST(a_crash_that_did_not_come_again_is_flaky),
		TEST(a_finding_of_the_last_attempt_is_new),
		TEST(an_attempt_without_a_result_does_not_count),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
