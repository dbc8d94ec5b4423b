/* The job server against real makes, and against a client of the protocol in the fifo form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/jobserver.h"

static char root[40];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test-jobserver.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return dir_remove(root, NULL);
}

static void write_text(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", root, name);

	assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
	free(path);
}

/*
 * A recipe appends + when it starts and - when it ends, each in one write, so that the file says
 * how many ran at any time.
 */
static void write_makefile(int recipes, const char *seconds)
{
	struct buf b = { 0 };

	buf_addf(&b, "all: sub1 sub2\nsub1 sub2:\n\t@+$(MAKE) -f Makefile all-$@\n");
	for (int sub = 1; sub <= 2; sub++) {
		buf_addf(&b, "all-sub%d:", sub);
		for (int i = 0; i < recipes; i++)
			buf_addf(&b, " r%d.%d", sub, i);
		buf_addf(&b, "\n");
	}
	buf_addf(&b, "r%%:\n\t@printf + >>trace; sleep %s; printf - >>trace\n", seconds);
	write_text("Makefile", b.data);
	write_text("trace", "");
	buf_release(&b);
}

static int most_at_once(int *in_all)
{
	char *path = xasprintf("%s/trace", root);
	struct buf b = { 0 };
	int now = 0, most = 0;

	assert_int_equal(file_read(path, &b, 0, NULL), 0);
	*in_all = 0;
	for (size_t i = 0; i < b.len; i++) {
		now += b.data[i] == '+' ? 1 : -1;
		*in_all += b.data[i] == '+';
		most = now > most ? now : most;
	}
	free(path);
	buf_release(&b);
	return most;
}

/* A make in a process group of its own, as the engine starts it. */
static pid_t start_make(const struct jobserver *j, const char *make)
{
	char *flags = jobserver_makeflags(j);
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		for (int i = 0; i < 2 && j->pipe[0] >= 0; i++)
			fcntl(j->pipe[i], F_SETFD, 0);
		setenv("MAKEFLAGS", flags, 1);
		if (chdir(root) == 0)
			execlp(make, make, "--no-print-directory", (char *)NULL);
		_exit(127);
	}
	free(flags);
	return pid;
}

