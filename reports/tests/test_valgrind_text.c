/*
 * Valgrind's text: what is particular to versions, tools and options. Whole logs are in samples/
 * (test_scan.c).
 */
#include "reports/tests/found.h"

static void helgrind_text(void **state)
{
	(void)state;
	scan("==7== Helgrind, a thread error detector\n"
	     "==7== \n"
	     "==7== ---Thread-Announcement------------------------------------------\n"
	     "==7== \n"
	     "==7== Thread #2 was created\n"
	     "==7==    at 0x1: clone (clone.S:76)\n"
	     "==7==    by 0x2: start_it (a.c:3)\n"
	     "==7== \n"
	     "==7== ----------------------------------------------------------------\n"
	     "==7== \n"
	     "==7==  Lock at 0x10C100 was first observed\n"
	     "==7==    at 0x3: pthread_mutex_lock (hg_intercepts.c:3)\n"
	     "==7==    by 0x4: take (a.c:4)\n"
	     "==7==  Address 0x10c100 is 0 bytes inside data symbol \"a\"\n"
	     "==7== \n"
	     "==7== Possible data race during write of size 4 at 0x10C0E0 by thread #1\n"
	     "==7== Locks held: 1, at address 0x10C100\n"
	     "==7==    at 0x5: bump (a.c:5)\n"
	     "==7==    by 0x6: main (a.c:6)\n"
	     "==7== \n"
	     "==7== This conflicts with a previous read of size 4 by thread #2\n"
	     "==7== Locks held: none\n"
	     "==7==    at 0x7: look (a.c:7)\n"
	     "==7==  Address 0x4a4204 is 4 bytes inside a block of size 40 alloc'd\n"
	     "==7==    at 0x8: malloc (vg_replace_malloc.c:381)\n"
	     "==7==    by 0x9: main (a.c:2)\n"
	     "==7==  Block was alloc'd by thread #1\n"
	     "==7== \n"
	     "==7== ----------------------------------------------------------------\n"
	     "==7== \n"
	     "==7== Thread #1: Exiting thread still holds 1 lock\n"
	     "==7==    at 0xA: leave (a.c:9)\n"
	     "==7== \n"
	     "==7== \n"
	     "==7== ERROR SUMMARY: 2 errors from 2 contexts (suppressed: 0 from 0)\n");
	assert_int_equal(found_count, 2);
	check_stacks(found[0], "access:bump,main other-access:look alloc:malloc,main "
	                       "lock:pthread_mutex_lock,take thread:clone,start_it");
	assert_string_equal(found[0]->tool, "helgrind");
	assert_string_equal(found[0]->category, "race");
	assert_string_equal(found[0]->access.op, "write");
	assert_string_equal(found[0]->access.address, "0x10C0E0");
	assert_non_null(strstr(found[0]->text, "This conflicts"));
	assert_string_equal(found[1]->kind, "Misc");
	check_stacks(found[1], "access:leave");
	assert_int_equal(told_count, 0);
}

static void lock_order_text(void **state)
{
	(void)state;
	scan("==7== Thread #2: lock order \"0x10C100 before 0x10C140\" violated\n"
	     "==7== \n"
	     "==7== Observed (incorrect) order is: acquisition of lock at 0x10C140\n"
	     "==7==    at 0x1: first (a.c:1)\n"
	     "==7== \n"
	     "==7==  followed by a later acquisition of lock at 0x10C100\n"
	     "==7==    at 0x2: second (a.c:2)\n"
	     "==7== \n"
	     "==7== Required order was established by acquisition of lock at 0x10C100\n"
	     "==7==    at 0x3: third (a.c:3)\n"
	     "==7== \n"
	     "==7==  followed by a later acquisition of lock at 0x10C140\n"
	     "==7==    at 0x4: fourth (a.c:4)\n"
	     "==7== \n"
	     "==7== HEAP SUMMARY:\n");
	check_stacks(only(), "lock:first access:second lock:third lock:fourth");
	assert_string_equal(only()->tool, "helgrind"); /* though no banner says so */
	assert_string_equal(only()->category, "deadlock");
}

