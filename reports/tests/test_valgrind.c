/*
 * Valgrind's text and XML: what is particular to versions, tools and options, and XML that several
 * writers, signals and programs have spoiled. Whole logs are in samples/ (test_scan.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "reports/kinds.h"
#include "reports/scan.h"
#include "reports/symbolize.h"

enum { FOUND_MAX = 400 };

static struct finding *found[FOUND_MAX];
static struct unparsed *told[FOUND_MAX];
static size_t found_count, told_count;

static void on_finding(void *context, struct finding *f)
{
	(void)context;
	assert_true(found_count < FOUND_MAX);
	found[found_count++] = f;
}

static void on_unparsed(void *context, struct unparsed *u)
{
	(void)context;
	assert_true(told_count < FOUND_MAX);
	told[told_count++] = u;
}

static int forget(void **state)
{
	(void)state;
	while (found_count)
		finding_free(found[--found_count]);
	while (told_count) {
		struct unparsed *u = told[--told_count];

		free(u->log);
		free(u->text);
		free(u->reason);
		free(u);
	}
	return 0;
}

/* Scans TEXT, in pieces of PIECE bytes; what was found before is forgotten. */
static void scan_pieces(const char *text, size_t len, size_t piece)
{
	struct sink sink = { on_finding, on_unparsed, NULL };
	struct scanner *s = scanner_new("log", &sink);

	forget(NULL);
	for (size_t at = 0; at < len; at += piece)
		scanner_feed(s, text + at, piece < len - at ? piece : len - at);
	scanner_finish(s);
}

static void scan(const char *text)
{
	scan_pieces(text, strlen(text), 1 << 16);
}

static const struct finding *only(void)
{
	assert_int_equal(found_count, 1);
	return found[0];
}

/* "access:f,g free:h" of F's stacks. */
static void check_stacks(const struct finding *f, const char *expected)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < f->stack_count; i++) {
		buf_addf(&b, "%s%s:", i ? " " : "", role_names[f->stacks[i].role]);
		for (size_t k = 0; k < f->stacks[i].frames.n; k++) {
			const char *function = f->stacks[i].frames.v[k].function;
			buf_addf(&b, "%s%s", k ? "," : "", function ? function : "?");
		}
	}
	assert_string_equal(b.data ? b.data : "", expected);
	buf_release(&b);
}

/* --- text --- */

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
	check_stacks(only(), "access:ns::f(int, char const*),std::function<void (int)>::operator()(int) "
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
	     "==7==    by 0x804844B: main (in /home/u (x86)/a.out)\n"
	     "==7==  Address 0x0 is not stack'd, malloc'd or (recently) free'd\n"
	     "==7== \n");
	const struct frames *frames = &only()->stacks[0].frames;
	assert_null(frames->v[0].function);
	assert_string_equal(frames->v[0].module, "/usr/bin/old");
	assert_string_equal(frames->v[1].function, "main");
	assert_string_equal(frames->v[1].module, "/home/u (x86)/a.out");
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
		  "0x1, mutexes 0x2 and 0x3", "CondWaitErr", "api-misuse" },
		{ "Destroying condition variable that is being waited upon: cond 0x1, mutex 0x2 "
		  "locked by thread 1", "CondDestrErr", "api-misuse" },
		{ "Not a barrier: barrier 0x1", "BarrierErr", "api-misuse" },
		{ "Thread #1 unlocked an invalid lock at 0x5", "UnlockBogus", "api-misuse" },
		{ "Process terminating with default action of signal 11 (SIGSEGV)", "fatal_signal",
		  "crash" },
		{ "Jump to the invalid address stated on the next line", "InvalidJump", "crash" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *log = xasprintf("==7== %s\n==7==    at 0x1: f (a.c:1)\n==7== \n", rows[i].text);
		scan(log);
		assert_string_equal(only()->kind, rows[i].kind);
		assert_string_equal(only()->category, rows[i].category);
		free(log);
	}
}

/* --- XML --- */

#define HEAD "<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>4</protocolversion>\n" \
	"<protocoltool>%s</protocoltool>\n\n<pid>7</pid>\n<ppid>6</ppid>\n<tool>memcheck</tool>\n\n"
