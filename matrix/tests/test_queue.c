/* The queue: what is started when, and how it ends. */
#include "matrix/tests/below.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "common/buf.h"
#include "matrix/progress.h"
#include "matrix/queue.h"

/* What done() was told, in order: NAME=CODE, NAME!SIGNAL, NAME^ (interrupted) or NAME?ERROR */
static struct buf log_of_ends;

static void note_end(struct queue *q, struct task *t, const struct job_end *end,
	const struct err *err)
{
	(void)q;
	if (!end)
		buf_addf(&log_of_ends, "%s?%s ", t->name, err->msg);
	else if (end->interrupted)
		buf_addf(&log_of_ends, "%s^ ", t->name);
	else if (end->signal)
		buf_addf(&log_of_ends, "%s!%d ", t->name, end->signal);
	else
		buf_addf(&log_of_ends, "%s=%d ", t->name, end->exit_code);
}

static struct task *new_task(const char *name, const char *script)
{
	struct task *t = xcalloc(1, sizeof *t);

	t->name = xstrdup(name);
	t->kind = "unit";
	t->done = note_end;
	t->spec = shell_job(name, script);
	t->spec.cell = t->spec.unit = NULL;
	return t;
}

struct rig {
	struct jobserver j;
	struct queue *q;
};

static void set_up(struct rig *r, int tokens)
{
	buf_reset(&log_of_ends);
	assert_int_equal(jobserver_open(&r->j, tokens, NULL, NULL), 0);
	r->q = queue_new(&r->j, NULL);
}

static void tear_down(struct rig *r)
{
	assert_int_equal(r->j.taken, 0);
	queue_free(r->q);
	jobserver_close(&r->j);
	assert_int_equal(left_after(0), 0);
}

static void an_empty_queue_ends_at_once(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r, 2);
	assert_int_equal(queue_run(r.q), 0);
	tear_down(&r);
}

static void priority_then_the_longest_then_the_first(void **state)
{
	static const struct {
		const char *name;
		int priority;
		double estimate;
	} tasks[] = { { "c", 0, 5 }, { "f", 0, 1 }, { "d", 0, 3 }, { "a", 9, 1 }, { "e", 0, 3 },
		{ "b", 1, 0 } };
	struct rig r;

	(void)state;
	set_up(&r, 1);
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
		struct task *t = new_task(tasks[i].name, "true");
		t->priority = tasks[i].priority;
		t->estimate = tasks[i].estimate;
		queue_add(r.q, t);
	}
	assert_int_equal(queue_run(r.q), 0);
	assert_string_equal(log_of_ends.data, "a=0 b=0 c=0 d=0 e=0 f=0 ");
	tear_down(&r);
}

static void add_more(struct queue *q, struct task *t, const struct job_end *end,
	const struct err *err)
{
	note_end(q, t, end, err);
	queue_add(q, new_task("later", "exit 4"));
	queue_expect(q, -1);
}

static void done_may_add_tasks(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r, 2);
	struct task *t = new_task("first", "true");
	t->done = add_more;
	queue_expect(r.q, 1);
	queue_add(r.q, t);
	assert_int_equal(queue_run(r.q), 0);
	assert_string_equal(log_of_ends.data, "first=0 later=4 ");
	tear_down(&r);
}

static void what_cannot_start_does_not_stop_the_rest(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r, 1);
	struct task *t = new_task("bad", "");
	t->estimate = 5;
	free(t->spec.argv.v[0]);
	t->spec.argv.v[0] = xstrdup("/no/such program");
	queue_add(r.q, t);
	t = new_task("gone", "true");
	t->estimate = 4;
	assert_int_equal(dir_remove(t->spec.dir, NULL), 0);
	queue_add(r.q, t);
	queue_add(r.q, new_task("good", "true"));
	assert_int_equal(queue_run(r.q), 0);
	const char *text = log_of_ends.data;
	assert_non_null(strstr(text, "bad?cannot execute '/no/such program': No such file"));
	assert_non_null(strstr(text, "gone?cannot enter folder"));
	assert_non_null(strstr(text, "good=0 "));
	tear_down(&r);
}

/* From a file to which tasks append + and -. */
static int most_at_once(const char *name)
{
	char *text = text_of("", name);
	int now = 0, most = 0;

	for (char *s = text; s && *s; s++) {
		now += *s == '+' ? 1 : -1;
		most = now > most ? now : most;
	}
	free(text);
	return most;
}

static void tokens_bound_what_runs(void **state)
{
	struct rig r;
	char name[16];

	(void)state;
	set_up(&r, 3);
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof name, "t%d", i);
		queue_add(r.q, new_task(name,
			"printf + >>../tokens; sleep 0.2; printf - >>../tokens"));
	}
	assert_int_equal(queue_run(r.q), 0);
	assert_int_equal(most_at_once("tokens"), 3);
	tear_down(&r);
}

