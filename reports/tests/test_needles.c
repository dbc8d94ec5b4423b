#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/needles.h"

static struct needles needles;

static const char *const texts[] = { "Sanitizer", "ERROR: LeakSanitizer", "aaaaaaa", "aaaaaaab",
	": runtime error: ", "abababa" };

enum { TEXTS = sizeof texts / sizeof *texts };

static int setup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < TEXTS; i++)
		assert_int_equal(needles_add(&needles, texts[i], 1, i), 0);
	size_t had = needles.n;
	assert_int_equal(needles_add(&needles, texts[0], 1, 0), 0);
	assert_int_equal(needles.n, had);
	assert_int_equal(needles_add(&needles, texts[1], 2, 5), 0);
	assert_int_equal(needles_add(&needles, "short!", 1, 7), -1);
	return 0;
}

/* The marks of all that is in S..END, the simple way. */
static uint32_t simply(const char *s, const char *end)
{
	uint32_t marks = 0;

	for (; s < end; s++)
		for (uint32_t i = 0; i < TEXTS; i++)
			if ((size_t)(end - s) >= strlen(texts[i]) &&
			        !memcmp(s, texts[i], strlen(texts[i])))
				marks |= UINT32_C(1) << i;
	return marks;
}

static const char *line_end(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));

	return nl ? nl : end;
}

/* From the start of each line of S: is the next line with a needle found, with all its marks? */
static void check(const char *s, size_t len)
{
	const char *end = s + len;
	struct needle_marks marks;

	for (const char *line = s; line < end; line = line_end(line, end) + 1) {
		const char *found = needles_find(&needles, line, end), *first = line;

		while (first < end && !simply(first, line_end(first, end)))
			first = line_end(first, end) + 1;
		if (first >= end) {
			assert_null(found);
			continue;
		}
		assert_non_null(found);
		assert_true(found >= first && found < line_end(first, end));
		uint32_t expected = simply(first, line_end(first, end));
		needles_marks(&needles, first, found, line_end(first, end), &marks);
		assert_int_equal(marks.of[1], expected);
		assert_int_equal(marks.of[2], (expected & 2) << 4);
	}
}

/* At every place of texts of every length. */
static void test_places(void **state)
{
	char s[96];

	(void)state;
	for (size_t i = 0; i < TEXTS; i++)
		for (size_t len = 0; len < sizeof s; len++)
			for (size_t at = 0; at + strlen(texts[i]) <= len; at++) {
				memset(s, '.', len);
				memcpy(s + at, texts[i], strlen(texts[i]));
				check(s, len);
			}
}

static void test_random(void **state)
{
	static const char letters[] = "ab\n";
	char s[200];

	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % sizeof s;

		for (size_t i = 0; i < len; i++)
			s[i] = letters[random() % (round % 3 + 1)];
		for (int i = 0; i < round % 5; i++) {
			const char *text = texts[random() % TEXTS];
			size_t at = (size_t)random() % sizeof s;
			if (at + strlen(text) <= len)
				memcpy(s + at, text, strlen(text));
		}
		check(s, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
