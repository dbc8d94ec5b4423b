/* Lines of stacks, in all the ways in which tools write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "reports/frame.h"
#include "reports/kinds.h"

struct expected {
	const char *line;
	int number; /* -1: no frame */
	const char *function, *file;
	int at, column;
	const char *module, *offset;
};

static void assert_text(const char *got, const char *expected)
{
	if (!expected)
		assert_null(got);
	else
		assert_string_equal(got ? got : "(null)", expected);
}

static void check(const struct expected *e, int number, struct frame *frame)
{
	if (number != e->number)
		fail_msg("%s: number %d", e->line, number);
	if (number < 0)
		return;
	assert_text(frame->function, e->function);
	assert_text(frame->file, e->file);
	assert_int_equal(frame->line, e->at);
	assert_int_equal(frame->column, e->column);
	assert_text(frame->module, e->module);
	assert_text(frame->offset, e->offset);
}

static const struct expected sanitizer[] = {
	{ "    #0 0x4f4b44 in main a/asan.cpp:5:10", 0, "main", "a/asan.cpp", 5, 10, NULL, NULL },
	{ "    #1 0x7f33 in __libc_start_main (?\?)", 1, "__libc_start_main", NULL, 0, 0, NULL,
	        NULL },
	{ "    #12 0x55 in f /src/my dir/x (1).c:7", 12, "f", "/src/my dir/x (1).c", 7, 0, NULL,
	        NULL },
	{ "    #2 0x55 in operator new(unsigned long) ../../src/n.cpp:95", 2,
	        "operator new(unsigned long)", "../../src/n.cpp", 95, 0, NULL, NULL },
	{ "    #3 0x55 in std::map<int, A /b>::at(int, char) const t.cpp:9:1", 3,
	        "std::map<int, A /b>::at(int, char) const", "t.cpp", 9, 1, NULL, NULL },
	{ "    #4 0x55 in _start (/bin/x (y)+0x10b0) (BuildId: 0a1b)", 4, "_start", NULL, 0, 0,
	        "/bin/x (y)", "0x10b0" },
	{ "    #5 0x7fdb  (/lib/libc.so.6+0x3c04f)", 5, NULL, NULL, 0, 0, "/lib/libc.so.6",
	        "0x3c04f" },
	{ "    #1 0x10f in F C:\\x y\\y.cpp:12", 1, "F", "C:\\x y\\y.cpp", 12, 0, NULL, NULL },
	{ "    #1 0x10f in main (a.out:x86_64+0x10)", 1, "main", NULL, 0, 0, "a.out", "0x10" },
	{ "    #1 0x10f in main+0x1a (a.out+0x10)", 1, "main", NULL, 0, 0, "a.out", "0x10" },
	{ "    #1 0x10f in f ?\?:0", 1, "f", NULL, 0, 0, NULL, NULL },
	{ "    #1 0x10f in ?? ?\?:0", 1, NULL, NULL, 0, 0, NULL, NULL },
	{ "    #1 0x10f in operator<<(A const&) /x.cc:3", 1, "operator<<(A const&)", "/x.cc", 3, 0,
	        NULL, NULL },
	{ "    #1 0x10f in operator-> /x.cc:3", 1, "operator->", "/x.cc", 3, 0, NULL, NULL },
	{ "    #6 0x7fdb (<unknown module>)", 6, NULL, NULL, 0, 0, NULL, NULL },
	{ "    #0 pthread_create <null> (a.out+0x513ad) (BuildId: 03)", 0, "pthread_create", NULL,
	        0, 0, "a.out", "0x513ad" },
	{ "    #1 rd /src/race.c:5:38 (a.out+0x1)", 1, "rd", "/src/race.c", 5, 38, "a.out", "0x1" },
	{ "    #2 <null> <null> (libx.so+0x75)", 2, NULL, NULL, 0, 0, "libx.so", "0x75" },
	{ "    #3 <null> <null> (0x7eff0a5dad88)", 3, NULL, NULL, 0, 0, NULL, NULL },
	{ "#include <stdio.h>", -1, NULL, NULL, 0, 0, NULL, NULL },
	{ "    #x 0x1 in f", -1, NULL, NULL, 0, 0, NULL, NULL },
	{ "    #99999999999999999999 0x1 in f", -1, NULL, NULL, 0, 0, NULL, NULL },
	{ "", -1, NULL, NULL, 0, 0, NULL, NULL },
};

