/* One frame of a gdb backtrace. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/text.h"
#include "reports/frame.h"

/* What follows the string or character literal that begins at S, or the end of the text. */
static const char *past_literal(const char *s)
{
	char quote = *s++;

	for (; *s && *s != quote; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

/* S is at "(": what follows the parenthesis that closes it, or NULL. */
static const char *past_group(const char *s)
{
	int depth = 0;

	while (*s) {
		if (*s == '"' || (*s == '\'' && depth)) {
			s = past_literal(s);
			continue;
		}
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
		s++;
	}
	return NULL;
}

static int ends_frame(const char *s)
{
	return !*s || text_after(s, " at ") || text_after(s, " from ");
}

/* Length of the operator's own signs after "operator", which are no brackets. */
static size_t operator_length(const char *s)
{
	const char *p = text_after(s, "operator");

	if (!p)
		return 0;
	size_t len = strspn(p, "<>=-!+*/%&|^~,");
	if (!len && text_after(p, "()"))
		len = 2;
	return strlen("operator") + len;
}

/*
 * Where the arguments of the call begin in S: the blank before a group at no depth of a template's
 * brackets, after which the frame ends or its place follows. NULL: there is none.
 */
static const char *find_arguments(const char *s, int templates)
{
	int depth = 0;

	for (const char *p = s; *p;) {
		size_t op = operator_length(p);
		if (op) {
			p += op;
			continue;
		}
		if (*p == '(') {
			const char *end = past_group(p);
			if (!end)
				return NULL;
			if (p > s && p[-1] == ' ' && !depth && ends_frame(end))
				return p - 1;
			p = end;
			continue;
		}
		depth += templates && *p == '<';
		depth -= templates && *p == '>' && depth;
		p++;
	}
	return NULL;
}

int frame_parse_gdb_call(struct arena *a, const char *text, struct frame *frame)
{
	const char *p = text;

	if (text_after(p, "0x")) {
		p += 2 + strspn(p + 2, "0123456789abcdef");
		if (!text_after(p, " in "))
			return -1;
		p += strlen(" in ");
	}
	memset(frame, 0, sizeof *frame);
	if (text_after(p, "<signal handler called>") ||
	        text_after(p, "<function called from gdb>")) {
		frame->function = arena_strdup(a, p);
		return 0;
	}
	const char *args = find_arguments(p, 1);
	if (!args)
		args = find_arguments(p, 0);
	if (!args || args == p)
		return -1;
	char *function = arena_strndup(a, p, (size_t)(args - p));
	frame->function = strcmp(function, "??") ? function : NULL;
	const char *rest = past_group(args + 1);
	if (!rest)
		return -1;
	const char *at = text_after(rest, " at "), *from = text_after(rest, " from ");
	if (at) {
		char *file = arena_strdup(a, at);
		frame_split_location(file, &frame->line, &frame->column);
		frame->file = file;
	}
	frame->module = from ? arena_strdup(a, from) : NULL;
	return 0;
}

long frame_number_gdb(const char *line, const char **call)
{
	char *end;

	if (line[0] != '#' || !isdigit((unsigned char)line[1]))
		return -1;
	long number = strtol(line + 1, &end, 10);
	if (*end != ' ' || number > 1000000)
		return -1;
	*call = end + strspn(end, " ");
	return **call ? number : -1;
}
