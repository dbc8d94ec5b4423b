/* Runtime files and sources that are given: folders and tarballs. */
#include <sys/stat.h>
#include <unistd.h>

#include "common/run.h"
#include "matrix/tests/plan.h"

static const char runtime_text[] =
	"version-file = \"inc/version.h\"\n"
	"version-pattern = '#define[ \\t]+VERSION[ \\t]+\"([0-9]+\\.[0-9.a-z]+)'\n"
	"configured-files = {\"Makefile\"}\nclean-hint = \"make mrproper\"\n"
	"configure-command = {\"c\"}\nmake-command = {\"make\"}\nprogram = \"p\"\n"
	"program-name = \"toy\"\nunit-command = {\"u\"}\n"
	"unit-files \"t/test_*.c\" { name = \"test_{*}\" exclude = {\"test_not\"} }\n"
	"unit-files \"t/*/run_*.c\" { name = \"dir.{*}\" when = \">=2.6\" }\n"
	"unit-files \"t/*/old.c\" { name = \"{*}\" when = \"<2.6\" }\n";

static struct runtime rt;

static int setup(void **state)
{
	if (make_places(state) < 0)
		return -1;
	put("runtimes/toy.conf", runtime_text);
	put("src/inc/version.h", "#include <x.h>\n#define VERSION \"2.6.1\"\n");
	put("src/t/test_b.c", "");
	put("src/t/test_a.c", "");
	put("src/t/test_not.c", "");
	put("src/t/other.c", "");
	put("src/t/sub/run_x.c", "");
	put("src/t/sub/old.c", "");
	return 0;
}

static int open_source(const char *spec, const char *name)
{
	char *src = in_root(name);
	int rc = runtime_open(&rt, spec, src, &places, &err);

	free(src);
	return rc;
}

static void test_folder(void **state)
{
	char *source = in_root("src");

	(void)state;
	assert_int_equal(open_source("toy", "src"), 0);
	assert_string_equal(rt.name, "toy-2.6");
	assert_string_equal(rt.family, "toy");
	assert_string_equal(rt.version, "2.6.1");
	assert_string_equal(rt.source, source);
	assert_non_null(strstr(rt.data, "/runtimes/toy"));
	runtime_release(&rt);
	free(source);
}

static void test_asked_for(void **state)
{
	(void)state;
	assert_int_equal(open_source("toy-2.6", "src"), 0);
	runtime_release(&rt);
	assert_int_equal(open_source("toy-2.6.1", "src"), 0);
	runtime_release(&rt);
	assert_int_equal(open_source("toy-2", "src"), 0);
	runtime_release(&rt);
	assert_int_equal(open_source("toy-2.5", "src"), -1);
	assert_says("is version 2.6.1");
	assert_int_equal(open_source("toy-2.6.10", "src"), -1);
	/* The first runtime there is. */
	assert_int_equal(open_source(NULL, "src"), 0);
	assert_string_equal(rt.name, "toy-2.6");
	runtime_release(&rt);
}

static void test_units(void **state)
{
	struct strv units = { 0 };

	(void)state;
	assert_int_equal(open_source("toy", "src"), 0);
	assert_int_equal(runtime_units(&rt, &units, &err), 0);
	assert_int_equal(units.n, 3);
	assert_string_equal(units.v[0], "dir.sub.x");
	assert_string_equal(units.v[1], "test_a");
	assert_string_equal(units.v[2], "test_b");
	strv_release(&units);
	runtime_release(&rt);
}

static void pack(const char *options, const char *tarball, const char *folder)
{
	struct strv argv = { 0 };
	int status;

	strv_push(&argv, "tar");
	strv_push(&argv, options);
	strv_own(&argv, in_root(tarball));
	strv_push(&argv, "-C");
	strv_own(&argv, in_root(folder));
	strv_push(&argv, strcmp(folder, ".") == 0 ? "src" : ".");
	assert_int_equal(run_capture(&argv, NULL, NULL, NULL, &status, &err), 0);
	assert_int_equal(status, 0);
	strv_release(&argv);
}