/* Recipes of two makes and units: together never more than there are tokens. */
static void makes_and_units_share_the_tokens(void **state)
{
	static const char makefile[] =
		"all: a b c d e f\na b c d e f:\n"
		"\t@printf + >>../shared; sleep 0.2; printf - >>../shared\n";
	struct rig r;
	char name[16];

	(void)state;
	set_up(&r, 3);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "make%d", i);
		struct task *t = new_task(name, "exec make");
		char *path = xasprintf("%s/Makefile", t->spec.dir);
		assert_int_equal(file_write(path, makefile, strlen(makefile), NULL), 0);
		free(path);
		t->uses_tokens = 1;
		queue_add(r.q, t);
	}
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "unit%d", i);
		queue_add(r.q, new_task(name,
			"printf + >>../shared; sleep 0.2; printf - >>../shared"));
	}
	assert_int_equal(queue_run(r.q), 0);
	assert_int_equal(most_at_once("shared"), 3);
	char *out = text_of("make0", "output.txt");
	assert_string_equal(out, ""); /* make has no complaint about its job server */
	free(out);
	tear_down(&r);
}

static void a_killed_make_leaves_its_tokens(void **state)
{
	struct rig r;
	static const char makefile[] = "all: a b c d\na b c d:\n\t@sleep 1000\n";

	(void)state;
	set_up(&r, 3);
	struct task *t = new_task("make", "exec make");
	char *path = xasprintf("%s/Makefile", t->spec.dir);
	assert_int_equal(file_write(path, makefile, strlen(makefile), NULL), 0);
	free(path);
	t->uses_tokens = 1;
	t->spec.time_limit = 0.3; /* SIGABRT: make does not put anything back */
	t->priority = 1;
	queue_add(r.q, t);
	assert_int_equal(queue_run(r.q), 0);
	assert_string_equal(log_of_ends.data, "make!6 ");
	for (int i = 0; i < 3; i++)
		assert_int_equal(jobserver_take(&r.j), 1);
	assert_int_equal(jobserver_take(&r.j), 0);
	for (int i = 0; i < 3; i++)
		jobserver_give(&r.j);
	tear_down(&r);
}

static void add_sized(struct queue *q, const char *name, size_t memory, double estimate)
{
	struct task *t = new_task(name, "printf + >>../sizes; sleep 0.1; printf - >>../sizes");

	t->memory = memory;
	t->estimate = estimate;
	queue_add(q, t);
}

static void memory_bounds_what_runs(void **state)
{
	struct rig r;
	char name[16];

	(void)state;
	set_up(&r, 4);
	queue_limit_memory(r.q, 100);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "m%d", i);
		add_sized(r.q, name, 45, 1);
	}
	assert_int_equal(queue_run(r.q), 0);
	assert_int_equal(most_at_once("sizes"), 2);
	tear_down(&r);
}

static void too_large_is_run_alone(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r, 4);
	queue_limit_memory(r.q, 100);
	add_sized(r.q, "huge", 1000, 1);
	add_sized(r.q, "small", 10, 2);
	assert_int_equal(queue_run(r.q), 0);
	assert_string_equal(log_of_ends.data, "small=0 huge=0 ");
	tear_down(&r);
}

/*
 * While the first one runs the large one does not fit: smaller ones go before it, but after 20 of
 * them it is waited for.
 */
static void large_is_passed_over_but_not_for_ever(void **state)
{
	struct rig r;
	char name[16];

	(void)state;
	set_up(&r, 2);
	queue_limit_memory(r.q, 100);
	struct task *t = new_task("first",
		"until [ -e ../done-s19 ]; do sleep 0.01; done; sleep 1");
	t->memory = 50;
	t->estimate = 1000;
	queue_add(r.q, t);
	add_sized(r.q, "large", 90, 999);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "s%02d", i);
		t = new_task(name, ": >../done-${PWD##*/}");
		t->memory = 40;
		queue_add(r.q, t);
	}
	assert_int_equal(queue_run(r.q), 0);
	const char *large = strstr(log_of_ends.data, "large=0 ");
	assert_non_null(large);
	assert_true(strstr(log_of_ends.data, "s19=0 ") < strstr(log_of_ends.data, "first=0 "));
	assert_true(strstr(log_of_ends.data, "s20=0 ") > strstr(log_of_ends.data, "first=0 "));
	assert_true(strstr(log_of_ends.data, "s39=0 ") > large);
	tear_down(&r);
}

