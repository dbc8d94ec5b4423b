#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "matrix/memory.h"
#include "matrix/progress.h"
#include "matrix/queue.h"
#include "matrix/reap.h"

/* After so many others that were started before it, a task that does not fit is waited for. */
enum { PATIENCE = 20, MEMORY_PAUSE = 500 /* ms */, CLOCK_PAUSE = 1000 /* ms */ };

struct entry {
	struct task *task;
	int passed; /* how often another one was taken although this one came first */
	struct job job;
	double started;
};

struct list {
	struct entry **v;
	size_t n, cap;
};

struct queue {
	struct jobserver *jobserver; /* borrowed */
	struct progress *progress;   /* borrowed */
	struct list waiting;	     /* in the order in which they should start */
	struct list running;
	int done, expected;
	size_t memory; /* in all; 0: what the machine has */
	int signal;    /* that interrupts us */
	int signal_fd;
	enum { NOTHING, A_TOKEN, MEMORY } lacks; /* why the first one is not running */
};

static void list_insert(struct list *l, size_t at, struct entry *e)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->v = xrealloc(l->v, l->cap * sizeof *l->v);
	}
	memmove(l->v + at + 1, l->v + at, (l->n - at) * sizeof *l->v);
	l->v[at] = e;
	l->n++;
}

static struct entry *list_remove(struct list *l, size_t at)
{
	struct entry *e = l->v[at];

	memmove(l->v + at, l->v + at + 1, (l->n - at - 1) * sizeof *l->v);
	l->n--;
	return e;
}

struct queue *queue_new(struct jobserver *j, struct progress *p)
{
	struct queue *q = xcalloc(1, sizeof *q);

	q->jobserver = j;
	q->progress = p;
	q->signal_fd = -1;
	return q;
}

void task_free(struct task *t)
{
	if (!t)
		return;
	free(t->cell);
	free(t->name);
	free((char *)t->spec.dir);
	free((char *)t->spec.cwd);
	strv_release(&t->spec.argv);
	strv_release(&t->spec.env);
	free(t);
}

static void drop_waiting(struct queue *q)
{
	while (q->waiting.n) {
		struct entry *e = list_remove(&q->waiting, q->waiting.n - 1);
		task_free(e->task);
		free(e);
	}
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	drop_waiting(q);
	free(q->waiting.v);
	free(q->running.v);
	free(q);
}

void queue_limit_memory(struct queue *q, size_t bytes)
{
	q->memory = bytes;
}

static double work_left(const struct queue *q)
{
	double sum = 0, longest = 0, now = clock_now();

	for (size_t i = 0; i < q->waiting.n + q->running.n; i++) {
		int runs = i >= q->waiting.n;
		const struct entry *e = runs ? q->running.v[i - q->waiting.n] : q->waiting.v[i];
		double left = e->task->estimate - (runs ? now - e->started : 0);
		if (left > longest)
			longest = left;
		sum += left > 0 ? left : 0;
	}
	sum /= q->jobserver->tokens;
	return sum > longest ? sum : longest;
}

static void tell_progress(struct queue *q)
{
	size_t known = q->waiting.n + q->running.n;

	if (q->progress)
		progress_update(q->progress, q->done, q->done + q->expected + (int)known,
			work_left(q));
}

void queue_expect(struct queue *q, int more)
{
	q->expected += more;
}

static int comes_before(const struct task *a, const struct task *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->estimate > b->estimate;
}

void queue_add(struct queue *q, struct task *t)
{
	struct entry *e = xcalloc(1, sizeof *e);
	size_t low = 0, high = q->waiting.n;

	e->task = t;
	if (!t->spec.cell)
		t->spec.cell = t->cell;
	if (!t->spec.unit)
		t->spec.unit = t->name;
	while (low < high) { /* after its equals: first come, first served */
		size_t middle = (low + high) / 2;
		if (comes_before(t, q->waiting.v[middle]->task))
			high = middle;
		else
			low = middle + 1;
	}
	list_insert(&q->waiting, low, e);
}

/* What those that run were promised and do not use yet. */
static size_t promised(const struct queue *q, int measured)
{
	size_t sum = 0;

	for (size_t i = 0; i < q->running.n; i++) {
		const struct entry *e = q->running.v[i];
		size_t used = measured ? tree_rss(e->job.pid) : 0;
		sum += e->task->memory > used ? e->task->memory - used : 0;
	}
	return sum;
}

static size_t room(const struct queue *q, size_t need)
{
	size_t all = q->memory ? q->memory : memory_available(), gone = promised(q, 0);

	/* Looking at every process is only worth it when it matters. */
	if (!q->memory && need && (gone > all || all - gone < need))
		gone = promised(q, 1);
	return all > gone ? all - gone : 0;
}

/* The place of the next one in the waiting list; waiting.n: none may start now. */
static size_t choose(const struct queue *q)
{
	size_t none = q->waiting.n, first = q->waiting.v[0]->task->memory;

	if (!q->running.n || !first)
		return 0;
	size_t free_now = room(q, first);
	for (size_t i = 0; i < none; i++) {
		if (q->waiting.v[i]->task->memory <= free_now)
			return i;
		if (q->waiting.v[i]->passed >= PATIENCE)
			break;
	}
	return none;
}

static int makes_running(const struct queue *q)
{
	int n = 0;

	for (size_t i = 0; i < q->running.n; i++)
		n += q->running.v[i]->task->uses_tokens;
	return n;
}