static const struct expected valgrind[] = {
	{ "at 0x109168: get (hbo_r.c:2)", 0, "get", "hbo_r.c", 2, 0, NULL, NULL },
	{ "by 0x48: calloc (in /usr/lib/x (1)/vg.so)", 0, "calloc", NULL, 0, 0,
	        "/usr/lib/x (1)/vg.so", NULL },
	{ "by 0x48: ns::C::m(int, (anonymous)) (a b.cpp:9)", 0, "ns::C::m(int, (anonymous))",
	        "a b.cpp", 9, 0, NULL, NULL },
	{ "by 0x48: (below main) (libc-start.c:308)", 0, "(below main)", "libc-start.c", 308, 0,
	        NULL, NULL },
	{ "by 0x48: ?\?? (in /bin/x)", 0, NULL, NULL, 0, 0, "/bin/x", NULL },
	{ "by 0x48: ?\??", 0, NULL, NULL, 0, 0, NULL, NULL },
	{ "at the end", -1, NULL, NULL, 0, 0, NULL, NULL },
};

/* Twice: a frame that was read before is not read again. */
static void test_sanitizer(void **state)
{
	enum { LINES = sizeof sanitizer / sizeof *sanitizer };

	(void)state;
	for (size_t i = 0; i < (size_t)2 * LINES; i++) {
		const struct expected *e = &sanitizer[i % LINES];
		struct arena a = { 0 };
		struct frame frame;
		check(e, frame_parse_sanitizer(&a, e->line, &frame), &frame);
		arena_release(&a);
	}
}

/* What was read of one line is not shared with what is read of the same line later. */
static void test_again(void **state)
{
	static const char line[] = "    #0 0x4f4b44 in again b/again.cpp:5:10 (a.out+0x10)";
	struct arena a = { 0 }, b = { 0 };
	struct frame first, second;

	(void)state;
	frame_parse_sanitizer(&a, line, &first);
	frame_parse_sanitizer(&b, line, &second);
	assert_ptr_not_equal(first.function, second.function);
	arena_release(&a);
	assert_string_equal(second.function, "again");
	assert_string_equal(second.file, "b/again.cpp");
	assert_string_equal(second.module, "a.out");
	assert_int_equal(second.column, 10);
	arena_release(&b);
}

static void test_valgrind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof valgrind / sizeof *valgrind; i++) {
		struct arena a = { 0 };
		struct frame frame;
		check(&valgrind[i], frame_parse_valgrind(&a, valgrind[i].line, &frame), &frame);
		arena_release(&a);
	}
}

static void test_kinds(void **state)
{
	(void)state;
	assert_string_equal(ubsan_kind("division by zero"), "integer-divide-by-zero");
	assert_string_equal(ubsan_kind("negation of -2147483648 cannot be represented in type "
	                               "'int'; cast to an unsigned type to negate this value"),
	        "signed-integer-overflow");
	assert_string_equal(
	        ubsan_kind("negation of 1 cannot be represented in type 'unsigned int'"),
	        "unsigned-integer-overflow");
	assert_string_equal(
	        ubsan_kind("implicit conversion from type 'int' of value -1 (32-bit, "
	                   "signed) to type 'unsigned int' changed the value to 4294967295 "
	                   "(32-bit, unsigned)"),
	        "implicit-integer-sign-change");
	assert_string_equal(ubsan_kind("something new"), "undefined-behavior");
	assert_string_equal(valgrind_kind("memcheck", "Invalid read of size 4"), "InvalidRead");
	assert_null(valgrind_kind("memcheck", "HEAP SUMMARY:"));
	assert_null(valgrind_kind("helgrind", "Thread #2 was created"));
}

struct meaning {
	const char *tool, *kind, *op, *category;
	int cwe;
};

static void test_categories(void **state)
{
	static const struct meaning meanings[] = {
		{ "asan", "heap-use-after-free", "read", "use-after-free", 416 },
		{ "asan", "heap-buffer-overflow", "write", "out-of-bounds", 787 },
		{ "asan", "stack-buffer-overflow", "read", "out-of-bounds", 125 },
		{ "asan", "double-free", NULL, "invalid-free", 415 },
		{ "asan", "calloc-overflow", NULL, "api-misuse", 190 },
		{ "tsan", "data race", "read", "race", 362 },
		{ "tsan", "double lock of a mutex", NULL, "api-misuse", 667 },
		{ "tsan", "lock-order-inversion (potential deadlock)", NULL, "deadlock", 833 },
		{ "memcheck", "Leak_DefinitelyLost", NULL, "leak", 401 },
		{ "ubsan", "integer-divide-by-zero", NULL, "undefined", 369 },
		{ "cpython", "refleak", NULL, "refleak", 911 },
		{ "memcheck", "Not_A_Real_Error", NULL, "other", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		struct finding *f = finding_new(meanings[i].tool, meanings[i].kind);
		f->access.op = meanings[i].op;
		finding_classify(f);
		assert_string_equal(f->category, meanings[i].category);
		assert_int_equal(f->cwe, meanings[i].cwe);
		finding_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sanitizer),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_valgrind),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_categories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
