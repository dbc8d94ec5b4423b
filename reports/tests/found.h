/* Scanning a text, and what was found in it. For one test program each. */
#ifndef SM_REPORTS_TESTS_FOUND_H
#define SM_REPORTS_TESTS_FOUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "reports/scan.h"
#include "reports/symbolize.h"

enum { FOUND_MAX = 400 };

static struct finding *found[FOUND_MAX];
static struct unparsed *told[FOUND_MAX];
static size_t found_count, told_count;

static inline void on_finding(void *context, struct finding *f)
{
	(void)context;
	assert_true(found_count < FOUND_MAX);
	found[found_count++] = f;
}

static inline void on_unparsed(void *context, struct unparsed *u)
{
	(void)context;
	assert_true(told_count < FOUND_MAX);
	told[told_count++] = u;
}

static inline int forget(void **state)
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
static inline void scan_pieces(const char *text, size_t len, size_t piece)
{
	struct sink sink = { on_finding, on_unparsed, NULL };
	struct scanner *s = scanner_new("log", &sink);

	forget(NULL);
	for (size_t at = 0; at < len; at += piece)
		scanner_feed(s, text + at, piece < len - at ? piece : len - at);
	scanner_finish(s);
}

static inline void scan(const char *text)
{
	scan_pieces(text, strlen(text), 1 << 16);
}

static inline const struct finding *only(void)
{
	assert_int_equal(found_count, 1);
	return found[0];
}

/* "access:f,g free:h" of F's stacks. */
static inline void check_stacks(const struct finding *f, const char *expected)
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

/* What is on this machine is not of the samples. */
static inline int no_symbols(void **state)
{
	(void)state;
	symbolize_program("");
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

#endif
