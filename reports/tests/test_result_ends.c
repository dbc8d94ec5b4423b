/*
 * One end of a process is one finding, whoever tells of it.
 */
#include "reports/tests/folder.h"

#define FATAL(what) \
	"Fatal Python error: " what "\n\nCurrent thread 0x00007f01 (most recent call first):\n" \
	"  File \"/x/test_a.py\", line 3 in test_one\n  File \"/x/case.py\", line 9 in run\n"

/* The one finding of a unit that ended as HOW says, after it printed OUTPUT. */
static struct results *ended(const char *how, const char *output)
{
	static struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", how);
	put("asan/units/test_a/output.txt", output);
	read_folder(&r);
	return &r;
}

static void a_bare_signal_is_a_crash(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 11", "test_one (test.test_a.C.test_one) ... ");

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->tool, "process");
	assert_string_equal(r->findings[0]->kind, "SIGSEGV");
	assert_string_equal(r->findings[0]->category, "crash");
	assert_non_null(strstr(r->findings[0]->message, "SIGSEGV"));
	assert_int_equal(the_case(r, "test.test_a.C", "test_one")->outcome, OUTCOME_ERROR);
	results_release(r);
}

static void a_fatal_error_explains_its_signal(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 11", FATAL("Segmentation fault"));

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->tool, "cpython");
	assert_non_null(strstr(r->findings[0]->text, "ended by SIGSEGV"));
	results_release(r);
}

static void what_ran_before_a_crash_is_kept(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 11",
				  "test_one (test.test_a.C.test_one) ... ok\n"
				  "test_two (test.test_a.C.test_two)\nA docstring ... FAIL\n"
				  "test_three (test.test_a.C.test_three) ... skipped 'no root'\n"
				  "test_four (test.test_a.C.test_four) ... ");

	assert_int_equal(r->totals.tests, 4);
	assert_int_equal(the_case(r, "test.test_a.C", "test_one")->outcome, OUTCOME_PASSED);
	assert_int_equal(the_case(r, "test.test_a.C", "test_two")->outcome, OUTCOME_FAILED);
	assert_string_equal(the_case(r, "test.test_a.C", "test_three")->message, "no root");
	assert_non_null(the_case(r, "test.test_a.C", "test_four")->finding);
	results_release(r);
}

static void another_signal_is_a_finding_of_its_own(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 9", FATAL("Segmentation fault"));

	assert_int_equal(r->finding_count, 2);
	results_release(r);
}

static void asans_report_explains_abort_and_takes_the_python_frames(void **state)
{
	(void)state;
	put_asan("asan/units/test_a/asan.7", 7, "f");
	struct results *r = ended("\"signal\": 6", FATAL("Aborted"));

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->tool, "asan");
	assert_int_equal(r->findings[0]->python.n, 2);
	assert_string_equal(r->findings[0]->occurrences[0].test, "test_a.test_one");
	results_release(r);
}

static void a_deadly_signal_is_told_once(void **state)
{
	(void)state;
	put("asan/units/test_a/asan.7",
		   "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000 (pc 0x1 bp 0x2 "
		   "sp 0x3 T0)\n    #0 0x1 in f a.c:1\n\nSUMMARY: AddressSanitizer: SEGV a.c:1 in f\n");
	struct results *r = ended("\"signal\": 6", "AddressSanitizer:DEADLYSIGNAL\n");

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->kind, "SEGV");
	assert_int_equal(r->unparsed_count, 0);
	results_release(r);
}

static void asans_report_explains_an_exit_code(void **state)
{
	(void)state;
	put_asan("asan/units/test_a/asan.7", 7, "f");
	struct results *r = ended("\"exit_code\": 1", "");

	assert_int_equal(r->finding_count, 1);
	assert_int_equal(r->totals.tests, 1);
	results_release(r);
}

#define STACK "<stack><frame><ip>0x1</ip><fn>f</fn><file>a.c</file><line>3</line></frame></stack>"

static void valgrinds_signal_after_a_bad_access_is_one_crash(void **state)
{
	(void)state;
	put("asan/units/test_a/memcheck.7.xml",
	    "<?xml version=\"1.0\"?>\n<valgrindoutput>\n<protocolversion>4</protocolversion>\n"
	    "<protocoltool>memcheck</protocoltool>\n<pid>7</pid>\n<tool>memcheck</tool>\n"
	    "<error>\n<unique>0x0</unique>\n<tid>1</tid>\n<kind>InvalidRead</kind>\n"
	    "<what>Invalid read of size 4</what>\n" STACK "\n</error>\n"
	    "<fatal_signal>\n<tid>1</tid>\n<signo>11</signo>\n<signame>SIGSEGV</signame>\n" STACK
	    "\n</fatal_signal>\n</valgrindoutput>\n");
	struct results *r = ended("\"signal\": 11", FATAL("Segmentation fault"));

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->kind, "InvalidRead");
	assert_int_equal(r->findings[0]->python.n, 2);
	assert_non_null(strstr(r->findings[0]->text, "SIGSEGV"));
	results_release(r);
}

static void a_timeout_takes_the_stacks_of_its_abort(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 6, \"timed_out\": true", FATAL("Aborted"));

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->tool, "process");
	assert_string_equal(r->findings[0]->kind, "timeout");
	assert_string_equal(r->findings[0]->category, "timeout");
	assert_int_equal(r->findings[0]->python.n, 2);
	assert_non_null(strstr(r->findings[0]->message, "60 s"));
	results_release(r);
}

static void a_timeout_keeps_what_a_checker_said(void **state)
{
	(void)state;
	put_asan("asan/units/test_a/asan.7", 7, "f");
	struct results *r = ended("\"signal\": 9, \"timed_out\": true", "");

	assert_int_equal(r->finding_count, 2);
	results_release(r);
}

static void out_of_memory_is_no_crash(void **state)
{
	(void)state;
	struct results *r = ended("\"signal\": 9, \"out_of_memory\": true", "");

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->kind, "out-of-memory");
	results_release(r);
}

static void processes_left_behind_are_a_warning(void **state)
{
	(void)state;
	struct results *r = ended("\"exit_code\": 0, \"left_behind\": 2", "");

	assert_int_equal(r->finding_count, 1);
	assert_string_equal(r->findings[0]->kind, "left-processes");
	assert_string_equal(r->findings[0]->category, "resource");
	assert_string_equal(r->findings[0]->severity, "warning");
	assert_int_equal(the_case(r, "test_a", "test_a")->outcome, OUTCOME_PASSED);
	assert_int_equal(results_status(r), EXIT_CLEAN);
	results_release(r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		CASE(a_bare_signal_is_a_crash),
		CASE(a_fatal_error_explains_its_signal),
		CASE(what_ran_before_a_crash_is_kept),
		CASE(another_signal_is_a_finding_of_its_own),
		CASE(asans_report_explains_abort_and_takes_the_python_frames),
		CASE(a_deadly_signal_is_told_once),
		CASE(asans_report_explains_an_exit_code),
		CASE(valgrinds_signal_after_a_bad_access_is_one_crash),
		CASE(a_timeout_takes_the_stacks_of_its_abort),
		CASE(a_timeout_keeps_what_a_checker_said),
		CASE(out_of_memory_is_no_crash),
		CASE(processes_left_behind_are_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
