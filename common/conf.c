#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "common/file.h"

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

int conf_line(cfg_t *section, const char *near)
{
	struct buf text = { 0 };
	int line = section->line;

	if (near && section->filename && file_read(section->filename, &text, 64 << 20, NULL) == 0 &&
		text.data) {
		int found = find_line(text.data, near);
		line = found ? found : line;
	}
	buf_release(&text);
	return line;
}

int conf_error(cfg_t *section, const char *near, struct err *e, const char *format, ...)
{
	char msg[700];
	va_list args;

	va_start(args, format);
	vsnprintf(msg, sizeof msg, format, args);
	va_end(args);
	return err_set(e, EXIT_USAGE, "%s:%d: %s",
		section->filename ? section->filename : "configuration", conf_line(section, near), msg);
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