static void test_tarball(void **state)
{
	struct stat st;

	(void)state;
	pack("-czf", "toy_2.6.1.orig.tar.gz", ".");
	assert_int_equal(open_source("toy", "toy_2.6.1.orig.tar.gz"), 0);
	assert_string_equal(rt.version, "2.6.1");
	assert_non_null(strstr(rt.source, "/cache/sources/toy_2.6.1.orig-"));
	char *file = xasprintf("%s/inc/version.h", rt.source), *first = xstrdup(rt.source);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(stat(rt.source, &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	long made = st.st_ctim.tv_nsec;
	runtime_release(&rt);

	/* The second time it is there already. */
	assert_int_equal(open_source("toy", "toy_2.6.1.orig.tar.gz"), 0);
	assert_string_equal(rt.source, first);
	assert_int_equal(stat(rt.source, &st), 0);
	assert_int_equal(st.st_ctim.tv_nsec, made);
	runtime_release(&rt);

	/* Other content under the same name is another source. */
	put("src/inc/version.h", "#define VERSION \"2.7.0\"\n");
	pack("-czf", "toy_2.6.1.orig.tar.gz", ".");
	assert_int_equal(open_source("toy", "toy_2.6.1.orig.tar.gz"), 0);
	assert_string_equal(rt.version, "2.7.0");
	runtime_release(&rt);
	free(file);
	free(first);
}

static void test_tarball_without_folder(void **state)
{
	(void)state;
	pack("-cf", "flat.tar", "src");
	assert_int_equal(open_source("toy", "flat.tar"), 0);
	assert_string_equal(rt.version, "2.6.1");
	runtime_release(&rt);
}

static void test_bad_tarball(void **state)
{
	struct strv left = { 0 };
	char *sources = in_root("cache/sources");

	(void)state;
	put("bad.tar.gz", "this is no tarball");
	assert_int_equal(open_source("toy", "bad.tar.gz"), -1);
	assert_int_equal(err.code, EXIT_INFRASTRUCTURE);
	assert_says("cannot unpack");
	assert_says("bad.tar.gz");
	assert_int_equal(dir_list(sources, &left, NULL), 0);
	assert_int_equal(left.n, 0);
	strv_release(&left);
	free(sources);
}

static void test_not_a_source(void **state)
{
	(void)state;
	assert_int_equal(open_source("toy", "nowhere"), -1);
	assert_says("nowhere");
	put("empty/x", "");
	assert_int_equal(open_source("toy", "empty"), -1);
	assert_says("does not look like the source of toy");
	put("src/inc/version.h", "#define VERSION unknown\n");
	assert_int_equal(open_source("toy", "src"), -1);
	assert_says("no version");
}

static void test_built_in_place(void **state)
{
	(void)state;
	put("src/Makefile", "all:\n");
	assert_int_equal(open_source("toy", "src"), -1);
	assert_int_equal(err.code, EXIT_USAGE);
	assert_says("make mrproper");
	assert_says("Makefile");
}

static void test_no_such_runtime(void **state)
{
	(void)state;
	assert_int_equal(open_source("ruby-3.2", "src"), -1);
	assert_says("no such runtime: 'ruby-3.2'");
	assert_int_equal(open_source("../toy", "src"), -1);
	assert_says("no such runtime");
}

/* No source package: nothing is fetched, and the message says what to give. */
static void test_no_package(void **state)
{
	(void)state;
	assert_int_equal(runtime_open(&rt, "toy", NULL, &places, &err), -1);
	assert_says("--with-runtime-src=DIR|TARBALL");
}

/* A choice that was made once needs neither apt nor a network. */
static void test_choice_is_kept(void **state)
{
	char *text = xasprintf("%ssource-package = \"toy{series}\"\nnewest-from = \"2.5\"\n",
		runtime_text);

	(void)state;
	put("runtimes/toy.conf", text);
	put("cache/sources/toy.choice", "toy2.6-2.6.1");
	put("cache/sources/toy2.6-2.6.1/inc/version.h", "#define VERSION \"2.6.1\"\n");
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(runtime_open(&rt, "toy", NULL, &places, &err), 0);
	assert_string_equal(rt.version, "2.6.1");
	runtime_release(&rt);

	/* Another wish was not chosen yet: without apt the message says what to give. */
	assert_int_equal(runtime_open(&rt, "toy-2.5", NULL, &places, &err), -1);
	assert_says("--with-runtime-src=DIR|TARBALL");
	setenv("PATH", "/usr/bin:/bin", 1);
	free(text);
}

static void test_mistakes(void **state)
{
	(void)state;
	put("runtimes/toy.conf", "version-file = \"v\"\nnonsense = 1\n");
	assert_int_equal(open_source("toy", "src"), -1);
	assert_says("toy.conf:2:");
	put("runtimes/toy.conf", "version-file = \"v\"\n");
	assert_int_equal(open_source("toy", "src"), -1);
	assert_says("version-pattern");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_places)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_folder), TEST(test_asked_for), TEST(test_units), TEST(test_tarball),
		TEST(test_tarball_without_folder), TEST(test_bad_tarball), TEST(test_not_a_source),
		TEST(test_built_in_place), TEST(test_no_such_runtime), TEST(test_no_package),
		TEST(test_choice_is_kept), TEST(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
