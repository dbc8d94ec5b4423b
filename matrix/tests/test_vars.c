/* Placeholders. */
#include "matrix/tests/plan.h"

static char *expand(const char *text)
{
	struct vars vars = { 0 };

	vars_set(&vars, "unit", "a {cell} b");
	vars_set(&vars, "cell", "old");
	vars_set(&vars, "cell", "asan");
	vars_set(&vars, "empty", "");
	char *s = vars_expand(&vars, text);
	vars_release(&vars);
	return s;
}

static void check(const char *text, const char *expected)
{
	char *s = expand(text);

	assert_string_equal(s, expected);
	free(s);
}

static void test_known(void **state)
{
	(void)state;
	check("", "");
	check("plain", "plain");
	check("{cell}", "asan");
	check("x{cell}y{cell}", "xasanyasan");
	check("[{empty}]", "[]");
}

/* A unit's name comes from outside: what is in it is never looked at again. */
static void test_once(void **state)
{
	(void)state;
	check("{unit}", "a {cell} b");
}

static void test_unknown(void **state)
{
	(void)state;
	check("{other}", "{other}");
	check("{", "{");
	check("{}", "{}");
	check("{cell", "{cell");
	check("{{cell}}", "{asan}");
	check("{cell=}", "{cell=}");
	check("f() { return; }", "f() { return; }");
}

static void test_list(void **state)
{
	struct strv in = { 0 }, out = { 0 };
	struct vars vars = { 0 };

	(void)state;
	vars_set(&vars, "python", "/b/python");
	strv_push(&out, "before");
	strv_push(&in, "{python}");
	strv_push(&in, "{python}3");
	vars_expand_list(&vars, &in, &out);
	assert_int_equal(out.n, 3);
	assert_string_equal(out.v[0], "before");
	assert_string_equal(out.v[1], "/b/python");
	assert_string_equal(out.v[2], "/b/python3");
	strv_release(&in);
	strv_release(&out);
	vars_release(&vars);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
