/*
 * A cell's way from source to an interpreter that is what the cell says: a chain of steps. A step is
 * up to date when the stamp over its own inputs and those of all steps before it is the one that it
 * left behind; then it is passed over without starting anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "common/run.h"
#include "matrix/confcache.h"
#include "matrix/facts.h"
#include "matrix/session.h"
#include "matrix/stamp.h"

enum { PRIORITY_CONFIGURE = 5, PRIORITY_MAKE = 4, PRIORITY_VERIFY = 3, PRIORITY_CONTROLS = 3 };

struct step {
	const char *name;
	int priority;
	double estimate; /* seconds, at the first time */
	size_t memory;
	/* Adds what the step depends on to c->step_inputs. */
	void (*inputs)(struct cell_run *c);
	/* The command, before expansion; an empty one: there is nothing to do. */
	const struct strv *(*command)(const struct cell_run *c);
	/* Before it is started, and after it ended well; -1 with E: the cell fails. May be NULL. */
	int (*before)(struct cell_run *c, struct err *e);
	int (*after)(struct cell_run *c, const char *dir, struct err *e);
	int in_build_env; /* the environment of builds; otherwise that of tests */
	int uses_tokens;
};

static void next_step(struct cell_run *c);

/* ---- the shared autoconf cache ---- */

/* The script itself decides what is found, and may change in a tree that somebody works on. */
static void add_script(struct buf *inputs, const struct cell_run *c)
{
	char *script = vars_expand(&c->vars, c->recipe.configure.v[0]);

	stamp_add_file(inputs, script);
	free(script);
}

/* Where the cache of this source and compiler is shared; owned. */
static char *shared_cache(const struct cell_run *c)
{
	const struct session *s = c->session;
	const struct compiler *cc = c->recipe.compiler;
	struct buf inputs = { 0 };

	stamp_add(&inputs, s->runtime.source_id);
	add_script(&inputs, c);
	stamp_add(&inputs, cc->path);
	stamp_add(&inputs, cc->version);
	stamp_add_list(&inputs, &c->recipe.uncached);
	char *stamp = stamp_of(&inputs);
	char *path = xasprintf("%s/confcache/%s.cache", s->places.cache, stamp);
	free(stamp);
	buf_release(&inputs);
	return path;
}

static int caches_configure(const struct cell_run *c)
{
	return c->recipe.uncached.n > 0;
}

static char *own_cache(const struct cell_run *c)
{
	return xasprintf("%s/config.cache", c->build);
}

/* The cell that is configuring for the same cache right now, or NULL. */
static const struct cell_run *configuring(const struct cell_run *c);

static void share_cache(const struct cell_run *c)
{
	char *shared = shared_cache(c), *own = own_cache(c);
	char *dir = xasprintf("%s/confcache", c->session->places.cache);

	if (!path_exists(shared) && dir_make(dir, NULL) == 0)
		confcache_copy(own, shared, &c->recipe.uncached, NULL);
	free(dir);
	free(shared);
	free(own);
}

/* ---- the steps ---- */

/* The command that comes before configure, and the files that it names. */
static void add_prepared(struct buf *inputs, const struct cell_run *c)
{
	struct strv argv = { 0 };

	vars_expand_list(&c->vars, &c->recipe.prepare, &argv);
	stamp_add_list(inputs, &argv);
	for (size_t i = 0; i < argv.n; i++)
		if (argv.v[i][0] == '/')
			stamp_add_file(inputs, argv.v[i]);
	strv_release(&argv);
}

static void configure_inputs(struct cell_run *c)
{
	const struct recipe *r = &c->recipe;

	stamp_add(&c->step_inputs, c->session->runtime.source_id);
	stamp_add(&c->step_inputs, c->session->runtime.source);
	add_script(&c->step_inputs, c);
	stamp_add(&c->step_inputs, r->compiler->path);
	stamp_add(&c->step_inputs, r->compiler->version);
	add_prepared(&c->step_inputs, c);
	stamp_add_list(&c->step_inputs, &r->configure);
	stamp_add(&c->step_inputs, r->cflags);
	stamp_add(&c->step_inputs, r->ldflags);
	stamp_add_list(&c->step_inputs, &r->build_env);
	stamp_add(&c->step_inputs, c->session->options.no_ccache ? "no-ccache" : "");
}

