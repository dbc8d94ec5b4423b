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

/* How a verbose unittest line ends when the case is over; a reason in quotes may follow. */
static const struct {
	const char *word;
	enum outcome outcome;
} end_words[] = {
	{ "ok", OUTCOME_PASSED },
	{ "expected failure", OUTCOME_PASSED },
	{ "unexpected success", OUTCOME_FAILED },
	{ "FAIL", OUTCOME_FAILED },
	{ "ERROR", OUTCOME_ERROR },
	{ "skipped '", OUTCOME_SKIPPED },
	{ "skipped \"", OUTCOME_SKIPPED },
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

void runner_split(const char *id, char **class, char **name)
{
	size_t plain = strcspn(id, " (["), dot = plain;

	while (dot && id[dot - 1] != '.')
		dot--;
	int split = dot > 1 && dot < plain;
	*class = split ? xstrndup(id, dot - 1) : NULL;
	*name = xstrdup(split ? id + dot : id);
}

/* REASON: the rest of a line, "no root'" of a skip. */
static void collect(struct runner *r, enum outcome outcome, const char *reason)
{
	r->cases = xrealloc(r->cases, (r->case_count + 1) * sizeof *r->cases);
	struct found_case *c = &r->cases[r->case_count++];
	memset(c, 0, sizeof *c);
	runner_split(r->running, &c->classname, &c->name);
	if (!c->classname)
		c->classname = xstrdup(r->unit);
	c->outcome = outcome;
	if (outcome == OUTCOME_SKIPPED)
		c->message = xstrndup(reason, strcspn(reason, "'\""));
	else if (outcome != OUTCOME_PASSED)
		c->message = xstrdup("failed, as the output says; the runner left no report");
}

/* Does LINE end the case that is running? */
static void look_for_end(struct runner *r, const char *line)
{
	const char *dots = strstr(line, "... "), *result = dots ? dots + 4 : line;

	for (size_t i = 0; i < sizeof end_words / sizeof *end_words; i++) {
		const char *word = end_words[i].word;
		size_t n = strlen(word);
		int open = end_words[i].outcome == OUTCOME_SKIPPED;

		if (strncmp(result, word, n) != 0 || (!open && result[n]))
			continue;
		if (r->collect)
			collect(r, end_words[i].outcome, result + n);
		free(r->running);
		r->running = NULL;
		return;
	}
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
	if (r->running)
		look_for_end(r, line);
}
