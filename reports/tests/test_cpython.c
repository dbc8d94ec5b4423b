/*
 * What the samples do not show: which findings are errors, what is joined with what, what is passed
 * over, and that keys are the same in each run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/mem.h"
#include "reports/finding.h"
#include "reports/scan.h"

enum { FOUND_MAX = 16 };

static struct finding *found[FOUND_MAX];
static size_t found_count, unparsed_count;

static void on_finding(void *context, struct finding *f)
{
	(void)context;
	assert_true(found_count < FOUND_MAX);
	found[found_count++] = f;
}

static void on_unparsed(void *context, struct unparsed *u)
{
	(void)context;
	unparsed_count++;
	free(u->log);
	free(u->text);
	free(u->reason);
	free(u);
}

static int release(void **state)
{
	(void)state;
	while (found_count)
		finding_free(found[--found_count]);
	unparsed_count = 0;
	return 0;
}

/* Scans TEXT; what was found before is released. */
static void scan(const char *text)
{
	struct sink sink = { on_finding, on_unparsed, NULL };
	struct scanner *s = scanner_new("log", &sink);

	release(NULL);
	scanner_feed(s, text, strlen(text));
	scanner_finish(s);
}

#define assert_found(i, tool_, kind_)                                                              \
	do {                                                                                       \
		assert_true(found_count > (i));                                                    \
		assert_string_equal(found[i]->tool, (tool_));                                      \
		assert_string_equal(found[i]->kind, (kind_));                                      \
	} while (0)

#define STACK(function)                                                                            \
	"\n"                                                                                       \
	"Current thread 0x00007f07ac4ff740 (most recent call first):\n"                            \
	"  File \"/src/a.py\", line 4 in " function "\n"

#define ASAN(pid)                                                                                  \
	"==" pid "==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc " \
	"0x55 bp 0x7f sp 0x7e\n"                                                                   \
	"READ of size 8 at 0x602000000010 thread T0\n"                                             \
	"    #0 0x55 in f /src/a.c:3:5\n"                                                          \
	"\n"                                                                                       \
	"SUMMARY: AddressSanitizer: heap-use-after-free /src/a.c:3:5 in f\n"

#define TSAN                                                                                       \
	"==================\n"                                                                     \
	"WARNING: ThreadSanitizer: data race (pid=7)\n"                                            \
	"  Write of size 8 at 0x7b0c00000000 by thread T1:\n"                                      \
	"    #0 f /src/a.c:3:5 (python+0x10)\n"                                                    \
	"\n"                                                                                       \
	"SUMMARY: ThreadSanitizer: data race /src/a.c:3:5 in f\n"                                  \
	"==================\n"