static const struct strv *configure_command(const struct cell_run *c)
{
	return &c->recipe.configure;
}

/* Runs the short command that has to be done before configure (an object to link in). */
static int prepare(struct cell_run *c, struct err *e)
{
	struct strv argv = { 0 };
	struct buf out = { 0 };
	int status = 0, rc = 0;

	if (!c->recipe.prepare.n)
		return 0;
	vars_expand_list(&c->vars, &c->recipe.prepare, &argv);
	struct run run = { .argv = &argv, .cwd = c->build, .out = &out, .with_stderr = 1, .seconds = 60 };
	rc = run_child(&run, &status, e);
	if (rc == 0 && status != 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "'%s' failed: %s", argv.v[0], out.data ? out.data : "");
	strv_release(&argv);
	buf_release(&out);
	return rc;
}

/* A build whose configuration changed starts from an empty folder. */
static int before_configure(struct cell_run *c, struct err *e)
{
	if (dir_remove(c->build, e) < 0 || dir_make(c->build, e) < 0 || prepare(c, e) < 0)
		return -1;
	if (!caches_configure(c))
		return 0;
	char *shared = shared_cache(c), *own = own_cache(c);
	int rc = path_exists(shared) ? confcache_copy(shared, own, &c->recipe.uncached, e) : 0;
	free(shared);
	free(own);
	return rc;
}

static int after_configure(struct cell_run *c, const char *dir, struct err *e)
{
	(void)dir;
	(void)e;
	if (caches_configure(c))
		share_cache(c);
	return 0;
}

static void make_inputs(struct cell_run *c)
{
	struct session *s = c->session;

	if (!s->tree_stamp) {
		struct buf b = { 0 };
		stamp_add_tree(&b, s->runtime.source);
		s->tree_stamp = stamp_of(&b);
		buf_release(&b);
	}
	stamp_add(&c->step_inputs, s->tree_stamp);
	stamp_add_list(&c->step_inputs, &c->recipe.make);
}

static const struct strv *make_command(const struct cell_run *c)
{
	return &c->recipe.make;
}

static void verify_inputs(struct cell_run *c)
{
	stamp_add_list(&c->step_inputs, &c->recipe.verify_command);
	for (size_t i = 0; i < c->recipe.fact_count; i++) {
		stamp_add(&c->step_inputs, c->recipe.facts[i].name);
		stamp_add(&c->step_inputs, c->recipe.facts[i].value);
	}
	stamp_add_tree(&c->step_inputs, c->session->runtime.data);
}

static const struct strv *verify_command(const struct cell_run *c)
{
	return &c->recipe.verify_command;
}

static int after_verify(struct cell_run *c, const char *dir, struct err *e)
{
	return facts_check(c->recipe.facts, c->recipe.fact_count, dir, e);
}

static void controls_inputs(struct cell_run *c)
{
	stamp_add_list(&c->step_inputs, &c->recipe.controls_command);
	stamp_add_tree(&c->step_inputs, c->session->places.controls);
}

static const struct strv *controls_command(const struct cell_run *c)
{
	return &c->recipe.controls_command;
}

static const struct step steps[] = {
	{ "configure", PRIORITY_CONFIGURE, 40, 64 << 20, configure_inputs, configure_command,
		before_configure, after_configure, 1, 0 },
	{ "make", PRIORITY_MAKE, 120, 1024 << 20, make_inputs, make_command, NULL, NULL, 1, 1 },
	{ "verify", PRIORITY_VERIFY, 2, 256 << 20, verify_inputs, verify_command, NULL, after_verify, 0, 0 },
	{ "controls", PRIORITY_CONTROLS, 3, 256 << 20, controls_inputs, controls_command, NULL, NULL, 0, 0 },
};
enum { STEPS = sizeof steps / sizeof *steps };

