/*
 * What was planned (run.json) and what became of each cell (cell.json).
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/clean.h"
#include "reports/result.h"
#include "reports/store.h"

json_t *json_read(const char *path, struct err *e)
{
	struct buf text = { 0 };
	json_error_t error;
	json_t *json = NULL;

	if (!file_read(path, &text, JSON_MAX, e)) {
		json = json_loadb(text.data ? text.data : "", text.len, 0, &error);
		if (!json)
			err_set(e, EXIT_USAGE, "%s:%d: %s", path, error.line, error.text);
		else if (!json_is_object(json)) {
			err_set(e, EXIT_USAGE, "%s: not a JSON object", path);
			json_decref(json);
			json = NULL;
		}
	}
	buf_release(&text);
	return json;
}

/* The text of VALUE, cleaned; owned by the caller; NULL if it is no string. */
static char *json_clean(const json_t *value)
{
	const char *s = json_string_value(value);
	struct buf clean = { 0 };

	if (!s)
		return NULL;
	clean_text(&clean, s, strlen(s), TEXT_MAX);
	return buf_detach(&clean);
}

char *json_text(const json_t *object, const char *name)
{
	return json_clean(json_object_get(object, name));
}

double json_seconds(const json_t *object, const char *name)
{
	double t = json_number_value(json_object_get(object, name));

	return t > 0 && t < 1e9 ? t : 0;
}

/* Of folders that are merged the smallest value stands for all: the same for any order. */
void take_smaller(char **to, char *value)
{
	if (value && (!*to || strcmp(value, *to) < 0)) {
		free(*to);
		*to = value;
	} else {
		free(value);
	}
}

static void read_planned(struct cell_result *c, const json_t *run, const json_t *cell,
			 const char *partition)
{
	json_t *unit;
	size_t i;

	if (json_is_true(json_object_get(cell, "requested")))
		c->requested = 1;
	take_smaller(&c->source, json_text(run, "runtime_src"));
	take_smaller(&c->tree, json_text(run, "source"));
	if (partition)
		strv_push(&c->partitions, partition);
	json_array_foreach(json_object_get(cell, "units"), i, unit)
		if (json_is_string(unit)) {
			char *name = json_clean(unit);

			unit_get(c, name)->planned = 1;
			free(name);
		}
}

int run_read(struct results *r, const char *folder, struct strv *cells, char **runtime,
	     struct err *e)
{
	char *path = xasprintf("%s/run.json", folder);
	json_t *run = json_read(path, e), *cell;
	size_t i;

	free(path);
	if (!run)
		return -1;
	*runtime = json_text(run, "runtime");
	take_smaller(&r->runtime, xstrdup(*runtime));
	take_smaller(&r->version, json_text(run, "version"));
	take_smaller(&r->suite, json_text(run, "suite"));
	take_smaller(&r->hashseed, json_text(run, "hashseed"));
	take_smaller(&r->hostname, json_text(run, "hostname"));
	take_smaller(&r->started, json_text(run, "started"));
	char *partition = json_text(run, "partition");
	json_array_foreach(json_object_get(run, "cells"), i, cell) {
		char *name = json_text(cell, "name");

		if (name && *name && !strchr(name, '/') && name[0] != '.') {
			strv_push(cells, name);
			read_planned(cell_get(r, *runtime, name), run, cell, partition);
		}
		free(name);
	}
	free(partition);
	json_decref(run);
	return 0;
}

/* "tool kind, tool kind" */
static char *found_text(const json_t *found)
{
	struct buf b = { 0 };
	json_t *f;
	size_t i;

	json_array_foreach(found, i, f) {
		char *tool = json_text(f, "tool"), *kind = json_text(f, "kind");

		buf_addf(&b, "%s%s %s", i ? ", " : "", tool ? tool : "?", kind ? kind : "?");
		free(tool);
		free(kind);
	}
	return buf_detach(&b);
}

static void control_release(struct control_result *k)
{
	free(k->name);
	free(k->summary);
	free(k->tool);
	free(k->kind);
	free(k->category);
	free(k->found);
}

/* The same control of two partitions: the one that was missed, then the first in order, speaks. */
static int control_compare(const struct control_result *a, const struct control_result *b)
{
	int c = a->seen - b->seen;

	if (!c)
		c = strcmp(a->found, b->found);
	if (!c)
		c = (a->category != NULL) - (b->category != NULL);
	if (!c)
		c = string_compare(a->summary, b->summary);
	return c ? c : (a->seconds > b->seconds) - (a->seconds < b->seconds);
}

void control_add(struct cell_result *c, struct control_result *k)
{
	for (size_t i = 0; i < c->control_count; i++) {
		struct control_result *old = &c->controls[i];

		if (strcmp(old->name, k->name) != 0)
			continue;
		if (control_compare(k, old) < 0) {
			struct control_result swap = *old;
			*old = *k;
			*k = swap;
		}
		control_release(k);
		return;
	}
	c->controls = xrealloc(c->controls, (c->control_count + 1) * sizeof *c->controls);
	c->controls[c->control_count++] = *k;
}

