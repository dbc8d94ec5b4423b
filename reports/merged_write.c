/*
 * One line a run, cell, unit, raw log, finding, and entry of `unparsed`; sorted as results_fold() left
 * them, so that the same results are the same file.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/json_text.h"
#include "reports/merged.h"
#include "reports/write_json.h"

static json_t *text(const char *s)
{
	return json_cleaned(s, 0);
}

static json_t *hex(uint64_t id)
{
	return json_sprintf("%016llx", (unsigned long long)id);
}

static void set(json_t *o, const char *name, const char *s)
{
	if (s)
		json_object_set_new(o, name, text(s));
}

static void set_number(json_t *o, const char *name, long n)
{
	if (n)
		json_object_set_new(o, name, json_integer(n));
}

static int line(FILE *f, json_t *o)
{
	int rc = json_dumpf(o, f, JSON_COMPACT);

	json_decref(o);
	fputc('\n', f);
	return rc;
}

static json_t *strings(const struct strv *list)
{
	json_t *a = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(a, text(list->v[i]));
	return a;
}

static int write_run(const struct results *r, FILE *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "schema", json_string(MERGED_SCHEMA));
	set(o, "runtime", r->runtime);
	set(o, "version", r->version);
	set(o, "suite", r->suite);
	set(o, "hashseed", r->hashseed);
	set(o, "hostname", r->hostname);
	set(o, "started", r->started);
	/* how many there were does not count, once there are several */
	set_number(o, "folders", r->folders > 1 ? 2 : (long)r->folders);
	set_number(o, "logs", r->logs > 0);
	return line(f, o);
}

