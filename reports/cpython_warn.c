/*
 * Warnings about what was left open: ResourceWarning, and coroutines that nobody waited for.
 *
 *   FILE:LINE: ResourceWarning: unclosed file <...>
 *     SOURCE
 *   Object allocated at (most recent call last):       with tracemalloc
 *     File "/a.py", lineno 3
 *       SOURCE
 *   ResourceWarning: Enable tracemalloc to get the object allocation traceback
 *
 * pytest has "Object allocated at:" in its summary, and the word "line".
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

static const struct {
	const char *category, *text, *kind;
} warnings[] = {
	{ ": ResourceWarning: ", "", "ResourceWarning" },
	{ ": RuntimeWarning: ", " was never awaited", "never-awaited" },
};

/* "FILE:LINE" before AT, with a line's number, or NULL; the caller's. */
static char *take_place(const struct line *line, const char *at, int *number)
{
	char *head = xstrndup(line->s, (size_t)(at - line->s));

	*number = cpython_split_place(head);
	if (*number >= 0 && *head)
		return head;
	free(head);
	return NULL;
}

static int opens(struct cpython *c, const struct line *line)
{
	const char *at = strstr(line->s, "Warning: ");
	int number;

	if (!at)
		return 0;
	for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
		const char *text = text_after_any(line->s, warnings[i].category);
		if (!text || !strstr(text, warnings[i].text))
			continue;
		char *place = take_place(line, text - strlen(warnings[i].category), &number);
		if (!place)
			return 0;
		cpython_open(c, &cpython_warn, warnings[i].kind, line, text);
		if (strcmp(place, "sys") != 0 && strcmp(place, "<sys>") != 0) /* nobody's line */
			cpython_add_site(c, NULL, 0, place, number);
		free(place);
		return 1;
	}
	return 0;
}

static int goes_on(struct cpython *c, const struct line *line)
{
	const char *s = line->s;
	int own = 0;

	if (!*s && c->margin) {
		own = 1;
	} else if (text_after(s, "Object allocated at (most recent call last):") ||
	           (c->margin && !strcmp(s, "Object allocated at:")) ||
	           text_after(s, "Coroutine created at (most recent call last)")) {
		cpython_traceback_begin(c, TRACEBACK_ORIGIN);
		own = 1;
	} else if (c->traceback == TRACEBACK_ORIGIN && cpython_traceback_line(c, line)) {
		own = 1;
	} else if (text_after(s, "  ") && c->weak < 1) { /* the line of source */
		c->weak++;
		own = 1;
	} else if (strstr(s, "Warning: Enable tracemalloc to get the object allocation")) {
		own = 1;
	}
	if (own)
		report_text(&c->r, line);
	else
		cpython_close(c);
	return own;
}

const struct cpython_part cpython_warn = { opens, goes_on };