static void read_controls(struct cell_result *c, const json_t *list)
{
	json_t *control;
	size_t i;

	json_array_foreach(list, i, control) {
		const json_t *expected = json_object_get(control, "expected");
		struct control_result k = {
			.name = json_text(control, "name"),
			.summary = json_text(control, "summary"),
			.tool = json_text(expected, "tool"),
			.kind = json_text(expected, "kind"),
			.category = json_text(expected, "category"),
			.seen = json_is_true(json_object_get(control, "seen")),
			.found = found_text(json_object_get(control, "found")),
			.seconds = json_seconds(control, "seconds"),
		};
		if (k.name)
			control_add(c, &k);
		else
			control_release(&k);
	}
}

void read_properties(struct cell_result *c, json_t *list)
{
	const char *name;
	json_t *value;

	json_object_foreach(list, name, value) {
		struct property *p = NULL;

		for (size_t i = 0; i < c->property_count && !p; i++)
			if (!strcmp(c->properties[i].name, name))
				p = &c->properties[i];
		if (!p && *name) {
			c->properties = xrealloc(c->properties,
						 (c->property_count + 1) * sizeof *c->properties);
			p = &c->properties[c->property_count++];
			*p = (struct property){ clean_line(name, 200), NULL };
		}
		if (p && json_is_string(value))
			take_smaller(&p->value, json_text(list, name));
	}
}

static void read_skipped(struct results *r, struct cell_result *c, const json_t *list)
{
	json_t *skip;
	size_t i;

	json_array_foreach(list, i, skip) {
		char *unit = json_text(skip, "unit"), *reason = json_text(skip, "reason");
		char *issue = json_text(skip, "issue");
		struct unit_result *u = unit ? unit_get(c, unit) : NULL;

		if (u && !u->ran && !u->case_count) {
			struct test_case *t = case_add(&r->strings, &u->cases, &u->case_count, u->unit,
						       u->unit, OUTCOME_SKIPPED);
			t->message = xasprintf("%s%s%s%s", reason ? reason : "left out",
					       issue ? " (" : "", issue ? issue : "",
					       issue ? ")" : "");
		}
		free(unit);
		free(reason);
		free(issue);
	}
}

static int list_compare(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return strcmp(a->v[i], b->v[i]);
	return (a->n > b->n) - (a->n < b->n);
}

/* Of partitions that differ the smaller one stands for all, but for an empty one. */
static void read_words(struct strv *to, const json_t *list)
{
	struct strv words = { 0 };
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
		if (json_is_string(word))
			strv_own(&words, json_clean(word));
	if (words.n && (!to->n || list_compare(&words, to) < 0)) {
		struct strv old = *to;
		*to = words;
		words = old;
	}
	strv_release(&words);
}

void read_rerun(struct rerun_parts *to, const json_t *rerun)
{
	read_words(&to->alone, json_object_get(rerun, "alone"));
	read_words(&to->test, json_object_get(rerun, "test"));
	read_words(&to->debugger, json_object_get(rerun, "debugger"));
	read_words(&to->debug_env, json_object_get(rerun, "debug_env"));
	read_words(&to->attach, json_object_get(rerun, "attach"));
}

/* Of several partitions' states the gravest is the cell's. */
static int gravity(const char *state)
{
	static const char *const order[] = { "ready", "unavailable", "blind", "missing" };

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (state && !strcmp(state, order[i]))
			return (int)i;
	return state ? 4 : -1; /* failed, or not known here: never as good as ready */
}

void take_state(struct cell_result *c, char *state, char *reason, char *log)
{
	int difference = gravity(state) - gravity(c->state);

	if (!difference)
		difference = string_compare(c->state, state);
	if (!difference)
		difference = string_compare(c->reason, reason);
	if (!difference)
		difference = string_compare(c->log, log);
	if (difference > 0) {
		free(c->state);
		free(c->reason);
		free(c->log);
		c->state = state;
		c->reason = reason;
		c->log = log;
	} else {
		free(state);
		free(reason);
		free(log);
	}
}

int cell_read(struct results *r, const char *folder, const char *runtime, const char *cell,
	      struct err *e)
{
	struct cell_result *c = cell_get(r, runtime, cell);
	char *path = xasprintf("%s/%s/cell.json", folder, cell);
	json_t *json = NULL;
	int rc = 0;

	if (!path_exists(path)) {
		take_state(c, xstrdup("missing"), xstrdup("it left no result"), NULL);
	} else if (!(json = json_read(path, e))) {
		take_state(c, xstrdup("failed"), xstrdup("its cell.json cannot be read"), NULL);
		rc = -1;
	} else {
		char *state = json_text(json, "state");

		take_state(c, state ? state : xstrdup("failed"), json_text(json, "reason"),
			   json_text(json, "log"));
		if (json_is_true(json_object_get(json, "requested")))
			c->requested = 1;
		if (json_seconds(json, "seconds") > c->seconds)
			c->seconds = json_seconds(json, "seconds");
		read_properties(c, json_object_get(json, "properties"));
		read_skipped(r, c, json_object_get(json, "skipped"));
		read_controls(c, json_object_get(json, "controls"));
		read_rerun(&c->rerun, json_object_get(json, "rerun"));
	}
	json_decref(json);
	free(path);
	return rc;
}
