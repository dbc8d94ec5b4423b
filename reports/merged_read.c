#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/json_text.h"
#include "reports/merged.h"
#include "reports/occurrence.h"
#include "reports/store.h"

struct reading_merged {
	struct results *r;
	const char *path;
	long number; /* of the line */
	int begun;   /* its first line was there */
};

static uint64_t get_hex(const json_t *value)
{
	const char *s = json_string_value(value);

	return s ? strtoull(s, NULL, 16) : 0;
}

static char *get_text(const json_t *o, const char *name)
{
	return xstrdup(json_string_value(json_object_get(o, name)));
}

static const char *get_borrowed(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static void read_run(struct results *r, const json_t *o)
{
	take_smaller(&r->runtime, get_text(o, "runtime"));
	take_smaller(&r->version, get_text(o, "version"));
	take_smaller(&r->suite, get_text(o, "suite"));
	take_smaller(&r->hashseed, get_text(o, "hashseed"));
	take_smaller(&r->hostname, get_text(o, "hostname"));
	take_smaller(&r->started, get_text(o, "started"));
	r->folders += (size_t)json_number(o, "folders", LONG_MAX);
	r->logs += (size_t)json_number(o, "logs", LONG_MAX);
}

static void read_controls(struct cell_result *c, const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct control_result k = {
			.name = get_text(o, "name"),
			.summary = get_text(o, "summary"),
			.tool = get_text(o, "tool"),
			.kind = get_text(o, "kind"),
			.category = get_text(o, "category"),
			.found = get_text(o, "found"),
			.seen = json_number(o, "seen", LONG_MAX) != 0,
			.seconds = json_seconds(o, "seconds"),
		};
		control_add(c, &k);
	}
}

static void read_cell(struct results *r, const json_t *o)
{
	struct cell_result *c = cell_get(r, get_borrowed(o, "runtime"), get_borrowed(o, "cell"));
	json_t *properties = json_object_get(o, "properties"), *value;
	char *state = get_text(o, "state");
	size_t i;

	if (state)
		take_state(c, state, get_text(o, "reason"), get_text(o, "log"));
	c->requested |= json_number(o, "requested", LONG_MAX) != 0;
	if (json_seconds(o, "seconds") > c->seconds)
		c->seconds = json_seconds(o, "seconds");
	json_array_foreach(json_object_get(o, "partitions"), i, value)
		if (json_is_string(value))
			strv_push(&c->partitions, json_string_value(value));
	take_smaller(&c->source, get_text(o, "source"));
	take_smaller(&c->tree, get_text(o, "tree"));
	read_rerun(&c->rerun, json_object_get(o, "rerun"));
	read_properties(c, properties);
	read_controls(c, json_object_get(o, "controls"));
}

static void read_marks(struct results *r, struct marks *marks, const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct mark m = {
			.key = get_hex(json_object_get(o, "key")),
			.test = arena_strdup(&r->strings, get_borrowed(o, "test")),
			.log = arena_strdup(&r->strings, get_borrowed(o, "log")),
			.pid = json_number(o, "pid", INT_MAX),
			.line = json_number(o, "line", LONG_MAX),
			.attempt = (int)json_number(o, "attempt", INT_MAX),
			.flaky = json_number(o, "flaky", LONG_MAX) != 0,
			.count = (size_t)json_number(o, "count", LONG_MAX),
		};
		mark_add(marks, &m);
	}
}

static enum outcome get_outcome(const json_t *o)
{
	json_int_t n = json_integer_value(json_object_get(o, "outcome"));

	return n >= OUTCOME_PASSED && n <= OUTCOME_ERROR ? (enum outcome)n : OUTCOME_ERROR;
}

static void read_case(struct results *r, struct unit_result *u, const json_t *o)
{
	const char *class = get_borrowed(o, "class"), *name = get_borrowed(o, "name");
	json_t *old;
	size_t i;

	if (!class)
		class = u->case_count ? u->cases[u->case_count - 1].classname : u->unit;
	struct test_case *t = case_add(&r->strings, &u->cases, &u->case_count, class,
				       name ? name : "", get_outcome(o));
	t->seconds = json_seconds(o, "seconds");
	t->message = get_text(o, "message");
	t->text = get_text(o, "text");
	json_array_foreach(json_object_get(o, "attempts"), i, old) {
		struct failed_attempt *a =
			attempt_add(t, (int)json_number(old, "attempt", INT_MAX), get_outcome(old));

		a->seconds = json_seconds(old, "seconds");
		a->message = get_text(old, "message");
		a->text = get_text(old, "text");
	}
}

