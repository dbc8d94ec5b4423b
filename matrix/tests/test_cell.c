/* Cell files and what becomes of them. */
#include "matrix/tests/plan.h"

static const char toolchain_text[] =
	"compiler clang-19 { path = \"/bin/clang-19\" family = \"clang\" version = \"19\"\n"
	"  sanitizers = {\"address\",\"undefined\"} valgrind = true\n"
	"  valgrind-flags = {\"-gdwarf-4\"} }\n"
	"compiler gcc { path = \"/bin/gcc\" family = \"gcc\" version = \"12\"\n"
	"  sanitizers = {\"address\"} valgrind = true }\n"
	"valgrind { path = \"/bin/valgrind\" version = \"3.19\" }\n"
	"make { path = \"/bin/make\" version = \"4.3\" fifo = false }\n"
	"missing thread { reason = \"does not link\" package = \"libtsan0\" }\n";

static const char runtime_text[] =
	"version-file = \"version.h\"\n"
	"version-pattern = '\"([0-9.]+)\"'\n"
	"newest-from = \"2.5\"\n"
	"configure-command = {\"{source}/configure\", \"CC={cc}\", \"CFLAGS={cflags}\",\n"
	"  \"LDFLAGS={ldflags}\", \"{configure}\"}\n"
	"make-command = {\"make\"}\n"
	"program = \"{build}/toy\"\nprogram-name = \"toy\"\n"
	"unit-command = {\"{toy}\", \"{test-args}\", \"{skip-cases}\", \"{unit}\"}\n"
	"skip-case-args = {\"--not\", \"{case}\"}\n"
	"env = {\"LEVEL=1\", \"KEEP=yes\"}\n"
	"time-limit = 10\nmemory = 100\n"
	"control leak { summary = \"a leak\" command = {\"{toy}\", \"leak\"} time-limit = 5 }\n"
	"control crash { summary = \"a crash\" command = {\"{toy}\", \"crash\"} }\n"
	"suite smoke { units = {\"a\", \"b\"} }\nsuite full { }\n"
	"cell theirs { configure = {\"--theirs\"} }\n"
	"when \">=2.6\" { env = {\"NEW=1\"} }\n";

static struct runtime runtime;
static struct toolchain tools;

static int setup(void **state)
{
	if (make_places(state) < 0)
		return -1;
	put("toolchain.conf", toolchain_text);
	put("runtimes/toy.conf", runtime_text);
	if (toolchain_load(&tools, places.toolchain, &err) < 0 ||
		runtime_open_file(&runtime, "toy-2.5", &places, &err) < 0) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	runtime_release(&runtime);
	toolchain_release(&tools);
	return drop_places(state);
}

static int load(struct recipe *r, const char *text)
{
	put("cells/c.conf", text);
	return recipe_load(r, "c", &runtime, &tools, &err);
}

/* All of LIST with a blank between; static. */
static const char *joined(const struct strv *list)
{
	static char out[2000];

	out[0] = 0;
	for (size_t i = 0; i < list->n; i++)
		snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "",
			list->v[i]);
	return out;
}

static void test_plain(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r, "summary = \"plain\"\nruntime toy { }\n"), 0);
	assert_string_equal(r.cell, "c");
	assert_string_equal(r.summary, "plain");
	assert_string_equal(r.runtime, "toy-2.5");
	assert_null(r.unavailable);
	assert_string_equal(r.compiler->name, "clang-19");
	assert_string_equal(joined(&r.configure), "{source}/configure CC=/bin/clang-19");
	assert_string_equal(joined(&r.unit_command), "{toy} {unit}");
	assert_string_equal(joined(&r.env), "LEVEL=1 KEEP=yes");
	assert_string_equal(r.cflags, "");
	assert_true(r.time_limit == 10 && r.time_factor == 1);
	assert_int_equal(r.memory, 100 << 20);
	assert_int_equal(r.control_count, 2);
	assert_null(r.controls[0].tool);
	assert_int_equal(recipe_suite(&r, "smoke")->units.n, 2);
	assert_int_equal(recipe_suite(&r, "full")->units.n, 0);
	assert_null(recipe_suite(&r, "none"));
	recipe_release(&r);
}

