/* Naming frames, with symbolizers that answer, lie, hang, or are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "reports/symbolize.h"

static char *dir;

static int make_dir(void **state)
{
	char name[] = "/tmp/symbolize.XXXXXX";

	(void)state;
	dir = xstrdup(mkdtemp(name));
	return dir ? 0 : -1;
}

static int drop_dir(void **state)
{
	(void)state;
	int rc = dir_remove(dir, NULL);
	free(dir);
	return rc;
}

static int forget(void **state)
{
	(void)state;
	symbolize_end();
	return 0;
}

static char *put(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* A symbolizer that answers each question with ANSWER, a piece of shell, and counts its starts. */
static void use(const char *answer)
{
	char *count = xasprintf("%s/starts", dir);
	char *script = xasprintf("#!/bin/sh\necho \"$1\" >>'%s'\n"
	                         "while read -r question; do %s; done\n",
	        count, answer);
	char *path = put("symbolizer", script, 0700);

	file_write(count, "", 0, NULL);
	symbolize_program(path);
	symbolize_limits(5, 30);
	free(count);
	free(script);
	free(path);
}

static size_t starts(void)
{
	struct buf b = { 0 };
	size_t n = 0;
	char *path = xasprintf("%s/starts", dir);

	file_read(path, &b, 0, NULL);
	for (size_t i = 0; i < b.len; i++)
		n += b.data[i] == '\n';
	buf_release(&b);
	free(path);
	return n;
}

/* A finding with N frames at different places of MODULE. */
static struct finding *nameless(const char *module, size_t n)
{
	struct finding *f = finding_new("asan", "SEGV");
	struct stack *stack = finding_stack(f, ROLE_ACCESS);

	for (size_t i = 0; i < n; i++) {
		struct frame *frame = frames_add(f, &stack->frames);
		frame->module = finding_strdup(f, module);
		frame->offset = finding_printf(f, "0x%zx", 16 + i);
	}
	return f;
}

#define TWO                                                                                        \
	"echo '{\"Symbol\":[{\"FunctionName\":\"in\",\"FileName\":\"/s/a.c\",\"Line\":3,"          \
	"\"Column\":4},{\"FunctionName\":\"out\",\"FileName\":\"/s/a.c\",\"Line\":9}]}'"

static void inlined_frames_become_frames(void **state)
{
	char *module = put("mod", "\177ELF", 0600);

	(void)state;
	use(TWO);
	struct finding *f = nameless(module, 2);
	symbolize_finding(f);
	const struct frames *frames = &f->stacks[0].frames;
	assert_int_equal(frames->n, 4);
	assert_string_equal(frames->v[0].function, "in");
	assert_string_equal(frames->v[0].file, "/s/a.c");
	assert_int_equal(frames->v[0].line, 3);
	assert_int_equal(frames->v[0].column, 4);
	assert_string_equal(frames->v[1].function, "out");
	assert_string_equal(frames->v[1].module, module);
	assert_string_equal(frames->v[3].offset, "0x11");
	assert_null(symbolize_trouble());
	finding_free(f);
	f = nameless(module, 200);
	symbolize_finding(f);
	assert_in_range(f->stacks[0].frames.n, 256, 260);
	finding_free(f);
	assert_int_equal(starts(), 1);
	free(module);
}

/* TSan's frames have the module's name only; its summary has the path of one. */
static void path_of_the_summary(void **state)
{
	char *module = put("prog", "\177ELF", 0600);

	(void)state;
	use(TWO);
	struct finding *f = nameless("prog", 1);
	frames_add(f, &f->stacks[0].frames)->module = "libc.so.6";
	f->stacks[0].frames.v[1].offset = "0x5";
	f->text = finding_printf(f, "x\nSUMMARY: ThreadSanitizer: data race (%s+0x10) \n", module);
	symbolize_finding(f);
	assert_int_equal(f->stacks[0].frames.n, 3);
	assert_string_equal(f->stacks[0].frames.v[0].function, "in");
	assert_string_equal(f->stacks[0].frames.v[0].module, module);
	assert_string_equal(f->stacks[0].frames.v[2].module, "libc.so.6");
	assert_null(f->stacks[0].frames.v[2].function);
	finding_free(f);
	free(module);
}

