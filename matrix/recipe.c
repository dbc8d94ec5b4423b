#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/recipe.h"

static int sanitizes(const struct compiler *c, const struct strv *needed)
{
	for (size_t i = 0; i < needed->n; i++)
		if (!strv_has(&c->sanitizers, needed->v[i]))
			return 0;
	return 1;
}

static const struct compiler *choose_compiler(const struct draft *d, const struct toolchain *t)
{
	static char any[] = "any";
	char *const anything[] = { any };
	char *const *families = d->compiler.n ? d->compiler.v : anything;
	size_t count = d->compiler.n ? d->compiler.n : 1;

	for (size_t f = 0; f < count; f++) {
		for (size_t i = 0; i < t->compiler_count; i++) {
			const struct compiler *c = &t->compilers[i];
			int fits = strcmp(families[f], any) == 0 ||
				strcmp(families[f], c->family) == 0;
			if (fits && sanitizes(c, &d->sanitizers) && (!d->valgrind || c->valgrind))
				return c;
		}
	}
	return NULL;
}

static void join(struct buf *b, const struct strv *list, const char *separator)
{
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_addstr(b, separator);
		buf_addstr(b, list->v[i]);
	}
}

static void explain_missing(struct buf *b, const struct toolchain *t, const char *what)
{
	const struct missing *m = toolchain_missing(t, what);

	if (m && m->reason)
		buf_addf(b, "; %s: %s", what, m->reason);
	if (m && m->package)
		buf_addf(b, "; install %s", m->package);
}

static char *why_no_compiler(const struct draft *d, const struct toolchain *t)
{
	struct buf b = { 0 };

	if (d->valgrind && !t->valgrind)
		buf_addstr(&b, "no Valgrind that works was found");
	else {
		buf_addstr(&b, "no compiler");
		if (d->compiler.n && !strv_has(&d->compiler, "any")) {
			buf_addstr(&b, " (of ");
			join(&b, &d->compiler, ", ");
			buf_addch(&b, ')');
		}
		if (d->sanitizers.n) {
			buf_addstr(&b, " with a working -fsanitize=");
			join(&b, &d->sanitizers, ",");
		}
		if (d->valgrind)
			buf_addstr(&b, " whose programs run under Valgrind");
		buf_addstr(&b, " was found");
	}
	if (d->valgrind)
		explain_missing(&b, t, "valgrind");
	for (size_t i = 0; i < d->sanitizers.n; i++)
		explain_missing(&b, t, d->sanitizers.v[i]);
	if (!d->sanitizers.n && !d->valgrind)
		explain_missing(&b, t, "compiler");
	return buf_detach(&b);
}

/* A cell may be like one that is like another, and so on; more than this is a circle. */
enum { LIKE_MAX = 8 };

/* What the file of a cell says, after what that of the cell says that it is like. TOLD is set if
 * anyone says how the runtime is built. */
static int draft_cell(struct draft *d, const struct runtime *rt, cfg_t *cell, const char *name,
	int depth, int *told, struct err *e)
{
	const char *like = conf_str(cell, "like");

	if (like && depth == LIKE_MAX)
		return conf_error(cell, "like", e, "cells are like each other in a circle");
	cfg_t *base = like ? cell_open(like, rt->places, e) : NULL;
	if (like && !base)
		return -1;
	int rc = base ? draft_cell(d, rt, base, like, depth + 1, told, e) : 0;
	if (base)
		cfg_free(base);
	cfg_t *mine = cfg_gettsec(cell, "runtime", rt->family);
	cfg_t *theirs = cfg_gettsec(rt->conf, "cell", name);
	*told |= mine || theirs;
	if (rc < 0 || draft_read(d, cell, 0, e) < 0 || (mine && draft_read(d, mine, 1, e) < 0) ||
		(theirs && draft_read(d, theirs, 1, e) < 0))
		return -1;
	return 0;
}

static int draft_all(struct draft *d, const struct runtime *rt, cfg_t *cell, const char *name,
	struct err *e)
{
	int told = 0;

	if (draft_read(d, rt->conf, 1, e) < 0 || draft_cell(d, rt, cell, name, 0, &told, e) < 0)
		return -1;
	if (!told && !d->unavailable)
		d->unavailable = xasprintf(
			"neither the cell's file nor '%s' says how to build %s so", rt->file,
			rt->family);
	return 0;
}

