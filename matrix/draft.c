#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "matrix/recipe.h"

/*
 * The index of the element titled TITLE in an array of structs whose first member is their name;
 * ARRAY is where the array is now. It is added, all zero but the name, when it is not there.
 */
static void *titled(void *array, size_t *count, size_t size, const char *title, size_t *index)
{
	for (*index = 0; *index < *count; (*index)++)
		if (strcmp(*(char **)((char *)array + *index * size), title) == 0)
			return array;
	array = xrealloc(array, (*count + 1) * size);
	char *element = (char *)array + (*count)++ * size;
	memset(element, 0, size);
	*(char **)element = xstrdup(title);
	return array;
}

static void set_text(char **where, const char *value)
{
	if (!value)
		return;
	free(*where);
	*where = xstrdup(value);
}

/* "NAME=VALUE" sets, "NAME" alone removes. */
static void add_env(struct strv *env, cfg_t *section, const char *member)
{
	struct strv list = { 0 };

	conf_list(section, member, &list);
	for (size_t i = 0; i < list.n; i++) {
		char *equal = strchr(list.v[i], '=');
		if (equal)
			*equal = 0;
		env_set(env, list.v[i], equal ? equal + 1 : NULL);
	}
	strv_release(&list);
}

/* The length of NAME in "NAME=VALUE" where NAME could be a variable's; 0 for all else. */
static size_t variable_length(const char *arg)
{
	size_t n = strspn(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n && arg[n] == '=' ? n : 0;
}

/* "!ARGUMENT" takes ARGUMENT away again. */
static void take_away(struct strv *args, const char *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < args->n; i++) {
		if (strcmp(args->v[i], arg) == 0)
			free(args->v[i]);
		else
			args->v[kept++] = args->v[i];
	}
	if (args->n)
		args->v[kept] = NULL;
	args->n = kept;
}

static void add_configure(struct strv *args, cfg_t *section)
{
	struct strv list = { 0 };

	conf_list(section, "configure", &list);
	for (size_t i = 0; i < list.n; i++) {
		size_t n = variable_length(list.v[i]);
		char *name = n ? xstrndup(list.v[i], n) : NULL;
		if (name)
			env_set(args, name, list.v[i] + n + 1);
		else if (list.v[i][0] == '!')
			take_away(args, list.v[i] + 1);
		else
			strv_push(args, list.v[i]);
		free(name);
	}
	strv_release(&list);
}

static void replace_list(struct strv *list, cfg_t *section, const char *member)
{
	if (!conf_has(section, member))
		return;
	strv_release(list);
	conf_list(section, member, list);
}

static int read_control(struct draft *d, cfg_t *section, int strict, struct err *e)
{
	struct recipe *r = d->r;
	const char *name = cfg_title(section), *tool = conf_str(section, "tool");
	size_t before = r->control_count, i;

	r->controls = titled(r->controls, &r->control_count, sizeof *r->controls, name, &i);
	struct control *c = &r->controls[i];
	set_text(&c->summary, conf_str(section, "summary"));
	replace_list(&c->command, section, "command");
	if (conf_has(section, "time-limit"))
		c->time_limit = cfg_getfloat(section, "time-limit");
	if (tool && !(conf_str(section, "kind") && conf_str(section, "category")))
		return conf_error(section, name, e, "control '%s' needs kind and category", name);
	set_text(&c->tool, tool);
	set_text(&c->kind, conf_str(section, "kind"));
	set_text(&c->category, conf_str(section, "category"));
	if (c->command.n)
		return 0;
	if (strict)
		return conf_error(section, name, e, "the runtime has no control '%s'", name);
	if (r->control_count > before) {
		free(c->name);
		free(c->summary);
		free(c->tool);
		free(c->kind);
		free(c->category);
		r->control_count = before;
	}
	return 0;
}

static int read_skips(struct skip **skips, size_t *count, cfg_t *section, const char *member,
	struct err *e)
{
	for (unsigned n = 0; n < cfg_size(section, member); n++) {
		cfg_t *s = cfg_getnsec(section, member, n);
		size_t i;
		if (!conf_str(s, "reason"))
			return conf_error(s, cfg_title(s), e, "%s '%s' needs a reason", member,
				cfg_title(s));
		*skips = titled(*skips, count, sizeof **skips, cfg_title(s), &i);
		set_text(&(*skips)[i].reason, conf_str(s, "reason"));
		free((*skips)[i].issue);
		(*skips)[i].issue = xstrdup(conf_str(s, "issue"));
	}
	return 0;
}

