#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/mem.h"

static void an_empty_buffer_becomes_an_empty_string(void **state)
{
	(void)state;
	struct buf b = { 0 };
	char *s = buf_detach(&b);

	assert_string_equal(s, "");
	assert_null(b.data);
	free(s);
	buf_reset(&b);
	buf_release(&b);
}

static void what_is_added_stands_in_order(void **state)
{
	(void)state;
	struct buf b = { 0 };

	buf_addstr(&b, "ab");
	buf_addch(&b, 'c');
	buf_addf(&b, "%d%s", 42, "x");
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "abc42x");
	assert_int_equal(b.len, 6);
	buf_release(&b);
}

static void bytes_of_any_value_are_kept_and_terminated(void **state)
{
	(void)state;
	struct buf b = { 0 };

	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_release(&b);
}

static void a_format_longer_than_the_room_is_whole(void **state)
{
	(void)state;
	struct buf b = { 0 };
	char *long_text = xcalloc(1, 100001);

	memset(long_text, 'x', 100000);
	buf_addf(&b, "<%s>", long_text);
	assert_int_equal(b.len, 100002);
	assert_int_equal(b.data[100001], '>');
	assert_int_equal(b.data[100002], 0);
	buf_release(&b);
	free(long_text);
}

static void a_reset_buffer_keeps_its_memory(void **state)
{
	(void)state;
	struct buf b = { 0 };

	buf_addstr(&b, "something");
	size_t cap = b.cap;
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	assert_int_equal(b.cap, cap);
	buf_release(&b);
	assert_int_equal(b.cap, 0);
}

static void a_list_can_be_an_argv(void **state)
{
	(void)state;
	struct strv s = { 0 }, more = { 0 };

	strv_push(&s, "one");
	strv_pushf(&s, "%s-%d", "two", 2);
	strv_own(&more, xstrdup("three"));
	for (int i = 0; i < 20; i++)
		strv_push(&more, "again");
	strv_extend(&s, &more);
	assert_int_equal(s.n, 23);
	assert_string_equal(s.v[1], "two-2");
	assert_string_equal(s.v[2], "three");
	assert_null(s.v[23]);
	assert_ptr_not_equal(s.v[2], more.v[0]);
	assert_true(strv_has(&s, "again"));
	assert_false(strv_has(&s, "aga"));
	strv_release(&s);
	strv_release(&more);
	assert_null(s.v);
}

static void splitting_leaves_out_empty_pieces(void **state)
{
	(void)state;
	struct strv s = { 0 };

	strv_split(&s, ",a,, b c,", ", ");
	assert_int_equal(s.n, 3);
	assert_string_equal(s.v[0], "a");
	assert_string_equal(s.v[2], "c");
	strv_split(&s, "", ",");
	strv_split(&s, ",,,", ",");
	assert_int_equal(s.n, 3);
	strv_release(&s);
}

static void a_variable_is_set_once(void **state)
{
	(void)state;
	struct strv env = { 0 };

	env_set(&env, "A", "1");
	env_set(&env, "AB", "2");
	env_set(&env, "A", "3=3");
	assert_int_equal(env.n, 2);
	assert_string_equal(env_get(&env, "A"), "3=3");
	assert_string_equal(env_get(&env, "AB"), "2");
	assert_null(env_get(&env, "B"));
	strv_release(&env);
}

static void a_variable_can_be_removed(void **state)
{
	(void)state;
	struct strv env = { 0 };

	env_set(&env, "ABSENT", NULL);
	assert_int_equal(env.n, 0);
	env_set(&env, "A", "");
	env_set(&env, "B", "2");
	env_set(&env, "A", NULL);
	assert_int_equal(env.n, 1);
	assert_string_equal(env.v[0], "B=2");
	assert_null(env.v[1]);
	strv_release(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_becomes_an_empty_string),
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(bytes_of_any_value_are_kept_and_terminated),
		cmocka_unit_test(a_format_longer_than_the_room_is_whole),
		cmocka_unit_test(a_reset_buffer_keeps_its_memory),
		cmocka_unit_test(a_list_can_be_an_argv),
		cmocka_unit_test(splitting_leaves_out_empty_pieces),
		cmocka_unit_test(a_variable_is_set_once),
		cmocka_unit_test(a_variable_can_be_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
