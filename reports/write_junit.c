/*
 * JUnit XML in the dialect that Jenkins, GitLab and the GitHub actions all read: flat suites, one a
 * cell and one for its controls; every text cleaned, and escaped rather than in CDATA; evidence in
 * the failure's text, where no reader cuts it.
 *
 * Valid under xunit-plugin's junit-10.xsd but for `file` and `line` on test cases with a finding,
 * which GitLab and GitHub read; with JUNIT_STRICT under that and under windyroad's JUnit.xsd.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "reports/write_junit.h"

enum { PROPERTY_MAX = 200, HOST_MAX = 200 };

struct counts {
	size_t tests, failures, errors, skipped;
	double seconds;
};

static void count(struct counts *n, const struct test_case *cases, size_t case_count)
{
	for (size_t i = 0; i < case_count; i++) {
		n->tests++;
		n->failures += cases[i].outcome == OUTCOME_FAILED;
		n->errors += cases[i].outcome == OUTCOME_ERROR;
		n->skipped += cases[i].outcome == OUTCOME_SKIPPED;
	}
}

static void count_cell(struct counts *n, const struct cell_result *c)
{
	count(n, c->cases, c->case_count);
	for (size_t i = 0; i < c->unit_count; i++) {
		count(n, c->units[i].cases, c->units[i].case_count);
		n->seconds += c->units[i].seconds;
	}
}

static void count_controls(struct counts *n, const struct cell_result *c)
{
	for (size_t i = 0; i < c->control_count; i++) {
		n->tests++;
		n->skipped += !c->controls[i].category;
		n->failures += c->controls[i].category && !c->controls[i].seen;
		n->seconds += c->controls[i].seconds;
	}
}

static void property(struct junit *w, const char *name, const char *value)
{
	char *line = clean_line(name, PROPERTY_MAX);

	if (value && *line) {
		junit_begin(w, "property");
		junit_attribute(w, "name", line);
		junit_attribute(w, "value", value);
		junit_end(w);
	}
	free(line);
}

static void begin_suite(struct junit *w, const char *name, const struct cell_result *c,
			const struct counts *n)
{
	const struct results *r = w->r;
	char *host = clean_line(r->hostname, HOST_MAX);

	junit_begin(w, "testsuite");
	junit_attribute(w, "name", *name ? name : "unit");
	junit_number(w, "tests", n->tests);
	junit_number(w, "failures", n->failures);
	junit_number(w, "errors", n->errors);
	junit_number(w, "skipped", n->skipped);
	junit_seconds(w, "time", n->seconds);
	junit_attribute(w, "timestamp",
			clock_is_time(r->started) ? r->started : "1970-01-01T00:00:00");
	junit_attribute(w, "hostname", *host ? host : "localhost");
	if (w->strict) {
		junit_attribute(w, "package", "sanmatrix");
		junit_number(w, "id", (size_t)w->id++);
	}
	junit_begin(w, "properties");
	property(w, "runtime", c->runtime);
	property(w, "version", c->raw ? NULL : r->version);
	property(w, "cell", c->raw ? NULL : c->cell);
	property(w, "suite", c->raw ? NULL : r->suite);
	property(w, "seed", c->raw ? NULL : r->hashseed);
	property(w, "hostname", c->raw ? NULL : r->hostname);
	property(w, "state", c->raw ? NULL : c->state);
	for (size_t i = 0; i < c->property_count; i++)
		property(w, c->properties[i].name, c->properties[i].value);
	junit_end(w);
	free(host);
}

static void end_suite(struct junit *w)
{
	junit_begin(w, "system-out");
	junit_end(w);
	junit_begin(w, "system-err");
	junit_end(w);
	junit_end(w);
}

static void control_case(struct junit *w, const char *suite, const struct control_result *k)
{
	const char *found = k->found && *k->found ? k->found : "nothing";
	char *message = NULL;

	junit_begin_case(w, suite, NULL, k->name, k->seconds);
	if (!k->category) {
		message = xasprintf("this cell does not claim to see it; found: %s", found);
		junit_skipped(w, message);
	} else if (!k->seen) {
		message = xasprintf("missed: expected %s %s (%s); found: %s",
				    k->tool ? k->tool : "any", k->kind ? k->kind : "report",
				    k->category, found);
		junit_begin(w, "failure");
		junit_attribute(w, "type", "missed");
		junit_attribute(w, "message", message);
		junit_text(w, k->summary, TEXT_MAX);
		junit_end(w);
	}
	free(message);
	junit_end(w);
}

static void write_controls(struct junit *w, const struct cell_result *c)
{
	char *suite = xasprintf("%s.controls", c->label);
	struct counts n = { 0 };

	count_controls(&n, c);
	begin_suite(w, suite, c, &n);
	for (size_t i = 0; i < c->control_count; i++)
		control_case(w, suite, &c->controls[i]);
	end_suite(w);
	free(suite);
}

static void write_cell(struct junit *w, const struct cell_result *c)
{
	struct counts n = { 0 };

	count_cell(&n, c);
	begin_suite(w, c->label, c, &n);
	for (size_t i = 0; i < c->case_count; i++)
		junit_case(w, c, NULL, &c->cases[i]);
	for (size_t i = 0; i < c->unit_count; i++)
		for (size_t j = 0; j < c->units[i].case_count; j++)
			junit_case(w, c, &c->units[i], &c->units[i].cases[j]);
	end_suite(w);
	if (c->control_count)
		write_controls(w, c);
}

static void write_root(struct junit *w)
{
	const struct results *r = w->r;
	struct counts n = { 0 };

	for (size_t i = 0; i < r->cell_count; i++) {
		count_cell(&n, &r->cells[i]);
		count_controls(&n, &r->cells[i]);
	}
	junit_begin(w, "testsuites");
	if (!w->strict) {
		junit_attribute(w, "name", "sanmatrix");
		junit_number(w, "tests", n.tests);
		junit_number(w, "failures", n.failures);
		junit_number(w, "errors", n.errors);
		junit_seconds(w, "time", n.seconds);
	}
	for (size_t i = 0; i < r->cell_count; i++)
		write_cell(w, &r->cells[i]);
	junit_end(w);
}

static int to_file(void *context, const char *data, int len)
{
	return fwrite(data, 1, (size_t)len, context) == (size_t)len ? len : -1;
}

int write_junit(const struct results *r, FILE *f, int flags, struct err *e)
{
	struct junit w = { .r = r, .strict = flags & JUNIT_STRICT };
	xmlOutputBufferPtr out = xmlOutputBufferCreateIO(to_file, NULL, f, NULL);

	w.x = out ? xmlNewTextWriter(out) : NULL;
	if (!w.x)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write XML: out of memory");
	xmlTextWriterSetIndent(w.x, 1);
	xmlTextWriterStartDocument(w.x, NULL, "UTF-8", NULL);
	write_root(&w);
	int bad = xmlTextWriterEndDocument(w.x) < 0;
	xmlFreeTextWriter(w.x);
	free(w.names.v);
	free(w.told.v);
	if (bad || fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write XML:");
	return 0;
}