static void test_adds_and_replaces(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r,
		"summary = \"s\" cflags = {\"-DA\"} env = {\"LEVEL=2\", \"MORE=1\"}\n"
		"time-factor = 2\n"
		"configure = {\"--first\", \"OPT=-O0\"} wrapper = {\"old\"}\n"
		"runtime toy { cflags = {\"-DB\"} ldflags = {\"-lx\"} env = {\"KEEP\"} memory = 7\n"
		"  configure = {\"OPT=-O1\", \"--second\", \"LINKCC={cc} x.o\"}\n"
		"  wrapper = {\"{valgrind}\", \"-q\"}\n"
		"  test-args = {\"-v\", \"-x\"} time-limit = 20\n"
		"  suite smoke { units = {\"z\"} } }\n"), 0);
	assert_string_equal(joined(&r.configure), "{source}/configure CC=/bin/clang-19 "
		"CFLAGS=-DA -DB LDFLAGS=-lx --first OPT=-O1 --second LINKCC=/bin/clang-19 x.o");
	assert_string_equal(joined(&r.env), "LEVEL=2 MORE=1");
	assert_string_equal(joined(&r.wrapper), "{valgrind} -q");
	assert_string_equal(joined(&r.unit_command), "{toy} -v -x {unit}");
	assert_string_equal(joined(&recipe_suite(&r, "smoke")->units), "z");
	assert_true(r.time_limit == 40 && r.time_factor == 2);
	assert_int_equal(r.memory, 7 << 20);
	recipe_release(&r);
}

static void test_when(void **state)
{
	static const char text[] =
		"summary = \"s\" compiler = {\"gcc\"}\n"
		"runtime toy { fact F { value = \"0\" } configure = {\"--all\"}\n"
		"  when \"<2.5\" { configure = {\"--old\"} fact F { value = \"9\" } }\n"
		"  when \">=2.5 <2.6\" { configure = {\"--now\"} fact F { value = \"1\" } }\n"
		"  when \"gcc\" { cflags = {\"-g1\"} }\n"
		"  when \"clang\" { cflags = {\"-g2\"} } }\n";
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r, text), 0);
	assert_string_equal(joined(&r.configure),
		"{source}/configure CC=/bin/gcc CFLAGS=-g1 --all --now");
	assert_int_equal(r.fact_count, 1);
	assert_string_equal(r.facts[0].value, "1");
	assert_null(env_get(&r.env, "NEW"));
	recipe_release(&r);

	runtime_release(&runtime);
	assert_int_equal(runtime_open_file(&runtime, "toy-2.10.3", &places, &err), 0);
	assert_int_equal(load(&r, text), 0);
	assert_string_equal(joined(&r.configure),
		"{source}/configure CC=/bin/gcc CFLAGS=-g1 --all");
	assert_string_equal(r.facts[0].value, "0");
	assert_string_equal(env_get(&r.env, "NEW"), "1");
	assert_string_equal(r.runtime, "toy-2.10");
	recipe_release(&r);
}

/* One new file is enough for a runtime, and one for a cell. */
static void test_cell_section_of_runtime(void **state)
{
	struct recipe r;

	(void)state;
	put("cells/theirs.conf", "summary = \"s\"\n");
	assert_int_equal(recipe_load(&r, "theirs", &runtime, &tools, &err), 0);
	assert_null(r.unavailable);
	assert_string_equal(joined(&r.configure), "{source}/configure CC=/bin/clang-19 --theirs");
	recipe_release(&r);
	assert_int_equal(load(&r, "summary = \"s\"\n"), 0);
	assert_non_null(strstr(r.unavailable, "toy.conf"));
	recipe_release(&r);
}

static void test_compiler(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r, "summary = \"s\" sanitizers = {\"address\", \"undefined\"}\n"
		"compiler = {\"gcc\", \"clang\"} runtime toy { }\n"), 0);
	assert_string_equal(r.compiler->name, "clang-19"); /* gcc has no undefined here */
	recipe_release(&r);
	assert_int_equal(load(&r, "summary = \"s\" valgrind = true compiler = {\"any\"}\n"
		"runtime toy { cflags = {\"-g\"} }\n"), 0);
	assert_string_equal(r.cflags, "-g -gdwarf-4");
	recipe_release(&r);
}

static void test_unavailable(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r, "summary = \"s\" sanitizers = {\"thread\"}\n"
		"runtime toy { }\n"), 0);
	assert_null(r.compiler);
	assert_non_null(strstr(r.unavailable, "thread"));
	assert_non_null(strstr(r.unavailable, "does not link"));
	assert_non_null(strstr(r.unavailable, "libtsan0"));
	recipe_release(&r);
	assert_int_equal(load(&r, "summary = \"s\" runtime toy { when \"<3\" {\n"
		"unavailable = \"too old\" } }\n"), 0);
	assert_string_equal(r.unavailable, "too old");
	recipe_release(&r);
}

