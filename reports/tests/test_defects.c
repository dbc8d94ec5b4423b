/* Which findings are of one defect, and which are not. Real tools: keys.t. */
#include "reports/tests/folder.h"

/* A report of ASan in FUNCTION, of a block that FREER freed. */
static void put_uaf(const char *log, int pid, const char *function, const char *caller,
		    const char *freer)
{
	char *text = xasprintf(
		"==%d==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc "
		"0x55 bp 0x7f sp 0x7e\nREAD of size 8 at 0x602000000010 thread T0\n"
		"    #0 0x55 in %s /src/a.c:3:5\n    #1 0x56 in %s /src/a.c:9:2\n\n"
		"0x602000000010 is located 0 bytes inside of 8-byte region [0x602000000010,0x602000000018)\n"
		"freed by thread T0 here:\n    #0 0x57 in free (/lib/libasan.so+0x1)\n"
		"    #1 0x58 in %s /src/a.c:20:2\n\n"
		"SUMMARY: AddressSanitizer: heap-use-after-free /src/a.c:3:5 in %s\n==%d==ABORTING\n",
		pid, function, caller, freer, function, pid);

	put(log, text);
	free(text);
}

/* The same as Memcheck tells it. */
static void put_invalid_read(const char *log, int pid, const char *function, const char *caller,
			     const char *freer)
{
	char *text = xasprintf("==%d== Memcheck, a memory error detector\n"
			       "==%d== Invalid read of size 8\n"
			       "==%d==    at 0x10936B: %s (a.c:3)\n"
			       "==%d==    by 0x10936C: %s (a.c:9)\n"
			       "==%d==  Address 0x4a42040 is 0 bytes inside a block of size 8 free'd\n"
			       "==%d==    at 0x484417B: free (vg_replace_malloc.c:872)\n"
			       "==%d==    by 0x10936D: %s (a.c:20)\n==%d== \n",
			       pid, pid, pid, function, pid, caller, pid, pid, pid, freer, pid);

	put(log, text);
	free(text);
}

static void put_dump(const char *log, const char *frames)
{
	char *text = xasprintf("Debug memory block at address p=0x7f394bcacc70: API 'o'\n"
			       "    8 bytes originally requested\n"
			       "    The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.\n"
			       "    The 8 pad bytes at tail=0x7f394bcacc78 are not all FORBIDDENBYTE "
			       "(0xfd):\n"
			       "        at tail+0: 0x41 *** OUCH\n\nFatal Python error: "
			       "_PyMem_DebugRawFree: bad trailing pad byte\n\n"
			       "Current thread 0x00007f394bd (most recent call first):\n%s\n", frames);

	put(log, text);
	free(text);
}

static void put_overflow(const char *log, int pid, const char *function)
{
	char *text = xasprintf(
		"==%d==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000018 at pc "
		"0x55 bp 0x7f sp 0x7e\nWRITE of size 1 at 0x602000000018 thread T0\n"
		"    #0 0x55 in %s /src/a.c:3:5\n\n"
		"allocated by thread T0 here:\n    #0 0x57 in malloc (/lib/libasan.so+0x1)\n"
		"    #1 0x58 in make /src/a.c:20:2\n\n"
		"SUMMARY: AddressSanitizer: heap-buffer-overflow /src/a.c:3:5 in %s\n==%d==ABORTING\n",
		pid, function, function, pid);

	put(log, text);
	free(text);
}

static void expect_defects(size_t wanted)
{
	struct results r;
	size_t findings = 0;

	read_folder(&r);
	for (size_t i = 0; i < r.defect_count; i++)
		findings += r.defects[i].finding_count;
	assert_int_equal(findings, r.finding_count);
	if (r.defect_count != wanted)
		for (size_t i = 0; i < r.finding_count; i++)
			print_message("# %s %s %s\n", r.findings[i]->tool, r.findings[i]->kind,
				      r.findings[i]->defect ? r.findings[i]->defect : "-");
	assert_int_equal(r.defect_count, wanted);
	results_release(&r);
}