static int ends_with_0(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int tokens_there(struct jobserver *j)
{
	int n = 0;

	while (jobserver_take(j))
		n++;
	for (int i = 0; i < n; i++)
		jobserver_give(j);
	return n;
}

static void run_makes(int tokens, int makes, const char *make, const char *fifo_dir)
{
	struct jobserver j;
	struct err e;
	pid_t pids[4];
	int in_all;

	write_makefile(10, "0.1");
	assert_int_equal(jobserver_open(&j, tokens, fifo_dir, &e), 0);
	for (int i = 0; i < makes; i++) {
		assert_int_equal(jobserver_take(&j), 1);
		pids[i] = start_make(&j, make);
	}
	for (int i = 0; i < makes; i++) {
		assert_true(ends_with_0(pids[i]));
		jobserver_give(&j);
	}
	assert_int_equal(most_at_once(&in_all), tokens);
	assert_int_equal(in_all, 20 * makes);
	assert_int_equal(tokens_there(&j), tokens);
	jobserver_close(&j);
}

static void make_takes_tokens(void **state)
{
	(void)state;
	run_makes(1, 1, "make", NULL);
	run_makes(3, 1, "make", NULL);
	run_makes(4, 2, "make", NULL);
}

static int make_knows_fifo(void)
{
	FILE *f = popen("make --version", "r");
	int major = 0, minor = 0, n = f ? fscanf(f, "GNU Make %d.%d", &major, &minor) : 0;

	if (f)
		pclose(f);
	return n == 2 && (major > 4 || (major == 4 && minor >= 4));
}

static void make_takes_tokens_from_fifo(void **state)
{
	(void)state;
	if (!make_knows_fifo()) {
		print_message("# skipped: make is older than 4.4\n");
		skip();
	}
	run_makes(3, 1, "make", root);
	run_makes(4, 2, "make", root);
	static const char *const names[] = { "a b\\c '\"d", "e$(f) $$" };
	for (int i = 0; i < 2; i++) {
		char *odd = xasprintf("%s/%s", root, names[i]);
		assert_int_equal(dir_make(odd, NULL), 0);
		run_makes(3, 1, "make", odd);
		free(odd);
	}
}

/* One job of a client: a token by a blocking read, as the manual has it, and back after use. */
static void fifo_client(const char *flags)
{
	char token, *trace = xasprintf("%s/trace", root);
	const char *auth = strstr(flags, "--jobserver-auth=fifo:");
	int fd = auth ? open(strchr(auth, ':') + 1, O_RDWR) : -1;
	int out = open(trace, O_WRONLY | O_APPEND);

	if (fd < 0 || out < 0 || read(fd, &token, 1) != 1 || write(out, "+", 1) != 1)
		_exit(1);
	usleep(50000);
	_exit(write(out, "-", 1) == 1 && write(fd, &token, 1) == 1 ? 0 : 1);
}

static void fifo_clients(void **state)
{
	struct jobserver j;
	struct err e;
	pid_t pids[12];
	int in_all;

	(void)state;
	write_text("trace", "");
	assert_int_equal(jobserver_open(&j, 3, root, &e), 0);
	char *flags = jobserver_makeflags(&j);
	for (int i = 0; i < 12; i++)
		if ((pids[i] = fork()) == 0)
			fifo_client(flags);
	for (int i = 0; i < 12; i++)
		assert_true(ends_with_0(pids[i]));
	assert_int_equal(most_at_once(&in_all), 3);
	assert_int_equal(in_all, 12);
	assert_int_equal(tokens_there(&j), 3);
	char *path = xstrdup(j.fifo);
	jobserver_close(&j);
	assert_false(path_exists(path));
	free(path);
	free(flags);
}

/* The shared end must stay blocking, or older makes say "read jobs pipe: Resource unavailable". */
static void shared_end_blocks(void **state)
{
	struct jobserver j;
	struct err e;

	(void)state;
	assert_int_equal(jobserver_open(&j, 2, NULL, &e), 0);
	assert_int_equal(fcntl(j.pipe[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(j.pipe[1], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(j.poll_fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	jobserver_close(&j);
}

static void take_and_give(void **state)
{
	struct jobserver j;
	struct err e;

	(void)state;
	assert_int_equal(jobserver_open(&j, 2, NULL, &e), 0);
	struct pollfd p = { .fd = j.poll_fd, .events = POLLIN };
	assert_int_equal(jobserver_take(&j), 1);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(jobserver_take(&j), 1);
	assert_int_equal(jobserver_take(&j), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	jobserver_give(&j);
	assert_int_equal(jobserver_take(&j), 1);
	assert_int_equal(j.taken, 2);
	jobserver_close(&j);
}

static void flags(void **state)
{
	struct jobserver j = { .tokens = 4, .pipe = { 5, 6 } };
	char *flags = jobserver_makeflags(&j);

	(void)state;
	assert_string_equal(flags, " -j4 --jobserver-auth=5,6");
	free(flags);
	j.fifo = "/tmp/a b$\\";
	flags = jobserver_makeflags(&j);
	assert_string_equal(flags, " -j4 --jobserver-auth=fifo:/tmp/a\\ b$$\\\\");
	free(flags);
}

static void killed_make_loses_nothing(void **state)
{
	struct jobserver j;
	struct err e;
	int in_all;

	(void)state;
	write_makefile(10, "5");
	assert_int_equal(jobserver_open(&j, 4, NULL, &e), 0);
	assert_int_equal(jobserver_take(&j), 1);
	pid_t pid = start_make(&j, "make");
	for (double until = clock_now() + 10; most_at_once(&in_all) < 4 && clock_now() < until;)
		usleep(20000);
	kill(-pid, SIGKILL);
	assert_false(ends_with_0(pid));
	jobserver_give(&j);
	assert_true(tokens_there(&j) < 4); /* it held three of them */
	jobserver_refill(&j);
	assert_int_equal(tokens_there(&j), 4);
	jobserver_refill(&j); /* no more than there are */
	assert_int_equal(tokens_there(&j), 4);
	jobserver_close(&j);
}

static void too_many_tokens_are_taken_out(void **state)
{
	struct jobserver j;
	struct err e;

	(void)state;
	assert_int_equal(jobserver_open(&j, 2, NULL, &e), 0);
	assert_int_equal(write(j.pipe[1], "+++", 3), 3);
	assert_int_equal(jobserver_take(&j), 1);
	jobserver_refill(&j);
	assert_int_equal(tokens_there(&j), 1);
	jobserver_close(&j);
}

static void unusable_folder(void **state)
{
	struct jobserver j;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(jobserver_open(&j, 2, "/nonexistent/folder", &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/folder/jobserver."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take_and_give),
		cmocka_unit_test(flags),
		cmocka_unit_test(shared_end_blocks),
		cmocka_unit_test(make_takes_tokens),
		cmocka_unit_test(make_takes_tokens_from_fifo),
		cmocka_unit_test(fifo_clients),
		cmocka_unit_test(killed_make_loses_nothing),
		cmocka_unit_test(too_many_tokens_are_taken_out),
		cmocka_unit_test(unusable_folder),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