static const struct cell_run *configuring(const struct cell_run *c)
{
	const struct session *s = c->session;
	char *mine = shared_cache(c);
	const struct cell_run *found = NULL;

	for (size_t i = 0; i < s->cell_count && !found; i++) {
		const struct cell_run *other = s->cells[i];
		if (other == c || other->state != CELL_PLANNED || other->step != 0 || !other->step_running)
			continue;
		char *theirs = shared_cache(other);
		if (strcmp(mine, theirs) == 0)
			found = other;
		free(theirs);
	}
	free(mine);
	return found;
}

/* ---- the chain ---- */

static char *stamp_file(const struct cell_run *c, int step)
{
	return xasprintf("%s/.sanmatrix-%s", c->build, steps[step].name);
}

/* From this step on nothing is up to date any more. */
static void forget_stamps(const struct cell_run *c, int first)
{
	for (int i = first; i < STEPS; i++) {
		char *file = stamp_file(c, i);
		unlink(file);
		free(file);
	}
}

static char *step_dir(const struct cell_run *c, int step)
{
	return xasprintf("%s/build/%s", c->dir, steps[step].name);
}

static void fail_step(struct cell_run *c, const char *why)
{
	char *log = xasprintf("%s/build/%s/output.txt", c->recipe.cell, steps[c->step].name);

	cell_fail(c, CELL_FAILED, log, "%s: %s", steps[c->step].name, why);
	free(log);
}

static void wake_waiting(struct session *s)
{
	for (size_t i = 0; i < s->cell_count; i++)
		if (s->cells[i]->state == CELL_PLANNED && !s->cells[i]->step_running)
			next_step(s->cells[i]);
}

static char *step_failure(const struct job_end *end, const struct err *err)
{
	if (!end)
		return xstrdup(err->msg);
	if (end->timed_out)
		return xasprintf("stopped after %.0f seconds", end->seconds);
	if (end->signal)
		return xasprintf("killed by signal %d (%s)", end->signal, strsignal(end->signal));
	return end->exit_code ? xasprintf("exit status %d", end->exit_code) : NULL;
}

static void pass_step(struct cell_run *c, const struct job_end *end)
{
	char *file = stamp_file(c, c->step), *stamp = stamp_of(&c->step_inputs);

	times_set(c->session->times, c->recipe.runtime, c->recipe.cell, steps[c->step].name, end->seconds,
		end->max_rss);
	stamp_keep(file, stamp);
	free(stamp);
	free(file);
	c->step++;
}

static void step_done(struct queue *q, struct task *t, const struct job_end *end, const struct err *err)
{
	struct cell_run *c = t->owner;
	const struct step *step = &steps[c->step];
	struct err e = { 0 };

	(void)q;
	cell_task_clean(t);
	c->step_running = 0;
	if (end && end->interrupted)
		return;
	char *why = step_failure(end, err);
	if (!why && step->after && step->after(c, t->spec.dir, &e) < 0)
		why = xstrdup(e.msg);
	progress_end(c->session->progress, t, why ? why : "ok", why != NULL, end ? end->seconds : 0);
	if (why)
		fail_step(c, why);
	else if (end)
		pass_step(c, end);
	free(why);
	wake_waiting(c->session);
}

/* Builds run in their folder, with the user's HOME (ccache keeps its files there). */
static void set_build_env(struct cell_run *c, struct task *t)
{
	static const char *const kept[] = { "HOME", "CCACHE_DIR", "CCACHE_DISABLE", "CCACHE_CONFIGPATH" };
	struct strv *env = &t->spec.env;

	strv_release(env);
	base_env(env, "/tmp");
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (getenv(kept[i]))
			env_set(env, kept[i], getenv(kept[i]));
	/* To look up each of configure's many small questions takes longer than to compile it. */
	if (c->step == 0)
		env_set(env, "CCACHE_DISABLE", "1");
	for (size_t i = 0; i < c->recipe.build_env.n; i++)
		env_put(env, c->recipe.build_env.v[i]);
	cell_task_clean(t);
	free((char *)t->spec.cwd);
	t->spec.cwd = xstrdup(c->build);
}