#define FRAME(fn) "    <frame>\n      <ip>0x1</ip>\n      <obj>/x</obj>\n      <fn>" fn "</fn>\n" \
	"      <dir>/s</dir>\n      <file>a.c</file>\n      <line>3</line>\n    </frame>\n"
#define STACK(fn) "  <stack>\n" FRAME(fn) "  </stack>\n"
#define ERROR(unique, kind, rest) "<error>\n  <unique>" unique "</unique>\n  <tid>1</tid>\n" \
	"  <kind>" kind "</kind>\n" rest "</error>\n\n"
#define READ(unique, fn) ERROR(unique, "InvalidRead", \
	"  <what>Invalid read of size 4</what>\n" STACK(fn) \
	"  <auxwhat>Address 0x5 is 0 bytes inside a block of size 4 free'd</auxwhat>\n" STACK("free"))
#define TAIL "</valgrindoutput>\n"

static char *document(const char *tool, const char *rest)
{
	char *head = xasprintf(HEAD, tool), *all = xasprintf("%s%s", head, rest);

	free(head);
	return all;
}

static void scan_document(const char *tool, const char *rest)
{
	char *text = document(tool, rest);

	scan(text);
	free(text);
}

static void drd_elements(void **state)
{
	(void)state;
	scan_document("drd",
		ERROR("0x0", "HoldtimeErr",
		      "  <acquired_at>\n" STACK("take") "  </acquired_at>\n"
		      "  <what>Lock on mutex 0x1 was held during 8 ms (threshold: 5 ms).</what>\n"
		      STACK("give") "  <first_observed_at>\n    <what>mutex</what>\n"
		      "    <address>0x1</address>\n" STACK("init") "  </first_observed_at>\n")
		ERROR("0x1", "BarrierErr",
		      "  <what>Reinitialization: barrier 0x2</what>\n" STACK("again")
		      "  <confl_wait_call>\n  <what>Conflicting wait call by thread 2:</what>\n"
		      STACK("wait") "  </confl_wait_call>\n")
		"  <trace><text>[1] mutex_trylock</text>\n" STACK("traced") "  </trace>\n"
		ERROR("0x2", "ConflictingAccess",
		      "  <what>Conflicting load by thread 1 at 0x04a6c034 size 4</what>\n"
		      STACK("load") "  <auxwhat>Address 0x4 is at offset 4 from 0x0.</auxwhat>\n"
		      "  <allocation_context>\n" STACK("malloc") "  </allocation_context>\n"
		      "  <other_segment_start>\n" STACK("from") "  </other_segment_start>\n"
		      "  <other_segment_end>\n" STACK("to") "  </other_segment_end>\n")
		"<errorcounts>\n  <pair>\n    <count>5</count>\n    <unique>0x2</unique>\n  </pair>\n"
		"</errorcounts>\n\n" TAIL);
	assert_int_equal(found_count, 3);
	check_stacks(found[0], "access:give lock:take lock:init");
	assert_string_equal(found[0]->message,
			    "Lock on mutex 0x1 was held during 8 ms (threshold: 5 ms).");
	check_stacks(found[1], "access:again other-access:wait");
	check_stacks(found[2], "access:load alloc:malloc other-access:from other-access:to");
	assert_int_equal(found[2]->count, 5);
	assert_string_equal(found[2]->access.op, "read");
	assert_string_equal(found[2]->access.address, "0x04a6c034");
	assert_string_equal(found[2]->tool, "drd");
	assert_int_equal(told_count, 0);
}

