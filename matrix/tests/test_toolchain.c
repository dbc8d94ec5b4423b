/* toolchain.conf, as configure writes it. */
#include "matrix/tests/plan.h"

static const char usual[] =
	"# written by configure\n"
	"compiler clang-19 { path = \"/usr/bin/clang-19\" family = \"clang\" version = \"19.1.7\"\n"
	"  sanitizers = {\"address\",\"thread\"} valgrind = true\n"
	"  valgrind-flags = {\"-gdwarf-4\"} }\n"
	"compiler gcc { path = \"/usr/bin/gcc\" family = \"gcc\" version = \"12.2.0\"\n"
	"  sanitizers = {} valgrind = false valgrind-flags = {} }\n"
	"valgrind { path = \"/usr/bin/valgrind\" version = \"3.19.0\" }\n"
	"make { path = \"/usr/bin/make\" version = \"4.3\" fifo = false }\n"
	"ccache = \"\"\nsymbolizer = \"/usr/bin/llvm-symbolizer-19\"\n"
	"runtime = \"cpython\"\nruntime-src = \"\"\n"
	"missing memory { reason = \"does not link\" package = \"libclang-rt-19-dev\" }\n";

static int load(struct toolchain *t, const char *text)
{
	if (text)
		put("toolchain.conf", text);
	return toolchain_load(t, places.toolchain, &err);
}

static void test_usual(void **state)
{
	struct toolchain t;

	(void)state;
	assert_int_equal(load(&t, usual), 0);
	assert_int_equal(t.compiler_count, 2);
	assert_string_equal(t.compilers[0].name, "clang-19");
	assert_string_equal(t.compilers[0].path, "/usr/bin/clang-19");
	assert_string_equal(t.compilers[0].version, "19.1.7");
	assert_int_equal(t.compilers[0].sanitizers.n, 2);
	assert_true(strv_has(&t.compilers[0].sanitizers, "thread"));
	assert_true(t.compilers[0].valgrind);
	assert_string_equal(t.compilers[0].valgrind_flags.v[0], "-gdwarf-4");
	assert_string_equal(t.compilers[1].family, "gcc");
	assert_int_equal(t.compilers[1].sanitizers.n, 0);
	assert_false(t.compilers[1].valgrind);
	assert_string_equal(t.valgrind_version, "3.19.0");
	assert_string_equal(t.make_version, "4.3");
	assert_false(t.make_fifo);
	assert_null(t.ccache);
	assert_string_equal(t.symbolizer, "/usr/bin/llvm-symbolizer-19");
	assert_string_equal(t.runtime, "cpython");
	assert_null(t.runtime_src);
	assert_string_equal(toolchain_missing(&t, "memory")->package, "libclang-rt-19-dev");
	assert_null(toolchain_missing(&t, "address"));
	toolchain_release(&t);
}

static void test_nothing_works(void **state)
{
	struct toolchain t;

	(void)state;
	assert_int_equal(load(&t, "# nothing\n"), 0);
	assert_int_equal(t.compiler_count, 0);
	assert_null(t.valgrind);
	assert_null(t.make);
	toolchain_release(&t);
}

static void test_absent(void **state)
{
	struct toolchain t;

	(void)state;
	assert_int_equal(load(&t, NULL), -1);
	assert_int_equal(err.code, EXIT_USAGE);
	assert_says("./configure");
}

static void test_mistakes(void **state)
{
	struct toolchain t;

	(void)state;
	assert_int_equal(load(&t, "make { fifo = false }\nnonsense = 1\n"), -1);
	assert_says("toolchain.conf:2:");
	assert_says("nonsense");
	assert_int_equal(load(&t, "\n\ncompiler gcc { family = \"gcc\" }\n"), -1);
	assert_says("toolchain.conf:3:");
	assert_says("path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_usual, make_places, drop_places),
		cmocka_unit_test_setup_teardown(test_nothing_works, make_places, drop_places),
		cmocka_unit_test_setup_teardown(test_absent, make_places, drop_places),
		cmocka_unit_test_setup_teardown(test_mistakes, make_places, drop_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
