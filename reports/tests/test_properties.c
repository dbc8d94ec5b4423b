/*
 * What is true of any log: in pieces of any size it gives the same findings; cut anywhere, what was
 * complete before the cut is found; twice in one file, it tells of the same defects twice as often.
 * Over the samples, and over the shared corpus where it is at hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/symbolize.h"
#include "reports/tests/dump.h"

#define SAMPLES "reports/tests/samples"
#define CORPUS "../shared/corpus/reports"

enum { LOG_MAX = 256 << 10 };

static struct strv samples, corpus;
static size_t step = 1; /* one log of so many, and one cut: under Valgrind all is slow */

static void find_logs(struct strv *logs, const char *dir)
{
	struct strv names = { 0 };
	struct stat st;

	if (dir_list(dir, &names, NULL))
		return;
	for (size_t i = 0; names.v && i < names.n; i++) {
		char *path = xasprintf("%s/%s", dir, names.v[i]);
		if (!lstat(path, &st) && S_ISDIR(st.st_mode))
			find_logs(logs, path);
		else if (!text_ends(path, ".expected") && !text_ends(path, ".tsv"))
			strv_push(logs, path);
		free(path);
	}
	strv_release(&names);
}

static int set_up(void **state)
{
	const char *wrapper = getenv("WRAPPER");

	(void)state;
	symbolize_program(""); /* what is on this machine is not of the logs */
	find_logs(&samples, SAMPLES);
	find_logs(&corpus, CORPUS);
	if (wrapper && *wrapper)
		step = 16;
	return samples.n ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	strv_release(&samples);
	strv_release(&corpus);
	return 0;
}

static void load(struct buf *b, const char *path)
{
	struct err e;

	if (file_read(path, b, 0, &e))
		fail_msg("%s", e.msg);
	if (b->len > LOG_MAX)
		b->len = LOG_MAX;
	buf_add(b, "", 0);
}

/* A finding as far as it is to be compared. */
struct seen {
	char *key; /* tool, kind, fingerprint */
	char *text;
	size_t line; /* its first one, from 1 */
	size_t count;
};

struct all_seen {
	struct seen *v;
	size_t n;
};

static size_t found; /* in all logs */

static void on_finding(void *context, struct finding *f)
{
	struct all_seen *all = context;
	struct seen *one;

	all->v = xrealloc(all->v, (all->n + 1) * sizeof *all->v);
	one = &all->v[all->n++];
	one->key = xasprintf("%s %s %s", f->tool, f->kind, f->fingerprint);
	one->text = xstrdup(f->text ? f->text : "");
	one->line = (size_t)f->occurrences->line;
	one->count = f->count;
	finding_free(f);
	found++;
}

static void on_unparsed(void *context, struct unparsed *u)
{
	(void)context;
	unparsed_free(u);
}

static void scan(struct all_seen *all, const char *data, size_t len)
{
	struct sink sink = { on_finding, on_unparsed, all };
	struct scanner *s = scanner_new("log", &sink);

	scanner_feed(s, data, len);
	scanner_finish(s);
}

static void release(struct all_seen *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].key);
		free(all->v[i].text);
	}
	free(all->v);
	memset(all, 0, sizeof *all);
}

static size_t count_of(const struct all_seen *all, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].key, key))
			n += all->v[i].count;
	return n;
}

/* Is ONE among ALL, or told of by another one of them? */
static int is_told(const struct all_seen *all, const struct seen *one)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].key, one->key) || strstr(all->v[i].text, one->text))
			return 1;
	return 0;
}

/* What is told of two places in a log, and of neither alone. */
static int is_difference(const char *key)
{
	return !strncmp(key, "cpython mallocstats", 19) || !strncmp(key, "cpython showrefcount", 20);
}

static void pieces(const char *path, const struct buf *log)
{
	static const long sizes[] = { 1, -1, 4093 };
	struct buf whole = { 0 };

	dump_scan(&whole, log->data, log->len, 0);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct buf out = { 0 };
		dump_scan(&out, log->data, log->len, sizes[k]);
		if (out.len != whole.len || (out.len && memcmp(out.data, whole.data, out.len)))
			fail_msg("%s in pieces of %ld", path, sizes[k]);
		buf_release(&out);
	}
	buf_release(&whole);
}

/* The line in which the XML element that begins in LINE ends; its text is not that of the log. */
static size_t element_end(const struct strv *lines, size_t line)
{
	while (lines->v && line <= lines->n && !strstr(lines->v[line - 1], "</error>") &&
	       !strstr(lines->v[line - 1], "</fatal_signal>"))
		line++;
	return line;
}

