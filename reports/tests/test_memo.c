#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "reports/memo.h"
#include "reports/symbol.h"

static int computed;

static void length(const char *key, struct memo_value *value)
{
	computed++;
	value->text = xstrdup(key);
	value->flags = (unsigned)strlen(key);
}

/* Ten times as many strings as there is room for: what comes back is always that of the key. */
static void test_more_than_fit(void **state)
{
	static struct memo memo = { .compute = length };

	(void)state;
	for (int i = 0; i < 10 * MEMO_SLOTS; i++) {
		char key[32];

		snprintf(key, sizeof key, "%d", i * 7919 % 30011);
		const struct memo_value *value = memo_get(&memo, key);
		assert_string_equal(value->text, key);
		assert_int_equal(value->flags, strlen(key));
	}
	for (int i = 0; i < MEMO_SLOTS; i++) {
		free(memo.slots[i].key);
		free(memo.slots[i].value.text);
	}
}

static void test_once(void **state)
{
	static struct memo memo = { .compute = length };
	char longer[2 * MEMO_KEY_MAX] = { 0 };

	(void)state;
	computed = 0;
	for (int i = 0; i < 5; i++)
		assert_string_equal(memo_get(&memo, "main")->text, "main");
	assert_int_equal(computed, 1);
	memset(longer, 'x', sizeof longer - 1);
	assert_string_equal(memo_get(&memo, longer)->text, longer);
	longer[0] = 'y';
	assert_string_equal(memo_get(&memo, longer)->text, longer);
	assert_string_equal(memo_get(&memo, "main")->text, "main");
	assert_int_equal(computed, 3);
	for (int i = 0; i < MEMO_SLOTS; i++) {
		free(memo.slots[i].key);
		free(memo.slots[i].value.text);
	}
	free(memo.odd.key);
	free(memo.odd.value.text);
}

static void test_symbols(void **state)
{
	(void)state;
	assert_null(symbol_name(NULL));
	assert_string_equal(symbol_name("ns::f(int, char)"), "ns::f");
	assert_string_equal(symbol_name("f.part.0"), "f");
	assert_string_equal(symbol_name("(anonymous namespace)::A::operator()(int)"),
	        "A::operator()");
	assert_int_equal(symbol_ignored("malloc"), 3);
	assert_int_equal(symbol_ignored("main"), 2);
	assert_int_equal(symbol_ignored("ns::f(int)"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_than_fit),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
