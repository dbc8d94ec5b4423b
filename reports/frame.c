#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/frame.h"

/* ":123" at the end of S[0..len): the number, with *LEN cut before the colon; otherwise 0. */
static int take_number(const char *s, size_t *len)
{
	size_t i = *len;

	while (i && isdigit((unsigned char)s[i - 1]))
		i--;
	if (i == *len || !i || s[i - 1] != ':')
		return 0;
	long n = strtol(s + i, NULL, 10);
	*len = i - 1;
	return n > 0 && n <= INT_MAX ? (int)n : 0;
}

void frame_split_location(char *file, int *line, int *column)
{
	size_t len = strlen(file);
	int last = take_number(file, &len);
	size_t before = len;
	int first = take_number(file, &before);

	*line = first ? first : last;
	*column = first ? last : 0;
	file[first ? before : len] = 0;
}

/* Where the parenthesis that ends S[0..len) opens, or NULL if S does not end in one. */
static char *last_group(char *s, size_t len)
{
	int depth = 0;

	if (!len || s[len - 1] != ')')
		return NULL;
	while (len--) {
		if (s[len] == ')')
			depth++;
		else if (s[len] == '(' && --depth == 0)
			return s + len;
	}
	return NULL;
}

static void trim_end(char *s)
{
	size_t len = strlen(s);

	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	s[len] = 0;
}

/* Groups at the end of a line that say nothing: an address, a place unknown. */
static int is_noise(const char *group)
{
	static const char *const starts[] = { "(0x", "(discriminator", "(?\?)" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(group, starts[i]))
			return 1;
	return 0;
}

/* Takes "(MODULE+0xOFF)", "(BuildId: ...)" and noise off the end of S. */
static void take_module(char *s, struct frame *frame)
{
	static const char id[] = "(BuildId: ";
	char *group;

	for (trim_end(s); (group = last_group(s, strlen(s))); trim_end(s)) {
		char *plus = NULL;
		for (char *p = group; (p = strstr(p, "+0x")); p++)
			plus = p;
		if (plus && !frame->module) {
			*plus = 0;
			plus[strlen(plus + 1)] = 0;
			frame->module = group + 1;
			frame->offset = plus + 1;
		} else if (text_after(group, id)) {
			group[strlen(group) - 1] = 0;
			frame->build_id = group + strlen(id);
		} else if (!is_noise(group)) {
			return;
		}
		*group = 0;
	}
}

/* Does the blank at S[i] lie outside of all brackets of a C++ name? */
static int outside_brackets(const char *s, size_t i)
{
	int depth = 0;

	for (size_t k = 0; k < i; k++) {
		if (strchr("(<[{", s[k]))
			depth++;
		else if (strchr(")>]}", s[k]) && !(s[k] == '>' && k && s[k - 1] == '-'))
			depth--;
	}
	return depth <= 0;
}

static int is_location(const char *s)
{
	size_t len = strlen(s);
	const char *base = strrchr(s, '/');

	if (take_number(s, &len) && len)
		return 1;
	return base || (strchr(s, '.') && !strpbrk(s, "()<>:,"));
}

/* "FUNCTION FILE[:L[:C]]", where both may hold blanks: where FILE begins, or NULL. */
static char *find_file(char *s)
{
	for (char *p = s; (p = strchr(p, ' ')); p++)
		if ((p[1] == '/' || text_after(p + 1, "../") || text_after(p + 1, "./")) &&
		        outside_brackets(s, (size_t)(p - s)))
			return p + 1;
	char *last = strrchr(s, ' ');
	if (last && last != s && is_location(last + 1) && outside_brackets(s, (size_t)(last - s)))
		return last + 1;
	return NULL;
}

static void take_location(char *s, struct frame *frame)
{
	char *file = find_file(s);

	if (file) {
		file[-1] = 0;
		frame_split_location(file, &frame->line, &frame->column);
		frame->file = file;
		trim_end(s);
	}
	while (text_ends(s, " <null>") || !strcmp(s, "<null>")) {
		s[strlen(s) - strlen("<null>")] = 0;
		trim_end(s);
	}
	if (*s && strcmp(s, "??") != 0)
		frame->function = s;
}

int frame_parse_sanitizer(struct arena *a, const char *line, struct frame *frame)
{
	const char *p = line;
	char *end;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p != '#' || !isdigit((unsigned char)p[1]))
		return -1;
	long number = strtol(p + 1, &end, 10);
	if (number > 100000 || (*end != ' ' && *end != '\t'))
		return -1;
	for (p = end; *p == ' ' || *p == '\t';)
		p++;
	memset(frame, 0, sizeof *frame);
	int bare = 0;
	if (text_after(p, "0x")) {
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
		const char *in = text_after(p, "in ");
		bare = !in;
		p = in ? in : p;
	}
	char *rest = arena_strdup(a, p);
	take_module(rest, frame);
	if (!bare || text_after(rest, "/"))
		take_location(rest, frame);
	return (int)number;
}

int frame_parse_valgrind(struct arena *a, const char *text, struct frame *frame)
{
	const char *p = text_after(text, "at 0x");

	if (!p)
		p = text_after(text, "by 0x");
	if (!p)
		return -1;
	while (isxdigit((unsigned char)*p))
		p++;
	if (p[0] != ':' || p[1] != ' ')
		return -1;
	memset(frame, 0, sizeof *frame);
	char *rest = arena_strdup(a, p + 2), *in = NULL, *group;
	trim_end(rest);
	for (char *q = rest; (q = strstr(q, " (in ")); q++)
		in = q;
	if (in && text_ends(rest, ")")) {
		frame->module = in + 5;
		in[strlen(in) - 1] = 0;
		*in = 0;
	} else if ((group = last_group(rest, strlen(rest))) && group > rest && group[-1] == ' ') {
		group[strlen(group) - 1] = 0;
		frame_split_location(group + 1, &frame->line, &frame->column);
		frame->file = group + 1;
		group[-1] = 0;
	}
	if (*rest && strcmp(rest, "???") != 0)
		frame->function = rest;
	return 0;
}
