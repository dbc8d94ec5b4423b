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
		assert_int_equal(needles_add(&needles, texts[i], UINT32_C(1) << i), 0);
	assert_int_equal(needles_add(&needles, "short!", 1), -1);
	return 0;
}

/* Where the first of all needles is in S..END, the simple way, and which begin there. */
static const char *simply(const char *s, const char *end, uint32_t *marks)
{
	*marks = 0;
	for (; s < end; s++) {
		for (uint32_t i = 0; i < TEXTS; i++)
			if ((size_t)(end - s) >= strlen(texts[i]) &&
			        !memcmp(s, texts[i], strlen(texts[i])))
				*marks |= UINT32_C(1) << i;
		if (*marks)
			return s;
	}
	return NULL;
}

static void check(const char *s, size_t len)
{
	uint32_t marks, expected;
	const char *end = s + len;

	for (const char *p = s; p; p++) {
		const char *found = needles_find(&needles, p, end, &marks);

		p = simply(p, end, &expected);
		assert_ptr_equal(found, p);
		assert_int_equal(marks & expected, expected);
		if (!p)
			break;
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
