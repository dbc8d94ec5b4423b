/* Versions, and conditions about them. */
#include "matrix/conf.h"
#include "matrix/tests/plan.h"

static void test_compare(void **state)
{
	(void)state;
	assert_true(version_compare("3.13", "3.13.0") == 0);
	assert_true(version_compare("3.9", "3.13") < 0);
	assert_true(version_compare("3.13.10", "3.13.9") > 0);
	assert_true(version_compare("3.13.15", "3.13") > 0);
	assert_true(version_compare("4", "3.99.99") > 0);
	assert_true(version_compare("", "") == 0);
	assert_true(version_compare("", "1") < 0);
	assert_true(version_compare("3.15.0a3", "3.15") == 0);
	assert_true(version_compare("3.15.0rc2", "3.15.1") < 0);
	assert_true(version_compare("x", "y") == 0);
}

static int holds(const char *condition)
{
	return conf_condition(condition, "3.13.15", "clang");
}

static void test_conditions(void **state)
{
	(void)state;
	assert_int_equal(holds(">=3.13"), 1);
	assert_int_equal(holds(">=3.14"), 0);
	assert_int_equal(holds("<3.14"), 1);
	assert_int_equal(holds("<3.13"), 0);
	assert_int_equal(holds(">=3.13 <3.14"), 1);
	assert_int_equal(holds(">=3.11 <3.13"), 0);
	assert_int_equal(holds("=3.13"), 1);
	assert_int_equal(holds("=3.1"), 0);
	assert_int_equal(holds("=3.13.15"), 1);
	assert_int_equal(holds("=3.13.1"), 0);
	assert_int_equal(holds("clang"), 1);
	assert_int_equal(holds("gcc"), 0);
	assert_int_equal(holds("clang >=3.14"), 0);
	assert_int_equal(conf_condition("clang", "3.13", NULL), 0);
}

static void test_malformed(void **state)
{
	(void)state;
	assert_int_equal(holds(""), -1);
	assert_int_equal(holds("  "), -1);
	assert_int_equal(holds("3.13"), -1);
	assert_int_equal(holds(">="), -1);
	assert_int_equal(holds("=>3.13"), -1);
	assert_int_equal(holds(">3.13"), -1);
	assert_int_equal(holds("<=3.13"), -1);
	assert_int_equal(holds(">=3.x"), -1);
	assert_int_equal(holds("icc"), -1);
	assert_int_equal(holds(">=3.13 nonsense"), -1);
	/* Also where an earlier word does not hold. */
	assert_int_equal(holds(">=4 nonsense"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