static void helgrind_elements(void **state)
{
	(void)state;
	scan_document("helgrind",
		"<announcethread>\n  <hthreadid>1</hthreadid>\n  <isrootthread></isrootthread>\n"
		"</announcethread>\n\n"
		"<announcethread>\n  <hthreadid>2</hthreadid>\n" STACK("clone") "</announcethread>\n"
		ERROR("0x0", "PthAPIerror",
		      "  <xwhat>\n    <text>Thread #2's call to f failed</text>\n"
		      "    <hthreadid>2</hthreadid>\n  </xwhat>\n"
		      "  <what>with error code 16 (EBUSY)</what>\n" STACK("f")
		      "  <auxwhat>Lock at 0x5 was first observed</auxwhat>\n" STACK("first")
		      "  <suppression>\n    <sname>x</sname>\n    <sframe> <fun>f</fun> </sframe>\n"
		      "    <rawtext>\n<![CDATA[\n{\n   <insert_a_suppression_name_here>\n   H:M\n}\n]]>\n"
		      "    </rawtext>\n  </suppression>\n")
		TAIL);
	check_stacks(only(), "access:f lock:first thread:clone");
	assert_string_equal(only()->message, "Thread #2's call to f failed");
	assert_non_null(strstr(only()->text, "EBUSY"));
	assert_int_equal(told_count, 0);
}

static void protocols_5_and_6(void **state)
{
	(void)state;
	scan_document("memcheck",
		"<error>\n  <unique>0x0</unique>\n  <tid>1</tid>\n  <kind>FdBadClose</kind>\n"
		"  <fd>3</fd>\n  <path>/tmp/x</path>\n"
		"  <what>File descriptor 3: <unknown> is already closed</what>\n" STACK("close")
		"  <auxwhat>Previously closed</auxwhat>\n" STACK("fclose")
		"  <auxwhat>Originally opened</auxwhat>\n" STACK("open") "</error>\n"
		"<error_summary>\n <errors>1</errors>\n</error_summary>\n"
		"<leak_summary>\n <definitely_lost>\n  <bytes>48</bytes>\n </definitely_lost>\n"
		"</leak_summary>\n<all_heap_blocks_freed>false</all_heap_blocks_freed>\n" TAIL);
	check_stacks(only(), "access:close free:fclose alloc:open");
	assert_string_equal(only()->message, "File descriptor 3: <unknown> is already closed");
	assert_int_equal(told_count, 0);
}

