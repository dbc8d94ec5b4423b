/*
 * The guide's texts, and the lines that run a unit again.
 */
#include "reports/guide.h"
#include "reports/tests/folder.h"

static const char *const categories[] = {
	"use-after-free", "out-of-bounds", "invalid-free", "uninitialised", "leak", "refleak",
	"race", "deadlock", "undefined", "crash", "assertion", "allocator-misuse", "api-misuse",
	"timeout", "out-of-memory", "resource", "other",
};

static void assert_plain(const char *text)
{
	assert_non_null(text);
	assert_true(strlen(text) > 4);
	for (; *text; text++)
		assert_true(*text >= ' ' && *text <= '~');
}

static void every_category_has_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
		const struct guide *g = guide_find(categories[i]);

		assert_string_equal(g->category, categories[i]);
		assert_plain(g->title);
		assert_plain(g->meaning);
		assert_plain(g->first[0]);
		for (size_t k = 0; g->first[k]; k++)
			assert_plain(g->first[k]);
		if (g->url)
			assert_memory_equal(g->url, "https://", 8);
	}
	assert_string_equal(guide_find(NULL)->category, "other");
	assert_string_equal(guide_find("new in a later version")->category, "other");
}

static void some_words_of_tools_say_more(void **state)
{
	(void)state;
	assert_non_null(strstr(guide_hint("cpython", "negative-refcount"), "decref too many"));
	assert_null(guide_hint("asan", "negative-refcount"));
	assert_null(guide_hint(NULL, NULL));
}

/* A cell whose cell.json says REST, with one unit that has a finding; the caller releases both. */
static int rerun_with(struct results *r, struct rerun *to, const char *unit, const char *rest)
{
	char *names = xasprintf("\"%s\"", unit), *cell, *encoded = path_encode(unit);
	char *json = xasprintf("asan/units/%s/unit.json", encoded);
	char *how = xasprintf("{\"cell\": \"asan\", \"unit\": \"%s\", \"exit_code\": 1}", unit);
	char *log = xasprintf("asan/units/%s/asan.1", encoded);

	put_run(names);
	cell = xasprintf("{\"state\": \"ready\", \"requested\": true%s}", rest);
	put("asan/cell.json", cell);
	put(json, how);
	put_asan(log, 1, "f");
	free(names);
	free(cell);
	free(encoded);
	free(json);
	free(how);
	free(log);
	read_folder(r);
	assert_int_equal(r->finding_count, 1);
	return rerun_find(to, r, r->findings[0], NULL);
}

#define PARTS \
	", \"rerun\": {\"alone\": [\"{rt}\", \"-m\", \"test\", \"{unit}\"], " \
	"\"test\": [\"-k\", \"{test}\"], \"debugger\": [\"gdb\", \"--args\"], " \
	"\"debug_env\": [\"A=b c\"], \"attach\": [\"gdb\", \"-ex\", \"target remote | vgdb\"]}"

static void a_unit_has_its_commands(void **state)
{
	(void)state;
	struct results r;
	struct rerun again;

	assert_int_equal(rerun_with(&r, &again, "test_a", PARTS), 0);
	assert_string_equal(again.unit, "sanmatrix run --runtime rt-1 --cell asan --unit=test_a "
					"--out out/again");
	assert_string_equal(again.alone, "sanmatrix exec --runtime rt-1 --cell asan -- {rt} -m test "
					 "test_a");
	assert_string_equal(again.debugger, "A='b c' sanmatrix exec --runtime rt-1 --cell asan "
					    "--terminal -- gdb --args {rt} -m test test_a");
	assert_string_equal(again.attach, "gdb -ex 'target remote | vgdb'");
	rerun_release(&again);
	assert_int_equal(rerun_unit(&again, &r, &r.cells[0], "test_a", "a.B.test_c"), 0);
	assert_non_null(strstr(again.alone, " test_a -k test_c"));
	rerun_release(&again);
	assert_int_equal(rerun_unit(&again, &r, &r.cells[0], "test_a", "a.B.setUpClass"), 0);
	assert_null(strstr(again.alone, "-k"));
	rerun_release(&again);
	assert_int_equal(rerun_find(&again, &r, r.findings[0], "tsan"), -1);
	results_release(&r);
}

static void what_the_cell_does_not_say_is_not_there(void **state)
{
	(void)state;
	struct results r;
	struct rerun again;

	assert_int_equal(rerun_with(&r, &again, "test_a", ""), 0);
	assert_non_null(again.unit);
	assert_null(again.alone);
	assert_null(again.debugger);
	assert_null(again.attach);
	rerun_release(&again);
	results_release(&r);
}

static void hostile_names_are_quoted_or_refused(void **state)
{
	(void)state;
	struct results r;
	struct rerun again;

	assert_int_equal(rerun_with(&r, &again, "$(rm -rf ~)'`x`", PARTS), 0);
	assert_non_null(strstr(again.unit, "'--unit=$(rm -rf ~)'\\''`x`'"));
	assert_non_null(strstr(again.alone, "'$(rm -rf ~)'\\''`x`'"));
	rerun_release(&again);
	results_release(&r);
	assert_int_equal(dir_remove(folder, NULL), 0);
	assert_int_equal(rerun_with(&r, &again, "a\\nb", PARTS), -1);
	assert_null(again.unit);
	assert_null(again.alone);
	results_release(&r);
}

static void raw_logs_have_no_command(void **state)
{
	(void)state;
	struct results r;
	struct rerun again;

	put_asan("some.log", 1, "f");
	read_folder(&r);
	assert_int_equal(r.finding_count, 1);
	assert_int_equal(rerun_find(&again, &r, r.findings[0], NULL), -1);
	results_release(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_category_has_its_words),
		cmocka_unit_test(some_words_of_tools_say_more),
		CASE(a_unit_has_its_commands),
		CASE(what_the_cell_does_not_say_is_not_there),
		CASE(hostile_names_are_quoted_or_refused),
		CASE(raw_logs_have_no_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
