/* Nothing of a job survives its driver, and a supervisor that dies is noticed. */
#include "matrix/tests/below.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>

#include "matrix/supervise.h"

static const char tree[] = "setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &) ; "
	"sleep 1000 & setsid setsid sleep 1000 & exec sleep 1000";

/* A driver of its own, which is to be killed: its number. With a process group of its own. */
static pid_t start_driver(const struct job_spec *s)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	struct job job;
	struct job_end end;
	_exit(job_start(s, &job, NULL) < 0 || job_finish(&job, &end, NULL) < 0);
}

static void nothing_survives_the_driver(void **state)
{
	struct job_spec s = shell_job("driver", tree);

	(void)state;
	srand(1);
	for (int i = 0; i < 100; i++) {
		pid_t pid = start_driver(&s);
		usleep((useconds_t)(rand() % (i % 2 ? 3000 : 30000)));
		kill(i % 3 ? pid : -pid, SIGKILL); /* it alone, or its whole group */
		kill(pid, SIGKILL);
		assert_int_equal(left_after(8), 0);
		assert_null(unit_of("driver"));
	}
	release_spec(&s);
}

/* A driver that dies before its supervisor can ask to be told of it. */
static void a_supervisor_without_its_driver_does_nothing(void **state)
{
	struct job_spec s = shell_job("late", "echo ran");
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		supervise(&s, 1, 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_null(text_of("late", "output.txt"));
	release_spec(&s);
}

/* Whoever takes the lock knows that nothing of the older run can write any more. */
static void a_lock_is_held_until_the_tree_is_gone(void **state)
{
	struct job_spec s = shell_job("lock", "trap '' TERM; sleep 1000; sleep 1000");
	char *path = xasprintf("%s/lock-file", root);

	(void)state;
	s.hold_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(s.hold_fd, LOCK_EX), 0);
	pid_t pid = start_driver(&s);
	close(s.hold_fd);
	usleep(200000);
	kill(pid, SIGKILL);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(left_after(0.5), 0); /* the supervisor itself is just ending */
	close(fd);
	free(path);
	release_spec(&s);
}

static void who_ignores_sigterm_does_not_survive_the_driver(void **state)
{
	struct job_spec s = shell_job("deaf", "trap '' TERM HUP INT; sleep 1000; sleep 1000");

	(void)state;
	pid_t pid = start_driver(&s);
	usleep(200000);
	assert_true(left_after(0) > 0);
	kill(pid, SIGKILL);
	assert_int_equal(left_after(8), 0);
	release_spec(&s);
}

/* Then the command dies with it; the rest has come below us, as below the driver in the queue. */
static void a_killed_supervisor_is_told(void **state)
{
	struct job_spec s = shell_job("killed", tree);
	struct job job;
	struct job_end end;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(job_start(&s, &job, NULL), 0);
	usleep(200000);
	kill(job.pid, SIGKILL);
	assert_int_equal(job_finish(&job, &end, &e), -1);
	assert_true(job.lost);
	assert_non_null(strstr(e.msg, "killed by signal 9"));
	orphans_kill(NULL, 0);
	assert_int_equal(left_after(0), 0);
	release_spec(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_survives_the_driver),
		cmocka_unit_test(who_ignores_sigterm_does_not_survive_the_driver),
		cmocka_unit_test(a_supervisor_without_its_driver_does_nothing),
		cmocka_unit_test(a_lock_is_held_until_the_tree_is_gone),
		cmocka_unit_test(a_killed_supervisor_is_told),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
