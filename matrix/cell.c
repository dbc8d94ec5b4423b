#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/recipe.h"

static cfg_opt_t options[] = {
	CFG_STR("summary", NULL, CFGF_NODEFAULT),
	CFG_BOOL("default", cfg_false, CFGF_NONE),
	CFG_STR("like", NULL, CFGF_NODEFAULT),
	CONF_RECIPE_MEMBERS,
	CFG_SEC("when", conf_when, CONF_NAMED),
	CFG_SEC("runtime", conf_recipe, CONF_NAMED),
	CFG_END(),
};

cfg_t *cell_open(const char *cell, const struct places *p, struct err *e)
{
	char *path = strchr(cell, '/') ? NULL : places_file(&p->cell_dirs, cell);
	cfg_t *conf = NULL;

	if (!path)
		err_set(e, EXIT_USAGE, "no such cell: '%s'; `sanmatrix cells` lists them", cell);
	else
		conf = conf_parse(path, options, e);
	if (conf && !conf_str(conf, "summary")) {
		conf_error(conf, NULL, e, "a cell needs a summary");
		cfg_free(conf);
		conf = NULL;
	}
	free(path);
	return conf;
}

static void add_names(const char *dir, struct strv *names)
{
	struct strv files = { 0 };

	if (dir_list(dir, &files, NULL) == 0)
		for (size_t i = 0; i < files.n; i++) {
			size_t n = strlen(files.v[i]);
			if (n <= 5 || files.v[i][0] == '.' ||
				strcmp(files.v[i] + n - 5, ".conf") != 0)
				continue;
			files.v[i][n - 5] = 0;
			if (!strv_has(names, files.v[i]))
				strv_push(names, files.v[i]);
		}
	strv_release(&files);
}

int cells_list(const struct places *p, struct strv *names, struct strv *defaults, struct err *e)
{
	for (size_t i = 0; i < p->cell_dirs.n; i++)
		add_names(p->cell_dirs.v[i], names);
	if (names->n == 0)
		return err_set(e, EXIT_USAGE, "no cell files in '%s'", p->cell_dirs.v[0]);
	strv_sort(names);
	for (size_t i = 0; defaults && i < names->n; i++) {
		cfg_t *conf = cell_open(names->v[i], p, NULL);
		if (!conf || cfg_getbool(conf, "default") == cfg_true)
			strv_push(defaults, names->v[i]);
		if (conf)
			cfg_free(conf);
	}
	return 0;
}

static void skips_release(struct skip *skips, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(skips[i].unit);
		free(skips[i].reason);
		free(skips[i].issue);
	}
	free(skips);
}

static void control_release(struct control *c)
{
	free(c->name);
	free(c->summary);
	strv_release(&c->command);
	free(c->tool);
	free(c->kind);
	free(c->category);
}

void recipe_drop_controls(struct recipe *r)
{
	for (size_t i = 0; i < r->control_count; i++)
		control_release(&r->controls[i]);
	r->control_count = 0;
}

static void arrays_release(struct recipe *r)
{
	for (size_t i = 0; i < r->suite_count; i++) {
		free(r->suites[i].name);
		strv_release(&r->suites[i].units);
	}
	free(r->suites);
	skips_release(r->skips, r->skip_count);
	skips_release(r->case_skips, r->case_skip_count);
	recipe_drop_controls(r);
	free(r->controls);
	for (size_t i = 0; i < r->fact_count; i++) {
		free(r->facts[i].name);
		free(r->facts[i].value);
	}
	free(r->facts);
}

void recipe_release(struct recipe *r)
{
	struct strv *lists[] = { &r->prepare, &r->configure, &r->make, &r->build_env, &r->env,
		&r->wrapper, &r->unit_command, &r->list_command, &r->verify_command,
		&r->controls_command, &r->uncached, &r->properties, &r->alone_command, &r->alone_test,
		&r->debugger, &r->debug_env, &r->attach };
	char *texts[] = { r->cell, r->summary, r->runtime, r->version, r->unavailable, r->cflags,
		r->ldflags, r->program, r->program_name };

	arrays_release(r);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_release(lists[i]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	*r = (struct recipe){ 0 };
}

const struct suite *recipe_suite(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->suite_count; i++)
		if (strcmp(r->suites[i].name, name) == 0)
			return &r->suites[i];
	return NULL;
}

const struct skip *recipe_skip(const struct recipe *r, const char *unit)
{
	for (size_t i = 0; i < r->skip_count; i++)
		if (strcmp(r->skips[i].unit, unit) == 0)
			return &r->skips[i];
	return NULL;
}

void recipe_vars(const struct recipe *r, const struct runtime *rt, const struct toolchain *t,
	const char *build, struct vars *v)
{
	struct vars here = { 0 };

	vars_set(&here, "build", build);
	vars_set(&here, "source", rt->source ? rt->source : "");
	const char *given = rt->program ? rt->program : r->program;
	char *program = given ? vars_expand(&here, given) : NULL;
	vars_release(&here);

	vars_set(v, "cell", r->cell);
	vars_set(v, "source", rt->source ? rt->source : "");
	vars_set(v, "build", build);
	vars_set(v, "data", rt->places->data);
	vars_set(v, "runtime-dir", rt->data);
	vars_set(v, "controls", rt->places->controls);
	vars_set(v, "suppressions", rt->places->suppressions);
	vars_set(v, "shim", rt->places->shim);
	vars_set(v, "valgrind", t->valgrind ? t->valgrind : "valgrind");
	vars_set(v, "symbolizer", t->symbolizer ? t->symbolizer : "");
	vars_set(v, "version", rt->version);
	const char *dash = strchr(rt->name, '-');
	vars_set(v, "series", dash ? dash + 1 : rt->version);
	if (program && r->program_name)
		vars_set(v, r->program_name, program);
	free(program);
}