static void two_tools_one_defect(void **state)
{
	(void)state;
	struct strv tools = { 0 };
	struct results r;

	put_uaf("a.txt", 1, "peek", "walk", "drop");
	put_invalid_read("b.txt", 2, "peek", "walk", "drop");
	expect_defects(1);
	read_folder(&r);
	defect_tools(&r.defects[0], &tools);
	assert_int_equal(tools.n, 2);
	assert_string_equal(tools.v[0], "asan");
	assert_string_equal(r.defects[0].category, "use-after-free");
	assert_string_equal(r.findings[0]->defect, r.findings[1]->defect);
	strv_release(&tools);
	results_release(&r);
}

static void another_site_is_another_defect(void **state)
{
	(void)state;
	put_uaf("a.txt", 1, "peek", "walk", "drop");
	put_invalid_read("b.txt", 2, "peek", "walk", "clear");
	put_invalid_read("c.txt", 3, "poke", "walk", "drop");
	expect_defects(3);
}

static void callers_do_not_matter_without_doubt(void **state)
{
	(void)state;
	put_uaf("a.txt", 1, "peek", "inlined", "drop");
	put_invalid_read("b.txt", 2, "peek", "walk", "drop");
	expect_defects(1);
}

static void in_doubt_callers_decide(void **state)
{
	(void)state;
	put_uaf("a.txt", 1, "peek", "walk", "drop");
	put_uaf("b.txt", 2, "peek", "run", "drop");
	put_invalid_read("c.txt", 3, "peek", "walk", "drop");
	put_invalid_read("d.txt", 4, "peek", "jump", "drop");
	expect_defects(3);
}

/* The debug allocator tells where a block was freed that was written to long before. */
static void the_allocators_complaint_joins_by_its_test(void **state)
{
	static const char frames[] = "  File \"/src/test_a.py\", line 3 in test_one\n"
				     "  File \"/src/case.py\", line 9 in run\n";
	(void)state;

	put("run.json", "{\"runtime\": \"rt-1\", \"cells\": ["
			"{\"name\": \"asan\", \"units\": [\"test_a\"]},"
			"{\"name\": \"debug\", \"units\": [\"test_a\"]}]}");
	put_ready("asan");
	put_ready("debug");
	put_unit("test_a", "\"exit_code\": 1");
	put("debug/units/test_a/unit.json", "{\"unit\": \"test_a\", \"exit_code\": 1}");
	put_overflow("asan/units/test_a/output.txt", 1, "fill");
	put_dump("debug/units/test_a/output.txt", frames);
	expect_defects(1); /* the only two of their kind in the unit */
	put_overflow("asan/units/test_a/asan.7", 7, "other");
	expect_defects(3); /* which of the two it is, nobody knows */
}

static void two_complaints_in_a_unit_join_nothing(void **state)
{
	(void)state;
	put("run.json", "{\"runtime\": \"rt-1\", \"cells\": ["
			"{\"name\": \"asan\", \"units\": [\"test_a\"]},"
			"{\"name\": \"debug\", \"units\": [\"test_a\"]}]}");
	put_ready("asan");
	put_ready("debug");
	put_unit("test_a", "\"exit_code\": 1");
	put("debug/units/test_a/unit.json", "{\"unit\": \"test_a\", \"exit_code\": 1}");
	put_overflow("asan/units/test_a/output.txt", 1, "fill");
	put_dump("debug/units/test_a/a.txt", "  File \"/src/test_a.py\", line 3 in one\n");
	put_dump("debug/units/test_a/b.txt", "  File \"/src/test_a.py\", line 8 in two\n");
	expect_defects(3);
}

static void unfolded_findings_stay_alone(void **state)
{
	(void)state;
	struct results r = { .no_fold = 1 };

	put_uaf("a.txt", 1, "peek", "walk", "drop");
	put_uaf("b.txt", 2, "peek", "walk", "drop");
	assert_int_equal(results_add(&r, folder, NULL), 0);
	results_finish(&r);
	assert_int_equal(r.finding_count, 2);
	assert_int_equal(r.defect_count, 2);
	results_release(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_tools_one_defect),
		TEST(another_site_is_another_defect),
		TEST(callers_do_not_matter_without_doubt),
		TEST(in_doubt_callers_decide),
		TEST(the_allocators_complaint_joins_by_its_test),
		TEST(two_complaints_in_a_unit_join_nothing),
		TEST(unfolded_findings_stay_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