static json_t *marks(const struct marks *m)
{
	json_t *a = json_array();

	for (size_t i = 0; i < m->n; i++) {
		const struct mark *k = &m->v[i];
		json_t *o = json_object();

		json_object_set_new(o, "key", hex(k->key));
		json_object_set_new(o, "count", json_integer((json_int_t)k->count));
		set(o, "test", k->test);
		set(o, "log", k->log);
		set_number(o, "pid", k->pid);
		set_number(o, "line", k->line);
		set_number(o, "attempt", k->attempt);
		set_number(o, "flaky", k->flaky);
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *controls(const struct cell_result *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->control_count; i++) {
		const struct control_result *k = &c->controls[i];
		json_t *o = json_object();

		set(o, "name", k->name);
		set(o, "summary", k->summary);
		set(o, "tool", k->tool);
		set(o, "kind", k->kind);
		set(o, "category", k->category);
		set(o, "found", k->found);
		set_number(o, "seen", k->seen);
		json_object_set_new(o, "seconds", json_real(k->seconds));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *rerun(const struct rerun_parts *parts)
{
	json_t *o = json_object();

	json_object_set_new(o, "alone", strings(&parts->alone));
	json_object_set_new(o, "test", strings(&parts->test));
	json_object_set_new(o, "debugger", strings(&parts->debugger));
	json_object_set_new(o, "debug_env", strings(&parts->debug_env));
	json_object_set_new(o, "attach", strings(&parts->attach));
	return o;
}

static json_t *cell_object(const struct cell_result *c)
{
	json_t *o = json_object(), *properties = json_object();

	for (size_t i = 0; i < c->property_count; i++)
		if (c->properties[i].value)
			json_object_set_new(properties, c->properties[i].name,
					    text(c->properties[i].value));
	set(o, "cell", c->cell);
	set(o, "runtime", c->runtime);
	set(o, "state", c->state);
	set(o, "reason", c->reason);
	set(o, "log", c->log);
	set_number(o, "requested", c->requested);
	json_object_set_new(o, "seconds", json_real(c->seconds));
	json_object_set_new(o, "partitions", strings(&c->partitions));
	json_object_set_new(o, "properties", properties);
	json_object_set_new(o, "controls", controls(c));
	set(o, "source", c->source);
	set(o, "tree", c->tree);
	json_object_set_new(o, "rerun", rerun(&c->rerun));
	return o;
}

static json_t *case_object(const struct test_case *t, const char *class_before)
{
	json_t *o = json_object(), *attempts = json_array();

	if (!class_before || strcmp(class_before, t->classname) != 0)
		set(o, "class", t->classname);
	set(o, "name", t->name);
	set_number(o, "outcome", t->outcome);
	if (t->seconds > 0)
		json_object_set_new(o, "seconds", json_real(t->seconds));
	set(o, "message", t->message);
	set(o, "text", t->text);
	for (const struct failed_attempt *a = t->attempts; a; a = a->next) {
		json_t *old = json_object();

		set_number(old, "attempt", a->attempt);
		set_number(old, "outcome", a->outcome);
		json_object_set_new(old, "seconds", json_real(a->seconds));
		set(old, "message", a->message);
		set(old, "text", a->text);
		json_array_append_new(attempts, old);
	}
	if (json_array_size(attempts))
		json_object_set(o, "attempts", attempts);
	json_decref(attempts);
	return o;
}

static json_t *unit_object(const struct cell_result *c, const struct unit_result *u)
{
	json_t *o = json_object(), *cases = json_array(), *ids = json_array();

	for (size_t i = 0; i < u->case_count; i++)
		json_array_append_new(
			cases, case_object(&u->cases[i], i ? u->cases[i - 1].classname : NULL));
	for (size_t i = 0; i < u->id_count; i++)
		json_array_append_new(ids, hex(u->ids[i]));
	set(o, "unit", u->unit);
	set(o, "cell", c->cell);
	set(o, "runtime", c->runtime);
	set(o, "started", u->started);
	set(o, "log", u->log);
	set_number(o, "ran", u->ran);
	set_number(o, "planned", u->planned);
	set_number(o, "attempts", u->attempts);
	json_object_set_new(o, "seconds", json_real(u->seconds));
	json_object_set_new(o, "ids", ids);
	json_object_set_new(o, "marks", marks(&u->marks));
	json_object_set_new(o, "cases", cases);
	return o;
}

static int by_id(const void *a, const void *b)
{
	const struct source *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static int write_sources(const struct results *r, FILE *f)
{
	const struct source **v = xcalloc(r->source_count + 1, sizeof *v);
	size_t n = 0;
	int bad = 0;

	for (size_t i = 0; i < r->source_cap; i++)
		if (r->sources[i].id)
			v[n++] = &r->sources[i];
	qsort(v, n, sizeof *v, by_id);
	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "log", hex(v[i]->id));
		json_object_set_new(o, "marks", marks(&v[i]->marks));
		bad |= line(f, o);
	}
	free(v);
	return bad;
}

static void write_finding(const struct finding *f, FILE *out)
{
	struct buf b = { 0 };
	json_t *report = text(f->text);

	json_finding(&b, f);
	fputs("{\"finding\":", out);
	fwrite(b.data, 1, b.len, out);
	fputs(",\"text\":", out);
	json_dumpf(report, out, JSON_ENCODE_ANY);
	fputs("}\n", out);
	json_decref(report);
	buf_release(&b);
}

static int write_unparsed(const struct unparsed *u, FILE *f)
{
	json_t *o = json_object();

	set(o, "unparsed", u->log);
	set_number(o, "line", u->line);
	set(o, "text", u->text);
	set(o, "reason", u->reason);
	return line(f, o);
}

static int write_all(const struct results *r, FILE *f, int flags, struct err *e)
{
	int bad = write_run(r, f);

	(void)flags;
	for (size_t i = 0; i < r->cell_count; i++) {
		const struct cell_result *c = &r->cells[i];

		bad |= line(f, cell_object(c));
		for (size_t j = 0; j < c->unit_count; j++)
			bad |= line(f, unit_object(c, &c->units[j]));
	}
	bad |= write_sources(r, f);
	for (size_t i = 0; i < r->finding_count; i++)
		write_finding(r->findings[i], f);
	for (size_t i = 0; i < r->unparsed_count; i++)
		bad |= write_unparsed(&r->unparsed[i], f);
	if (bad || fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write merged results:");
	return 0;
}

int results_write_merged(struct results *r, const char *dir, struct err *e)
{
	char *path = xasprintf("%s/%s", dir, MERGED_FILE);
	int rc = dir_make(dir, e);

	results_fold(r);
	if (!rc)
		rc = results_write_file(r, path, write_all, 0, e);
	free(path);
	return rc;
}