static void fill_unit(struct results *r, struct unit_result *u, const json_t *o)
{
	json_t *value;
	size_t i;

	u->unit = get_text(o, "unit");
	u->started = get_text(o, "started");
	u->log = get_text(o, "log");
	u->ran = json_number(o, "ran", LONG_MAX) != 0;
	u->planned = json_number(o, "planned", LONG_MAX) != 0;
	u->attempts = (int)json_number(o, "attempts", INT_MAX);
	u->seconds = json_seconds(o, "seconds");
	json_array_foreach(json_object_get(o, "cases"), i, value)
		read_case(r, u, value);
	read_marks(r, &u->marks, json_object_get(o, "marks"));
}

/* Of what was merged twice there is nothing new. */
static void read_unit(struct results *r, const json_t *o)
{
	struct cell_result *c = cell_get(r, get_borrowed(o, "runtime"), get_borrowed(o, "cell"));
	struct unit_result *to = unit_get(c, get_borrowed(o, "unit")), u = { 0 };
	const json_t *list = json_object_get(o, "ids");
	size_t n = json_array_size(list);
	uint64_t *ids = xcalloc(n + 1, sizeof *ids);

	for (size_t i = 0; i < n; i++)
		ids[i] = get_hex(json_array_get(list, i));
	to->planned |= json_number(o, "planned", LONG_MAX) != 0;
	if (!ids_known(to, ids, n)) {
		fill_unit(r, &u, o);
		ids_add(&u, ids, n);
		if (u.ran || (!to->ran && !to->case_count))
			unit_join(to, &u);
		else
			unit_release(&u);
	}
	free(ids);
}

static void read_source(struct results *r, const json_t *o)
{
	uint64_t id = get_hex(json_object_get(o, "log"));
	struct marks marks = { 0 };
	int made;

	read_marks(r, &marks, json_object_get(o, "marks"));
	struct source *s = source_get(r, id ? id : 1, &made);
	if (made)
		marks_move(&s->marks, &marks);
	else
		free(marks.v);
}

static void read_unparsed(struct results *r, const json_t *o)
{
	struct unparsed *u = xcalloc(1, sizeof *u);

	u->log = get_text(o, "unparsed");
	u->line = json_number(o, "line", LONG_MAX);
	u->text = get_text(o, "text");
	u->reason = get_text(o, "reason");
	unparsed_add(r, u);
}

/* The kinds of lines, told by the member that only they have. */
static void read_line(struct reading_merged *g, const json_t *o)
{
	struct results *r = g->r;

	if (json_object_get(o, "schema"))
		read_run(r, o);
	else if (json_object_get(o, "unit"))
		read_unit(r, o);
	else if (json_object_get(o, "cell"))
		read_cell(r, o);
	else if (json_object_get(o, "log"))
		read_source(r, o);
	else if (json_object_get(o, "finding"))
		store_add(r->store, finding_from_json(json_object_get(o, "finding"),
						      get_borrowed(o, "text")));
	else if (json_object_get(o, "unparsed"))
		read_unparsed(r, o);
}

static int is_whole(const json_t *o)
{
	const json_t *finding = json_object_get(o, "finding");

	if (json_object_get(o, "unit") && (!get_borrowed(o, "unit") || !get_borrowed(o, "cell")))
		return 0;
	if (json_object_get(o, "cell") && !get_borrowed(o, "cell"))
		return 0;
	return !finding || (get_borrowed(finding, "tool") && get_borrowed(finding, "kind") &&
			    get_borrowed(finding, "fingerprint"));
}

static int take_line(struct reading_merged *g, const char *s, size_t len, struct err *e)
{
	json_error_t error;
	json_t *o = json_loadb(s, len, 0, &error);
	const char *schema = get_borrowed(o, "schema");
	int rc = 0;

	if (!o)
		rc = err_set(e, EXIT_USAGE, "%s:%ld: %s", g->path, g->number, error.text);
	else if (!g->begun && (!schema || strcmp(schema, MERGED_SCHEMA) != 0))
		rc = err_set(e, EXIT_USAGE, "%s:%ld: not of schema " MERGED_SCHEMA, g->path,
			     g->number);
	else if (!json_is_object(o) || !is_whole(o))
		rc = err_set(e, EXIT_USAGE, "%s:%ld: a member is missing", g->path, g->number);
	else
		read_line(g, o);
	g->begun = 1;
	json_decref(o);
	return rc;
}

int merged_read(struct results *r, const char *path, struct err *e)
{
	struct reading_merged g = { .r = r, .path = path };
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int rc = 0;

	if (!f)
		return err_set(e, EXIT_USAGE, "cannot open '%s':", path);
	while (!rc && (len = getline(&line, &cap, f)) > 0) {
		g.number++;
		rc = take_line(&g, line, (size_t)len, e);
	}
	if (!rc && (ferror(f) || !g.begun))
		rc = err_set(e, EXIT_USAGE, "cannot read '%s': it is empty or cut", path);
	free(line);
	fclose(f);
	return rc;
}
