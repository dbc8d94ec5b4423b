#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"

static const char *print(struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *s = arena_vprintf(a, format, args);
	va_end(args);
	return s;
}

static void test_strings(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_null(arena_strdup(&a, NULL));
	const char *empty = arena_strdup(&a, ""), *part = arena_strndup(&a, "abcdef", 3);
	const char *made = print(&a, "%s-%d", part, 7), *none = print(&a, "%s", "");
	assert_string_equal(empty, "");
	assert_string_equal(part, "abc");
	assert_string_equal(made, "abc-7");
	assert_string_equal(none, "");
	arena_release(&a);
	assert_null(a.blocks);
}

/* Nothing that was given out overlaps, whatever the sizes are, and all of it is aligned. */
static void test_many(void **state)
{
	enum { N = 4000 };
	struct arena a = { 0 };
	static unsigned char *pieces[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		size_t size = (size_t)(i * 7 % 300) + 1;

		arena_strdup(&a, "odd");
		pieces[i] = arena_alloc(&a, size);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], i & 255, size);
	}
	for (int i = 0; i < N; i++)
		for (size_t k = 0; k < (size_t)(i * 7 % 300) + 1; k++)
			assert_int_equal(pieces[i][k], i & 255);
	arena_release(&a);
}

static void test_large(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (size_t size = 1; size < (size_t)8 << 20; size *= 3) {
		unsigned char *p = arena_zalloc(&a, size);

		assert_int_equal(p[0] | p[size / 2] | p[size - 1], 0);
		memset(p, 255, size);
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
