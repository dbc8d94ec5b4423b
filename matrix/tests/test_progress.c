/* What a person sees: lines, the bar, colours, and names that would steer a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "matrix/progress.h"
#include "matrix/queue.h"

static char file[40];
static int saved;

static int capture(void **state)
{
	(void)state;
	strcpy(file, "/tmp/test-progress.XXXXXX");
	int fd = mkstemp(file);
	fflush(stderr);
	saved = dup(2);
	return dup2(fd, 2) < 0 || close(fd) < 0;
}

/* What was written since capture(); ends it. */
static char *captured(void)
{
	struct buf b = { 0 };

	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	assert_int_equal(file_read(file, &b, 0, NULL), 0);
	unlink(file);
	return buf_detach(&b);
}

static struct task task = { .cell = "asan", .name = "test_gc", .kind = "unit" };
static struct task hostile = { .cell = "a\033[2J", .name = "x\ny\xc2\x9b\x7f\xc3\xa4" };

static void expect(const char *wanted)
{
	char *text = captured();

	assert_string_equal(text, wanted);
	free(text);
}

static void a_line_for_each_task(void **state)
{
	struct progress *p = progress_new(PROGRESS_PLAIN, 0);

	(void)state;
	progress_start(p, &task);
	assert_true(progress_runs(p, &task));
	progress_update(p, 1, 7, 201);
	progress_end(p, &task, "2 findings", 1, 1.25);
	assert_false(progress_runs(p, &task));
	progress_say(p, "%s", "one word");
	assert_int_equal(progress_tick(p), 0);
	progress_free(p);
	expect("[1/7] asan:test_gc 2 findings (1.2 s)\none word\n");
}

static void colours_when_told(void **state)
{
	struct progress *p = progress_new(PROGRESS_PLAIN, 1);

	(void)state;
	progress_end(p, &task, "ok", 0, 0);
	progress_end(p, &task, "bad", 1, 0);
	progress_free(p);
	expect("[0/0] asan:test_gc \033[32mok\033[0m (0.0 s)\n"
	       "[0/0] asan:test_gc \033[31mbad\033[0m (0.0 s)\n");
}

static void the_environment_says_whether_to_colour(void **state)
{
	static const struct {
		const char *no, *force;
		int colour;
	} rows[] = { { NULL, NULL, 0 }, { NULL, "1", 1 }, { "1", "1", 0 }, { "", "1", 1 },
		{ NULL, "0", 0 } };
	struct buf wanted = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsetenv("NO_COLOR");
		unsetenv("CLICOLOR_FORCE");
		if (rows[i].no)
			setenv("NO_COLOR", rows[i].no, 1);
		if (rows[i].force)
			setenv("CLICOLOR_FORCE", rows[i].force, 1);
		struct progress *p = progress_new(PROGRESS_AUTO, -1); /* a file: plain */
		progress_end(p, &task, "ok", 0, 0);
		progress_free(p);
		buf_addf(&wanted, "[0/0] asan:test_gc %s (0.0 s)\n",
			rows[i].colour ? "\033[32mok\033[0m" : "ok");
	}
	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR_FORCE");
	expect(wanted.data);
	buf_release(&wanted);
}

static void the_bar(void **state)
{
	struct progress *p = progress_new(PROGRESS_BAR, 0);

	(void)state;
	progress_update(p, 3, 120, 201.2); /* drawn: the first one */
	progress_start(p, &task);	   /* too soon after it */
	progress_end(p, &task, "ok", 0, 1);
	progress_say(p, "note");
	assert_int_equal(progress_tick(p), 1);
	progress_free(p);
	expect("\r[3/120] 3:21 left\033[K\r\033[Knote\n\r[3/120] 3:21 left\033[K\r\033[K");
}

static void the_bar_names_what_runs_and_fits_the_line(void **state)
{
	struct progress *p = progress_new(PROGRESS_BAR, 0);
	struct task many[9];

	(void)state;
	for (int i = 0; i < 9; i++) {
		many[i] = task;
		progress_start(p, &many[i]);
	}
	progress_update(p, 0, 9, 3700);
	usleep(110000);
	progress_tick(p);
	progress_free(p);
	char *text = captured();
	char *bar = strstr(text, "[0/9] 1:01:40 left | asan:test_gc, asan:test_gc, ");
	assert_non_null(bar);
	assert_int_equal(strchr(bar, '\033') - bar, 79);
	free(text);
}

static void names_cannot_steer_the_terminal(void **state)
{
	struct progress *p = progress_new(PROGRESS_PLAIN, 0);

	(void)state;
	progress_end(p, &hostile, "\r", 1, 0);
	progress_say(p, "a\tb\033c");
	progress_free(p);
	expect("[0/0] a[0x1B][2J:x[0x0A]y[0x9B][0x7F]\xc3\xa4 [0x0D] (0.0 s)\na[0x09]b[0x1B]c\n");
}

static void none_is_silent(void **state)
{
	struct progress *p = progress_new(PROGRESS_NONE, 1);

	(void)state;
	progress_start(p, &task);
	progress_update(p, 1, 2, 3);
	progress_end(p, &task, "ok", 0, 1);
	progress_say(p, "word");
	progress_free(p);
	expect("");
}

static void modes_have_names(void **state)
{
	(void)state;
	free(captured());
	assert_int_equal(progress_parse("auto"), PROGRESS_AUTO);
	assert_int_equal(progress_parse("bar"), PROGRESS_BAR);
	assert_int_equal(progress_parse("plain"), PROGRESS_PLAIN);
	assert_int_equal(progress_parse("none"), PROGRESS_NONE);
	assert_int_equal(progress_parse("Bar"), -1);
	assert_int_equal(progress_parse(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_for_each_task, capture),
		cmocka_unit_test_setup(colours_when_told, capture),
		cmocka_unit_test_setup(the_environment_says_whether_to_colour, capture),
		cmocka_unit_test_setup(the_bar, capture),
		cmocka_unit_test_setup(the_bar_names_what_runs_and_fits_the_line, capture),
		cmocka_unit_test_setup(names_cannot_steer_the_terminal, capture),
		cmocka_unit_test_setup(none_is_silent, capture),
		cmocka_unit_test_setup(modes_have_names, capture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
