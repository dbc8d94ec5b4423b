/*
 * Two processes that write into one log: what is found is what is found in each of their logs. A
 * reader cannot know whose a line is that does not say so; so without prefixes only such mixtures
 * are tested as it is meant to take apart.
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

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
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
	qsort(apart.v, apart.n, sizeof *apart.v, compare);
	qsort(together.v, together.n, sizeof *together.v, compare);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixed),
		cmocka_unit_test(test_by_line),
		cmocka_unit_test(test_in_between),
	};

	srandom(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
