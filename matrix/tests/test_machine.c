/* What is said of the machine's settings, for a machine made of files. */
#include "matrix/machine.h"
#include "matrix/tests/plan.h"

static struct settings settings;

static const struct setting *look(const char *name)
{
	settings_release(&settings);
	machine_settings(&settings, root, root);
	for (size_t i = 0; i < settings.n; i++)
		if (strcmp(settings.v[i].name, name) == 0)
			return &settings.v[i];
	fail_msg("no setting '%s'", name);
	return NULL;
}

static int teardown(void **state)
{
	settings_release(&settings);
	return drop_places(state);
}

static void test_random_bits(void **state)
{
	(void)state;
	put("proc/sys/vm/mmap_rnd_bits", "28\n");
	assert_string_equal(look("vm.mmap_rnd_bits")->value, "28");
	assert_null(look("vm.mmap_rnd_bits")->note);
	put("proc/sys/vm/mmap_rnd_bits", "32\n");
	assert_non_null(strstr(look("vm.mmap_rnd_bits")->note, "sysctl vm.mmap_rnd_bits=28"));
}

static void test_ptrace(void **state)
{
	(void)state;
	put("proc/sys/kernel/yama/ptrace_scope", "1\n");
	assert_null(look("kernel.yama.ptrace_scope")->note);
	put("proc/sys/kernel/yama/ptrace_scope", "2\n");
	assert_non_null(look("kernel.yama.ptrace_scope")->note);
}

static void test_core_pattern(void **state)
{
	(void)state;
	put("proc/sys/kernel/core_pattern", "core\n");
	assert_null(look("kernel.core_pattern")->note);
	put("proc/sys/kernel/core_pattern", "|/usr/share/apport %p\n");
	assert_string_equal(look("kernel.core_pattern")->value, "|/usr/share/apport %p");
	assert_non_null(look("kernel.core_pattern")->note);
}

static void test_memory(void **state)
{
	(void)state;
	put("proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\n");
	assert_string_equal(look("memory")->value, "8.0 GiB, 4.0 GiB of it available");
	assert_null(look("memory")->note);
	put("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 1048576 kB\n");
	assert_non_null(look("memory")->note);
}

/* A kernel without it, or a folder that is not there, is told and no error. */
static void test_unknown(void **state)
{
	(void)state;
	assert_string_equal(look("vm.mmap_rnd_bits")->value, "unknown");
	assert_null(look("kernel.yama.ptrace_scope")->note);
	settings_release(&settings);
	machine_settings(&settings, root, "/nonexistent/cache");
	for (size_t i = 0; i < settings.n; i++)
		if (strcmp(settings.v[i].name, "cache") == 0)
			assert_non_null(settings.v[i].note);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_places, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_random_bits), TEST(test_ptrace), TEST(test_core_pattern),
		TEST(test_memory), TEST(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
