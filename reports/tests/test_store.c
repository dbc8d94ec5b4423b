#include "reports/store.h"
#include "reports/tests/folder.h"

static struct finding *make(const char *key, const char *unit, long line)
{
	struct finding *f = finding_new("asan", "double-free");

	f->fingerprint = finding_strdup(f, key);
	f->message = finding_printf(f, "seen in %s", unit);
	f->occurrences = xcalloc(1, sizeof *f->occurrences);
	f->occurrence_count = 1;
	f->occurrences[0].cell = xstrdup("asan");
	f->occurrences[0].unit = xstrdup(unit);
	f->occurrences[0].log = xasprintf("asan/units/%s/asan.1", unit);
	f->occurrences[0].line = line;
	return f;
}

static struct finding **take(struct store *s, size_t *n)
{
	struct finding **v = store_take(s, n);

	store_free(s);
	return v;
}

static void drop(struct finding **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		finding_free(v[i]);
	free(v);
}

static void equal_keys_become_one_with_all_places(void **state)
{
	(void)state;
	struct store *s = store_new(0);
	size_t n;

	store_add(s, make("k2", "b", 1));
	store_add(s, make("k1", "b", 9));
	store_add(s, make("k1", "a", 5));
	store_add(s, make("k1", "a", 2));
	struct finding **v = take(s, &n);
	assert_int_equal(n, 2);
	assert_string_equal(v[0]->fingerprint, "k1");
	assert_int_equal(v[0]->count, 3);
	assert_int_equal(v[0]->occurrence_count, 2);
	assert_string_equal(v[0]->occurrences[0].unit, "a");
	assert_int_equal(v[0]->occurrences[0].line, 2);
	assert_string_equal(v[0]->message, "seen in a");
	assert_int_equal(v[1]->count, 1);
	drop(v, n);
}

static void the_order_of_adding_does_not_matter(void **state)
{
	(void)state;
	const char *units[] = { "a", "b", "c", "d", "e" };
	size_t n, m;
	struct store *s = store_new(0), *t = store_new(0);

	for (int i = 0; i < 5; i++) {
		store_add(s, make(i % 2 ? "x" : "y", units[i], i));
		store_add(t, make((4 - i) % 2 ? "x" : "y", units[4 - i], 4 - i));
	}
	struct finding **v = take(s, &n), **w = take(t, &m);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(v[i]->message, w[i]->message);
		assert_int_equal(v[i]->occurrence_count, w[i]->occurrence_count);
		for (size_t j = 0; j < v[i]->occurrence_count; j++)
			assert_int_equal(occurrence_compare(&v[i]->occurrences[j],
							    &w[i]->occurrences[j]), 0);
	}
	drop(v, n);
	drop(w, m);
}

static void without_folding_each_stays_one(void **state)
{
	(void)state;
	struct store *s = store_new(1);
	size_t n;

	store_add(s, make("k", "b", 1));
	store_add(s, make("k", "a", 1));
	store_add(s, make("k", "a", 1));
	struct finding **v = take(s, &n);
	assert_int_equal(n, 3);
	assert_string_equal(v[0]->occurrences[0].unit, "a");
	assert_string_equal(v[2]->occurrences[0].unit, "b");
	drop(v, n);
}

static void many_places_are_bounded_and_counted(void **state)
{
	(void)state;
	struct store *s = store_new(0);
	size_t n;

	for (int i = 9999; i >= 0; i--) {
		char unit[16];

		snprintf(unit, sizeof unit, "u%04d", i);
		store_add(s, make("k", unit, 1));
	}
	struct finding **v = take(s, &n);
	assert_int_equal(n, 1);
	assert_int_equal(v[0]->count, 10000);
	assert_int_equal(v[0]->occurrence_count, 1000);
	assert_string_equal(v[0]->occurrences[0].unit, "u0000");
	assert_string_equal(v[0]->occurrences[999].unit, "u0999");
	drop(v, n);
}

/* In whatever order processes and lines come: the first lines of the first processes. */
static void many_processes_of_one_log_are_bounded(void **state)
{
	(void)state;
	for (long factor = 1; factor < 1000; factor += 330) {
		struct store *s = store_new(0);
		size_t n;

		for (long i = 0; i < 1000; i++) {
			long k = i * factor % 1000;
			struct finding *f = make("k", "a", k);

			f->occurrences[0].pid = 1 + k % 100;
			store_add(s, f);
		}
		struct finding **v = take(s, &n);
		assert_int_equal(n, 1);
		assert_int_equal(v[0]->count, 1000);
		assert_int_equal(v[0]->occurrence_count, PROCESSES_OF_PLACE_MAX);
		for (long i = 0; i < PROCESSES_OF_PLACE_MAX; i++) {
			assert_int_equal(v[0]->occurrences[i].line, i);
			assert_int_equal(v[0]->occurrences[i].pid, i + 1);
		}
		drop(v, n);
	}
}

static void many_keys_are_found_again(void **state)
{
	(void)state;
	struct store *s = store_new(0);
	size_t n;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			char key[16];

			snprintf(key, sizeof key, "k%d", i);
			store_add(s, make(key, round ? "a" : "b", 1));
		}
	struct finding **v = take(s, &n);
	assert_int_equal(n, 1000);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i]->count, 2);
	drop(v, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_keys_become_one_with_all_places),
		cmocka_unit_test(the_order_of_adding_does_not_matter),
		cmocka_unit_test(without_folding_each_stays_one),
		cmocka_unit_test(many_places_are_bounded_and_counted),
		cmocka_unit_test(many_processes_of_one_log_are_bounded),
		cmocka_unit_test(many_keys_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