static int add_step_task(struct cell_run *c, struct err *e)
{
	const struct step *step = &steps[c->step];
	struct session *s = c->session;
	char *dir = step_dir(c, c->step);
	struct task *t = cell_task(c, step->name, step->name, dir, step->command(c), 0, e);

	free(dir);
	if (!t)
		return -1;
	if (c->step == 0 && caches_configure(c))
		strv_push(&t->spec.argv, "--cache-file=config.cache");
	t->uses_tokens = step->uses_tokens;
	if (step->in_build_env)
		set_build_env(c, t);
	t->priority = step->priority;
	t->memory = step->memory;
	t->estimate = step->estimate * (step->in_build_env ? 1 : c->recipe.time_factor);
	cell_task_expect(t);
	t->spec.time_limit = 7200;
	t->done = step_done;
	t->owner = c;
	c->step_running = 1;
	cell_expect(c, -1);
	queue_add(s->queue, t);
	return 0;
}

/* 1: up to date, or nothing to do. The inputs of the step are added. */
static int step_is_current(struct cell_run *c)
{
	const struct step *step = &steps[c->step];

	step->inputs(c);
	if (step->command(c)->n == 0)
		return 1;
	char *file = stamp_file(c, c->step), *stamp = stamp_of(&c->step_inputs);
	int current = stamp_matches(file, stamp);
	free(stamp);
	free(file);
	return current;
}

/* Goes on with a cell until a task has to run first, or it is built. */
static void next_step(struct cell_run *c)
{
	struct err e = { 0 };

	while (c->step < STEPS) {
		if (c->step == 0 && c->inputs_taken == 0 && caches_configure(c) && configuring(c))
			return; /* its cache is on the way: woken when it is there */
		if (c->inputs_taken <= c->step) {
			c->inputs_taken = c->step + 1;
			if (step_is_current(c)) {
				cell_expect(c, -1);
				c->step++;
				continue;
			}
		}
		const struct step *step = &steps[c->step];
		forget_stamps(c, c->step);
		if ((step->before && step->before(c, &e) < 0) || add_step_task(c, &e) < 0)
			fail_step(c, e.msg);
		return;
	}
	c->state = CELL_BUILT;
	c->session->on_built(c);
}

/* Nobody else builds in this folder meanwhile. */
static int lock_build(struct cell_run *c, struct err *e)
{
	char *file = xasprintf("%s.lock", c->build);
	int rc = dir_make(c->build, e);

	if (rc == 0) {
		c->build_lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (c->build_lock < 0)
			rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot open '%s':", file);
		else if (flock(c->build_lock, LOCK_EX | LOCK_NB) < 0)
			rc = err_set(e, EXIT_INFRASTRUCTURE,
				"another run is using '%s': wait for it, or give XDG_CACHE_HOME", c->build);
	}
	free(file);
	return rc;
}

void cell_start(struct cell_run *c)
{
	struct err e = { 0 };

	c->started = clock_now();
	if (c->recipe.unavailable) {
		cell_fail(c, CELL_UNAVAILABLE, NULL, "%s", c->recipe.unavailable);
		return;
	}
	if (c->session->runtime.program) {
		cell_expect(c, (int)c->units.n);
		c->state = CELL_BUILT;
		c->session->on_built(c);
		return;
	}
	if (lock_build(c, &e) < 0) {
		cell_fail(c, CELL_FAILED, NULL, "%s", e.msg);
		return;
	}
	cell_expect(c, STEPS + (int)c->recipe.control_count + (int)c->units.n);
	next_step(c);
}