static void drd_text(void **state)
{
	(void)state;
	scan("==7== drd, a thread error detector\n"
	     "==7== Acquired at:\n"
	     "==7==    at 0x1: pthread_mutex_lock (drd_pthread_intercepts.c:7)\n"
	     "==7==    by 0x2: lock_it (a.c:1)\n"
	     "==7== Lock on mutex 0x4033a78 was held during 8 ms (threshold: 5 ms).\n"
	     "==7==    at 0x3: unlock_it (a.c:2)\n"
	     "==7== mutex 0x4033a78 was first observed at:\n"
	     "==7==    at 0x4: init_it (a.c:3)\n"
	     "==7== \n"
	     "==7== Thread 3:\n"
	     "==7== Conflicting store by thread 3 at 0x04a6c034 size 4\n"
	     "==7==    at 0x5: store (a.c:4)\n"
	     "==7== Address 0x4a6c034 is at offset 4 from 0x4a6c030. Allocation context:\n"
	     "==7==    at 0x6: malloc (vg_replace_malloc.c:1)\n"
	     "==7==    by 0x7: make (a.c:5)\n"
	     "==7== Other segment start (thread 2)\n"
	     "==7==    (thread finished, call stack no longer available)\n"
	     "==7== Other segment end (thread 2)\n"
	     "==7==    at 0x8: other (a.c:6)\n"
	     "==7== \n"
	     "==7== The object at address 0x10c0e0 is not a mutex.\n"
	     "==7==    at 0x9: wrong (a.c:7)\n"
	     "==7== \n");
	assert_int_equal(found_count, 3);
	assert_string_equal(found[0]->kind, "HoldtimeErr");
	check_stacks(found[0], "access:unlock_it lock:init_it lock:pthread_mutex_lock,lock_it");
	assert_string_equal(found[0]->severity, "warning");
	assert_string_equal(found[1]->kind, "ConflictingAccess");
	check_stacks(found[1], "access:store alloc:malloc,make other-access:other");
	assert_string_equal(found[2]->kind, "MutexErr");
}

/* What is seen at which thread's segments differs from run to run, and is in no key. */
static void drd_key(void **state)
{
	static const char race[] = "==7== drd, a thread error detector\n"
	                           "==7== Conflicting store by thread 3 at 0x04a6c034 size 4\n"
	                           "==7==    at 0x5: store (a.c:4)\n"
	                           "==7== Other segment start (thread 2)\n"
	                           "==7==    at 0x8: %s (a.c:6)\n";
	char *one = xasprintf(race, "one"), *two = xasprintf(race, "two");

	(void)state;
	scan(one);
	char *key = xstrdup(only()->fingerprint);
	scan(two);
	assert_string_equal(only()->fingerprint, key);
	free(key);
	free(one);
	free(two);
}

