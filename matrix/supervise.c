#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/command.h"
#include "matrix/output.h"
#include "matrix/reap.h"
#include "matrix/supervise.h"
#include "matrix/unit.h"

static const double LONGEST_GRACE = 10, TERM_GRACE = 2, LINGER = 2;

struct supervisor {
	const struct job_spec *spec;
	int signal_fd, pipe_fd; /* pipe_fd: the command's output; -1 after its end */
	pid_t command;
	enum {
		RUNNING,
		ABORTING,    /* the time limit is over: SIGABRT was sent */
		TERMINATING, /* we were told to end: SIGTERM was sent */
		LINGERING,   /* the command has ended, something of it has not */
		OVER,	     /* what is left is to be killed */
	} phase;
	double begun, deadline; /* of the phase; 0: none */
	long oom_kills;		/* of the machine, before the start */
	int ended;		/* the command ended by itself; not reaped yet */
	struct output output;
	struct unit_facts facts;
	struct job_report report;
};

static long count_oom_kills(void)
{
	char line[200];
	long n = -1;
	FILE *f = fopen("/proc/vmstat", "re");

	while (f && n < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, "oom_kill ", 9) == 0)
			n = strtol(line + 9, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static void enter(struct supervisor *s, int phase, double seconds)
{
	s->phase = phase;
	s->deadline = seconds > 0 ? clock_now() + seconds : 0;
}

static void time_is_over(struct supervisor *s)
{
	double grace = s->spec->time_limit / 10;

	if (s->phase != RUNNING) {
		enter(s, OVER, 0);
		return;
	}
	s->report.end.timed_out = 1;
	kill(s->command, SIGABRT);
	kill(s->command, SIGCONT);
	enter(s, ABORTING, grace < LONGEST_GRACE ? grace : LONGEST_GRACE);
}

static void told_to_end(struct supervisor *s)
{
	int again = s->report.end.interrupted || s->phase == LINGERING;

	s->report.end.interrupted = 1;
	if (again) {
		enter(s, OVER, 0);
		return;
	}
	kill(-s->command, SIGTERM);
	kill(-s->command, SIGCONT);
	enter(s, TERMINATING, TERM_GRACE);
}

/* Reaps what ended, but for the command: its number must stay taken until its group is gone. */
static void look_at_children(struct supervisor *s)
{
	double linger = s->spec->linger ? s->spec->linger : LINGER;

	while (!s->ended) {
		siginfo_t info = { 0 };
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 ||
			!info.si_pid)
			return;
		s->ended = info.si_pid == s->command;
		if (s->ended)
			s->report.end.seconds = clock_now() - s->begun;
		else
			waitpid(info.si_pid, NULL, WNOHANG | __WALL);
	}
	if (s->phase == OVER)
		return;
	size_t others = children_reap(s->command, NULL);
	if (s->phase == RUNNING && others && linger > 0)
		enter(s, LINGERING, linger);
	else if (s->phase != LINGERING || !others)
		enter(s, OVER, 0);
}

static void read_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGTERM)
			told_to_end(s);
	look_at_children(s);
}

/* For poll(): milliseconds until the deadline, rounded up; -1: none. */
static int patience(const struct supervisor *s)
{
	double rest = s->deadline - clock_now();

	if (!s->deadline)
		return -1;
	return rest <= 0 ? 0 : rest < 1e6 ? (int)(rest * 1e3) + 1 : 1000000000;
}

static void watch(struct supervisor *s)
{
	while (s->phase != OVER) {
		struct pollfd p[] = { { .fd = s->signal_fd, .events = POLLIN },
			{ .fd = s->pipe_fd, .events = POLLIN } };

		if (poll(p, 2, patience(s)) < 0 && errno != EINTR)
			return;
		if (p[1].revents && output_pump(&s->output, s->pipe_fd) == 0) {
			close(s->pipe_fd);
			s->pipe_fd = -1;
		}
		if (p[0].revents)
			read_signals(s);
		if (s->phase != OVER && s->deadline && clock_now() >= s->deadline)
			time_is_over(s);
	}
}

