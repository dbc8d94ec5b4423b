/*
 * What became of a cell, as cell.json says it (ARCHITECTURE.md).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/session.h"

static const char *state_name(enum cell_state state)
{
	switch (state) {
	case CELL_UNAVAILABLE:
		return "unavailable";
	case CELL_READY:
		return "ready";
	case CELL_BLIND:
		return "blind";
	case CELL_FAILED:
		return "failed";
	default:
		return "unfinished";
	}
}

static json_t *optional(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *properties_json(const struct recipe *r)
{
	json_t *o = json_object();

	for (size_t i = 0; i < r->properties.n; i++) {
		const char *equals = strchr(r->properties.v[i], '=');
		char *name = xstrndup(r->properties.v[i], (size_t)(equals - r->properties.v[i]));
		json_object_set_new(o, name, json_string(equals + 1));
		free(name);
	}
	return o;
}

static void add_skip(json_t *list, const struct skip *skip)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "unit", skip->unit, "reason",
		skip->reason, "issue", optional(skip->issue)));
}

/* What was selected and is not run here: units, and single test cases. */
static json_t *skips_json(const struct cell_run *c)
{
	json_t *list = json_array();
	int of_runtime = recipe_suite(&c->recipe, c->session->options.suite) != NULL;

	for (size_t i = 0; i < c->left_out.n; i++)
		add_skip(list, recipe_skip(&c->recipe, c->left_out.v[i]));
	for (size_t i = 0; of_runtime && i < c->recipe.case_skip_count; i++)
		add_skip(list, &c->recipe.case_skips[i]);
	return list;
}

static json_t *seen_json(const char *tool, const char *kind, const char *category)
{
	return json_pack("{s:s, s:s, s:s}", "tool", tool, "kind", kind, "category", category);
}

static json_t *proof_json(const struct proof *p)
{
	const struct control *k = p->control;
	json_t *found = json_array();

	for (size_t i = 0; i < p->found_count; i++)
		json_array_append_new(found,
			seen_json(p->found[i].tool, p->found[i].kind, p->found[i].category));
	return json_pack("{s:s, s:o, s:o, s:b, s:o, s:f}", "name", k->name, "summary",
		optional(k->summary), "expected",
		k->tool ? seen_json(k->tool, k->kind, k->category) : json_null(), "seen", p->seen, "found",
		found, "seconds", p->seconds);
}

static json_t *proofs_json(const struct cell_run *c)
{
	json_t *list = json_array();

	for (size_t i = 0; c->proofs && i < c->recipe.control_count; i++)
		if (c->proofs[i].done)
			json_array_append_new(list, proof_json(&c->proofs[i]));
	return list;
}

static json_t *words_json(const struct strv *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < words->n; i++)
		json_array_append_new(list, json_string(words->v[i]));
	return list;
}

/* {unit}, {test} and the program stay as they are: `exec` and the reader of a report fill them. */
static json_t *rerun_json(const struct recipe *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "alone", words_json(&r->alone_command), "test",
		words_json(&r->alone_test), "debugger", words_json(&r->debugger), "debug_env",
		words_json(&r->debug_env), "attach", words_json(&r->attach));
}

int cell_write(const struct cell_run *c)
{
	struct err e = { 0 };
	char *path = xasprintf("%s/cell.json", c->dir);
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:f, s:o, s:o, s:o}", "schema",
		"sanmatrix-cell/1", "cell", c->recipe.cell, "state", state_name(c->state), "reason",
		optional(c->reason), "requested", c->requested, "log", optional(c->log), "properties",
		properties_json(&c->recipe), "seconds", c->seconds, "skipped",
		skips_json(c), "controls", proofs_json(c), "rerun", rerun_json(&c->recipe));
	char *text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	int rc = -1;

	if (!text)
		err_set(&e, EXIT_INFRASTRUCTURE, "cannot encode '%s'", path);
	else if (dir_make(c->dir, &e) == 0)
		rc = file_write(path, text, strlen(text), &e);
	if (rc < 0)
		warn("cell '%s': %s", c->recipe.cell, e.msg);
	free(text);
	json_decref(o);
	free(path);
	return rc;
}

void cell_fail(struct cell_run *c, enum cell_state state, const char *log, const char *format, ...)
{
	char *reason = NULL; /* the old one may be among ARGS */
	va_list args;

	va_start(args, format);
	if (vasprintf(&reason, format, args) < 0)
		reason = NULL;
	va_end(args);
	free(c->reason);
	c->reason = reason;
	free(c->log);
	c->log = xstrdup(log);
	c->state = state;
	if (c->session->queue && state != CELL_BLIND)
		cell_expect(c, -c->expected);
	c->seconds = clock_now() - c->started;
	progress_say(c->session->progress, "%s: %s: %s%s%s", c->recipe.cell, state_name(state), c->reason,
		log ? "; see " : "", log ? log : "");
	cell_write(c);
}
