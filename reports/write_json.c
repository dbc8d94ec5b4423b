/*
 * findings.json: sanmatrix-findings/1, one finding a line. After what the schema names come the
 * totals, the cells with their test counts, and the controls.
 */
#include <string.h>

#include <jansson.h>

#include "reports/clean.h"
#include "reports/json_text.h"
#include "reports/reports.h"
#include "reports/write_json.h"

static json_t *text(const char *s)
{
	return json_cleaned(s, TEXT_MAX);
}

/* null for 0, which stands for unknown */
static json_t *number(long n)
{
	return n ? json_integer(n) : json_null();
}

static json_t *size(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *unparsed_object(const struct unparsed *u)
{
	json_t *o = json_object();

	json_object_set_new(o, "log", text(u->log));
	json_object_set_new(o, "line", number(u->line));
	json_object_set_new(o, "text", text(u->text));
	json_object_set_new(o, "reason", text(u->reason));
	return o;
}

/* Its findings by their fingerprints, and the tools and cells that saw it. */
static json_t *defect_object(const struct defect *d)
{
	json_t *o = json_object(), *fingerprints = json_array(), *tools = json_array();
	json_t *cells = json_array();
	struct strv seen = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < d->finding_count; i++) {
		json_array_append_new(fingerprints, text(d->findings[i]->fingerprint));
		count += d->findings[i]->count;
	}
	defect_tools(d, &seen);
	for (size_t i = 0; i < seen.n; i++)
		json_array_append_new(tools, text(seen.v[i]));
	strv_release(&seen);
	defect_cells(d, &seen);
	for (size_t i = 0; i < seen.n; i++)
		json_array_append_new(cells, text(seen.v[i]));
	strv_release(&seen);
	json_object_set_new(o, "defect", text(d->key));
	json_object_set_new(o, "category", text(d->category));
	json_object_set_new(o, "findings", fingerprints);
	json_object_set_new(o, "tools", tools);
	json_object_set_new(o, "cells", cells);
	json_object_set_new(o, "count", size(count));
	return o;
}

static json_t *fixed_object(const struct fixed *x)
{
	json_t *o = json_object();

	json_object_set_new(o, "fingerprint", text(x->fingerprint));
	json_object_set_new(o, "title", text(x->title));
	json_object_set_new(o, "reason", text(x->reason));
	json_object_set_new(o, "file", text(x->file));
	json_object_set_new(o, "line", number(x->line));
	return o;
}

static json_t *control_object(const struct control_result *k)
{
	json_t *o = json_object(), *expected = json_null();

	if (k->category) {
		expected = json_object();
		json_object_set_new(expected, "tool", text(k->tool));
		json_object_set_new(expected, "kind", text(k->kind));
		json_object_set_new(expected, "category", text(k->category));
	}
	json_object_set_new(o, "name", text(k->name));
	json_object_set_new(o, "expected", expected);
	json_object_set_new(o, "seen", json_boolean(k->seen));
	json_object_set_new(o, "found", text(k->found));
	return o;
}

static json_t *tests_object(const struct cell_result *c)
{
	json_int_t n[OUTCOME_ERROR + 1] = { 0 };
	json_t *o = json_object();

	for (size_t i = 0; i < c->case_count; i++)
		n[c->cases[i].outcome]++;
	for (size_t i = 0; i < c->unit_count; i++)
		for (size_t j = 0; j < c->units[i].case_count; j++)
			n[c->units[i].cases[j].outcome]++;
	json_object_set_new(o, "passed", json_integer(n[OUTCOME_PASSED]));
	json_object_set_new(o, "skipped", json_integer(n[OUTCOME_SKIPPED]));
	json_object_set_new(o, "failed", json_integer(n[OUTCOME_FAILED]));
	json_object_set_new(o, "errors", json_integer(n[OUTCOME_ERROR]));
	return o;
}

static int broken(const struct test_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cases[i].outcome >= OUTCOME_FAILED && !cases[i].finding)
			return 1;
	return 0;
}

