/* Numbers in text from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/text.h"

static void test_number(void **state)
{
	static const struct {
		const char *text;
		int number;
		size_t used;
	} cases[] = {
		{ "", 0, 0 },
		{ "x1", 0, 0 },
		{ "0", 0, 1 },
		{ "12", 12, 2 },
		{ " \t12:3", 12, 4 },
		{ "0x10", 0, 1 },
		{ "-3", 0, 0 },
		{ "+3", 0, 0 },
		{ " -3", 0, 0 },
		{ "0000000000000000000000000012", 12, 28 },
		{ "2147483647 ", 2147483647, 10 },
		{ "2147483648 ", 0, 10 },
		{ "18446744073709551617", 0, 20 },
		{ "99999999999999999999999999999999,", 0, 32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *s = cases[i].text, *end;
		int n = text_number(s, &end);
		if (n != cases[i].number || end != s + cases[i].used)
			fail_msg("\"%s\": %d, and \"%s\" follows", s, n, end);
		assert_int_equal(text_number(s, NULL), n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_number) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