/* LIST with whole arguments NAME replaced by the elements of VALUES. */
static void splice(struct strv *list, const char *name, const struct strv *values)
{
	struct strv out = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i], name) == 0)
			strv_extend(&out, values);
		else
			strv_push(&out, list->v[i]);
	}
	strv_release(list);
	*list = out;
}

/* Fills what is known now. "NAME={x}" with nothing for {x} is left out. */
static void fill(struct strv *list, const struct vars *vars)
{
	struct strv out = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		char *s = vars_expand(vars, list->v[i]);
		size_t n = strlen(s);
		if (n && s[n - 1] == '=' && strcmp(s, list->v[i]) != 0)
			free(s);
		else
			strv_own(&out, s);
	}
	strv_release(list);
	*list = out;
}

static void read_command(struct strv *out, cfg_t *conf, const char *member, const struct vars *vars)
{
	conf_list(conf, member, out);
	fill(out, vars);
}

static void skip_case_args(const struct recipe *r, cfg_t *conf, struct strv *out)
{
	struct strv template = { 0 };

	conf_list(conf, "skip-case-args", &template);
	for (size_t i = 0; i < r->case_skip_count; i++) {
		struct vars vars = { 0 };
		vars_set(&vars, "case", r->case_skips[i].unit);
		vars_expand_list(&vars, &template, out);
		vars_release(&vars);
	}
	strv_release(&template);
}

static void finish_commands(struct draft *d, const struct runtime *rt, const struct toolchain *t)
{
	struct recipe *r = d->r;
	struct strv cases = { 0 };
	struct vars vars = { 0 };
	const char *compiler = r->compiler ? r->compiler->path : "cc";
	char *cc = t->ccache ? xasprintf("%s %s", t->ccache, compiler) : xstrdup(compiler);

	vars_set(&vars, "cc", cc);
	vars_set(&vars, "compiler", compiler);
	vars_set(&vars, "cflags", r->cflags);
	vars_set(&vars, "ldflags", r->ldflags);
	read_command(&r->configure, rt->conf, "configure-command", &vars);
	fill(&d->configure, &vars);
	splice(&r->configure, "{configure}", &d->configure);
	read_command(&r->make, rt->conf, "make-command", &vars);
	read_command(&r->unit_command, rt->conf, "unit-command", &vars);
	splice(&r->unit_command, "{test-args}", &d->test_args);
	skip_case_args(r, rt->conf, &cases);
	splice(&r->unit_command, "{skip-cases}", &cases);
	conf_list(rt->conf, "alone-command", &r->alone_command);
	conf_list(rt->conf, "alone-test-args", &r->alone_test);
	read_command(&r->list_command, rt->conf, "list-command", &vars);
	read_command(&r->verify_command, rt->conf, "verify-command", &vars);
	read_command(&r->controls_command, rt->conf, "controls-command", &vars);
	fill(&r->prepare, &vars);
	r->program = xstrdup(conf_str(rt->conf, "program"));
	r->program_name = xstrdup(conf_str(rt->conf, "program-name"));
	free(cc);
	strv_release(&cases);
	vars_release(&vars);
}

static void property(struct recipe *r, const char *name, const struct strv *list)
{
	struct buf b = { 0 };

	join(&b, list, " ");
	if (b.len)
		env_set(&r->properties, name, b.data);
	buf_release(&b);
}

static void finish(struct draft *d, const struct runtime *rt, const struct toolchain *t)
{
	struct recipe *r = d->r;
	struct buf cflags = { 0 }, ldflags = { 0 };

	if (d->valgrind && r->compiler)
		strv_extend(&d->cflags, &r->compiler->valgrind_flags);
	join(&cflags, &d->cflags, " ");
	join(&ldflags, &d->ldflags, " ");
	r->cflags = buf_detach(&cflags);
	r->ldflags = buf_detach(&ldflags);
	r->time_factor = d->time_factor > 0 ? d->time_factor : 1;
	r->time_limit = (d->time_limit > 0 ? d->time_limit : 600) * r->time_factor;
	r->memory = (size_t)(d->memory > 0 ? d->memory : 500) << 20;
	finish_commands(d, rt, t);
	if (r->compiler)
		strv_pushf(&r->properties, "compiler=%s %s", r->compiler->path,
			r->compiler->version);
	if (!rt->program) {
		property(r, "configure", &d->configure);
		property(r, "sanitizers", &d->sanitizers);
		property(r, "cflags", &d->cflags);
		property(r, "ldflags", &d->ldflags);
	}
	property(r, "wrapper", &r->wrapper);
	property(r, "options", &r->env);
}

