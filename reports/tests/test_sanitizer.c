/*
 * What becomes of sanitizers' reports on their way into a log. Two processes that write into one:
 * what is found is what is found in each of their logs. A reader cannot know whose a line is that
 * does not say so; so without prefixes only such mixtures are tested as it is meant to take apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/tests/dump.h"

#define SAMPLES "reports/tests/samples"

static void load(struct buf *b, const char *name)
{
	char *path = xasprintf("%s/%s", SAMPLES, name);
	struct err e = { 0 };

	if (file_read(path, b, 0, &e))
		fail_msg("%s", e.msg);
	buf_add(b, "", 0);
	free(path);
}

/* Appends one line of *LOG, which is moved on, after PREFIX. */
static void add_line(struct buf *out, const char **log, const char *prefix)
{
	size_t len = strcspn(*log, "\n");

	buf_addstr(out, prefix);
	buf_add(out, *log, len);
	buf_addch(out, '\n');
	*log += len + ((*log)[len] == '\n');
}

enum how { PREFIXED, BY_LINE, IN_BETWEEN };

/* Up to five lines of each in turn, or one, or seven of A before all of B. */
static void mix(struct buf *out, const char *a, const char *b, enum how how)
{
	static const char *const prefixes[2][2] = { { "first_1   | ", "second_1  | " },
		{ "", "" } };
	const char *const *prefix = prefixes[how != PREFIXED];

	for (int first = 1; *a || *b; first = 0) {
		long n = how == BY_LINE ? 1 : how == PREFIXED ? 1 + random() % 5 : first ? 7 : -1;
		for (; n && *a; n--)
			add_line(out, &a, prefix[0]);
		n = how == BY_LINE ? 1 : how == PREFIXED ? 1 + random() % 5 : -1;
		for (; n && *b; n--)
			add_line(out, &b, prefix[1]);
	}
}

/* The findings in LOG, without the lines' numbers, added to FOUND. */
static void scan(struct strv *found, const struct buf *log)
{
	struct buf out = { 0 };

	dump_scan(&out, log->data, log->len, 0);
	buf_addch(&out, 0);
	for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
		strv_push(found, strchr(line, '\t'));
	buf_release(&out);
}

static void check(const char *first, const char *second, enum how how)
{
	struct buf a = { 0 }, b = { 0 }, both = { 0 };
	struct strv apart = { 0 }, together = { 0 };

	load(&a, first);
	load(&b, second);
	scan(&apart, &a);
	scan(&apart, &b);
	mix(&both, a.data, b.data, how);
	scan(&together, &both);
	strv_sort(&apart);
	strv_sort(&together);
	for (size_t i = 0; i < apart.n && i < together.n; i++)
		if (strcmp(apart.v[i], together.v[i]) != 0)
			fail_msg("%s and %s:\nexpected:%s\ngot:%s\n%s", first, second, apart.v[i],
			        together.v[i], both.data);
	if (apart.n != together.n)
		fail_msg("%s and %s: %zu findings, not %zu", first, second, together.n, apart.n);
	buf_release(&a);
	buf_release(&b);
	buf_release(&both);
	strv_release(&apart);
	strv_release(&together);
}

static const char *const logs[] = { "asan-uaf-clang.txt", "asan-uaf-gcc.txt", "asan-over.txt",
	"asan-segv.txt", "asan-double.txt", "tsan.txt", "msan-kinds.txt", "lsan.txt",
	"ubsan-gcc.txt" };

enum { LOGS = sizeof logs / sizeof *logs };

static void test_prefixed(void **state)
{
	(void)state;
	for (size_t i = 0; i < LOGS; i++)
		for (size_t k = 0; k < LOGS; k++)
			for (int n = 0; n < 5; n++)
				check(logs[i], logs[k], PREFIXED);
}

