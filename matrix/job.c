#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matrix/job.h"
#include "matrix/supervise.h"

int job_start(const struct job_spec *spec, struct job *job, struct err *e)
{
	int report[2];
	sigset_t all, before;
	pid_t self = getpid();

	*job = (struct job){ .fd = -1 };
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot make a pipe:");
	/* Not one of our signal handlers may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		supervise(spec, self, report[1]);
	int saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(report[1]);
	*job = (struct job){ .pid = pid, .fd = report[0] };
	if (pid > 0)
		return 0;
	close(report[0]);
	errno = saved;
	return err_set(e, EXIT_INFRASTRUCTURE, "cannot fork a supervisor:");
}

static size_t read_report(int fd, struct job_report *r)
{
	size_t have = 0;

	while (have < sizeof *r) {
		ssize_t n = read(fd, (char *)r + have, sizeof *r - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int job_finish(struct job *job, struct job_end *end, struct err *e)
{
	struct job_report r;
	size_t have = read_report(job->fd, &r);

	close(job->fd);
	int status = wait_for(job->pid);
	*job = (struct job){ .fd = -1, .lost = WIFSIGNALED(status) };
	if (have == sizeof r && !r.failed) {
		*end = r.end;
		return 0;
	}
	if (have == sizeof r) {
		if (e)
			*e = r.err;
		return -1;
	}
	if (WIFSIGNALED(status))
		return err_set(e, EXIT_INFRASTRUCTURE,
			"the supervisor was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return err_set(e, EXIT_INFRASTRUCTURE, "the supervisor ended with %d and without a result",
		WEXITSTATUS(status));
}

void job_interrupt(const struct job *job)
{
	kill(job->pid, SIGTERM);
}

int job_run(const struct job_spec *spec, struct job_end *end, struct err *e)
{
	struct job job;

	return job_start(spec, &job, e) < 0 ? -1 : job_finish(&job, end, e);
}
