/* gdb's frames in all their shapes, and what a session at a terminal looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"
#include "reports/frame.h"
#include "reports/tests/dump.h"

static void test_frames(void **state)
{
	static const struct {
		const char *text, *function, *file;
		int line;
		const char *module;
	} calls[] = {
		{ "main () at a.c:3", "main", "a.c", 3, NULL },
		{ "0x0000555555555139 in f (p=0x0) at /src/a b.c:12", "f", "/src/a b.c", 12, NULL },
		{ "0x00007ffff7a5a000 in ?? () from /lib/x.so.6", NULL, NULL, 0, "/lib/x.so.6" },
		{ "0x00007ffff7a5a000 in ?? ()", NULL, NULL, 0, NULL },
		{ "0x00007ffff7a5a000 in f(int, char const*) () from /lib/x.so",
		        "f(int, char const*)", NULL, 0, "/lib/x.so" },
		{ "<signal handler called>", "<signal handler called>", NULL, 0, NULL },
		{ "0x1 in std::function<void (int)>::operator()(int) const (this=0x7f, n=3) at "
		  "f.h:5",
		        "std::function<void (int)>::operator()(int) const", "f.h", 5, NULL },
		{ "(anonymous namespace)::T::operator< (this=0x1, o=...) at t.cc:9",
		        "(anonymous namespace)::T::operator<", "t.cc", 9, NULL },
		{ "f (s=\"a) at b.c:3 (\", c=40 '(', q=39 '\\'') at a.c:7", "f", "a.c", 7, NULL },
		{ "v<(anonymous namespace)::T, 3>::push (this=<optimized out>) at v.h:1",
		        "v<(anonymous namespace)::T, 3>::push", "v.h", 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct arena a = { 0 };
		struct frame frame;
		if (frame_parse_gdb_call(&a, calls[i].text, &frame))
			fail_msg("no call: %s", calls[i].text);
		if (calls[i].function)
			assert_string_equal(frame.function, calls[i].function);
		else
			assert_null(frame.function);
		if (calls[i].file)
			assert_string_equal(frame.file, calls[i].file);
		assert_int_equal(frame.line, calls[i].line);
		if (calls[i].module)
			assert_string_equal(frame.module, calls[i].module);
		arena_release(&a);
	}
}

static void test_no_frames(void **state)
{
	static const char *const texts[] = { "", "f", "f (", "f (s=\"", "0x12", "0x12 in ", "()",
		"No locals.", "rip 0x1 0x1 <main+3>" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct arena a = { 0 };
		struct frame frame;
		if (!frame_parse_gdb_call(&a, texts[i], &frame))
			fail_msg("a call: %s", texts[i]);
		arena_release(&a);
	}
}

static char *scan(const char *log)
{
	struct buf out = { 0 };

	dump_scan(&out, log, strlen(log), 0);
	buf_addch(&out, 0);
	return buf_detach(&out);
}

/* A terminal wraps lines, prompts stand before them, and py-bt's frames are Python's. */
static void test_session(void **state)
{
	char *out = scan("(gdb) run\n"
	                 "\n"
	                 "Program received signal SIGSEGV, Segmentation fault.\n"
	                 "strlen () at ../strlen.S:74\n"
	                 "74\t../strlen.S: No such file or directory.\n"
	                 "(gdb) bt\n"
	                 "#0  strlen () at ../strlen.S:74\n"
	                 "#1  0x00005555556a1b2c in make (u=0x0)\n"
	                 "    at ../make.c:2101\n"
	                 "#2  0x00007ffff6e0d3d1 in call (this=0x7fffffffdc50, \n"
	                 "    other={name = \"a) at b.c:3 (\", n = 97 'a'}) at call.c:12\n"
	                 "#3  <signal handler called>\n"
	                 "#4  0x0000555555556666 in eval (f=Frame 0x7f, for file /a.py, line 7, in "
	                 "inner (x=1), flag=0) at eval.c:4181\n"
	                 "(gdb) py-bt\n"
	                 "Traceback (most recent call first):\n"
	                 "  <built-in method string_at of module object at remote 0x7ffff6e0>\n"
	                 "  File \"/a.py\", line 7, in inner\n"
	                 "    string_at(0)\n"
	                 "  File \"/a.py\", line 12, in <module>\n"
	                 "    inner(1)\n"
	                 "(gdb) c\n"
	                 "Continuing.\n"
	                 "\n"
	                 "Program terminated with signal SIGSEGV, Segmentation fault.\n"
	                 "The program no longer exists.\n");

	(void)state;
	assert_non_null(strstr(out, "3\t0\tgdb\tSIGSEGV\tcrash\t- 0\t-\tmake\t"
	                            "strlen;make;call;<signal handler called>;eval;\t"
	                            "../make.c:2101\taccess:5;\tinner;<module>;\t"));
	assert_ptr_equal(
	        strchr(out, '\n'), out + strlen(out) - 1); /* one finding, nothing unparsed */
	free(out);
}

/* Without the current thread's backtrace, that of the thread which got the signal is the crash's.
 */
static void test_threads(void **state)
{
	char *out = scan("Thread 2 \"x\" received signal SIGBUS, Bus error.\n"
	                 "Thread 1 (Thread 0x7f01 (LWP 77) \"x\"):\n"
	                 "#0  wait () at w.c:1\n"
	                 "#1  main () at m.c:2\n"
	                 "\n"
	                 "Thread 2 (Thread 0x7f02 (LWP 78) \"x\"):\n"
	                 "#0  crash () at c.c:3\n"
	                 "#1  start () at s.c:4\n");

	(void)state;
	assert_non_null(strstr(out, "1\t77\tgdb\tSIGBUS\tcrash\t- 0\t-\tcrash\t"));
	assert_non_null(strstr(out, "\tthread:2;access:2;\t"));
	free(out);
}

static void test_stops(void **state)
{
	char *out = scan("Program received signal SIGINT, Interrupt.\n#0  f () at a.c:3\n"
	                 "the process received signal SIGSEGV, it says\n");

	(void)state;
	assert_string_equal(out, "");
	free(out);
	out = scan("Program terminated with signal 6, Aborted.\n");
	assert_non_null(strstr(out, "1\tunparsed\tno backtrace follows\n"));
	assert_non_null(strstr(out, "\tgdb\tSIGABRT\tcrash\t"));
	free(out);
}

/* Numbers that are none, for memory was overwritten: what can be told is told without them. */
static void test_no_numbers(void **state)
{
	char *out = scan("Thread 99999999999 \"x\" received signal SIGBUS, Bus error.\n"
	                 "Thread 1 (Thread 0x7f01 (LWP -77) \"x\"):\n"
	                 "#0  crash () at c.c:3\n"
	                 "Traceback (most recent call first):\n"
	                 "  File \"/a.py\", line 99999999999, in inner\n"
	                 "  File \"/a.py\", line -3, in outer\n");

	(void)state;
	assert_non_null(strstr(out, "1\t0\tgdb\tSIGBUS\tcrash\t- 0\t-\tcrash\t"));
	assert_non_null(strstr(out, "\tinner;\t"));
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_frames),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
