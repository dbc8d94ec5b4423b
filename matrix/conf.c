#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/conf.h"
#include "matrix/runtime.h"

cfg_opt_t conf_control[] = {
	CFG_STR("summary", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("command", NULL, CFGF_NODEFAULT),
	CFG_FLOAT("time-limit", 0, CFGF_NODEFAULT),
	CFG_STR("tool", NULL, CFGF_NODEFAULT),
	CFG_STR("kind", NULL, CFGF_NODEFAULT),
	CFG_STR("category", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_skip[] = {
	CFG_STR("reason", NULL, CFGF_NODEFAULT),
	CFG_STR("issue", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_fact[] = {
	CFG_STR("value", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_suite[] = {
	CFG_STR_LIST("units", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

cfg_opt_t conf_when[] = { CONF_RECIPE_MEMBERS, CFG_END() };

cfg_opt_t conf_recipe[] = {
	CONF_RECIPE_MEMBERS,
	CFG_SEC("when", conf_when, CONF_NAMED),
	CFG_END(),
};

/* libconfuse gives its error function no context: the parse that is going on. */
static struct err *current;

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	char msg[500];

	vsnprintf(msg, sizeof msg, format, args);
	err_set(current, EXIT_USAGE, "%s:%d: %s", cfg->filename ? cfg->filename : "configuration",
		cfg->line, msg);
}

/* Past the quoted text at S; *LINE counts on. */
static const char *skip_quoted(const char *s, int *line)
{
	char quote = *s++;

	for (; *s && *s != quote; s++) {
		*line += *s == '\n';
		if (*s == '\\' && s[1])
			s++;
	}
	return *s ? s : s - 1;
}

/* Past the comment at S, which is one of libconfuse's three kinds, or S. */
static const char *skip_comment(const char *s, int *line)
{
	if (*s == '#' || (s[0] == '/' && s[1] == '/'))
		return s + strcspn(s, "\n");
	if (s[0] != '/' || s[1] != '*')
		return s;
	for (s += 2; *s && !(s[0] == '*' && s[1] == '/'); s++)
		*line += *s == '\n';
	return s;
}

/*
 * The line of the first brace that is open at the end of TEXT, or 0: libconfuse takes the end of
 * the file for the end of all sections.
 */
static int open_brace(const char *text)
{
	enum { DEEPEST = 64 };
	int lines[DEEPEST] = { 0 }, depth = 0, line = 1;

	for (const char *s = text; *s; s++) {
		s = skip_comment(s, &line);
		if (!*s)
			break;
		line += *s == '\n';
		if (*s == '"' || *s == '\'')
			s = skip_quoted(s, &line);
		else if (*s == '{' && depth++ < DEEPEST)
			lines[depth - 1] = line;
		else if (*s == '}' && depth > 0)
			depth--;
	}
	return depth > 0 ? lines[0] : 0;
}

static int check_braces(const char *path, struct err *e)
{
	struct buf text = { 0 };
	int line = 0;

	if (file_read(path, &text, 1 << 20, NULL) == 0 && text.data)
		line = open_brace(text.data);
	buf_release(&text);
	return line ? err_set(e, EXIT_USAGE, "%s:%d: this brace is never closed", path, line) : 0;
}

cfg_t *conf_parse(const char *path, cfg_opt_t *options, struct err *e)
{
	struct err mine = { .code = EXIT_USAGE };
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (!cfg) {
		err_set(e, EXIT_INFRASTRUCTURE, "cannot prepare for '%s':", path);
		return NULL;
	}
	cfg_set_error_function(cfg, on_error);
	current = &mine;
	int rc = cfg_parse(cfg, path);
	current = NULL;
	if (rc == CFG_SUCCESS && check_braces(path, e) == 0)
		return cfg;
	if (rc == CFG_FILE_ERROR)
		err_set(e, EXIT_USAGE, "cannot open '%s':", path);
	else if (rc != CFG_SUCCESS)
		err_set(e, EXIT_USAGE, "%s", mine.msg[0] ? mine.msg : path);
	cfg_free(cfg);
	return NULL;
}

/* The line of WORD in TEXT, from 1; 0 when it is not there. */
static int find_line(const char *text, const char *word)
{
	size_t len = strlen(word);
	int line = 1;

	for (const char *s = text; *s; s++) {
		if (*s == '#' && (s == text || s[-1] != '\\'))
			s += strcspn(s, "\n");
		if (*s == '\n')
			line++;
		if (s > text && strchr(" \t\n\"'{,", s[-1]) && strncmp(s, word, len) == 0 &&
			strchr(" \t\n\"'},{=", s[len]))
			return line;
		if (!*s)
			break;
	}
	return 0;
}

int conf_error(cfg_t *section, const char *near, struct err *e, const char *format, ...)
{
	const char *file = section->filename ? section->filename : "configuration";
	struct buf text = { 0 };
	int line = section->line;
	char msg[700];
	va_list args;

	va_start(args, format);
	vsnprintf(msg, sizeof msg, format, args);
	va_end(args);
	if (near && file_read(file, &text, 1 << 20, NULL) == 0 && text.data) {
		int found = find_line(text.data, near);
		line = found ? found : line;
	}
	buf_release(&text);
	return err_set(e, EXIT_USAGE, "%s:%d: %s", file, line, msg);
}

int conf_has(cfg_t *section, const char *name)
{
	return cfg_size(section, name) > 0;
}

const char *conf_str(cfg_t *section, const char *name)
{
	return conf_has(section, name) ? cfg_getstr(section, name) : NULL;
}

void conf_list(cfg_t *section, const char *name, struct strv *out)
{
	for (unsigned i = 0; i < cfg_size(section, name); i++)
		strv_push(out, cfg_getnstr(section, name, i));
}

/* "3.13" of "3.13.15": as many numbers as LIKE has. */
static char *cut_version(const char *version, const char *like)
{
	size_t dots = 1, len = 0;

	for (; *like; like++)
		dots += *like == '.';
	for (; version[len]; len++)
		if (version[len] == '.' && --dots == 0)
			break;
	return xstrndup(version, len);
}

static int one_condition(const char *word, const char *version, const char *family)
{
	size_t op = strspn(word, "<>=");
	const char *number = word + op;

	if (op == 0)
		return strcmp(word, "clang") == 0 || strcmp(word, "gcc") == 0 ?
			family && strcmp(family, word) == 0 : -1;
	if (!*number || number[strspn(number, "0123456789.")])
		return -1;
	if (op == 2 && strncmp(word, ">=", 2) == 0)
		return version_compare(version, number) >= 0;
	if (op == 1 && *word == '<')
		return version_compare(version, number) < 0;
	if (op != 1 || *word != '=')
		return -1;
	char *cut = cut_version(version, number);
	int equal = version_compare(cut, number) == 0;
	free(cut);
	return equal;
}

int conf_condition(const char *condition, const char *version, const char *family)
{
	struct strv words = { 0 };
	int holds = 1;

	strv_split(&words, condition, " \t");
	if (words.n == 0)
		holds = -1;
	for (size_t i = 0; i < words.n && holds >= 0; i++) {
		int one = one_condition(words.v[i], version, family);
		holds = one < 0 ? -1 : holds && one;
	}
	strv_release(&words);
	return holds;
}