/* A name with a line feed and quotes is an argument, and nothing else. */
static void hostile_names_of_modules(void **state)
{
	char *module = put("a\"b\n'$(touch x)' 0x1\n.so", "\177ELF", 0600);

	(void)state;
	use("case $question in 0x10) " TWO ";; *) exit 1;; esac");
	struct finding *f = nameless(module, 1);
	symbolize_finding(f);
	assert_string_equal(f->stacks[0].frames.v[0].function, "in");
	assert_string_equal(f->stacks[0].frames.v[0].module, module);
	finding_free(f);
	free(module);
}

static void few_children_at_once(void **state)
{
	(void)state;
	use(TWO);
	for (int i = 0; i < 12; i++) {
		char *name = xasprintf("lru%d", i % 6), *module = put(name, "\177ELF", 0600);
		struct finding *f = nameless(module, 1);

		f->stacks[0].frames.v[0].offset = finding_printf(f, "0x%x", i);
		symbolize_finding(f);
		assert_string_equal(f->stacks[0].frames.v[1].function, "out");
		finding_free(f);
		free(module);
		free(name);
	}
	/* six modules in turn, in fewer places: each had to start again */
	assert_int_equal(starts(), 12);
}

static void check_no_names(const char *module, const char *trouble)
{
	struct finding *f = nameless(module, 3);
	double begun = clock_now();

	symbolize_finding(f);
	assert_true(clock_now() - begun < 20);
	assert_int_equal(f->stacks[0].frames.n, 3);
	assert_null(f->stacks[0].frames.v[0].function);
	if (trouble)
		assert_non_null(strstr(symbolize_trouble(), trouble));
	else
		assert_null(symbolize_trouble());
	finding_free(f);
}

static void what_does_not_answer(void **state)
{
	char *module = put("mod", "\177ELF", 0600);

	(void)state;
	symbolize_program("/nonexistent/symbolizer");
	check_no_names(module, "'/nonexistent/symbolizer'");
	symbolize_end();
	symbolize_program("");
	check_no_names(module, NULL);
	symbolize_end();
	use("exit 3");
	check_no_names(module, "fails for");
	symbolize_end();
	use("exec sleep 1000");
	symbolize_limits(0.2, 0.5);
	check_no_names(module, "does not answer");
	assert_true(starts() >= 1);
	symbolize_end();
	use("while :; do echo x | tr -d '\\n'; done");
	symbolize_limits(0.3, 0.5);
	check_no_names(module, "answer");
	symbolize_end();
	use("echo '[[[['; echo '{\"Symbol\":[7,{\"FunctionName\":1}]}'");
	check_no_names(module, NULL);
	free(module);
}

/* Only a module that is a file here and is the one that the log tells of is asked about. */
static void another_module(void **state)
{
	char *text = put("text", "no ELF", 0600), *module = put("mod", "\177ELF", 0600);
	char *fifo = xasprintf("%s/fifo", dir);

	(void)state;
	use(TWO);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	check_no_names(text, NULL);
	check_no_names(fifo, NULL);
	check_no_names("/nonexistent/mod", NULL);
	check_no_names("mod", NULL);
	check_no_names("/proc/self/exe", NULL);
	check_no_names("/bin/sh", NULL); /* every machine has one */
	struct finding *f = nameless(module, 1);
	f->stacks[0].frames.v[0].build_id = "0123456789abcdef";
	symbolize_finding(f);
	assert_null(f->stacks[0].frames.v[0].function);
	finding_free(f);
	assert_int_equal(starts(), 0);
	free(text);
	free(module);
	free(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(inlined_frames_become_frames, forget),
		cmocka_unit_test_teardown(path_of_the_summary, forget),
		cmocka_unit_test_teardown(hostile_names_of_modules, forget),
		cmocka_unit_test_teardown(few_children_at_once, forget),
		cmocka_unit_test_teardown(what_does_not_answer, forget),
		cmocka_unit_test_teardown(another_module, forget),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
