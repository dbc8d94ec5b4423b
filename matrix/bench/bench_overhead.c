/*
 * What the engine costs: 1,000 units of `true` through the queue with one token, against the same
 * command by posix_spawn and waitpid, in turn, so that both see the same machine.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/queue.h"

enum { ROUNDS = 10, UNITS = 100 };

static int failed;

static void done(struct queue *q, struct task *t, const struct job_end *end, const struct err *err)
{
	(void)q;
	if (end && end->exit_code == 0)
		return;
	failed++;
	fprintf(stderr, "%s: %s\n", t->name, err ? err->msg : "did not end with 0");
}

static double direct(const char *program)
{
	char *argv[] = { (char *)program, NULL };
	double begun = clock_now();

	for (int i = 0; i < UNITS; i++) {
		pid_t pid;
		int status;
		if (posix_spawn(&pid, program, NULL, NULL, argv, NULL) != 0)
			die(EXIT_INFRASTRUCTURE, "cannot start '%s'", program);
		waitpid(pid, &status, 0);
	}
	return clock_now() - begun;
}

static void add_unit(struct queue *q, const char *program, const char *root, int number)
{
	struct task *t = xcalloc(1, sizeof *t);

	t->name = xasprintf("unit %d", number);
	t->kind = "unit";
	t->memory = 1 << 20;
	t->done = done;
	t->spec.dir = xasprintf("%s/%d", root, number);
	t->spec.time_limit = 60;
	t->spec.output_limit = 1 << 20;
	strv_push(&t->spec.argv, program);
	if (dir_make(t->spec.dir, NULL) < 0)
		die(EXIT_INFRASTRUCTURE, "cannot make '%s':", t->spec.dir);
	queue_add(q, t);
}

static double queued(struct jobserver *j, const char *program, const char *root, int first)
{
	double begun = clock_now();
	struct queue *q = queue_new(j, NULL);

	for (int i = 0; i < UNITS; i++)
		add_unit(q, program, root, first + i);
	queue_run(q);
	queue_free(q);
	return clock_now() - begun;
}

int main(void)
{
	static const char program[] = "/bin/true";
	char root[] = "/tmp/bench-overhead.XXXXXX";
	double plain = 0, ours = 0;
	struct jobserver j;
	struct err e;

	if (!mkdtemp(root) || jobserver_open(&j, 1, NULL, &e) < 0)
		die(EXIT_INFRASTRUCTURE, "cannot prepare '%s':", root);
	for (int i = 0; i < ROUNDS; i++) {
		plain += direct(program);
		ours += queued(&j, program, root, i * UNITS);
	}
	jobserver_close(&j);
	dir_remove(root, NULL);
	plain *= 1e3 / (ROUNDS * UNITS);
	ours *= 1e3 / (ROUNDS * UNITS);
	printf("units %d\ndirect %.3f ms a unit\nqueue %.3f ms a unit\ndifference %.3f ms a unit\n",
		ROUNDS * UNITS, plain, ours, ours - plain);
	return failed || ours - plain > 5;
}
