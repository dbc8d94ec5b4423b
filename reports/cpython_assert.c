/*
 * Failed assertions: those of C's assert(), in the words of the libraries there are, and CPython's
 * own, which tell of the object and then abort.
 *
 *   [PROGRAM: ]FILE:LINE: [FUNCTION: ]Assertion `EXPRESSION' failed.            glibc
 *   FILE:LINE: FUNCTION: Assertion "EXPRESSION" failed[: MESSAGE]               CPython
 *   FILE:LINE: FUNCTION: Assertion failed[: MESSAGE]                            CPython
 *   Assertion failed: EXPRESSION (FILE: FUNCTION: LINE)                         musl
 *   Assertion failed: (EXPRESSION), function FUNCTION, file FILE, line LINE.    macOS, BSD
 *   Assertion failed: EXPRESSION, file FILE, line LINE                          Windows
 *   FILE:LINE: FUNCTION: assertion "EXPRESSION" failed                          Android
 *   assertion "EXPRESSION" failed: file "FILE", line LINE[, function: FUNCTION] newlib
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

static const char *kind_of(const char *text)
{
	return strstr(text, "negative ref count") ? "negative-refcount" : "assertion";
}

static void open_at(struct cpython *c, const struct line *line, const char *text, int object)
{
	cpython_open(c, &cpython_assert, kind_of(text), line, text);
	c->prelude = object ? PRELUDE_OBJECT : PRELUDE_ASSERT;
}

/* "[PROGRAM: ]FILE:LINE: [FUNCTION: ]" is before TEXT. */
static int take_leading(struct cpython *c, const struct line *line, const char *text, int object)
{
	char *head = xstrndup(line->s, (size_t)(text - line->s) - 2), *function = NULL;
	char *place = head;
	int number = cpython_split_place(head);

	for (char *p = head + strlen(head); number <= 0 && p > head; p--) {
		if (p[0] != ':' || p[1] != ' ')
			continue;
		*p = 0;
		function = p + 2;
		number = cpython_split_place(head);
		if (number <= 0) /* C++ names have colons */
			*p = ':';
	}
	for (char *p = head; (p = strstr(p, ": ")); p += 2)
		place = p + 2;
	if (number > 0) {
		open_at(c, line, text, object);
		cpython_add_site(c, function, function ? strlen(function) : 0, place, number);
	}
	free(head);
	return number > 0;
}

/* The last NAME in S: what follows it; NULL if there is none. */
static char *last(char *s, const char *name)
{
	char *found = NULL;

	for (char *p = s; (p = strstr(p, name)); p++)
		found = p;
	if (!found)
		return NULL;
	*found = 0;
	return found + strlen(name);
}

/* "EXPRESSION (FILE: FUNCTION: LINE)" in S, which is changed. */
static int take_musl(struct cpython *c, const struct line *line, char *s)
{
	char *number, *function, *file;

	if (!text_ends(s, ")") || !(number = last(s, ": ")) || !(function = last(s, ": ")) ||
	        !(file = last(s, " (")) || text_number(number, NULL) <= 0)
		return 0;
	open_at(c, line, line->s, 0);
	cpython_add_site(c, function, strlen(function), file, text_number(number, NULL));
	return 1;
}

/* "EXPRESSION, [function FUNCTION, ]file FILE, line LINE[.]" in S, which is changed. */
static int take_listed(struct cpython *c, const struct line *line, char *s)
{
	char *number = last(s, ", line "), *file = last(s, ", file ");
	char *function = last(s, ", function ");

	if (!file) { /* newlib: 'assertion "x" failed: file "FILE", line N, function: F' */
		file = last(s, " failed: file \"");
		if (file)
			file[strcspn(file, "\"")] = 0;
		function = number ? strstr(number, ", function: ") : NULL;
		function = function ? function + strlen(", function: ") : NULL;
	}
	if (!number || !file || text_number(number, NULL) <= 0)
		return 0;
	open_at(c, line, line->s, 0);
	cpython_add_site(c, function, function ? strlen(function) : 0, file, text_number(number, NULL));
	return 1;
}

static int take_trailing(struct cpython *c, const struct line *line)
{
	const char *text = text_after(line->s, "Assertion failed: ");

	if (!text)
		text = text_after(line->s, "assertion \"");
	if (!text)
		return 0;
	char *copy = xstrdup(text);
	int taken = take_listed(c, line, copy);
	if (!taken) {
		free(copy);
		copy = xstrdup(text);
		taken = take_musl(c, line, copy);
	}
	free(copy);
	return taken;
}

static int opens(struct cpython *c, const struct line *line)
{
	const char *at = line->s;

	while ((at = strstr(at, "ssertion "))) {
		const char *text = at - 1, *rest = at + strlen("ssertion ");
		int object = *rest == '"' || text_after(rest, "failed");

		if (at - line->s >= 3 && text_after(at - 3, ": ") &&
		        (object ? *text == 'A' || *text == 'a' : *rest == '`' || *rest == '\''))
			return take_leading(c, line, text, object && *text == 'A');
		at = rest;
	}
	return take_trailing(c, line);
}

const struct cpython_part cpython_assert = { opens, cpython_fatal_goes_on };
