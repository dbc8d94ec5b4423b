#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/run.h"
#include "common/text.h"
#include "reports/json_text.h"
#include "reports/symbolize.h"
#include "reports/symbolizer.h"

/*
 * A child holds what it read of its module, up to some hundred MB for a large one: few of them are
 * kept. Versions before 13 do not write JSON, which is what keeps names in hostile modules apart.
 */
enum { CHILDREN_MAX = 4, ANSWER_MAX = 1 << 20, INLINED_MAX = 64 };
enum { OLDEST_VERSION = 13, NEWEST_VERSION = 30, FAILURES_MAX = 8 };

struct child {
	char *module; /* NULL: this place is free */
	pid_t pid;
	int fd; /* its standard input and output */
	unsigned long used;
};

static struct {
	struct child children[CHILDREN_MAX];
	unsigned long clock;
	char *wanted, *program; /* what the caller said; what that comes to */
	int looked;             /* for the program */
	double answer, all;     /* limits in seconds; 0: the usual ones */
	double spent;
	unsigned failures;
	char *trouble;
} the;

extern char **environ;

void symbolize_program(const char *path)
{
	free(the.wanted);
	free(the.program);
	the.wanted = xstrdup(path);
	the.program = NULL;
	the.looked = 0;
}

void symbolize_limits(double answer, double all)
{
	the.answer = answer;
	the.all = all;
}

const char *symbolize_trouble(void)
{
	return the.trouble;
}

/* The first trouble is the one that is told. */
static void __attribute__((format(printf, 1, 2))) trouble(const char *format, ...)
{
	va_list args;
	char text[1000];

	if (the.trouble)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	the.trouble = xstrdup(text);
}

static const char *program(void)
{
	const char *given = the.wanted ? the.wanted : getenv("LLVM_SYMBOLIZER");

	if (the.looked)
		return the.program;
	the.looked = 1;
	if (given && (*given || the.wanted))
		return the.program = *given ? xstrdup(given) : NULL;
	the.program = run_which("llvm-symbolizer");
	for (int v = NEWEST_VERSION; v >= OLDEST_VERSION && !the.program; v--) {
		char name[32];

		snprintf(name, sizeof name, "llvm-symbolizer-%d", v);
		the.program = run_which(name);
	}
	if (!the.program)
		trouble("frames without names stay so: there is no llvm-symbolizer (install llvm, "
		        "or set "
		        "LLVM_SYMBOLIZER)");
	return the.program;
}

/* Our environment, but without servers to ask for symbols: a log must not make us use a network. */
static void child_env(struct strv *env)
{
	for (char **v = environ; *v; v++)
		if (!text_after(*v, "DEBUGINFOD_") && !text_after(*v, "LLVM_SYMBOLIZER_OPTS="))
			strv_push(env, *v);
}

static int spawn(const char *path, const char *module, int fd, pid_t *pid)
{
	struct strv argv = { 0 }, env = { 0 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	strv_push(&argv, path);
	strv_pushf(&argv, "--obj=%s", module);
	strv_push(&argv, "--output-style=JSON");
	strv_push(&argv, "--inlines");
	strv_push(&argv, "--demangle");
	child_env(&env);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int rc = posix_spawn(pid, path, &actions, &attributes, argv.v, env.v ? env.v : environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	strv_release(&argv);
	strv_release(&env);
	return rc;
}

static void end_child(struct child *c)
{
	if (!c->module)
		return;
	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(c->module);
	memset(c, 0, sizeof *c);
}

/* Not by what one module does alone: after some failures nobody is asked any more. */
static void failed(struct child *c, const char *how)
{
	trouble("some frames without names stay so: '%s' %s for '%.200s'", the.program, how,
	        c->module);
	end_child(c);
	the.failures++;
}

static struct child *start(struct child *c, const char *module)
{
	int fds[2];

	end_child(c);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return NULL;
	int rc = spawn(the.program, module, fds[1], &c->pid);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		errno = rc;
		trouble("frames without names stay so: cannot run '%s': %s", the.program,
		        strerror(rc));
		the.failures = FAILURES_MAX;
		return NULL;
	}
	c->fd = fds[0];
	c->module = xstrdup(module);
	return c;
}

static struct child *child_of(const char *module)
{
	struct child *oldest = &the.children[0], *found = NULL;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &the.children[i];

		if (c->module && !strcmp(c->module, module))
			found = c;
		if (!c->module || (oldest->module && c->used < oldest->used))
			oldest = c;
	}
	if (!found)
		found = start(oldest, module);
	if (found)
		found->used = ++the.clock;
	return found;
}

/* One line of C's output, appended to LINE. 0, or -1 with HOW it failed. */
static int read_line(struct child *c, struct buf *line, double seconds, const char **how)
{
	double deadline = clock_now() + seconds;
	char chunk[4096];

	while (line->len < ANSWER_MAX) {
		double left = deadline - clock_now();
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		*how = "does not answer";
		if (left <= 0)
			return -1;
		if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		ssize_t n = read(c->fd, chunk, sizeof chunk);
		*how = "fails";
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		buf_add(line, chunk, (size_t)n);
		if (chunk[n - 1] == '\n')
			return 0;
	}
	*how = "answers without end";
	return -1;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s && *s && strcmp(s, "??") != 0 ? s : NULL;
}

static int take_answer(const struct buf *line, struct finding *f, struct frames *frames)
{
	json_t *answer = json_loadb(line->data, line->len, 0, NULL);
	const json_t *symbols = json_object_get(answer, "Symbol"), *symbol;
	size_t i;

	json_array_foreach(symbols, i, symbol)
	{
		const char *function = text_of(symbol, "FunctionName");
		if (!function || i >= INLINED_MAX)
			break;
		struct frame *frame = frames_add(f, frames);
		frame->function = finding_strdup(f, function);
		frame->file = finding_strdup(f, text_of(symbol, "FileName"));
		frame->line = (int)json_number(symbol, "Line", INT_MAX);
		frame->column = (int)json_number(symbol, "Column", INT_MAX);
	}
	json_decref(answer);
	return frames->n ? 0 : -1;
}

int symbolizer_ask(
        const char *module, unsigned long long offset, struct finding *f, struct frames *frames)
{
	double answer = the.answer > 0 ? the.answer : 10, all = the.all > 0 ? the.all : 30;
	struct buf line = { 0 };
	const char *how = "fails";
	char question[32];

	if (the.failures >= FAILURES_MAX || !program())
		return -1;
	if (the.spent > all) {
		trouble("some frames without names stay so: '%s' took %.0f seconds", the.program,
		        all);
		return -1;
	}
	struct child *c = child_of(module);
	if (!c)
		return -1;
	double begun = clock_now();
	int n = snprintf(question, sizeof question, "0x%llx\n", offset), rc = -1;
	if (send(c->fd, question, (size_t)n, MSG_NOSIGNAL) == n)
		rc = read_line(c, &line, answer, &how);
	the.spent += clock_now() - begun;
	if (rc)
		failed(c, how);
	else
		rc = take_answer(&line, f, frames);
	buf_release(&line);
	return rc;
}

void symbolizer_end(void)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		end_child(&the.children[i]);
	free(the.wanted);
	free(the.program);
	free(the.trouble);
	memset(&the, 0, sizeof the);
}