static void test_controls_and_skips(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r,
		"summary = \"s\"\n"
		"control leak { tool = \"lsan\" kind = \"a|b\" category = \"leak\" }\n"
		"control elsewhere { tool = \"asan\" kind = \"k\" category = \"leak\" }\n"
		"runtime toy { skip a { reason = \"slow\" issue = \"gh-1\" }\n"
		"  skip b { reason = \"no\" }\n"
		"  skip-case \"x.Y.z\" { reason = \"hangs\" } }\n"), 0);
	assert_int_equal(r.control_count, 2);
	assert_string_equal(r.controls[0].name, "leak");
	assert_string_equal(r.controls[0].kind, "a|b");
	assert_string_equal(r.controls[0].category, "leak");
	assert_string_equal(joined(&r.controls[0].command), "{toy} leak");
	assert_true(r.controls[0].time_limit == 5);
	assert_null(r.controls[1].tool);
	assert_string_equal(recipe_skip(&r, "a")->issue, "gh-1");
	assert_null(recipe_skip(&r, "b")->issue);
	assert_null(recipe_skip(&r, "c"));
	assert_string_equal(joined(&r.unit_command), "{toy} --not x.Y.z {unit}");
	assert_string_equal(r.case_skips[0].reason, "hangs");
	recipe_release(&r);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *line, *says;
	} cases[] = {
		{ "summary = \"s\"\nnonsense = 1\n", "c.conf:2:", "nonsense" },
		{ "summary = \"s\"\nruntime toy {\n\tconfigur = {}\n}\n", "c.conf:3:", "configur" },
		{ "summary = \"s\"\nruntime toy {\n\n\twhen \"3.13\" { }\n}\n",
		  "c.conf:4:", "3.13" },
		{ "summary = \"s\"\ntime-factor = fast\n", "c.conf:2:", "time-factor" },
		{ "summary = \"s\"\ntime-factor = -1\n", "c.conf:2:", "time-factor" },
		{ "summary = \"s\"\nruntime toy {\n skip x { issue = \"i\" }\n}\n",
		  "c.conf:3:", "reason" },
		{ "summary = \"s\"\nruntime toy {\n control leek { tool = \"asan\" kind = \"k\"\n"
		  "category = \"c\" }\n}\n", "c.conf:3:", "leek" },
		{ "summary = \"s\"\ncontrol leak { tool = \"asan\" }\n", "c.conf:2:", "category" },
		{ "summary = \"s\"\nfact F { }\n", "c.conf:2:", "value" },
		{ "summary = \"s\" # }\n\nruntime toy {\n when \">=1\" { }\n",
		  "c.conf:3:", "closed" },
		{ "summary = \"s\"\nenv = {\"A=1\"\nruntime toy { }\n", "c.conf:3:", "" },
		{ "default = true\n", "c.conf:", "summary" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe r;
		assert_int_equal(load(&r, cases[i].text), -1);
		assert_int_equal(err.code, EXIT_USAGE);
		assert_says(cases[i].line);
		assert_says(cases[i].says);
	}
}

static void test_no_such_cell(void **state)
{
	struct recipe r;

	(void)state;
	assert_int_equal(recipe_load(&r, "nothing", &runtime, &tools, &err), -1);
	assert_says("no such cell: 'nothing'");
	assert_int_equal(recipe_load(&r, "../cells/c", &runtime, &tools, &err), -1);
	assert_says("no such cell");
}

static void test_lists(void **state)
{
	struct strv names = { 0 }, defaults = { 0 };

	(void)state;
	put("more/b.conf", "summary = \"mine\"\n");
	put("cells/b.conf", "summary = \"shipped\" default = true\n");
	put("cells/a.conf", "summary = \"a\" default = true\n");
	put("cells/c.conf", "summary = \"c\" no-such-member = 1\n");
	put("cells/README", "not a cell\n");
	put("cells/.hidden.conf", "nor this\n");
	free(places.cell_dirs.v[0]);
	places.cell_dirs.v[0] = in_root("more");
	strv_own(&places.cell_dirs, in_root("cells"));
	assert_int_equal(cells_list(&places, &names, &defaults, &err), 0);
	assert_string_equal(joined(&names), "a b c");
	assert_string_equal(joined(&defaults), "a c");
	strv_release(&names);
	strv_release(&defaults);
}

static void test_vars(void **state)
{
	struct vars vars = { 0 };
	struct recipe r;

	(void)state;
	assert_int_equal(load(&r, "summary = \"s\" runtime toy { }\n"), 0);
	recipe_vars(&r, &runtime, &tools, "/b/c", &vars);
	char *s = vars_expand(&vars, "{toy} {cell} {valgrind} {series} {version} {unit}");
	assert_string_equal(s, "/b/c/toy c /bin/valgrind 2.5 2.5 {unit}");
	free(s);
	vars_release(&vars);
	recipe_release(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain), TEST(test_adds_and_replaces), TEST(test_when),
		TEST(test_cell_section_of_runtime), TEST(test_compiler), TEST(test_unavailable),
		TEST(test_controls_and_skips), TEST(test_mistakes), TEST(test_no_such_cell),
		TEST(test_lists), TEST(test_vars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
