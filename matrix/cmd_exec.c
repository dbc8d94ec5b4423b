/*
 * sanmatrix exec: any command under a cell, with its interpreter, environment, wrapper, log capture
 * and reports. An extension's author runs a test suite of their own with it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/commands.h"
#include "matrix/options_run.h"
#include "matrix/session.h"
#include "reports/reports.h"

extern char **environ;

static const char usage[] =
	"usage: sanmatrix exec --cell CELL [OPTION]... -- COMMAND [ARG]...\n"
	"Runs COMMAND under a cell, which is built and proved first if it is not yet.\n"
	"{python} in an argument stands for the cell's interpreter. What the checkers report of any\n"
	"of its processes is summed up on standard error and written to OUT.\n"
	"\n"
	"  --cell CELL         the cell (A,B: one after the other)\n"
	"  --python PROGRAM    this interpreter, which somebody else built, instead of the cell's: nothing\n"
	"                      is built, and nothing is proved. Cells of Valgrind take any; cells of a\n"
	"                      sanitizer only one that was built with it\n"
	"  --name NAME         what the run is called in the reports (default: exec)\n"
	"  --terminal          give COMMAND this terminal, unsupervised: for debuggers. Reports go to\n"
	"                      standard error, where the checker can do that, and are not summed up\n"
	"  --junit F, --json F write these views there too; - is standard output\n"
	SESSION_USAGE
	"\n"
	"OUT is out/exec by default. There is no time limit unless --timeout is given.\n"
	"Exit status: 0 clean, 1 findings or the command failed, 2 usage, 3 infrastructure.\n";

enum { OPT_NAME = OPT_RUN_FIRST, OPT_JUNIT, OPT_JSON, OPT_TERMINAL, OPT_PROGRAM };
enum { PRIORITY_COMMAND = 1 };

static const struct option options[] = {
	SESSION_OPTIONS,
	{ "name", required_argument, NULL, OPT_NAME },
	{ "python", required_argument, NULL, OPT_PROGRAM },
	{ "terminal", no_argument, NULL, OPT_TERMINAL },
	{ "junit", required_argument, NULL, OPT_JUNIT },
	{ "json", required_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

/* What is to be run; one for the whole program, as callbacks get only the cell. */
static struct {
	const char *name, *junit, *json;
	int terminal;
	struct strv command;
} request = { .name = "exec" };

static int parse(int argc, char **argv, struct session_options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "+j:h", options, NULL)) != -1) {
		switch (c) {
		case OPT_NAME:
			request.name = optarg;
			break;
		case OPT_PROGRAM:
			o->program = optarg;
			break;
		case OPT_TERMINAL:
			request.terminal = 1;
			break;
		case OPT_JUNIT:
			request.junit = optarg;
			break;
		case OPT_JSON:
			request.json = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_CLEAN);
		default:
			if (session_option(o, c, optarg) < 0)
				return -1;
		}
	}
	for (int i = optind; i < argc; i++)
		strv_push(&request.command, argv[i]);
	if (request.terminal && o->cells.n > 1)
		warn("--terminal takes one cell");
	else if (!o->cells.n)
		warn("exec needs --cell: `sanmatrix cells` lists them");
	else if (!request.command.n)
		warn("exec needs a command: sanmatrix exec --cell CELL -- COMMAND...");
	else
		return 0;
	return -1;
}

static void command_done(struct queue *q, struct task *t, const struct job_end *end,
	const struct err *err)
{
	const struct cell_run *c = t->owner;

	(void)q;
	if (!end)
		warn("cell '%s': %s", c->recipe.cell, err->msg);
	progress_end(c->session->progress, t, !end ? err->msg : end->exit_code ? "failed" : "ok",
		!end || end->exit_code, end ? end->seconds : 0);
}

/* The user's own environment, with the cell's on top: the command is theirs, not the runtime's. */
static void use_own_surroundings(struct task *t)
{
	struct strv env = { 0 };

	cell_task_clean(t);
	free((char *)t->spec.cwd);
	t->spec.cwd = path_absolute(".");
	for (char **v = environ; *v; v++)
		strv_push(&env, *v);
	for (size_t i = 0; i < t->spec.env.n; i++) {
		static const char *const base[] = { "PATH=", "LANG=", "HOME=", "TMPDIR=", "USER=",
			"LOGNAME=", "SHELL=" };
		int is_base = 0;
		for (size_t k = 0; k < sizeof base / sizeof *base; k++)
			is_base |= strncmp(t->spec.env.v[i], base[k], strlen(base[k])) == 0;
		if (!is_base)
			env_put(&env, t->spec.env.v[i]);
	}
	strv_release(&t->spec.env);
	t->spec.env = env;
}

