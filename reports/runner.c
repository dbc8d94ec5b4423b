#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/runner.h"

/* After the unit's name. REASON NULL: the rest of the line is the reason. */
static const struct {
	const char *after_unit, *reason;
} skip_words[] = {
	/* CPython's regrtest */
	{ " skipped -- ", NULL },
	{ " skipped (resource denied)", "resource denied" },
	{ " skipped", "skipped" },
	{ " run no tests", "ran no tests" },
	{ " ran no tests", "ran no tests" },
};

/* How a verbose unittest line ends when the case is over. */
static const char *const end_words[] = {
	"ok", "FAIL", "ERROR", "expected failure", "unexpected success",
};

static const int skip_codes[] = {
	0,
	4,  /* regrtest: no tests ran */
	5,  /* unittest from 3.12 on, pytest: no tests ran */
	77, /* automake: skipped */
};

void runner_init(struct runner *r, const char *unit)
{
	memset(r, 0, sizeof *r);
	r->unit = xstrdup(unit);
}

void runner_release(struct runner *r)
{
	free(r->unit);
	free(r->skipped);
	free(r->running);
	memset(r, 0, sizeof *r);
}

int runner_skip_code(int exit_code)
{
	for (size_t i = 0; i < sizeof skip_codes / sizeof *skip_codes; i++)
		if (exit_code == skip_codes[i])
			return 1;
	return 0;
}

/* Nonzero if the last word of the N bytes at S is UNIT, perhaps with packages in front. */
static int ends_with_unit(const char *s, size_t n, const char *unit)
{
	size_t len = strlen(unit);

	if (!len || n < len || memcmp(s + n - len, unit, len) != 0)
		return 0;
	return n == len || s[n - len - 1] == ' ' || s[n - len - 1] == '.';
}

static void look_for_skip(struct runner *r, const char *line)
{
	for (size_t i = 0; i < sizeof skip_words / sizeof *skip_words; i++) {
		const char *words = skip_words[i].after_unit, *at = strstr(line, words);

		if (!at || !ends_with_unit(line, (size_t)(at - line), r->unit))
			continue;
		if (!skip_words[i].reason) { /* says the most: replaces what was known */
			free(r->skipped);
			r->skipped = clean_line(at + strlen(words), 500);
		} else if (!r->skipped && !at[strlen(words)]) {
			r->skipped = xstrdup(skip_words[i].reason);
		}
		return;
	}
}

/* "test_x (test.test_y.Class.test_x)...": a copy of what is in the parentheses, or NULL. */
static char *started(const char *line)
{
	size_t name = strcspn(line, " ("), id;

	if (!name || line[name] != ' ' || line[name + 1] != '(')
		return NULL;
	line += name + 2;
	for (id = 0; isalnum((unsigned char)line[id]) || line[id] == '_' || line[id] == '.'; id++)
		;
	if (line[id] != ')' || !memchr(line, '.', id))
		return NULL;
	return xstrndup(line, id);
}

static int ended(const char *line)
{
	const char *dots = strstr(line, "... "), *result = dots ? dots + 4 : line;

	for (size_t i = 0; i < sizeof end_words / sizeof *end_words; i++)
		if (!strcmp(result, end_words[i]))
			return 1;
	return !strncmp(result, "skipped '", 9) || !strncmp(result, "skipped \"", 9);
}

void runner_line(struct runner *r, const char *data, size_t len)
{
	char line[1024];

	while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	if (len >= sizeof line)
		len = sizeof line - 1;
	memcpy(line, data, len);
	line[len] = 0;
	look_for_skip(r, line);
	char *id = started(line);
	if (id) {
		free(r->running);
		r->running = id;
	}
	if (r->running && ended(line)) {
		free(r->running);
		r->running = NULL;
	}
}
