#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/run.h"

extern char **environ;

/* OUT_FD -1: output is dropped. Returns 0 or an errno. */
static int spawn(const struct run *r, int out_fd, pid_t *pid)
{
	char *nothing[] = { NULL };
	char **env = r->env ? (r->env->v ? r->env->v : nothing) : environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (out_fd >= 0)
		posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (r->with_stderr)
		posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (r->cwd)
		posix_spawn_file_actions_addchdir_np(&actions, r->cwd);
	/* What the driver blocks or ignores is nothing for a child. */
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(pid, r->argv->v[0], &actions, &attributes, r->argv->v, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* Reads FD to its end. 0, or -1 when DEADLINE (0: none) has passed. */
static int drain(int fd, struct buf *out, double deadline)
{
	char chunk[65536];

	for (;;) {
		double left = deadline > 0 ? deadline - clock_now() : 3600;
		if (left <= 0)
			return -1;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, left > 3600 ? 3600000 : (int)(left * 1000) + 1);
		if (ready <= 0)
			continue;
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n == 0)
			return 0;
		if (n > 0 && out)
			buf_add(out, chunk, (size_t)n);
	}
}

/* The child may have closed its output long before it ends. */
static int reap(pid_t pid, int *status, double deadline)
{
	if (deadline <= 0) {
		while (waitpid(pid, status, 0) < 0 && errno == EINTR)
			;
		return 0;
	}
	while (waitpid(pid, status, WNOHANG) == 0) {
		if (clock_now() > deadline)
			return -1;
		poll(NULL, 0, 5);
	}
	return 0;
}

int run_child(const struct run *r, int *status, struct err *e)
{
	double deadline = r->seconds > 0 ? clock_now() + r->seconds : 0;
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot make a pipe:");
	rc = spawn(r, fds[1], &pid);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		errno = rc;
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot run '%s':", r->argv->v[0]);
	}
	rc = drain(fds[0], r->out, deadline);
	if (rc == 0)
		rc = reap(pid, status, deadline);
	if (rc < 0) {
		kill(pid, SIGKILL);
		reap(pid, status, 0);
		err_set(e, EXIT_INFRASTRUCTURE, "'%s' took more than %.0f seconds", r->argv->v[0],
			r->seconds);
	}
	close(fds[0]);
	return rc;
}

int run_capture(const struct strv *argv, const struct strv *env, const char *cwd, struct buf *out,
		int *status, struct err *e)
{
	struct run r = { .argv = argv, .env = env, .cwd = cwd, .out = out };

	return run_child(&r, status, e);
}

char *run_which(const char *program)
{
	struct strv folders = { 0 };
	const char *path = getenv("PATH");
	char *found = NULL;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0 ? xstrdup(program) : NULL;
	strv_split(&folders, path ? path : "/usr/local/bin:/usr/bin:/bin", ":");
	for (size_t i = 0; i < folders.n && !found; i++) {
		found = xasprintf("%s/%s", folders.v[i], program);
		if (access(found, X_OK) < 0) {
			free(found);
			found = NULL;
		}
	}
	strv_release(&folders);
	return found;
}
