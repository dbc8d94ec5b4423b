/*
 * Each sample, as its tool wrote it, against SAMPLE.expected (what dump.h says of it); then again
 * in pieces of other sizes, which must not matter, and cut at many places, which must not break
 * anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/symbolize.h"
#include "reports/tests/dump.h"

#define SAMPLES "reports/tests/samples"
#define EXPECTED ".expected"

static struct strv samples;

static void load(struct buf *b, const char *name)
{
	char *path = xasprintf("%s/%s", SAMPLES, name);
	struct err e = { 0 };

	if (file_read(path, b, 0, &e))
		fail_msg("%s", e.msg);
	buf_add(b, "", 0);
	free(path);
}

static void scan_sample(struct buf *out, const char *name, long piece)
{
	struct buf log = { 0 };

	load(&log, name);
	dump_scan(out, log.data, log.len, piece);
	buf_add(out, "", 0);
	buf_release(&log);
}

static int find_samples(void **state)
{
	struct strv all = { 0 };
	struct err e;

	(void)state;
	symbolize_program(""); /* what is on this machine is not of the samples */
	if (dir_list(SAMPLES, &all, &e))
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (!text_ends(all.v[i], EXPECTED))
			strv_push(&samples, all.v[i]);
	strv_release(&all);
	return samples.n ? 0 : -1;
}

static int drop_samples(void **state)
{
	(void)state;
	strv_release(&samples);
	return 0;
}

static void test_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples.n; i++) {
		struct buf out = { 0 }, expected = { 0 };
		char *name = xasprintf("%s%s", samples.v[i], EXPECTED);
		scan_sample(&out, samples.v[i], 0);
		load(&expected, name);
		if (strcmp(out.data, expected.data) != 0)
			fail_msg("%s:\nexpected:\n%sgot:\n%s", samples.v[i], expected.data,
			        out.data);
		buf_release(&out);
		buf_release(&expected);
		free(name);
	}
}

static void test_pieces(void **state)
{
	static const long pieces[] = { 1, 2, 7, 64, 4093, -1, -1, -1 };

	(void)state;
	for (size_t i = 0; i < samples.n; i++) {
		struct buf whole = { 0 };
		scan_sample(&whole, samples.v[i], 0);
		for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
			struct buf out = { 0 };
			scan_sample(&out, samples.v[i], pieces[k]);
			assert_string_equal(out.data, whole.data);
			buf_release(&out);
		}
		buf_release(&whole);
	}
}

static void test_cut_and_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples.n; i++) {
		struct buf log = { 0 };
		load(&log, samples.v[i]);
		for (int k = 0; k < 50; k++) {
			struct buf out = { 0 };
			size_t from = (size_t)random() % log.len;
			log.data[(size_t)random() % log.len] = (char)random();
			dump_scan(
			        &out, log.data + from, (size_t)random() % (log.len - from) + 1, 0);
			buf_release(&out);
		}
		buf_release(&log);
	}
}

/* The Nth column of the first line of what is found in a sample; owned by the caller. */
static char *column(const char *sample, int n)
{
	struct buf out = { 0 };

	scan_sample(&out, sample, 0);
	const char *p = out.data ? out.data : "";
	while (n-- > 0) {
		const char *tab = strchr(p, '\t');
		p = tab ? tab + 1 : "";
	}
	assert_true(*p);
	char *value = xstrndup(p, strcspn(p, "\t\n"));
	buf_release(&out);
	return value;
}

enum { COLUMN_TOP = 7, COLUMN_FINGERPRINT = 13 };

static void assert_same(const char *one, const char *other, int n)
{
	char *a = column(one, n), *b = column(other, n);

	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* Compilers, a CI engine's decoration, and text or XML make no difference. */
static void test_keys_are_stable(void **state)
{
	(void)state;
	assert_same("asan-uaf-gcc.txt", "asan-uaf-clang.txt", COLUMN_FINGERPRINT);
	assert_same("asan-uaf-clang.txt", "ci-asan.txt", COLUMN_FINGERPRINT);
	assert_same("memcheck-uaf.txt", "memcheck-uaf.xml", COLUMN_FINGERPRINT);
	assert_same("memcheck-leak.txt", "memcheck-leak.xml", COLUMN_FINGERPRINT);
}

static void test_keys_differ(void **state)
{
	char *freed = column("memcheck-uaf.xml", COLUMN_FINGERPRINT);
	char *beyond = column("memcheck-fork.xml", COLUMN_FINGERPRINT);

	(void)state;
	assert_string_not_equal(freed, beyond);
	free(freed);
	free(beyond);
}

/* A signal's delivery, interceptors and allocators are not where the defect is. */
static void test_top(void **state)
{
	static const char *const tops[][2] = {
		{ "asan-copy.txt", "main" },
		{ "asan-double.txt", "drop" },
		{ "lsan.txt", "lose" },
		{ "memcheck-leak.xml", "lose" },
		{ "tsan.txt", "store" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
		char *top = column(tops[i][0], COLUMN_TOP);
		assert_string_equal(top, tops[i][1]);
		free(top);
	}
}

/*
 * faulthandler's stack and ASan's report on one crash are one finding, and the frames of the
 * signal's delivery are not where it happened.
 */
static void test_crash_with_faulthandler(void **state)
{
	struct buf out = { 0 };

	(void)state;
	scan_sample(&out, "cpython-asan-segv.txt", 0);
	char *crash = strstr(out.data, "\tasan\tSEGV\tcrash\t");
	assert_non_null(crash);
	assert_null(strstr(crash, "\tcpython\t"));
	assert_non_null(strstr(crash, "\tPy_TYPE\t__pthread_kill_implementation;raise;"));
	assert_non_null(strstr(crash, "\t<module>;\t"));
	buf_release(&out);
}

/* Which thread came first is chance. */
static void test_race_is_a_pair(void **state)
{
	struct finding *f[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		f[i] = finding_new("tsan", "data race");
		f[i]->category = "race";
		for (int k = 0; k < 2; k++) {
			struct stack *s = finding_stack(f[i], k ? ROLE_OTHER_ACCESS : ROLE_ACCESS);
			frames_add(f[i], &s->frames)->function = k == i ? "store" : "load";
		}
		fingerprint(f[i]);
	}
	assert_string_equal(f[0]->fingerprint, f[1]->fingerprint);
	assert_string_equal(f[0]->bucket, f[1]->bucket);
	finding_free(f[0]);
	finding_free(f[1]);
}

/* A line without an end does not take memory without an end. */
static void test_endless_line(void **state)
{
	struct buf out = { 0 };
	struct sink sink = { dump_on_finding, dump_on_unparsed, &out };
	struct scanner *s = scanner_new("log", &sink);
	char block[65536];

	(void)state;
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 64; i++)
		scanner_feed(s, block, sizeof block);
	scanner_feed(s, "\na.c:1:2: runtime error: division by zero\n", 42);
	scanner_finish(s);
	assert_non_null(strstr(out.data, "1\tunparsed\t"));
	assert_non_null(strstr(out.data, "2\t0\tubsan\tinteger-divide-by-zero\t"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_cut_and_damaged),
		cmocka_unit_test(test_keys_are_stable),
		cmocka_unit_test(test_keys_differ),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_crash_with_faulthandler),
		cmocka_unit_test(test_race_is_a_pair),
		cmocka_unit_test(test_endless_line),
	};

	return cmocka_run_group_tests(tests, find_samples, drop_samples);
}