static int has_mark(const char *program, const struct strv *marks)
{
	struct buf b = { 0 };
	int found = 0;

	if (file_read(program, &b, 0, NULL) == 0)
		for (size_t i = 0; i < marks->n && b.len; i++)
			found |= memmem(b.data, b.len, marks->v[i], strlen(marks->v[i])) != NULL;
	buf_release(&b);
	return found;
}

/* What a cell needs that runs RT's given program, instead of a compiler; owned; NULL: it can. */
static char *why_not_foreign(const struct draft *d, const struct runtime *rt, const struct toolchain *t)
{
	struct buf b = { 0 };

	if (!d->foreign)
		buf_addf(&b, "it is a way of building %s: another program cannot take its place",
			rt->family);
	else if (d->valgrind && !t->valgrind) {
		buf_addstr(&b, "no Valgrind that works was found");
		explain_missing(&b, t, "valgrind");
	} else if (d->foreign_marks.n && !has_mark(rt->program, &d->foreign_marks)) {
		buf_addf(&b, "'%s' was not built for it: there is no ", rt->program);
		join(&b, &d->foreign_marks, " or ");
		buf_addstr(&b, " in it");
	}
	return b.len ? buf_detach(&b) : NULL;
}

/* The planted faults are built together with the runtime: here is nothing to prove. */
static void make_foreign(struct draft *d, const struct runtime *rt)
{
	struct recipe *r = d->r;

	for (size_t i = 0; i < d->foreign_env.n; i++)
		env_put(&r->env, d->foreign_env.v[i]);
	recipe_drop_controls(r);
	r->compiler = NULL;
	env_set(&r->properties, "program", rt->program);
	env_set(&r->properties, "proof", "none: the program was not built here");
}

static void recipe_start(struct recipe *r, const char *cell, const struct runtime *rt, cfg_t *conf)
{
	recipe_release(r);
	r->cell = xstrdup(cell);
	r->summary = xstrdup(conf_str(conf, "summary"));
	r->runtime = xstrdup(rt->name);
	r->version = xstrdup(rt->version);
}

/*
 * Twice: what is needed of the compiler decides which it is, and which it is decides which `when`
 * sections hold.
 */
static int load(struct recipe *r, const char *cell, const struct runtime *rt,
	const struct toolchain *t, cfg_t *conf, struct err *e)
{
	struct draft first = { .r = r, .version = rt->version };
	struct draft d = { .r = r, .version = rt->version };

	recipe_start(r, cell, rt, conf);
	int rc = draft_all(&first, rt, conf, cell, e);
	const struct compiler *compiler = rc < 0 ? NULL : choose_compiler(&first, t);
	if (rc == 0) {
		recipe_start(r, cell, rt, conf);
		r->compiler = compiler;
		d.family = compiler ? compiler->family : NULL;
		rc = draft_all(&d, rt, conf, cell, e);
	}
	if (rc == 0) {
		r->unavailable = d.unavailable ? xstrdup(d.unavailable) :
			rt->program	       ? why_not_foreign(&d, rt, t) :
			compiler	       ? NULL :
						 why_no_compiler(&first, t);
		if (rt->program)
			make_foreign(&d, rt);
		finish(&d, rt, t);
	}
	draft_release(&first);
	draft_release(&d);
	return rc;
}

int recipe_load(struct recipe *r, const char *cell, const struct runtime *rt,
	const struct toolchain *t, struct err *e)
{
	*r = (struct recipe){ 0 };
	cfg_t *conf = cell_open(cell, rt->places, e);
	if (!conf)
		return -1;
	int rc = load(r, cell, rt, t, conf, e);
	cfg_free(conf);
	if (rc < 0)
		recipe_release(r);
	return rc;
}
