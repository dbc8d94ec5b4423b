#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "matrix/conf.h"
#include "matrix/runtime.h"

/*
 * Matches TEXT with PATTERN, whose stars stand for anything but slashes; what they stand for is
 * appended to PARTS, which is as it was when there is no match.
 */
static int match(const char *pattern, const char *text, struct strv *parts)
{
	while (*pattern && *pattern != '*')
		if (*pattern++ != *text++)
			return 0;
	if (!*pattern)
		return !*text;
	size_t before = parts->n, longest = strcspn(text, "/");
	for (size_t n = 0; n <= longest; n++) {
		strv_own(parts, xstrndup(text, n));
		if (match(pattern + 1, text + n, parts))
			return 1;
		while (parts->n > before)
			free(parts->v[--parts->n]);
	}
	return 0;
}

/* TEMPLATE with {*} filled by PARTS, joined by dots; owned. */
static char *unit_name(const char *template, const struct strv *parts)
{
	const char *hole = strstr(template, "{*}");
	struct buf b = { 0 };

	buf_add(&b, template, hole ? (size_t)(hole - template) : strlen(template));
	for (size_t i = 0; hole && i < parts->n; i++)
		buf_addf(&b, "%s%s", i ? "." : "", parts->v[i]);
	if (hole)
		buf_addstr(&b, hole + 3);
	return buf_detach(&b);
}

static void add_matches(const char *source, const char *pattern, const char *template,
	const struct strv *exclude, struct strv *units)
{
	char *path = xasprintf("%s/%s", source, pattern);
	size_t skip = strlen(source) + 1;
	glob_t found;

	if (glob(path, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct strv parts = { 0 };
			if (match(pattern, found.gl_pathv[i] + skip, &parts)) {
				char *name = unit_name(template, &parts);
				if (!strv_has(exclude, name))
					strv_push(units, name);
				free(name);
			}
			strv_release(&parts);
		}
		globfree(&found);
	}
	free(path);
}

static int read_section(const struct runtime *rt, cfg_t *section, struct strv *units, struct err *e)
{
	const char *pattern = cfg_title(section), *when = conf_str(section, "when");
	const char *name = conf_str(section, "name");
	struct strv exclude = { 0 };
	int holds = when ? conf_condition(when, rt->version, NULL) : 1;

	if (holds < 0)
		return conf_error(section, when, e, "bad condition '%s'", when);
	if (!name)
		return conf_error(section, pattern, e, "unit-files '%s' needs a name", pattern);
	if (!holds)
		return 0;
	conf_list(section, "exclude", &exclude);
	add_matches(rt->source, pattern, name, &exclude, units);
	strv_release(&exclude);
	return 0;
}

int runtime_units(const struct runtime *rt, struct strv *units, struct err *e)
{
	struct strv all = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < cfg_size(rt->conf, "unit-files") && rc == 0; i++)
		rc = read_section(rt, cfg_getnsec(rt->conf, "unit-files", i), &all, e);
	strv_sort(&all);
	for (size_t i = 0; i < all.n && rc == 0; i++)
		if (i == 0 || strcmp(all.v[i], all.v[i - 1]) != 0)
			strv_push(units, all.v[i]);
	if (rc == 0 && all.n == 0)
		rc = err_set(e, EXIT_USAGE, "no units in '%s': nothing there is as '%s' says",
			rt->source, rt->file);
	strv_release(&all);
	return rc;
}
