#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/apt.h"

/* The start of the next line, or the end of the text. */
static const char *next_line(const char *s)
{
	s += strcspn(s, "\n");
	return *s ? s + 1 : s;
}

static int blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\n' || !line[strspn(line, " \t\r")];
}

/* "Signed-By: VALUE" of stanza NUMBER; a key that is given there in full takes several lines. */
static char *signed_by_822(const char *text, int number)
{
	int stanza = 0, inside = 0;

	for (const char *s = text; *s; s = next_line(s)) {
		if (blank(s)) {
			inside = 0;
			continue;
		}
		if (*s == '#')
			continue;
		stanza += !inside;
		inside = 1;
		if (stanza != number || strncasecmp(s, "Signed-By:", 10) != 0)
			continue;
		const char *end = s + strcspn(s, "\n");
		while (end[0] == '\n' && (end[1] == ' ' || end[1] == '\t'))
			end += 1 + strcspn(end + 1, "\n");
		s += 10 + strspn(s + 10, " \t");
		return xstrndup(s, (size_t)(end - s));
	}
	return NULL;
}

/* "deb [signed-by=VALUE ...] ..." */
static char *signed_by_list(const char *text, int number)
{
	const char *s = text;

	for (int line = 1; line < number && *s; line++)
		s = next_line(s);
	char *line = xstrndup(s, strcspn(s, "\n")), *value = NULL;
	char *option = strcasestr(line, "signed-by=");
	if (option && strchr(line, '[') && option > strchr(line, '[')) {
		option += strlen("signed-by=");
		value = xstrndup(option, strcspn(option, " \t]"));
		for (char *c = value; *c; c++)
			*c = *c == ',' ? ' ' : *c;
	}
	free(line);
	return value;
}

char *mirror_signed_by(const char *text, int deb822, int number)
{
	return deb822 ? signed_by_822(text, number) : signed_by_list(text, number);
}

/* ENTRY: "/etc/apt/sources.list.d/debian.sources:1". */
static char *entry_signed_by(const char *entry)
{
	char *file = xstrdup(entry), *colon = strrchr(file, ':'), *value = NULL;
	struct buf text = { 0 };

	if (colon) {
		*colon = 0;
		size_t n = strlen(file);
		int deb822 = n > 8 && strcmp(file + n - 8, ".sources") == 0;
		if (file_read(file, &text, 1 << 20, NULL) == 0 && text.data)
			value = mirror_signed_by(text.data, deb822, atoi(colon + 1));
	}
	buf_release(&text);
	free(file);
	return value;
}

static int try_target(struct mirror *m, char *line, const char *codename)
{
	char *field[5], *rest = line;
	size_t n = 0;

	while (n < 5 && (field[n] = strsep(&rest, "|")))
		n++;
	if (n < 5 || strcmp(field[3], "main") != 0)
		return 0;
	if (strcmp(field[1], codename) != 0 && strcmp(field[2], codename) != 0)
		return 0;
	m->site = xstrdup(field[0]);
	m->release = xstrdup(field[2]);
	m->signed_by = entry_signed_by(field[4]);
	return 1;
}

int mirror_find(struct mirror *m, const char *targets, const char *codename)
{
	struct strv lines = { 0 };
	int found = 0;

	*m = (struct mirror){ 0 };
	strv_split(&lines, targets, "\n");
	for (size_t i = 0; i < lines.n && !found; i++)
		found = try_target(m, lines.v[i], codename);
	strv_release(&lines);
	return found ? 0 : -1;
}

void mirror_release(struct mirror *m)
{
	free(m->site);
	free(m->release);
	free(m->signed_by);
	*m = (struct mirror){ 0 };
}