static void processes_in_one_log(void **state)
{
	(void)state;
	scan("==00:00:00:00.000 7== Memcheck, a memory error detector\n"
	     "==00:00:00:00.100 7== Invalid read of size 4\n"
	     "==00:00:00:00.100 8== Invalid write of size 1\n"
	     "==00:00:00:00.100 8==    at 0x1: child (a.c:1)\n"
	     "--00:00:00:00.100 7-- REDIR: 0x1 (libc:strlen) redirected to 0x2 (strlen)\n"
	     "==00:00:00:00.100 7==    at 0x2: parent (a.c:2)\n"
	     "**7** a message of the program's own\n"
	     "==00:00:00:00.101 8==  Address 0x5 is 1 bytes before a block of size 16 alloc'd\n"
	     "==00:00:00:00.101 8==    at 0x3: malloc (vg_replace_malloc.c:381)\n"
	     "==00:00:00:00.100 7==  Address 0x6 is 0 bytes inside a block of size 4 free'd\n"
	     "==00:00:00:00.100 7==    at 0x4: free (vg_replace_malloc.c:3)\n"
	     "==00:00:00:00.100 7==  Block was alloc'd at\n"
	     "==00:00:00:00.100 7==    at 0x5: malloc (vg_replace_malloc.c:381)\n"
	     "==00:00:00:00.101 8== \n"
	     "==00:00:00:00.100 7== \n"
	     "{\n   <insert_a_suppression_name_here>\n   Memcheck:Addr4\n   fun:parent\n}\n"
	     "==00:00:00:00.101 7== 3 errors in context 1 of 1:\n"
	     "==00:00:00:00.101 7== Invalid read of size 4\n"
	     "==00:00:00:00.101 7==    at 0x2: parent (a.c:2)\n"
	     "==00:00:00:00.101 7== \n"
	     "==00:00:00:00.101 7== ERROR SUMMARY: 3 errors from 1 contexts\n");
	assert_int_equal(found_count, 2);
	assert_int_equal(found[0]->occurrences->pid, 8);
	check_stacks(found[0], "access:child alloc:malloc");
	assert_string_equal(found[0]->category, "out-of-bounds");
	assert_int_equal(found[1]->occurrences->pid, 7);
	check_stacks(found[1], "access:parent free:free alloc:malloc");
	assert_string_equal(found[1]->category, "use-after-free");
}

static void descriptors(void **state)
{
	static const char open_at_exit[] =
	        "==7== Memcheck, a memory error detector\n"
	        "==7== Using Valgrind-3.%s and LibVEX; rerun with -h for copyright info\n"
	        "==7== FILE DESCRIPTORS: 5 open (3 std) at exit.\n"
	        "==7== Open file descriptor 3: /tmp/x\n"
	        "==7==    at 0x1: open (open64.c:41)\n"
	        "==7==    by 0x2: main (a.c:1)\n"
	        "==7== \n"
	        "==7== Open file descriptor 2:\n"
	        "==7==    <inherited from parent>\n"
	        "==7== \n";
	char *old = xasprintf(open_at_exit, "19.0"), *new = xasprintf(open_at_exit, "24.0");

	(void)state;
	scan(old);
	assert_int_equal(found_count, 0);
	scan(new);
	assert_string_equal(only()->kind, "FdNotClosed");
	assert_string_equal(only()->category, "resource");
	check_stacks(only(), "alloc:open,main");
	free(old);
	free(new);
	scan("==7== File descriptor 3: /tmp/x is already closed\n"
	     "==7==    at 0x1: close (close.c:1)\n"
	     "==7==  Previously closed\n"
	     "==7==    at 0x2: close (close.c:2)\n"
	     "==7==  Originally opened\n"
	     "==7==    at 0x3: open (open.c:3)\n"
	     "==7== \n");
	assert_string_equal(only()->kind, "FdBadClose");
	check_stacks(only(), "access:close free:close alloc:open");
	scan("==7== File descriptor 9 was closed already\n==7==    at 0x1: dup (d.c:1)\n==7== \n");
	assert_string_equal(only()->kind, "FdBadUse");
}

static void no_more_errors(void **state)
{
	(void)state;
	scan("no line's end ==7== Invalid read of size 4\n"
	     "==7==    at 0x1: f (a.c:1)\n"
	     "==7== \n"
	     "==7== More than 1000 different errors detected.  I'm not reporting any more.\n"
	     "==7== Final error counts will be inaccurate.  Go fix your program!\n");
	check_stacks(only(), "access:f");
	assert_int_equal(told_count, 1);
	assert_string_equal(told[0]->reason, "the checker reports no more");
}

