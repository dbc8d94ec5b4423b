#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matrix/command.h"

enum {
	LAST_FD = INT_MAX,
	KERNEL_SIGSET = 8, /* bytes of the kernel's sigset_t */
};

/* What the child could not do, told through a pipe that a successful exec closes. */
struct failure {
	int error;
	enum { AT_FOLDER, AT_PROGRAM } where;
};

static void close_span(int first, int last)
{
	struct rlimit r;

	if (first > last || close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < (rlim_t)last)
		last = (int)r.rlim_cur;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

void close_but(const int *keep, size_t count)
{
	int first = 3;

	for (;;) {
		int next = LAST_FD;
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= first && keep[i] < next)
				next = keep[i];
		close_span(first, next == LAST_FD ? LAST_FD : next - 1);
		if (next == LAST_FD)
			return;
		first = next + 1;
	}
}

void reset_signals(void)
{
	/* All zero bytes are SIG_DFL, no flags and an empty mask, in the kernel's layout too. */
	char plain[64] = { 0 };

	/* The kernel's own call: the C library refuses 32 and 33, which GNU make may leave ignored. */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		syscall(SYS_rt_sigaction, sig, &plain, NULL, KERNEL_SIGSET);
}

/* If memory runs out, the kernel should choose a test, not the driver. */
static void be_first_victim(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "500", 3) < 0)
		errno = 0; /* then it stays as it is */
	close(fd);
}

/* execvpe() would search our own PATH, and run what is no program with a shell. */
static void execute(const struct job_spec *spec)
{
	const char *name = spec->argv.v[0], *path = env_get(&spec->env, "PATH");
	char *none[] = { NULL }, **env = spec->env.v ? spec->env.v : none, file[PATH_MAX];
	int error = ENOENT;

	if (strchr(name, '/')) {
		execve(name, spec->argv.v, env);
		return;
	}
	for (const char *s = path ? path : "/usr/local/bin:/usr/bin:/bin";; s++) {
		size_t len = strcspn(s, ":");
		snprintf(file, sizeof file, "%.*s%s%s", (int)len, s, len ? "/" : "", name);
		execve(file, spec->argv.v, env);
		if (errno != ENOENT && errno != ENOTDIR)
			error = errno;
		s += len;
		if (!*s)
			break;
	}
	errno = error;
}

static void keep_open(int fd)
{
	if (fd >= 3)
		fcntl(fd, F_SETFD, 0);
}

static _Noreturn void child(const struct job_spec *spec, pid_t parent, int out_fd, int tell_fd)
{
	struct rlimit none = { 0, 0 };
	struct failure failure = { .where = AT_FOLDER };
	sigset_t empty;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setsid();
	dup2(out_fd, 1);
	dup2(out_fd, 2);
	close_but((int[]){ tell_fd, spec->keep_fds[0], spec->keep_fds[1] }, 3);
	keep_open(spec->keep_fds[0]);
	keep_open(spec->keep_fds[1]);
	setrlimit(RLIMIT_CORE, &none);
	if (spec->obey_modes)
		prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE); /* fails for others than root: fine */
	be_first_victim();
	if (chdir(spec->cwd ? spec->cwd : spec->dir) == 0) {
		failure.where = AT_PROGRAM;
		sigemptyset(&empty);
		sigprocmask(SIG_SETMASK, &empty, NULL);
		execute(spec);
	}
	failure.error = errno;
	_exit(write(tell_fd, &failure, sizeof failure) < 0 ? 126 : 127);
}

static int tell_failure(const struct job_spec *spec, const struct failure *f, struct err *e)
{
	errno = f->error;
	if (f->where == AT_FOLDER)
		return err_set(e, EXIT_USAGE, "cannot enter folder '%s':",
			spec->cwd ? spec->cwd : spec->dir);
	return err_set(e, EXIT_USAGE, "cannot execute '%s':", spec->argv.v[0]);
}

pid_t command_start(const struct job_spec *spec, int out_fd, struct err *e)
{
	int tell[2];
	struct failure failure;
	pid_t self = getpid();

	if (!spec->argv.n)
		return err_set(e, EXIT_USAGE, "no command is given");
	if (pipe2(tell, O_CLOEXEC) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot make a pipe:");
	pid_t pid = fork();
	if (pid == 0)
		child(spec, self, out_fd, tell[1]);
	if (pid < 0)
		err_set(e, EXIT_INFRASTRUCTURE, "cannot fork for '%s':", spec->argv.v[0]);
	close(tell[1]);
	ssize_t n = read(tell[0], &failure, sizeof failure);
	close(tell[0]);
	if (pid > 0 && n == (ssize_t)sizeof failure) {
		waitpid(pid, NULL, 0);
		pid = tell_failure(spec, &failure, e);
	}
	return pid;
}