/* The same document, spoiled: N findings with REASON (NULL: nothing) told. */
static void check_spoiled(const char *text, size_t n, const char *reason)
{
	scan(text);
	assert_int_equal(found_count, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(found[i]->kind, "InvalidRead");
	if (reason) {
		assert_true(told_count > 0);
		assert_string_equal(told[0]->reason, reason);
	} else {
		assert_int_equal(told_count, 0);
	}
}

static void spoiled(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *reason;
	} rows[] = {
		{ READ("0x0", "f") READ("0x1", "g") TAIL, 2, NULL },
		{ READ("0x0", "f") READ("0x1", "g"), 2,
		  "the document has no end: the process was killed" },
		/* a program's own output, at the beginning of a line and before a tag */
		{ "a < b && c\n" READ("0x0", "f") "out\377put" READ("0x1", "g") TAIL, 2, NULL },
		/* what no XML may have */
		{ READ("0x0", "o\001ps && <lambda>::x\377") READ("0x1", "g") TAIL, 2, NULL },
		/* an end where none is expected, and one that is missing */
		{ READ("0x0", "f") TAIL READ("0x1", "g") TAIL, 2, NULL },
		{ "<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n  <stack>\n"
		  READ("0x1", "g") TAIL, 2, "the element has no end" },
		{ "<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n x</error>y\n"
		  READ("0x1", "g") TAIL, 2, NULL },
		{ STACK("lost") "</error>\n" READ("0x1", "g") TAIL, 1,
		  "a part of an element whose beginning is missing" },
		/* one line */
		{ "<error><unique>0x1</unique><kind>InvalidRead</kind></error><error><unique>0x2"
		  "</unique><kind>InvalidRead</kind></error></valgrindoutput>", 2, NULL },
		{ "<error>\r\n<unique>0x1</unique>\r\n<kind>InvalidRead</kind>\r\n</error>\r\n" TAIL,
		  1, NULL },
		{ "<error>\n<unique>0x1</unique>\n</error>\n" TAIL, 0, "an error without a kind" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = document("memcheck", rows[i].text);
		check_spoiled(text, rows[i].n, rows[i].reason);
		free(text);
	}
}

/* A document that was cut at its beginning, and an <error> that is of something else. */
static void headless(void **state)
{
	(void)state;
	scan("n>\n</stack>\n</error>\n" READ("0x1", "g") TAIL);
	check_stacks(only(), "access:g free:free");
	assert_string_equal(only()->tool, "memcheck");
	/* two at once: the first is read, and none is lost without a word */
	scan("<error>\n<kind>InvalidRead</kind>\n</stack></error><error>\n<kind>UninitValue</kind>\n"
	     "</error>\n" READ("0x1", "g"));
	assert_true(found_count >= 2 && told_count > 0);
	scan("<testsuite>\n<error>\n no \n</error>\n</testsuite>\n");
	assert_int_equal(found_count, 0);
	assert_int_equal(told_count, 0);
}

/* Lines of others in the midst of an element are seen by their readers. */
static void amid_other_logs(void **state)
{
	(void)state;
	scan_document("memcheck",
		"a.c:3:4: runtime error: division by zero\n"
		"<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n"
		"==9== Invalid write of size 1\n"
		"==9==    at 0x1: other (a.c:1)\n"
		"  <what>Invalid read of size 4</what>\n" STACK("f")
		"==9== \n"
		"</error>\n" TAIL
		"<unknown>:0: runtime error: left shift of negative value -1\n");
	assert_int_equal(found_count, 4);
	size_t tools[3] = { 0 };
	for (size_t i = 0; i < found_count; i++) {
		tools[0] += !strcmp(found[i]->tool, "ubsan");
		tools[1] += !strcmp(found[i]->kind, "InvalidRead");
		tools[2] += !strcmp(found[i]->kind, "InvalidWrite");
	}
	assert_int_equal(tools[0], 2);
	assert_int_equal(tools[1], 1);
	assert_int_equal(tools[2], 1);
	assert_int_equal(told_count, 0);
}

/* Any size of pieces gives the same; no cut loses an error that came before it. */
static void pieces_and_cuts(void **state)
{
	char *text = document("memcheck", READ("0x0", "f") "out\n" READ("0x1", "g") READ("0x2", "h")
			      "<errorcounts>\n  <pair>\n    <count>3</count>\n"
			      "    <unique>0x1</unique>\n  </pair>\n</errorcounts>\n" TAIL);
	size_t len = strlen(text);
	const char *end = text;

	(void)state;
	for (size_t piece = 1; piece < 60; piece++) {
		scan_pieces(text, len, piece);
		assert_int_equal(found_count, 3);
		assert_int_equal(found[1]->count, 3);
		assert_int_equal(told_count, 0);
	}
	for (size_t cut = 0; cut < len; cut += 7) {
		size_t whole = 0;
		for (end = text; (end = strstr(end, "</error>")) && end + 8 <= text + cut; end++)
			whole++;
		scan_pieces(text, cut, 1 << 16);
		assert_in_range(found_count, whole, whole + 1);
		assert_true(cut < 40 || told_count > 0);
	}
	free(text);
}

static void endless_element(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_addf(&b, HEAD, "memcheck");
	buf_addstr(&b, "<error>\n  <unique>0x1</unique>\n  <kind>InvalidRead</kind>\n  <stack>\n");
	for (int i = 0; i < 10000; i++)
		buf_addstr(&b, FRAME("f"));
	buf_addstr(&b, "  </stack>\n</error>\n" READ("0x2", "g") TAIL);
	scan(b.data);
	buf_release(&b);
	assert_int_equal(found_count, 2);
	assert_int_equal(found[0]->stacks[0].frames.n, 256);
	check_stacks(found[1], "access:g free:free");
	assert_int_equal(told_count, 1);
	assert_string_equal(told[0]->reason, "the element is too long");
}

static int no_symbols(void **state)
{
	(void)state;
	symbolize_program("");
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(helgrind_text), TEST(lock_order_text), TEST(drd_text), TEST(drd_key),
		TEST(processes_in_one_log), TEST(descriptors), TEST(no_more_errors), TEST(wrapped_and_cut), TEST(old_versions),
		TEST(kinds_of_text), TEST(drd_elements), TEST(helgrind_elements),
		TEST(protocols_5_and_6), TEST(spoiled), TEST(headless), TEST(amid_other_logs),
		TEST(pieces_and_cuts), TEST(endless_element),
	};

	return cmocka_run_group_tests(tests, no_symbols, NULL);
}
