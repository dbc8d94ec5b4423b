#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/run.h"
#include "matrix/cell.h"
#include "matrix/conf.h"
#include "matrix/runtime.h"
#include "matrix/source.h"

static cfg_opt_t unit_files[] = {
	CFG_STR("name", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("exclude", NULL, CFGF_NODEFAULT),
	CFG_STR("when", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_STR("version-file", NULL, CFGF_NODEFAULT),
	CFG_STR("version-pattern", NULL, CFGF_NODEFAULT),
	CFG_INT("series-numbers", 2, CFGF_NONE),
	CFG_STR("source-package", NULL, CFGF_NODEFAULT),
	CFG_STR("newest-from", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("configured-files", NULL, CFGF_NODEFAULT),
	CFG_STR("clean-hint", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("configure-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("make-command", NULL, CFGF_NODEFAULT),
	CFG_STR("program", NULL, CFGF_NODEFAULT),
	CFG_STR("program-name", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("version-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("unit-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("alone-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("alone-test-args", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("skip-case-args", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("list-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("verify-command", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("controls-command", NULL, CFGF_NODEFAULT),
	CFG_SEC("unit-files", unit_files, CONF_NAMED),
	CONF_RECIPE_MEMBERS,
	CFG_SEC("when", conf_when, CONF_NAMED),
	CFG_SEC("cell", conf_recipe, CONF_NAMED),
	CFG_END(),
};

int version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		char *enda, *endb;
		unsigned long x = strtoul(a, &enda, 10), y = strtoul(b, &endb, 10);
		if (x != y)
			return x < y ? -1 : 1;
		/* What follows a number (a1, rc2) does not count. */
		a = enda + strcspn(enda, ".");
		b = endb + strcspn(endb, ".");
		a += *a == '.';
		b += *b == '.';
	}
	return 0;
}

/* "3.13" of "3.13.15": the first COUNT numbers. Owned by the caller. */
static char *series_of(const char *version, long count)
{
	size_t len = 0;

	while (version[len] && !(version[len] == '.' && --count == 0))
		len++;
	return xstrndup(version, len);
}

static void set_version(struct runtime *rt, const char *version)
{
	char *series = series_of(version, cfg_getint(rt->conf, "series-numbers"));

	free(rt->version);
	free(rt->name);
	rt->version = xstrdup(version);
	rt->name = xasprintf("%s-%s", rt->family, series);
	free(series);
}

/* Where the version begins in "cpython-3.13", or NULL. */
static const char *spec_version(const char *spec)
{
	const char *dash = strrchr(spec, '-');

	return dash && dash[1] >= '0' && dash[1] <= '9' ? dash + 1 : NULL;
}

static int check_file(struct runtime *rt, struct err *e)
{
	static const char *const needed[] = { "version-file", "version-pattern",
		"configure-command", "make-command", "program", "program-name", "unit-command" };

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!conf_has(rt->conf, needed[i]))
			return conf_error(rt->conf, NULL, e, "a runtime needs '%s'", needed[i]);
	return 0;
}

/* The first runtime that ships; owned. */
static char *default_runtime(const struct places *p)
{
	struct strv names = { 0 };
	char *name = NULL;

	dir_list(p->runtime_dirs.v[p->runtime_dirs.n - 1], &names, NULL);
	for (size_t i = 0; i < names.n && !name; i++) {
		size_t n = strlen(names.v[i]);
		if (n > 5 && strcmp(names.v[i] + n - 5, ".conf") == 0)
			name = xstrndup(names.v[i], n - 5);
	}
	strv_release(&names);
	return name;
}

int runtime_open_file(struct runtime *rt, const char *spec, const struct places *p, struct err *e)
{
	char *first = spec && *spec ? NULL : default_runtime(p);

	spec = first ? first : spec ? spec : "";
	const char *version = spec_version(spec);
	*rt = (struct runtime){ .places = p };
	rt->family = version ? xstrndup(spec, (size_t)(version - spec) - 1) : xstrdup(spec);
	if (*rt->family && !strchr(rt->family, '/'))
		rt->file = places_file(&p->runtime_dirs, rt->family);
	if (!rt->file) {
		err_set(e, EXIT_USAGE, "no such runtime: '%s'; there is no %s.conf in '%s'", spec,
			rt->family, p->runtime_dirs.v[p->runtime_dirs.n - 1]);
		goto fail;
	}
	rt->conf = conf_parse(rt->file, options, e);
	if (!rt->conf || check_file(rt, e) < 0)
		goto fail;
	rt->data = xstrndup(rt->file, strlen(rt->file) - strlen(".conf"));
	if (!version)
		version = conf_str(rt->conf, "newest-from");
	set_version(rt, version ? version : "0");
	free(first);
	return 0;
fail:
	free(first);
	runtime_release(rt);
	return -1;
}

/* What the first group of the pattern matches in the source's version file; owned. */
static char *read_version(struct runtime *rt, struct err *e)
{
	const char *pattern = conf_str(rt->conf, "version-pattern");
	char *path = xasprintf("%s/%s", rt->source, conf_str(rt->conf, "version-file"));
	struct buf text = { 0 };
	char *version = NULL;
	regmatch_t m[2];
	regex_t re;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE) != 0 || re.re_nsub < 1) {
		conf_error(rt->conf, "version-pattern", e, "version-pattern has to be a regular "
			"expression with a group");
		goto out;
	}
	if (file_read(path, &text, 1 << 20, e) < 0)
		err_prefix(e, "'%s' does not look like the source of %s", rt->source, rt->family);
	else if (regexec(&re, text.data ? text.data : "", 2, m, 0) != 0 || m[1].rm_so < 0)
		err_set(e, EXIT_USAGE, "no version of %s in '%s'", rt->family, path);
	else
		version = xstrndup(text.data + m[1].rm_so, (size_t)(m[1].rm_eo - m[1].rm_so));
	regfree(&re);
out:
	buf_release(&text);
	free(path);
	return version;
}

/* A tree that was built in place: make would mix that build with ours. */
static int check_clean(struct runtime *rt, struct err *e)
{
	const char *hint = conf_str(rt->conf, "clean-hint");
	struct strv files = { 0 };
	int rc = 0;

	conf_list(rt->conf, "configured-files", &files);
	for (size_t i = 0; i < files.n && rc == 0; i++) {
		char *path = xasprintf("%s/%s", rt->source, files.v[i]);
		if (path_exists(path))
			rc = err_set(e, EXIT_USAGE,
				"'%s' was built in its own folder ('%s' is there), and cannot be "
				"built elsewhere; run `%s` in it, or give a clean checkout",
				rt->source, files.v[i], hint ? hint : "make distclean");
		free(path);
	}
	strv_release(&files);
	return rc;
}

static char *fetch(struct runtime *rt, const char *spec, const char *src, struct err *e)
{
	if (src && *src)
		return source_open(src, rt->places, e);
	struct source_wish wish = {
		.spec = spec,
		.package = conf_str(rt->conf, "source-package"),
		.version = spec_version(spec),
		.newest_from = conf_str(rt->conf, "newest-from"),
		.series_numbers = (int)cfg_getint(rt->conf, "series-numbers"),
	};
	if (!wish.package || (!wish.version && !wish.newest_from)) {
		err_set(e, EXIT_USAGE,
			"%s has no source package; give --with-runtime-src=DIR|TARBALL", spec);
		return NULL;
	}
	return source_debian(&wish, rt->places, e);
}

/* Whether VERSION is the one that was asked for, as far as it was. */
static int check_version(const char *spec, const char *version, const char *source, struct err *e)
{
	const char *wanted = spec_version(spec);
	size_t n = wanted ? strlen(wanted) : 0;

	if (!wanted || (strncmp(wanted, version, n) == 0 && (!version[n] || version[n] == '.')))
		return 0;
	return err_set(e, EXIT_USAGE, "'%s' was asked for, but '%s' is version %s", spec, source,
		version);
}

int runtime_open(struct runtime *rt, const char *spec, const char *src, const struct places *p,
	struct err *e)
{
	if (runtime_open_file(rt, spec, p, e) < 0)
		return -1;
	/* What RT would be called anyway names the choice that is kept in the cache. */
	spec = spec && *spec ? spec : rt->family;
	rt->source = fetch(rt, spec, src, e);
	char *version = rt->source ? read_version(rt, e) : NULL;
	int rc = version ? check_version(spec, version, rt->source, e) : -1;
	if (rc == 0)
		rc = check_clean(rt, e);
	if (rc == 0) {
		set_version(rt, version);
		rt->source_id = xstrdup(rt->source);
	} else {
		runtime_release(rt);
	}
	free(version);
	return rc;
}

/* What version-command prints for rt->program. */
static int ask_program(const struct runtime *rt, struct buf *out, struct err *e)
{
	enum { PATIENCE = 60 };
	struct strv command = { 0 }, argv = { 0 };
	struct vars vars = { 0 };
	int status = 0, rc;

	conf_list(rt->conf, "version-command", &command);
	vars_set(&vars, conf_str(rt->conf, "program-name"), rt->program);
	vars_expand_list(&vars, &command, &argv);
	struct run run = { .argv = &argv, .out = out, .seconds = PATIENCE };
	if (!argv.n)
		rc = err_set(e, EXIT_USAGE, "another program cannot be taken: '%s' has no version-command",
			rt->file);
	else
		rc = run_child(&run, &status, e);
	if (rc == 0 && (status != 0 || !out->len || out->data[0] < '0' || out->data[0] > '9'))
		rc = err_set(e, EXIT_USAGE, "'%s' does not say which version of %s it is", rt->program,
			rt->family);
	vars_release(&vars);
	strv_release(&argv);
	strv_release(&command);
	return rc;
}

/* "VERSION" or "VERSION PROGRAM". */
static void take_answer(struct runtime *rt, char *answer)
{
	size_t n = strspn(answer, "0123456789.");

	answer[strcspn(answer, "\n")] = 0;
	char *path = answer[n] == ' ' ? answer + n + 1 : NULL;
	answer[n] = 0;
	set_version(rt, answer);
	if (path && *path == '/') {
		free(rt->program);
		rt->program = xstrdup(path);
	}
}

/* Symbolic links stay: a virtual environment's program is one, and known by where it is. */
static char *from_here(const char *path)
{
	char *here = *path == '/' ? NULL : path_absolute(".");
	char *absolute = here ? xasprintf("%s/%s", here, path) : xstrdup(path);

	free(here);
	return absolute;
}

int runtime_open_program(struct runtime *rt, const char *spec, const char *program,
	const struct places *p, struct err *e)
{
	if (runtime_open_file(rt, spec, p, e) < 0)
		return -1;
	rt->program = strchr(program, '/') ? from_here(program) : run_which(program);
	struct buf answer = { 0 };
	int rc = rt->program ? ask_program(rt, &answer, e)
			     : err_set(e, EXIT_USAGE, "there is no program '%s'", program);
	if (rc == 0 && answer.data)
		take_answer(rt, answer.data);
	else
		runtime_release(rt);
	buf_release(&answer);
	return rc;
}

void runtime_release(struct runtime *rt)
{
	free(rt->name);
	free(rt->family);
	free(rt->version);
	free(rt->source);
	free(rt->source_id);
	free(rt->program);
	free(rt->file);
	free(rt->data);
	if (rt->conf)
		cfg_free(rt->conf);
	*rt = (struct runtime){ 0 };
}
