/*
 * Whatever runs a cell's interpreter runs as one of these tasks: the cell's environment, a temporary
 * folder of its own, a result folder that a process with a cleared environment can find.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/session.h"

enum { OUTPUT_LIMIT = 16 << 20 };

void base_env(struct strv *env, const char *tmp)
{
	const char *path = getenv("PATH");

	env_set(env, "PATH", path ? path : "/usr/local/bin:/usr/bin:/bin");
	env_set(env, "LANG", "C.UTF-8");
	env_set(env, "HOME", tmp);
	env_set(env, "TMPDIR", tmp);
	env_set(env, "USER", "sanmatrix");
	env_set(env, "LOGNAME", "sanmatrix");
	env_set(env, "SHELL", "/bin/sh");
}

/* Made now, removed by cell_task_clean(). Short, for sockets live in such folders (108 bytes). */
static char *make_tmp(struct session *s, struct err *e)
{
	char *tmp = xasprintf("%s/%ld", s->tmp, ++s->tmp_count);

	if (dir_make(tmp, e) == 0)
		return tmp;
	free(tmp);
	return NULL;
}

/*
 * The options of the sanitizers for processes whose environment a test has cleared: they look for
 * this file in the folders of their ancestors (options.c).
 */
static int write_options(const char *dir, const struct strv *env, struct err *e)
{
	struct buf lines = { 0 };
	char *path = xasprintf("%s/.sanmatrix", dir);

	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->v[i], '=');
		size_t n = equals ? (size_t)(equals - env->v[i]) : 0;
		if (n > 8 && memcmp(equals - 8, "_OPTIONS", 8) == 0 && !strchr(env->v[i], '\n'))
			buf_addf(&lines, "%s\n", env->v[i]);
	}
	int rc = file_write(path, lines.data ? lines.data : "", lines.len, e);
	free(path);
	buf_release(&lines);
	return rc;
}

static struct task *new_task(struct cell_run *c, const char *kind, const char *unit)
{
	struct task *t = xcalloc(1, sizeof *t);

	t->cell = xstrdup(c->recipe.cell);
	t->name = xstrdup(unit);
	t->kind = kind;
	t->memory = c->recipe.memory;
	t->owner = c;
	t->spec.time_limit = c->recipe.time_limit;
	t->spec.output_limit = OUTPUT_LIMIT;
	t->spec.attempt = 1;
	t->spec.obey_modes = 1;
	/* Under a slow checker a child takes longer to end by itself and write its report. */
	t->spec.linger = 2 * c->recipe.time_factor;
	/* The next run in this folder waits until the last process of this one is gone. */
	t->spec.hold_fd = c->session->out_lock;
	return t;
}

/* The folders of a task: its results (emptied), its temporary one; where it runs is the latter. */
static int make_folders(struct cell_run *c, struct task *t, const char *dir, struct err *e)
{
	char *tmp;

	if (dir_remove(dir, e) < 0 || dir_make(dir, e) < 0 || !(tmp = make_tmp(c->session, e)))
		return -1;
	t->spec.dir = xstrdup(dir);
	t->spec.cwd = tmp;
	return 0;
}

static void fill_command(struct cell_run *c, struct task *t, const struct strv *command, int wrapped)
{
	struct vars vars = { 0 };

	vars_copy(&vars, &c->vars);
	vars_set(&vars, "unit", t->name);
	vars_set(&vars, "dir", t->spec.dir);
	vars_set(&vars, "tmp", t->spec.cwd);
	base_env(&t->spec.env, t->spec.cwd);
	for (size_t i = 0; i < c->recipe.env.n; i++) {
		char *value = vars_expand(&vars, c->recipe.env.v[i]);
		env_put(&t->spec.env, value);
		free(value);
	}
	env_set(&t->spec.env, "SANMATRIX_DIR", t->spec.dir);
	if (wrapped)
		vars_expand_list(&vars, &c->recipe.wrapper, &t->spec.argv);
	vars_expand_list(&vars, command, &t->spec.argv);
	vars_release(&vars);
}

struct task *cell_task(struct cell_run *c, const char *kind, const char *unit, const char *dir,
	const struct strv *command, int wrapped, struct err *e)
{
	struct task *t = new_task(c, kind, unit);

	if (make_folders(c, t, dir, e) == 0) {
		fill_command(c, t, command, wrapped);
		if (write_options(dir, &t->spec.env, e) == 0)
			return t;
	}
	cell_task_clean(t);
	task_free(t);
	return NULL;
}

/* Builds and exec run elsewhere: only what make_tmp() made is removed. */
void cell_task_clean(struct task *t)
{
	const struct cell_run *c = t->owner;
	const char *tmp = c->session->tmp;

	if (t->spec.cwd && strncmp(t->spec.cwd, tmp, strlen(tmp)) == 0)
		dir_remove(t->spec.cwd, NULL);
}

void cell_task_expect(struct task *t)
{
	const struct cell_run *c = t->owner;

	times_get(c->session->times, c->recipe.runtime, t->cell, t->name, c->recipe.time_factor,
		&t->estimate, &t->memory);
}

void cell_expect(struct cell_run *c, int more)
{
	c->expected += more;
	queue_expect(c->session->queue, more);
}