/* Line by line, as processes do that crash at once: the numbers of the frames tell. */
static void test_by_line(void **state)
{
	static const char *const pairs[][2] = {
		{ "asan-uaf-clang.txt", "asan-uaf-gcc.txt" },
		{ "asan-uaf-clang.txt", "asan-over.txt" },
		{ "asan-double.txt", "asan-uaf-gcc.txt" },
		{ "asan-segv.txt", "asan-over.txt" },
		{ "asan-segv.txt", "asan-uaf-clang.txt" },
		{ "asan-uaf-clang.txt", "ubsan-clang.txt" },
		{ "asan-uaf-gcc.txt", "tsan.txt" },
		{ "tsan.txt", "asan-segv.txt" },
		{ "tsan.txt", "msan-kinds.txt" },
		{ "lsan.txt", "asan-double.txt" },
		{ "ubsan-gcc.txt", "tsan.txt" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check(pairs[i][0], pairs[i][1], BY_LINE);
}

/* One stops in the middle of its report, the other writes all of its own. */
static void test_in_between(void **state)
{
	(void)state;
	for (size_t i = 0; i < LOGS; i++)
		for (size_t k = 0; k < LOGS; k++)
			if (i != k)
				check(logs[i], logs[k], IN_BETWEEN);
}

/* What CI engines, terminals and others do to each line; "%N" is the line's number in two digits.
 */
static const struct wrapping {
	const char *before, *after;
} wrappings[] = {
	{ "2026-01-01T00:00:%N.1234567Z ", "" },
	{ "2026-01-01T00:00:%N.123456Z 01O ", "" },
	{ "section_start:17672000%N:step\r\033[0K", "" },
	{ "[2026-01-01T00:00:%N.123Z] ", "" },
	{ "", "\r" },
	{ "\033[1m\033[31m", "\033[0m" },
	{ "[   12.3456%N] ", "" },
	{ "[   12.3456%N][  T123] ", "" },
	{ " 12: ", "" },
	{ "01-02 03:04:%N.678  1234  1236 F DEBUG   : ", "" },
	{ "service_1  | 2026-01-01T00:00:%N.123456789Z ", "" },
	{ "Jan  1 00:00:%N host prog[123]: ", "" },
};

static void wrap(struct buf *out, const char *log, const struct wrapping *w)
{
	for (int n = 0; *log; n++) {
		const char *number = strstr(w->before, "%N");
		if (number)
			buf_addf(out, "%.*s%02d%s", (int)(number - w->before), w->before, n % 60,
			        number + 2);
		else
			buf_addstr(out, w->before);
		size_t len = strcspn(log, "\n");
		buf_add(out, log, len);
		buf_addstr(out, w->after);
		buf_addch(out, '\n');
		log += len + (log[len] == '\n');
	}
}

static void test_wrapped(void **state)
{
	static const char *const more[] = { "gdb-threads.txt", "signals-clang.txt",
		"asan-kinds-gcc.txt", "tsan-no-header.txt", "ubsan-minimal.txt" };
	enum { MORE = sizeof more / sizeof *more };

	(void)state;
	for (size_t i = 0; i < (LOGS + MORE) * (sizeof wrappings / sizeof *wrappings); i++) {
		const struct wrapping *w = &wrappings[i / (LOGS + MORE)];
		size_t k = i % (LOGS + MORE);
		const char *name = k < LOGS ? logs[k] : more[k - LOGS];
		struct buf log = { 0 }, wrapped = { 0 };
		struct strv bare = { 0 }, found = { 0 };
		load(&log, name);
		wrap(&wrapped, log.data, w);
		scan(&bare, &log);
		scan(&found, &wrapped);
		if (bare.n != found.n)
			fail_msg("%s after \"%s\": %zu findings, not %zu", name, w->before, found.n,
			        bare.n);
		for (size_t m = 0; bare.v && found.v && m < bare.n; m++)
			assert_string_equal(bare.v[m], found.v[m]);
		buf_release(&log);
		buf_release(&wrapped);
		strv_release(&bare);
		strv_release(&found);
	}
}

static char *found_in(const char *log)
{
	struct buf out = { 0 };

	dump_scan(&out, log, strlen(log), 0);
	buf_addch(&out, 0);
	return buf_detach(&out);
}

struct expected {
	const char *log, *found; /* NULL: nothing */
};

static void check_found(const struct expected *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *out = found_in(cases[i].log);
		if (cases[i].found ? !strstr(out, cases[i].found) : *out)
			fail_msg("%sgives:\n%s", cases[i].log, out);
		free(out);
	}
}

/* Shapes of the first line, new and old, glued to other output. */
static void test_headers(void **state)
{
	static const struct expected cases[] = {
		{ "==1== ERROR: AddressSanitizer: heap-use-after-free on address 0x10 at pc 0x1\n",
		        "\t1\tasan\theap-use-after-free\tuse-after-free\t- 0\t0x10\t" },
		{ "output==1==ERROR: AddressSanitizer: SEGV on unknown address 0x10 (pc 0x1)\n",
		        "\t1\tasan\tSEGV\tcrash\t- 0\t0x10\t" },
		{ "outputAddressSanitizer:DEADLYSIGNAL\n==1==ERROR: AddressSanitizer: BUS on "
		  "unknown "
		  "address (pc 0x1)\nSUMMARY: AddressSanitizer: BUS (a+0x1)\n",
		        "\t1\tasan\tBUS\tcrash\t- 0\t-\t" },
		{ "outputMemorySanitizer:DEADLYSIGNAL\n", "\tmsan\tDEADLYSIGNAL\tcrash\t" },
		{ "ASAN:SIGSEGV\n", "\tasan\tDEADLYSIGNAL\tcrash\t" },
		{ "==1==ERROR: HWAddressSanitizer: tag-mismatch on address 0x10 at pc 0x1\n"
		  "READ of size 4 at 0x10 tags: 10/00 (ptr/mem) in thread T0\n"
		  "    #0 0x1 in f a.c:3\n\nCause: use-after-free\n"
		  "freed by thread T0 here:\n    #0 0x2 in free h.c:1\n",
		        "\tasan\ttag-mismatch\tuse-after-free\tread 4\t0x10\tf\t" },
		{ "FATAL: ThreadSanitizer CHECK failed: a.cc:84 \"((x)) != (0)\" (0x0, 0x0)\n",
		        "\ttsan\tCHECK failed\tcrash\t" },
		{ "==1==AddressSanitizer CHECK failed: a.cc:84 \"((x)) != (0)\" (0x0, 0x0)\n",
		        "\t1\tasan\tCHECK failed\tcrash\t" },
	};

	(void)state;
	check_found(cases, sizeof cases / sizeof *cases);
}

/* What goes on behind the end, what has no beginning, and lines that are no report. */
static void test_edges(void **state)
{
	static const struct expected cases[] = {
		{ "==1==ERROR: AddressSanitizer: some-new-error: it says\n    #0 0x1 in f a.c:3\n"
		  "SUMMARY: AddressSanitizer: some-new-error a.c:3 in f\n",
		        "\t1\tasan\tsome-new-error\tother\t" },
		/* what the shim adds of an annotated pool, with the interpreter's lines */
		{ "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x10 at pc 0x1\n"
		  "READ of size 4 at 0x10 thread T0\n    #0 0x1 in f a.c:3\n\n"
		  "SUMMARY: AddressSanitizer: heap-use-after-free a.c:3 in f\n"
		  "0x10 is located 0 bytes inside of 8-byte region [0x10,0x18)\n"
		  "  of pool 'p', freed\nfreed by thread T0 here:\n    #0 0x2 in g b.c:4\n"
		  "File \"s.py\", line 5 in h\n\npreviously allocated by thread T0 here:\n"
		  "    #0 0x3 in k c.c:5\nFile \"s.py\", line 4 in h\n\n==1==ABORTING\n",
		        "access:1;free:1+1;alloc:1+1;" },
		{ "ubsan: type-mismatch by 0x00401234 address 0x00000001\n",
		        "\tubsan\ttype-mismatch\tundefined\t- 0\t0x00000001\t" },
		{ "SUMMARY: AddressSanitizer: heap-buffer-overflow a.c:3 in f\n",
		        "1\tunparsed\tthe summary of a report whose beginning is missing\n" },
		{ "==1==LeakSanitizer has encountered a fatal error.\n",
		        "1\tunparsed\tthe checker itself gave up\n" },
		{ "==1==ASan runtime does not come first in initial library list; you should...\n",
		        "1\tunparsed\tthe checker itself gave up\n" },
		{ "==1==ERROR: LeakSanitizer: detected memory leaks\n",
		        "1\tunparsed\ta list without a record\n" },
		{ "==1==WARNING: AddressSanitizer failed to allocate 0x10 bytes\n", NULL },
		{ "==1==WARNING: ThreadSanitizer: memory layout is incompatible. Re-executing\n",
		        NULL },
		{ "==1==AddressSanitizer: failed to intercept 'x'\n", NULL },
		{ "ThreadSanitizer: reported 1 warnings\n", NULL },
		{ "terminate: runtime error: all is lost\n", NULL },
		{ "ubsan: too many errors\n", NULL },
		{ "ubsan:  by 0x00401234\n", NULL },
		{ "WARNING: ThreadSanitizer:  (pid=12)\n", NULL },
		{ "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2\n", NULL },
	};

	(void)state;
	check_found(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixed),
		cmocka_unit_test(test_by_line),
		cmocka_unit_test(test_in_between),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_edges),
	};

	srandom(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