static void wrapped_and_cut(void **state)
{
	(void)state;
	scan("==7== Invalid read of size 4\n"
	     "==7==    at 0x1: ns::f(int, char const*) (very_lo\n"
	     "ng_name.cpp:12)\n"
	     "==7==    by 0x2: std::function<void (int)>::operator()(int) const (in /usr/li");
	check_stacks(only(),
	        "access:ns::f(int, char const*),std::function<void (int)>::operator()(int) "
	        "const");
	assert_string_equal(only()->stacks[0].frames.v[0].file, "very_long_name.cpp");
	assert_int_equal(only()->stacks[0].frames.v[0].line, 12);
}

static void old_versions(void **state)
{
	(void)state;
	scan("==7== Memcheck, a memory error detector.\n"
	     "==7== Invalid read of size 4\n"
	     "==7==    at 0x804842D: (within /usr/bin/old)\n"
	     "==7==    by 0x804844B: main (in /opt/u (x86)/a.out)\n"
	     "==7==  Address 0x0 is not stack'd, malloc'd or (recently) free'd\n"
	     "==7== \n");
	const struct frames *frames = &only()->stacks[0].frames;
	assert_null(frames->v[0].function);
	assert_string_equal(frames->v[0].module, "/usr/bin/old");
	assert_string_equal(frames->v[1].function, "main");
	assert_string_equal(frames->v[1].module, "/opt/u (x86)/a.out");
	assert_string_equal(only()->category, "crash");
	assert_int_equal(only()->cwe, 476);
}

static void kinds_of_text(void **state)
{
	static const struct {
		const char *text, *kind, *category;
	} rows[] = {
		{ "Invalid alignment value: 3 (should be power of 2)", "InvalidAlignment",
		        "api-misuse" },
		{ "aligned_alloc() invalid size value: 0", "InvalidSize", "api-misuse" },
		{ "Mismatched new/delete size value: 1", "MismatchedAllocateDeallocateSize",
		        "allocator-misuse" },
		{ "Mismatched new/delete alignment alloc value: 32 dealloc value: 64",
		        "MismatchedAllocateDeallocateAlignment", "allocator-misuse" },
		{ "realloc() with size 0", "ReallocSizeZero", "api-misuse" },
		{ "Unaddressable byte(s) found during client check request", "ClientCheck",
		        "out-of-bounds" },
		{ "signal frame contains unaddressable byte(s)", "CoreMemError", "out-of-bounds" },
		{ "9 (+1) bytes in 1 (-2) blocks are possibly lost in new loss record 1 of 2",
		        "Leak_PossiblyLost", "leak" },
		{ "pthread_join(): invalid thread ID 0x12", "InvalidThreadId", "api-misuse" },
		{ "Inconsistent association of condition variable and mutex: condition variable "
		  "0x1, mutexes 0x2 and 0x3",
		        "CondWaitErr", "api-misuse" },
		{ "Destroying condition variable that is being waited upon: cond 0x1, mutex 0x2 "
		  "locked by thread 1",
		        "CondDestrErr", "api-misuse" },
		{ "Not a barrier: barrier 0x1", "BarrierErr", "api-misuse" },
		{ "Thread #1 unlocked an invalid lock at 0x5", "UnlockBogus", "api-misuse" },
		{ "Process terminating with default action of signal 11 (SIGSEGV)", "fatal_signal",
		        "crash" },
		{ "Jump to the invalid address stated on the next line", "InvalidJump", "crash" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *log =
		        xasprintf("==7== %s\n==7==    at 0x1: f (a.c:1)\n==7== \n", rows[i].text);
		scan(log);
		assert_string_equal(only()->kind, rows[i].kind);
		assert_string_equal(only()->category, rows[i].category);
		free(log);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(helgrind_text),
		TEST(lock_order_text),
		TEST(drd_text),
		TEST(drd_key),
		TEST(processes_in_one_log),
		TEST(descriptors),
		TEST(no_more_errors),
		TEST(wrapped_and_cut),
		TEST(old_versions),
		TEST(kinds_of_text),
	};

	return cmocka_run_group_tests(tests, no_symbols, NULL);
}