/* A driver of its own, so that it can be sent signals: two tasks run, one waits. */
static pid_t start_driver(int report, const char *script)
{
	pid_t pid = fork();
	struct rig r;

	if (pid)
		return pid;
	setpgid(0, 0);
	buf_reset(&log_of_ends);
	if (jobserver_open(&r.j, 2, NULL, NULL) < 0)
		_exit(99);
	dup2(report, 2);
	struct progress *p = progress_new(PROGRESS_PLAIN, 0);
	r.q = queue_new(&r.j, p);
	queue_add(r.q, new_task("one", script));
	queue_add(r.q, new_task("two", script));
	queue_add(r.q, new_task("three", script));
	int sig = queue_run(r.q);
	progress_free(p);
	dprintf(report, "ends: %s\n", log_of_ends.data ? log_of_ends.data : "");
	_exit(sig);
}

/* Runs a driver, sends it SIGNALS, and returns how it ended; TEXT: what it said. */
static int signalled(const char *script, const int *signals, size_t count, struct buf *text)
{
	int fds[2], status;
	char chunk[4096];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = start_driver(fds[1], script);
	close(fds[1]);
	for (size_t i = 0; i < count; i++) {
		usleep(300000);
		kill(pid, signals[i]);
	}
	for (ssize_t n; (n = read(fds[0], chunk, sizeof chunk)) > 0;)
		buf_add(text, chunk, (size_t)n);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void an_interrupt_ends_all(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf text = { 0 };
		double begun = clock_now();
		assert_int_equal(signalled("setsid sleep 1000 & sleep 1000", signals + i, 1, &text),
			signals[i]);
		assert_true(strstr(text.data, "ends: one^ two^ \n") ||
			strstr(text.data, "ends: two^ one^ \n"));
		assert_non_null(strstr(text.data, "one interrupted"));
		assert_null(text_of("one", "unit.json"));
		assert_int_equal(left_after(0), 0);
		assert_true(clock_now() - begun < 5);
		buf_release(&text);
	}
}

static void a_second_interrupt_kills_at_once(void **state)
{
	static const int twice[] = { SIGINT, SIGINT };
	struct buf text = { 0 };

	(void)state;
	double begun = clock_now();
	int sig = signalled("trap '' TERM; sleep 1000; sleep 1000", twice, 2, &text);
	assert_int_equal(sig, SIGINT);
	assert_true(clock_now() - begun < 2.2); /* not the two seconds that SIGTERM would get */
	assert_int_equal(left_after(0), 0);
	buf_release(&text);
}

static void usr1_lists_what_runs(void **state)
{
	static const int signals[] = { SIGUSR1, SIGINT };
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(signalled("sleep 1000", signals, 2, &text), SIGINT);
	assert_non_null(strstr(text.data, "2 running, 1 waiting\n"));
	assert_non_null(strstr(text.data, ":one unit, for 0."));
	buf_release(&text);
}

static void nothing_survives_a_killed_driver(void **state)
{
	int fds[2];

	(void)state;
	srand(2);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pid_t pid = start_driver(fds[1], i % 2 ? "sleep 0.004; setsid sleep 1000 &"
			: "(setsid sh -c 'sleep 1000 & sleep 1000' &); exec sleep 1000");
		usleep((useconds_t)(rand() % 30000));
		kill(i % 3 ? pid : -pid, SIGKILL);
		kill(pid, SIGKILL);
		assert_int_equal(left_after(8), 0);
		close(fds[0]);
		close(fds[1]);
	}
}

/* The queue is a subreaper for this: what a killed supervisor watched over comes below it. */
static void a_killed_supervisor_is_one_failed_task(void **state)
{
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(signalled("setsid sleep 1000 & sleep 0.1; kill -9 $PPID; sleep 1000", NULL,
		0, &text), 0);
	assert_int_equal(left_after(0), 0);
	assert_non_null(text.data);
	const char *said = text.data ? text.data : "";
	assert_non_null(strstr(said, "one?the supervisor was killed by signal 9"));
	assert_non_null(strstr(said, "three?the supervisor was killed by signal 9"));
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_queue_ends_at_once),
		cmocka_unit_test(priority_then_the_longest_then_the_first),
		cmocka_unit_test(done_may_add_tasks),
		cmocka_unit_test(what_cannot_start_does_not_stop_the_rest),
		cmocka_unit_test(tokens_bound_what_runs),
		cmocka_unit_test(makes_and_units_share_the_tokens),
		cmocka_unit_test(a_killed_make_leaves_its_tokens),
		cmocka_unit_test(memory_bounds_what_runs),
		cmocka_unit_test(too_large_is_run_alone),
		cmocka_unit_test(large_is_passed_over_but_not_for_ever),
		cmocka_unit_test(an_interrupt_ends_all),
		cmocka_unit_test(a_second_interrupt_kills_at_once),
		cmocka_unit_test(usr1_lists_what_runs),
		cmocka_unit_test(nothing_survives_a_killed_driver),
		cmocka_unit_test(a_killed_supervisor_is_one_failed_task),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