static void give_jobserver(struct queue *q, struct task *t)
{
	char *flags = jobserver_makeflags(q->jobserver);

	env_set(&t->spec.env, "MAKEFLAGS", flags);
	t->spec.keep_fds[0] = q->jobserver->pipe[0];
	t->spec.keep_fds[1] = q->jobserver->pipe[1];
	free(flags);
}

/* The word for a task whose owner had none. */
static void end_progress(struct queue *q, struct task *t, const struct job_end *end)
{
	int bad = !end || end->exit_code != 0;

	if (progress_runs(q->progress, t))
		progress_end(q->progress, t, !end ? "error" : end->interrupted ? "interrupted"
			: end->timed_out ? "timed out" : bad ? "failed" : "ok", bad,
			end ? end->seconds : 0);
}

static void end_entry(struct queue *q, struct entry *e, const struct job_end *end,
	const struct err *err)
{
	struct task *t = e->task;

	jobserver_give(q->jobserver);
	if (t->uses_tokens && !makes_running(q))
		jobserver_refill(q->jobserver);
	q->done++;
	tell_progress(q);
	if (t->done)
		t->done(q, t, end, err);
	end_progress(q, t, end);
	task_free(t);
	free(e);
}

static void start_entry(struct queue *q, size_t at)
{
	struct entry *e = list_remove(&q->waiting, at);
	struct err err = { 0 };

	for (size_t i = 0; i < at; i++)
		q->waiting.v[i]->passed++;
	if (e->task->uses_tokens)
		give_jobserver(q, e->task);
	e->started = clock_now();
	progress_start(q->progress, e->task);
	if (job_start(&e->task->spec, &e->job, &err) < 0)
		end_entry(q, e, NULL, &err);
	else
		list_insert(&q->running, q->running.n, e);
}

static int take_token(struct queue *q)
{
	if (!q->running.n) /* then all of them are ours, whoever took some with it */
		jobserver_refill(q->jobserver);
	return jobserver_take(q->jobserver);
}

static void start_some(struct queue *q)
{
	q->lacks = NOTHING;
	while (!q->signal && q->waiting.n) {
		size_t at = choose(q);
		if (at == q->waiting.n)
			q->lacks = MEMORY;
		else if (!take_token(q))
			q->lacks = A_TOKEN;
		else
			start_entry(q, at);
		if (q->lacks != NOTHING)
			break;
	}
	tell_progress(q);
}

/* A supervisor was killed: what it watched over is below us now. */
static void kill_orphans(const struct queue *q)
{
	pid_t *known = xcalloc(q->running.n, sizeof *known);

	for (size_t i = 0; i < q->running.n; i++)
		known[i] = q->running.v[i]->job.pid;
	orphans_kill(known, q->running.n);
	free(known);
}

static void end_running(struct queue *q, size_t at)
{
	struct entry *e = list_remove(&q->running, at);
	struct job_end end = { 0 };
	struct err err = { 0 };
	int rc = job_finish(&e->job, &end, &err);

	if (e->job.lost)
		kill_orphans(q);
	end_entry(q, e, rc < 0 ? NULL : &end, rc < 0 ? &err : NULL);
}

static void list_running(const struct queue *q)
{
	double now = clock_now();

	progress_say(q->progress, "%zu running, %zu waiting", q->running.n, q->waiting.n);
	for (size_t i = 0; i < q->running.n; i++) {
		const struct entry *e = q->running.v[i];
		const struct task *t = e->task;
		progress_say(q->progress, "  %s:%s %s, for %.1f s", t->cell ? t->cell : "",
			t->name ? t->name : "", t->kind ? t->kind : "", now - e->started);
	}
}

static void read_signals(struct queue *q)
{
	struct signalfd_siginfo info;

	while (read(q->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGUSR1) {
			list_running(q);
			continue;
		}
		if (!q->signal)
			q->signal = (int)info.ssi_signo;
		for (size_t i = 0; i < q->running.n; i++)
			job_interrupt(&q->running.v[i]->job);
	}
}

static void wait_for_event(struct queue *q)
{
	size_t n = q->running.n;
	struct pollfd *p = xcalloc(n + 2, sizeof *p);
	int ms = progress_tick(q->progress) ? CLOCK_PAUSE : -1;

	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = q->running.v[i]->job.fd, .events = POLLIN };
	p[n] = (struct pollfd){ .fd = q->signal_fd, .events = POLLIN };
	p[n + 1] = (struct pollfd){ .fd = q->lacks == A_TOKEN ? q->jobserver->poll_fd : -1,
		.events = POLLIN };
	if (q->lacks == MEMORY && !q->memory)
		ms = MEMORY_PAUSE; /* nobody tells when memory becomes free */
	if (poll(p, n + 2, ms) > 0) {
		if (p[n].revents)
			read_signals(q);
		for (size_t i = n; i-- > 0;) /* from the end: ending one moves those after it */
			if (p[i].revents)
				end_running(q, i);
	}
	free(p);
}

/* Who was started by nohup is not to be ended by a hang-up. */
static int is_ignored(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void take_signals(struct queue *q, sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (!is_ignored(SIGHUP))
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
	q->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int queue_run(struct queue *q)
{
	sigset_t before;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	take_signals(q, &before);
	for (;;) {
		start_some(q);
		if (!q->running.n && (!q->waiting.n || q->signal))
			break;
		wait_for_event(q);
	}
	drop_waiting(q);
	close(q->signal_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return q->signal;
}