/* Names and reasons of what is wrong without a finding: missing units, failed tests. */
static json_t *failed_list(const struct cell_result *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->unit_count; i++) {
		const struct unit_result *u = &c->units[i];

		for (size_t j = 0; broken(u->cases, u->case_count) && j < u->case_count; j++) {
			const struct test_case *t = &u->cases[j];
			json_t *o;

			if (t->outcome < OUTCOME_FAILED || t->finding)
				continue;
			o = json_object();
			json_object_set_new(o, "unit", text(u->unit));
			json_object_set_new(o, "classname", text(t->classname));
			json_object_set_new(o, "name", text(t->name));
			json_object_set_new(o, "message", text(t->message));
			json_array_append_new(list, o);
		}
	}
	return list;
}

static json_t *cell_object(const struct cell_result *c)
{
	json_t *o = json_object(), *controls = json_array(), *errors = json_array();

	for (size_t i = 0; i < c->control_count; i++)
		json_array_append_new(controls, control_object(&c->controls[i]));
	for (size_t i = 0; i < c->case_count; i++)
		if (c->cases[i].outcome == OUTCOME_ERROR)
			json_array_append_new(errors, text(c->cases[i].message));
	json_object_set_new(o, "cell", text(c->cell));
	json_object_set_new(o, "runtime", text(c->runtime));
	json_object_set_new(o, "state", text(c->state));
	json_object_set_new(o, "reason", text(c->reason));
	json_object_set_new(o, "errors", errors);
	json_object_set_new(o, "tests", tests_object(c));
	json_object_set_new(o, "failed", failed_list(c));
	json_object_set_new(o, "controls", controls);
	return o;
}

static json_t *totals_object(const struct totals *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "tests", size(t->tests));
	json_object_set_new(o, "passed", size(t->passed));
	json_object_set_new(o, "skipped", size(t->skipped));
	json_object_set_new(o, "failed", size(t->failed));
	json_object_set_new(o, "errors", size(t->errors));
	json_object_set_new(o, "findings", size(t->findings));
	json_object_set_new(o, "warnings", size(t->warnings));
	json_object_set_new(o, "new", size(t->fresh));
	json_object_set_new(o, "known", size(t->known));
	json_object_set_new(o, "flaky", size(t->flaky));
	json_object_set_new(o, "fixed", size(t->fixed));
	json_object_set_new(o, "expired", size(t->expired));
	json_object_set_new(o, "missing", size(t->missing));
	json_object_set_new(o, "blind", size(t->blind));
	json_object_set_new(o, "broken", size(t->broken));
	return o;
}

static void findings(FILE *f, const struct results *r)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < r->finding_count; i++) {
		buf_addstr(&b, i ? ",\n  " : "\n  ");
		json_finding(&b, r->findings[i]);
		fwrite(b.data, 1, b.len, f);
		buf_reset(&b);
	}
	buf_release(&b);
}

int write_json(const struct results *r, FILE *f, int flags, struct err *e)
{
	int bad = 0;

	(void)flags;
	fputs("{\"schema\": \"sanmatrix-findings/1\",\n \"findings\": [", f);
	findings(f, r);
	fputs("],\n \"defects\": [", f);
	for (size_t i = 0; i < r->defect_count; i++)
		bad |= json_element(f, i, defect_object(&r->defects[i]));
	fputs("],\n \"fixed\": [", f);
	for (size_t i = 0; i < r->fixed_count; i++)
		bad |= json_element(f, i, fixed_object(&r->fixed[i]));
	fputs("],\n \"unparsed\": [", f);
	for (size_t i = 0; i < r->unparsed_count; i++)
		bad |= json_element(f, i, unparsed_object(&r->unparsed[i]));
	fputs("],\n \"totals\":", f);
	bad |= json_element(f, 0, totals_object(&r->totals));
	fputs(",\n \"cells\": [", f);
	for (size_t i = 0, n = 0; i < r->cell_count; i++)
		if (!r->cells[i].raw)
			bad |= json_element(f, n++, cell_object(&r->cells[i]));
	fputs("]}\n", f);
	if (bad || fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write JSON:");
	return 0;
}
