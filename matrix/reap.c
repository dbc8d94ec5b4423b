#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/reap.h"

enum { PATIENCE = 10 };

struct pids {
	pid_t *v;
	size_t n, cap;
};

static void pids_push(struct pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 16;
		p->v = xrealloc(p->v, p->cap * sizeof *p->v);
	}
	p->v[p->n++] = pid;
}

/* Appends the numbers in the file PATH; -1 when there is no such file. */
static int read_pids(const char *path, struct pids *out)
{
	struct buf text = { 0 };
	int rc = file_read(path, &text, 0, NULL);

	for (char *s = text.data, *end; s && *s; s = end) {
		long pid = strtol(s, &end, 10);
		if (end == s)
			break;
		pids_push(out, (pid_t)pid);
		end += *end == ' ';
	}
	buf_release(&text);
	return rc;
}

/* Appends the children of all threads of PID; -1 when this kernel does not list them. */
static int read_children(pid_t pid, struct pids *out)
{
	char path[300];
	int found = -1;

	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%ld/task/%s/children", (long)pid, d->d_name);
		if (read_pids(path, out) == 0)
			found = 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	struct buf text = { 0 };
	long parent = 0;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if (file_read(path, &text, 0, NULL) == 0 && text.len) {
		char *after = strrchr(text.data, ')'); /* the name before it may hold anything */
		if (after && strlen(after) > 4)
			parent = strtol(after + 4, NULL, 10);
	}
	buf_release(&text);
	return (pid_t)parent;
}

/* The slow way, for kernels built without CONFIG_PROC_CHILDREN. */
static void scan_children(pid_t pid, struct pids *out)
{
	DIR *dir = opendir("/proc");

	for (struct dirent *d; dir && (d = readdir(dir));) {
		pid_t child = (pid_t)strtol(d->d_name, NULL, 10);
		if (child > 0 && parent_of(child) == pid)
			pids_push(out, child);
	}
	if (dir)
		closedir(dir);
}

size_t children_list(pid_t **list)
{
	struct pids p = { 0 };

	/* We have one thread, so this is all of them. */
	if (read_pids("/proc/thread-self/children", &p) < 0)
		scan_children(getpid(), &p);
	*list = p.v;
	return p.n;
}

static int reap(pid_t pid, int *killed)
{
	int status;

	if (waitpid(pid, &status, WNOHANG | __WALL) <= 0)
		return 0;
	if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		++*killed;
	return 1;
}

static size_t kill_and_reap(pid_t keep, int sig, int *killed)
{
	pid_t *list;
	size_t n = children_list(&list), left = 0;

	for (size_t i = 0; i < n; i++) {
		if (sig)
			kill(list[i], sig);
		left += list[i] != keep && !reap(list[i], killed);
	}
	free(list);
	return left;
}

size_t children_reap(pid_t keep, int *killed)
{
	return kill_and_reap(keep, 0, killed);
}

static void wait_for_child(void)
{
	sigset_t set;
	struct timespec most = { .tv_nsec = 50000000 };

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &most);
}

/* The list of children is not reliable while they come and go: the wait calls are. */
static int no_children(int *killed)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
		if (pid <= 0)
			return pid < 0 && errno == ECHILD;
		*killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
}

size_t tree_kill(pid_t leader, int *status, int *killed)
{
	double until = clock_now() + PATIENCE;

	for (;;) {
		if (leader)
			kill(-leader, SIGKILL); /* all of it at once: nobody can fork away */
		size_t left = kill_and_reap(leader, SIGKILL, killed);
		/* Reaped last: from then on its number may be somebody else's. */
		if (!left && leader && waitpid(leader, status, WNOHANG | __WALL) == leader)
			leader = 0;
		if (!left && !leader && no_children(killed))
			return 0;
		if (clock_now() > until)
			return left + (leader != 0);
		wait_for_child();
	}
}

static int is_known(pid_t pid, const pid_t *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (known[i] == pid)
			return 1;
	return 0;
}

void orphans_kill(const pid_t *known, size_t count)
{
	double until = clock_now() + PATIENCE;
	struct timespec pause = { .tv_nsec = 5000000 };

	for (size_t left = 1; left && clock_now() < until;) {
		pid_t *list;
		size_t n = children_list(&list);
		left = 0;
		for (size_t i = 0; i < n; i++) {
			if (is_known(list[i], known, count))
				continue;
			kill(list[i], SIGKILL);
			reap(list[i], NULL);
			left++; /* look again: it may have had children */
		}
		free(list);
		if (left)
			nanosleep(&pause, NULL);
	}
}

size_t tree_rss(pid_t pid)
{
	struct pids p = { 0 };
	size_t total = 0, page = (size_t)sysconf(_SC_PAGESIZE);

	pids_push(&p, pid);
	for (size_t i = 0; i < p.n; i++) {
		char path[64];
		unsigned long resident = 0;
		snprintf(path, sizeof path, "/proc/%ld/statm", (long)p.v[i]);
		FILE *f = fopen(path, "re");
		if (f && fscanf(f, "%*u %lu", &resident) == 1)
			total += resident * page;
		if (f)
			fclose(f);
		read_children(p.v[i], &p);
	}
	free(p.v);
	return total;
}