static int read_facts(struct recipe *r, cfg_t *section, struct err *e)
{
	for (unsigned n = 0; n < cfg_size(section, "fact"); n++) {
		cfg_t *s = cfg_getnsec(section, "fact", n);
		size_t i;
		if (!conf_str(s, "value"))
			return conf_error(s, cfg_title(s), e, "fact '%s' needs a value",
				cfg_title(s));
		r->facts = titled(r->facts, &r->fact_count, sizeof *r->facts, cfg_title(s), &i);
		set_text(&r->facts[i].value, conf_str(s, "value"));
	}
	return 0;
}

static void read_suites(struct recipe *r, cfg_t *section)
{
	for (unsigned n = 0; n < cfg_size(section, "suite"); n++) {
		cfg_t *s = cfg_getnsec(section, "suite", n);
		size_t i;
		r->suites = titled(r->suites, &r->suite_count, sizeof *r->suites, cfg_title(s), &i);
		strv_release(&r->suites[i].units);
		conf_list(s, "units", &r->suites[i].units);
	}
}

static int read_numbers(struct draft *d, cfg_t *section, struct err *e)
{
	static const char *const names[] = { "time-factor", "time-limit", "memory" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!conf_has(section, names[i]))
			continue;
		double value = i == 2 ? (double)cfg_getint(section, names[i]) :
					cfg_getfloat(section, names[i]);
		if (!(value > 0 && value < 1e7))
			return conf_error(section, names[i], e, "%s has to be more than 0",
				names[i]);
		if (i == 0)
			d->time_factor = value;
		else if (i == 1)
			d->time_limit = value;
		else
			d->memory = (long)value;
	}
	return 0;
}

static int read_members(struct draft *d, cfg_t *section, int strict, struct err *e)
{
	struct recipe *r = d->r;

	conf_list(section, "sanitizers", &d->sanitizers);
	replace_list(&d->compiler, section, "compiler");
	add_configure(&d->configure, section);
	conf_list(section, "cflags", &d->cflags);
	conf_list(section, "ldflags", &d->ldflags);
	conf_list(section, "test-args", &d->test_args);
	conf_list(section, "uncached", &r->uncached);
	add_env(&r->build_env, section, "build-env");
	add_env(&r->env, section, "env");
	replace_list(&r->wrapper, section, "wrapper");
	replace_list(&r->prepare, section, "prepare");
	replace_list(&r->debugger, section, "debugger");
	replace_list(&r->debug_env, section, "debug-env");
	replace_list(&r->attach, section, "attach");
	replace_list(&d->foreign_marks, section, "foreign-marks");
	add_env(&d->foreign_env, section, "foreign-env");
	if (conf_has(section, "foreign"))
		d->foreign = cfg_getbool(section, "foreign") == cfg_true;
	set_text(&d->unavailable, conf_str(section, "unavailable"));
	if (conf_has(section, "valgrind"))
		d->valgrind = cfg_getbool(section, "valgrind") == cfg_true;
	read_suites(r, section);
	if (read_numbers(d, section, e) < 0 || read_facts(r, section, e) < 0 ||
		read_skips(&r->skips, &r->skip_count, section, "skip", e) < 0 ||
		read_skips(&r->case_skips, &r->case_skip_count, section, "skip-case", e) < 0)
		return -1;
	for (unsigned i = 0; i < cfg_size(section, "control"); i++)
		if (read_control(d, cfg_getnsec(section, "control", i), strict, e) < 0)
			return -1;
	return 0;
}

int draft_read(struct draft *d, cfg_t *section, int strict, struct err *e)
{
	if (read_members(d, section, strict, e) < 0)
		return -1;
	for (unsigned i = 0; i < cfg_size(section, "when"); i++) {
		cfg_t *when = cfg_getnsec(section, "when", i);
		const char *condition = cfg_title(when);
		int holds = conf_condition(condition, d->version, d->family);
		if (holds < 0)
			return conf_error(when, condition, e,
				"bad condition '%s': not words like '>=3.13', '<3.14', '=3.13', "
				"'clang', 'gcc'", condition);
		if (holds && read_members(d, when, strict, e) < 0)
			return -1;
	}
	return 0;
}

void draft_release(struct draft *d)
{
	strv_release(&d->sanitizers);
	strv_release(&d->compiler);
	strv_release(&d->configure);
	strv_release(&d->cflags);
	strv_release(&d->ldflags);
	strv_release(&d->test_args);
	strv_release(&d->foreign_marks);
	strv_release(&d->foreign_env);
	free(d->unavailable);
	*d = (struct draft){ 0 };
}