/* The line in which ONE ends: its text's lines come in this order. Beyond the last: not known. */
static size_t end_of(const struct strv *lines, const struct seen *one)
{
	struct strv text = { 0 };
	size_t line = one->line - 1;

	strv_split(&text, one->text, "\n");
	for (size_t i = 0; i < text.n; i++, line++)
		while (line < lines->n && !strstr(lines->v[line], text.v[i]))
			line++;
	strv_release(&text);
	return line;
}

static void split(struct strv *lines, const struct buf *log)
{
	for (const char *p = log->data, *nl; (nl = strchr(p, '\n')); p = nl + 1)
		strv_own(lines, xstrndup(p, (size_t)(nl - p)));
}

/* Cut after each line, and once more within the next one. */
static void cuts(const char *path, const struct buf *log)
{
	struct all_seen whole = { 0 };
	struct strv lines = { 0 };
	size_t at = 0;

	scan(&whole, log->data, log->len);
	split(&lines, log);
	size_t *ends = xcalloc(whole.n + 1, sizeof *ends);
	for (size_t i = 0; i < whole.n; i++)
		ends[i] = strstr(log->data, "<valgrindoutput>") ? element_end(&lines, whole.v[i].line)
								: end_of(&lines, &whole.v[i]);
	for (size_t line = 1; lines.v && line <= lines.n; line++) {
		struct all_seen part = { 0 };

		at += strlen(lines.v[line - 1]) + 1;
		if (line % step)
			continue;
		scan(&part, log->data, at + (line % 3 && line < lines.n ? strlen(lines.v[line]) / 2 : 0));
		for (size_t i = 0; i < whole.n; i++)
			if (ends[i] <= line && !is_difference(whole.v[i].key) &&
			    !is_told(&part, &whole.v[i]))
				fail_msg("%s: cut after line %zu, lost is %s", path, line, whole.v[i].key);
		release(&part);
	}
	free(ends);
	release(&whole);
	strv_release(&lines);
}

/* One process's end is told once, however often gdb shows it. */
static int is_twice(const char *key, size_t once, size_t both)
{
	return both == 2 * once ||
	       (both == once && (!strncmp(key, "gdb ", 4) || is_difference(key)));
}

static void twice(const char *path, const struct buf *log)
{
	struct all_seen once = { 0 }, both = { 0 };
	struct buf doubled = { 0 };

	for (int i = 0; i < 2; i++) {
		buf_add(&doubled, log->data, log->len);
		if (log->len && log->data[log->len - 1] != '\n')
			buf_addch(&doubled, '\n');
	}
	scan(&once, log->data, log->len);
	scan(&both, doubled.data, doubled.len);
	for (size_t i = 0; i < both.n; i++)
		if (!is_told(&once, &both.v[i]))
			fail_msg("%s: twice, it tells of %s, too", path, both.v[i].key);
	for (size_t i = 0; i < once.n; i++) {
		size_t n = count_of(&once, once.v[i].key), n2 = count_of(&both, once.v[i].key);
		if (!is_twice(once.v[i].key, n, n2))
			fail_msg("%s: %zu became %zu: %s", path, n, n2, once.v[i].key);
	}
	release(&once);
	release(&both);
	buf_release(&doubled);
}

static void test_each(const struct strv *logs, void (*test)(const char *path, const struct buf *log))
{
	if (!logs->n) {
		print_message("# skipped: no ../shared/corpus here\n");
		skip();
	}
	for (size_t i = 0; i < logs->n; i += step) {
		struct buf log = { 0 };
		load(&log, logs->v[i]);
		test(logs->v[i], &log);
		buf_release(&log);
	}
	assert_true(found >= logs->n / step / 2 || test == pieces);
	found = 0;
}

static void test_pieces(void **state)
{
	(void)state;
	test_each(&samples, pieces);
}

static void test_pieces_corpus(void **state)
{
	(void)state;
	test_each(&corpus, pieces);
}

static void test_cuts(void **state)
{
	(void)state;
	test_each(&samples, cuts);
}

static void test_cuts_corpus(void **state)
{
	(void)state;
	test_each(&corpus, cuts);
}

static void test_twice(void **state)
{
	(void)state;
	test_each(&samples, twice);
}

static void test_twice_corpus(void **state)
{
	(void)state;
	test_each(&corpus, twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_pieces_corpus),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_cuts_corpus),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_twice_corpus),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
