#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/guide.h"
#include "reports/store.h"

/* The seed of every run that was not told another. */
static const char usual_seed[] = "1";

static void add_quoted(struct buf *b, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_./:=@%+,-{}";

	if (*s && strspn(s, plain) == strlen(s)) {
		buf_addstr(b, s);
		return;
	}
	buf_addch(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_addstr(b, "'\\''");
		else
			buf_addch(b, *s);
	}
	buf_addch(b, '\'');
}

/* No line of a shell can be made of it that a person could trust at a glance. */
static int is_odd(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return 1;
	return 0;
}

/* S as one word of a shell. */
static void add_word(struct buf *b, const char *s)
{
	if (b->len)
		buf_addch(b, ' ');
	add_quoted(b, s);
}

/* NAME=VALUE before a command: quoted as a whole it would be the command. */
static void add_assignment(struct buf *b, const char *s)
{
	const char *equals = strchr(s, '=');

	if (!equals || is_odd(s))
		return;
	buf_addf(b, "%s%.*s=", b->len ? " " : "", (int)(equals - s), s);
	add_quoted(b, equals + 1);
}

/* WORDS, with one placeholder NAME ("{unit}") filled, which stands for a whole word. */
static void add_words(struct buf *b, const struct strv *words, const char *name, const char *value)
{
	for (size_t i = 0; i < words->n; i++)
		add_word(b, name && !strcmp(words->v[i], name) ? value : words->v[i]);
}

static void add_call(struct buf *b, const char *command, const struct results *r,
		     const struct cell_result *c)
{
	add_word(b, "sanmatrix");
	add_word(b, command);
	if (c->runtime) {
		add_word(b, "--runtime");
		add_word(b, c->runtime);
	}
	if (c->source) {
		add_word(b, "--runtime-src");
		add_word(b, c->source);
	}
	if (r->hashseed && strcmp(r->hashseed, usual_seed) != 0) {
		add_word(b, "--seed");
		add_word(b, r->hashseed);
	}
	add_word(b, "--cell");
	add_word(b, c->cell);
}

/*
 * The function of a test case, whose class is not known where the process died before its runner wrote
 * the case down; NULL when it is none that a runner would find: setUpClass, a doctest.
 */
static const char *test_function(const char *test)
{
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	const char *dot = test ? strrchr(test, '.') : NULL, *name = dot ? dot + 1 : test;

	return name && !strncmp(name, "test", 4) && strspn(name, word) == strlen(name) ? name : NULL;
}

static void add_alone(struct buf *b, const struct cell_result *c, const char *unit, const char *test)
{
	const char *function = test_function(test);

	add_words(b, &c->rerun.alone, "{unit}", unit);
	if (function)
		add_words(b, &c->rerun.test, "{test}", function);
}

static char *unit_line(const struct results *r, const struct cell_result *c, const char *unit)
{
	struct buf b = { 0 };
	char *option = xasprintf("--unit=%s", unit);

	add_call(&b, "run", r, c);
	add_word(&b, option);
	add_word(&b, "--out");
	add_word(&b, "out/again");
	free(option);
	return buf_detach(&b);
}

static char *alone_line(const struct results *r, const struct cell_result *c, const char *unit,
			const char *test)
{
	struct buf b = { 0 };

	add_call(&b, "exec", r, c);
	add_word(&b, "--");
	add_alone(&b, c, unit, test);
	return buf_detach(&b);
}

static char *debugger_line(const struct results *r, const struct cell_result *c, const char *unit,
			   const char *test)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < c->rerun.debug_env.n; i++)
		add_assignment(&b, c->rerun.debug_env.v[i]);
	add_call(&b, "exec", r, c);
	add_word(&b, "--terminal");
	add_word(&b, "--");
	add_words(&b, &c->rerun.debugger, NULL, NULL);
	add_alone(&b, c, unit, test);
	return buf_detach(&b);
}

int rerun_unit(struct rerun *to, const struct results *r, const struct cell_result *c,
	       const char *unit, const char *test)
{
	struct buf attach = { 0 };

	*to = (struct rerun){ 0 };
	if (c->raw || !unit || !*unit || is_odd(unit) || is_odd(test) || is_odd(c->runtime) ||
	    is_odd(c->source))
		return -1;
	if (!strchr(unit, ','))
		to->unit = unit_line(r, c, unit);
	if (c->rerun.alone.n)
		to->alone = alone_line(r, c, unit, test);
	if (c->rerun.alone.n && (c->rerun.debugger.n || c->rerun.attach.n))
		to->debugger = debugger_line(r, c, unit, test);
	add_words(&attach, &c->rerun.attach, NULL, NULL);
	if (to->debugger && attach.len)
		to->attach = buf_detach(&attach);
	buf_release(&attach);
	return to->unit || to->alone ? 0 : -1;
}

static const struct cell_result *cell_of(const struct results *r, const struct occurrence *o)
{
	for (size_t i = 0; o->cell && i < r->cell_count; i++)
		if (!r->cells[i].raw && !strcmp(r->cells[i].cell, o->cell) &&
		    !string_compare(r->cells[i].runtime, o->runtime))
			return &r->cells[i];
	return NULL;
}

int rerun_find(struct rerun *to, const struct results *r, const struct finding *f, const char *cell)
{
	for (size_t i = 0; i < f->occurrence_count; i++) {
		const struct occurrence *o = &f->occurrences[i];
		const struct cell_result *c = cell_of(r, o);

		if (c && (!cell || !strcmp(cell, o->cell)) &&
		    !rerun_unit(to, r, c, o->unit, o->test))
			return 0;
	}
	*to = (struct rerun){ 0 };
	return -1;
}

void rerun_release(struct rerun *r)
{
	free(r->unit);
	free(r->alone);
	free(r->debugger);
	free(r->attach);
	*r = (struct rerun){ 0 };
}