static struct task *command_task(struct cell_run *c, struct err *e)
{
	char *name = path_encode(request.name), *dir = xasprintf("%s/units/%s", c->dir, name);
	struct task *t = cell_task(c, "command", request.name, dir, &request.command, 1, e);

	free(dir);
	free(name);
	return t;
}

static void queue_command(struct cell_run *c)
{
	struct err e = { 0 };
	struct task *t = command_task(c, &e);

	if (!t) {
		cell_fail(c, CELL_FAILED, NULL, "%s", e.msg);
		return;
	}
	use_own_surroundings(t);
	t->spec.time_limit = c->session->options.time_limit;
	t->spec.terminal = 1;
	t->spec.obey_modes = 0; /* it is the user's own */
	t->priority = PRIORITY_COMMAND;
	t->done = command_done;
	cell_expect(c, -1);
	queue_add(c->session->queue, t);
}

/* What was proved once of this very build need not be proved again before every command. */
static void exec_cell(struct cell_run *c)
{
	if (c->session->runtime.program) {
		progress_say(c->session->progress,
			"%s: %s was not built here: whether the cell sees planted faults is not proved",
			c->recipe.cell, c->session->runtime.program);
		cell_ready(c);
	} else if (cell_is_proved(c))
		cell_ready(c);
	else
		cell_prove(c);
	if (!request.terminal)
		queue_command(c);
}

/*
 * In our place: a debugger needs the terminal, its process group and its signals for itself. It comes
 * back only with what went wrong.
 */
static enum exit_status become_command(struct session *s)
{
	struct cell_run *c = s->cells[0];
	struct err e = { 0 };
	struct task *t = c->state == CELL_READY ? command_task(c, &e) : NULL;

	if (!t) {
		warn("cell '%s': %s", c->recipe.cell, c->state == CELL_READY ? e.msg : c->reason);
		return EXIT_INFRASTRUCTURE;
	}
	use_own_surroundings(t);
	for (size_t i = 0; i < t->spec.env.n; i++) {
		const char *equals = strchr(t->spec.env.v[i], '=');
		size_t n = equals ? (size_t)(equals - t->spec.env.v[i]) : 0;
		if (n > 8 && memcmp(equals - 8, "_OPTIONS", 8) == 0) { /* the last one counts */
			char *old = t->spec.env.v[i];
			t->spec.env.v[i] = xasprintf("%s:log_path=stderr", old);
			free(old);
		}
	}
	progress_free(s->progress);
	s->progress = NULL;
	fflush(NULL);
	execvpe(t->spec.argv.v[0], t->spec.argv.v, t->spec.env.v);
	warn("cannot run '%s':", t->spec.argv.v[0]);
	task_free(t);
	return EXIT_USAGE;
}

static int write_more_views(const char *out, struct err *e)
{
	struct results r = { 0 };
	int rc = 0;

	if (!request.junit && !request.json)
		return 0;
	rc = results_add(&r, out, e);
	results_finish(&r);
	if (rc == 0 && request.junit)
		rc = results_write_file(&r, request.junit, write_junit, 0, e);
	if (rc == 0 && request.json)
		rc = results_write_file(&r, request.json, write_json, 0, e);
	results_release(&r);
	return rc;
}

static enum exit_status run_command(struct session *s, const struct session_options *o)
{
	struct err e = { 0 };
	int signal_number = -1;

	if (session_open(s, o, &e) == 0) {
		for (size_t i = 0; i < s->cell_count && !request.terminal; i++)
			strv_push(&s->cells[i]->units, request.name);
		signal_number = session_work(s, exec_cell, &e);
	}
	if (signal_number == 0 && request.terminal)
		return become_command(s);
	if (signal_number < 0) {
		warn("%s", e.msg);
		return e.code;
	}
	enum exit_status status = session_report(s, stderr);
	if (write_more_views(s->out, &e) < 0) {
		warn("%s", e.msg);
		status = EXIT_INFRASTRUCTURE;
	}
	return signal_number ? (enum exit_status)(128 + signal_number) : status;
}

int cmd_exec(int argc, char **argv)
{
	struct session_options o = SESSION_DEFAULTS;
	struct session s = { 0 };
	enum exit_status status = EXIT_USAGE;

	o.out = "out/exec";
	o.suite = "exec"; /* none of the runtime's: what those leave out is not left out here */
	o.fresh = 1;
	if (parse(argc, argv, &o) == 0) {
		status = run_command(&s, &o);
		session_close(&s);
	}
	strv_release(&o.cells);
	strv_release(&request.command);
	return (int)status;
}