/* All that the tree wrote is in the pipe by now; who else holds its other end does not count. */
static void drain(struct supervisor *s)
{
	if (s->pipe_fd < 0)
		return;
	while (output_pump(&s->output, s->pipe_fd) > 0)
		;
	close(s->pipe_fd);
}

static void finish(struct supervisor *s)
{
	struct job_end *end = &s->report.end;
	struct err *e = &s->report.err;
	int status = 0;

	size_t immortal = tree_kill(s->command, &status, &s->facts.left_behind);
	if (!s->ended)
		end->seconds = clock_now() - s->begun;
	drain(s);
	s->facts.output_dropped = output_close(&s->output);
	getrusage(RUSAGE_CHILDREN, &s->facts.usage);
	end->max_rss = (size_t)s->facts.usage.ru_maxrss * 1024;
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->exit_code = end->signal ? -1 : WEXITSTATUS(status);
	end->out_of_memory = s->ended && end->signal == SIGKILL && count_oom_kills() > s->oom_kills;
	if (immortal)
		s->report.failed = err_set(e, EXIT_INFRASTRUCTURE,
			"%zu processes of '%s' cannot be killed", immortal, s->spec->argv.v[0]);
	else if (s->output.err.msg[0])
		*e = s->output.err, s->report.failed = 1;
	else if (!end->interrupted)
		s->report.failed = unit_write(s->spec, end, &s->facts, e);
}

static void run(struct supervisor *s)
{
	int out[2];
	struct err *e = &s->report.err;

	s->report.failed = 1;
	if (s->output.err.msg[0]) {
		*e = s->output.err;
		return;
	}
	if (pipe2(out, O_CLOEXEC) < 0) {
		err_set(e, EXIT_INFRASTRUCTURE, "cannot make a pipe:");
		return;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK); /* only this end: the other is the command's */
	s->oom_kills = count_oom_kills();
	s->facts.started = time(NULL);
	s->begun = clock_now();
	s->command = command_start(s->spec, out[1], e);
	close(out[1]);
	if (s->command < 0)
		return;
	s->report.failed = 0;
	s->pipe_fd = out[0];
	enter(s, RUNNING, s->spec->time_limit);
	watch(s);
	finish(s);
}

/* Beside the driver, not below its terminal and process group; gone when the driver is. */
static void settle(const struct job_spec *spec, pid_t driver, int report_fd)
{
	int keep[] = { report_fd, spec->keep_fds[0], spec->keep_fds[1], spec->hold_fd };

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != driver)
		_exit(1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setpgid(0, 0); /* setsid() would cost 0.3 ms more, and all signals are blocked */
	reset_signals();
	close_but(keep, sizeof keep / sizeof *keep);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0 && !spec->terminal) {
		dup2(null, 0);
		dup2(null, 1);
	}
	if (null > 2)
		close(null);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void remove_old(const struct job_spec *spec)
{
	static const char *const names[] = { "unit.json", "job-error.txt" };

	for (size_t i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", spec->dir, names[i]);
		unlink(path);
		free(path);
	}
}

static void leave_error(const struct job_spec *spec, const struct err *e)
{
	char *path = xasprintf("%s/job-error.txt", spec->dir);
	char *text = xasprintf("%s\n", e->msg);

	file_write(path, text, strlen(text), NULL);
	free(text);
	free(path);
}

_Noreturn void supervise(const struct job_spec *spec, pid_t driver, int report_fd)
{
	struct supervisor s = { .spec = spec, .pipe_fd = -1 };
	char *path = xasprintf("%s/output.txt", spec->dir);

	settle(spec, driver, report_fd);
	s.signal_fd = open_signals();
	if (chdir(spec->dir) < 0) {
		s.report.failed = err_set(&s.report.err, EXIT_INFRASTRUCTURE,
			"cannot enter folder '%s':", spec->dir);
	} else {
		remove_old(spec);
		output_open(&s.output, path, spec->output_limit, spec->terminal ? 1 : -1);
		run(&s);
	}
	if (s.report.failed)
		leave_error(spec, &s.report.err);
	if (write(report_fd, &s.report, sizeof s.report) < 0)
		_exit(1); /* the driver is gone */
	_exit(s.report.failed != 0);
}