static void test_severities(void **state)
{
	static const struct {
		const char *text, *kind, *severity;
	} rows[] = {
		{ "Fatal Python error: Aborted\n", "SIGABRT", "error" },
		{ "Fatal Python error: f: text\n", "fatal-error", "error" },
		{ "test_a leaked [1, 1] references, sum=2\n", "refleak", "error" },
		{ "/a.py:3: ResourceWarning: unclosed file <x>\n", "ResourceWarning", "warning" },
		{ "/a.py:3: RuntimeWarning: coroutine 'f' was never awaited\n", "never-awaited",
		        "warning" },
		{ "Exception ignored in: <x>\nValueError: y\n", "unraisable", "warning" },
		{ "Exception in thread T-1:\nTraceback (most recent call last):\nE: y\n",
		        "thread-exception", "warning" },
		{ "Task was destroyed but it is pending!\n", "task-destroyed", "warning" },
		{ "Warning -- os.environ was modified by test_a\n", "env-changed", "warning" },
		{ "Warning -- test_a created 3 uncollectable objects\n", "uncollectable",
		        "warning" },
		{ "Windows fatal exception: code 0x8001010d\n", "windows-code", "warning" },
		{ "Windows fatal exception: access violation\n", "windows-crash", "error" },
		{ "[1 refs, 2 blocks]\n[3 refs, 2 blocks]\n", "showrefcount", "note" },
		{ "Remaining object addresses:\n0x1 [2] str\n", "dumprefs", "note" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		scan(rows[i].text);
		assert_int_equal(found_count, 1);
		assert_found(0, "cpython", rows[i].kind);
		assert_string_equal(found[0]->severity, rows[i].severity);
	}
}

static void test_fatal_kinds(void **state)
{
	static const struct {
		const char *text, *kind, *category;
	} rows[] = {
		{ "a function returned NULL without setting an error", "check-result",
		        "api-misuse" },
		{ "a function returned a result with an error set", "check-result", "api-misuse" },
		{ "_Py_CheckSlotResult: Slot __getitem__ of type T failed without setting an "
		  "exception",
		        "check-result", "api-misuse" },
		{ "deallocating None", "immortal-dealloc", "use-after-free" },
		{ "PyThreadState_Get: no current thread", "gil", "api-misuse" },
		{ "PyThreadState_Get: the function must be called with an active thread state, but",
		        "gil", "api-misuse" },
		{ "drop_gil: GIL is not locked", "gil", "api-misuse" },
		{ "_PyMutex_Unlock: unlocking mutex that is not locked", "mutex", "api-misuse" },
		{ "Cannot recover from stack overflow.", "stack-overflow", "crash" },
		{ "_PyErr_NormalizeException: Cannot recover from MemoryErrors while normalizing",
		        "out-of-memory", "out-of-memory" },
		{ "_enter_buffered_busy: could not acquire lock for <x> at interpreter shutdown",
		        "shutdown-lock", "deadlock" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = xasprintf("Fatal Python error: %s\n", rows[i].text);
		scan(text);
		assert_int_equal(found_count, 1);
		assert_found(0, "cpython", rows[i].kind);
		assert_string_equal(found[0]->category, rows[i].category);
		free(text);
	}
}

static void test_a_check_and_its_end_are_one(void **state)
{
	(void)state;
	scan("python: a.c:3: f: Assertion `x' failed.\nFatal Python error: Aborted\n" STACK("g"));
	assert_int_equal(found_count, 1);
	assert_found(0, "cpython", "assertion");
	assert_int_equal(found[0]->python.n, 1);
	scan(ASAN("7") "==7==ABORTING\nFatal Python error: Aborted\n" STACK("g"));
	assert_int_equal(found_count, 1);
	assert_found(0, "asan", "heap-use-after-free");
	assert_int_equal(found[0]->python.n, 1);
	/* with halt_on_error, and without a word of it */
	scan(TSAN "Fatal Python error: Aborted\n" STACK("g"));
	assert_int_equal(found_count, 1);
	assert_found(0, "tsan", "data race");
	assert_int_equal(found[0]->python.n, 1);
	/* its own dump crashed it */
	scan("Debug memory block at address p=0x10: API 'o'\n    16 bytes originally requested\n"
	     "    The 8 pad bytes at tail=0x20 are Fatal Python error: Bus error\n" STACK("g"));
	assert_int_equal(found_count, 1);
	assert_found(0, "cpython", "debug-allocator");
	assert_int_equal(unparsed_count, 0);
}

static void test_other_processes_stay_apart(void **state)
{
	struct buf log = { 0 };

	(void)state;
	/* what one process was told of is not told by the next */
	scan(ASAN("7") "==7==ABORTING\nFatal Python error: Aborted\n" STACK(
	        "g") "Fatal Python error: Aborted\n" STACK("h"));
	assert_int_equal(found_count, 2);
	assert_found(1, "cpython", "SIGABRT");
	scan("Fatal Python error: f: text\n" STACK("g") "Fatal Python error: Aborted\n" STACK("h"));
	assert_int_equal(found_count, 2);
	/* long after, it is another one's end */
	buf_addstr(&log, ASAN("7"));
	for (size_t i = 0; i < 100; i++)
		buf_addstr(&log, "other\n");
	buf_addstr(&log, "Fatal Python error: Aborted\n" STACK("h"));
	scan(log.data);
	buf_release(&log);
	assert_int_equal(found_count, 2);
	/* an assertion aborts; what comes is not of it */
	scan("python: a.c:3: f: Assertion `x' failed.\nFatal Python error: Segmentation "
	     "fault\n" STACK("g"));
	assert_int_equal(found_count, 2);
	/* races do not end a process: what aborts later has another reason */
	scan(TSAN "other\nother\nother\nFatal Python error: Aborted\n" STACK("g"));
	assert_int_equal(found_count, 2);
	/* two containers write at once */
	scan("app-1  | Fatal Python error: Segmentation fault\napp-2  | Aborted\napp-1  | \n"
	     "app-1  | Current thread 0x00007f07ac4ff740 (most recent call first):\n"
	     "app-2  |   File \"/src/b.py\", line 4 in other\n"
	     "app-1  |   File \"/src/a.py\", line 4 in f\n");
	assert_int_equal(found_count, 1);
	assert_int_equal(found[0]->python.n, 1);
	assert_string_equal(found[0]->python.v[0].function, "f");
	/* a dump without an end, and another process */
	scan("Debug memory block at address p=0x10: API 'o'\n    16 bytes originally requested\n"
	     "Fatal Python error: f: text\n" STACK("g"));
	assert_int_equal(found_count, 2);
}

static void test_a_second_error_while_dying(void **state)
{
	(void)state;
	scan("Fatal Python error: none_dealloc: deallocating None\n"
	     "Python runtime state: initialized\n" STACK(
	             "g") "a.c:3: _Py_NegativeRefcount: Assertion failed: object has negative ref "
	                  "count\n"
	                  "Enable tracemalloc to get the memory block allocation traceback\n"
	                  "\n"
	                  "object address  : 0x55fed9ff4e80\n");
	assert_int_equal(found_count, 1);
	assert_found(0, "cpython", "immortal-dealloc");
	assert_non_null(strstr(found[0]->text, "object address"));
}

static void test_a_traceback_instead_of_stacks(void **state)
{
	(void)state;
	scan("Fatal Python error: _Py_CheckFunctionResult: a function returned a result with an "
	     "exception set\n"
	     "Python runtime state: initialized\n"
	     "Traceback (most recent call last):\n"
	     "  File \"/src/a.py\", line 4, in outer\n"
	     "    inner()\n"
	     "  File \"/src/a.py\", line 2, in inner\n"
	     "ValueError: x\n"
	     "\n"
	     "The above exception was the direct cause of the following exception:\n"
	     "\n"
	     "Traceback (most recent call last):\n"
	     "  File \"/src/a.py\", line 9, in <module>\n"
	     "SystemError: f returned a result with an exception set\n");
	assert_int_equal(found_count, 1);
	assert_found(0, "cpython", "check-result");
	assert_int_equal(found[0]->python.n, 1);
	assert_string_equal(found[0]->python.v[0].function, "<module>");
	assert_non_null(strstr(found[0]->message, "a function returned a result"));
}

static void test_summary_and_reasons(void **state)
{
	(void)state;
	/* the reason is there, after or before */
	scan("0:00:00 [1/1] test_a failed (env changed)\nWarning -- sys.path was modified by "
	     "test_a\n"
	     "Warning --   Before: 1\nWarning --   After:  2\n");
	assert_int_equal(found_count, 1);
	assert_non_null(strstr(found[0]->text, "After:  2"));
	/* it is not */
	scan("1 test altered the execution environment:\n    test_a\n\n1 test failed:\n    "
	     "test_b\n");
	assert_int_equal(found_count, 1);
	assert_string_equal(found[0]->message, "test_a altered the execution environment");
	scan("0:00:00 load avg: 1.0 [1/1] test_a failed (reference leak)\n");
	assert_int_equal(found_count, 1);
	assert_found(0, "cpython", "refleak");
	scan("test_a leaked [1] references, sum=1\n[1/1] test_a failed (reference leak)\n");
	assert_int_equal(found_count, 1);
}

static void test_workers(void **state)
{
	(void)state;
	scan("0:00:00 load avg: 6.88 [1/2/1] test_a worker non-zero exit code (Exit code -9 "
	     "(SIGKILL))\n"
	     "0:00:00 load avg: 6.88 [2/2/1] test_b crashed (Exit code -11)\n"
	     "Fatal Python error: Segmentation fault\n" STACK(
	             "g") "0:00:00 load avg: 6.88 [3/3/1] test_c worker non-zero exit code (Exit "
	                  "code 3)\n");
	assert_int_equal(found_count, 3);
	assert_found(0, "process", "SIGKILL");
	assert_found(1, "cpython", "SIGSEGV");
	assert_found(2, "process", "exit");
	assert_int_equal(found[2]->occurrences->line, 7);
}

static void test_statistics(void **state)
{
	(void)state;
#define TABLE(arenas, bytes, blocks)                                                               \
	"Small block threshold = 512, in 32 size classes.\n\n"                                     \
	"    0     16           1              " blocks "           999\n"                         \
	"# arenas allocated total           =                    " arenas "\n"                     \
	"# bytes in allocated blocks        =              " bytes "\n"
	scan(TABLE("2", "1,000", "22"));
	assert_int_equal(found_count, 0);
	scan(TABLE("2", "1,000", "22") TABLE("2", "900", "20"));
	assert_int_equal(found_count, 0);
	scan(TABLE("2", "1,000", "22") TABLE("3", "1,600", "59"));
	assert_int_equal(found_count, 1);
	assert_non_null(strstr(found[0]->message, "600 bytes more"));
	assert_non_null(strstr(found[0]->message, "37 of 16 bytes"));
	/* another process has fewer arenas: its first table is the first again */
	scan(TABLE("9", "5,000", "90") TABLE("2", "1,000", "22") TABLE("2", "1,160", "32"));
	assert_int_equal(found_count, 1);
	assert_non_null(strstr(found[0]->message, "160 bytes more"));
	scan("[3 refs, 4 blocks]\n[3 refs, 4 blocks]\n");
	assert_int_equal(found_count, 0);
}

/* The key of the one finding in TEXT; the caller's. */
static char *key_of(const char *text)
{
	scan(text);
	assert_int_equal(found_count, 1);
	return xstrdup(found[0]->fingerprint);
}

static void same_key(const char *a, const char *b, int same)
{
	char *x = key_of(a), *y = key_of(b);

	assert_int_equal(!strcmp(x, y), same);
	free(x);
	free(y);
}

static void test_keys(void **state)
{
	(void)state;
#define IGNORED(address, type, function)                                                           \
	"Exception ignored in: <function A.__del__ at " address ">\n"                              \
	"Traceback (most recent call last):\n"                                                     \
	"  File \"/src/a.py\", line 4, in " function "\n" type ": of file 17\n"
	same_key(IGNORED("0x1", "ValueError", "f"), IGNORED("0x2", "ValueError", "f"), 1);
	same_key(IGNORED("0x1", "ValueError", "f"), IGNORED("0x1", "KeyError", "f"), 0);
	same_key(IGNORED("0x1", "ValueError", "f"), IGNORED("0x1", "ValueError", "g"), 0);
#define UNCLOSED(object) "/src/a.py:3: ResourceWarning: unclosed file <" object ">\n"
	same_key(UNCLOSED("_io.FileIO name='/tmp/a'"), UNCLOSED("_io.FileIO name='/tmp/b'"), 1);
	same_key(UNCLOSED("_io.FileIO name='/tmp/a'"), UNCLOSED("_io.BufferedReader"), 0);
#define MADE(line)                                                                                 \
	UNCLOSED("x")                                                                              \
	"Object allocated at (most recent call last):\n"                                           \
	"  File \"/src/b.py\", lineno " line "\n    open()\n"
	same_key(MADE("7"), MADE("8"), 0);
	same_key("test_a leaked [1, 1] references, sum=2\n",
	        "test_a leaked [3, 3, 3] references, sum=9\n", 1);
	same_key("test_a leaked [1, 1] references, sum=2\n",
	        "test_b leaked [1, 1] references, sum=2\n", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_severities, release),
		cmocka_unit_test_teardown(test_fatal_kinds, release),
		cmocka_unit_test_teardown(test_a_check_and_its_end_are_one, release),
		cmocka_unit_test_teardown(test_other_processes_stay_apart, release),
		cmocka_unit_test_teardown(test_a_second_error_while_dying, release),
		cmocka_unit_test_teardown(test_a_traceback_instead_of_stacks, release),
		cmocka_unit_test_teardown(test_summary_and_reasons, release),
		cmocka_unit_test_teardown(test_workers, release),
		cmocka_unit_test_teardown(test_statistics, release),
		cmocka_unit_test_teardown(test_keys, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
