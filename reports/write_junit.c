/*
 * JUnit XML in the dialect that Jenkins, GitLab and the GitHub actions all read: flat suites, one a
 * cell and one for its controls; every text cleaned, and escaped rather than in CDATA; evidence in
 * the failure's text, where no reader cuts it.
 *
 * Valid under xunit-plugin's junit-10.xsd but for `file` and `line` on test cases with a finding,
 * which GitLab and GitHub read; with JUNIT_STRICT under that and under windyroad's JUnit.xsd.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlwriter.h>
#include <xxhash.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/finding_text.h"
#include "reports/reports.h"

enum { NAME_MAX_BYTES = 500, REPEAT_MAX = 65536 };

struct writer {
	const struct results *r;
	xmlTextWriterPtr x;
	int strict, id;
	uint64_t *seen; /* hashes of classname and name; GitLab keeps the first of two equal ones */
	size_t seen_count, seen_size;
	char *shown; /* one byte a finding: its whole text has been written */
};

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

/* --- elements --- */

static void attribute(struct writer *w, const char *name, const char *value)
{
	char *line = clean_line(value, TEXT_MAX);

	xmlTextWriterWriteAttribute(w->x, BAD_CAST name, BAD_CAST line);
	free(line);
}

static void attribute_number(struct writer *w, const char *name, size_t value)
{
	xmlTextWriterWriteFormatAttribute(w->x, BAD_CAST name, "%zu", value);
}

static void attribute_seconds(struct writer *w, const char *name, double value)
{
	xmlTextWriterWriteFormatAttribute(w->x, BAD_CAST name, "%.3f", value);
}

static void begin(struct writer *w, const char *element)
{
	xmlTextWriterStartElement(w->x, BAD_CAST element);
}

static void end(struct writer *w)
{
	xmlTextWriterEndElement(w->x);
}

static void text(struct writer *w, const char *s, size_t max)
{
	struct buf b = { 0 };

	if (!s || !*s)
		return;
	clean_text(&b, s, strlen(s), max);
	if (b.len)
		xmlTextWriterWriteString(w->x, BAD_CAST b.data);
	buf_release(&b);
}

/* Nonzero if HASH is new; it is remembered. */
static int remember(struct writer *w, uint64_t hash)
{
	if (w->seen_count * 2 >= w->seen_size) {
		uint64_t *old = w->seen;
		size_t old_size = w->seen_size;

		w->seen_size = old_size ? old_size * 2 : 1024;
		w->seen = xcalloc(w->seen_size, sizeof *w->seen);
		w->seen_count = 0;
		for (size_t i = 0; i < old_size; i++)
			if (old[i])
				remember(w, old[i]);
		free(old);
	}
	hash += !hash; /* 0 is a free slot */
	size_t i = hash & (w->seen_size - 1);
	while (w->seen[i] && w->seen[i] != hash)
		i = (i + 1) & (w->seen_size - 1);
	if (w->seen[i])
		return 0;
	w->seen[i] = hash;
	w->seen_count++;
	return 1;
}

/* NAME, with a number behind it if a case before had the same class and name. Owned. */
static char *unique_name(struct writer *w, const char *class, const char *name)
{
	char *line = clean_line(name, NAME_MAX_BYTES), *unique = xstrdup(line);

	for (int n = 2;; n++) {
		uint64_t seed = XXH3_64bits(class, strlen(class));

		if (remember(w, XXH3_64bits_withSeed(unique, strlen(unique), seed)))
			break;
		free(unique);
		unique = xasprintf("%s [%d]", line, n);
	}
	free(line);
	return unique;
}

static void begin_case(struct writer *w, const char *label, const char *class, const char *name,
		       double seconds)
{
	char *full = class ? xasprintf("%s.%s", label, class) : xstrdup(label);
	char *line = clean_line(full, NAME_MAX_BYTES), *unique = unique_name(w, line, name);

	begin(w, "testcase");
	attribute(w, "classname", line);
	attribute(w, "name", unique);
	attribute_seconds(w, "time", seconds);
	free(full);
	free(line);
	free(unique);
}

static void skipped(struct writer *w, const char *message)
{
	begin(w, "skipped");
	attribute(w, "message", message ? message : "skipped");
	end(w);
}

static void attachment(struct writer *w, const char *path)
{
	if (w->strict || !path || !strcmp(path, "-"))
		return;
	begin(w, "system-out");
	xmlTextWriterWriteString(w->x, BAD_CAST "\n[[ATTACHMENT|");
	char *line = clean_line(path, 4096);
	xmlTextWriterWriteString(w->x, BAD_CAST line);
	xmlTextWriterWriteString(w->x, BAD_CAST "]]\n");
	free(line);
	end(w);
}

/* --- findings --- */

/* The whole report where it is told first; where it is told again, a long one is cut. */
static void finding_element(struct writer *w, const struct test_case *t)
{
	const struct finding *f = t->finding;
	char *message = finding_line(f), *report = finding_report(f, t->occurrence);
	size_t max = TEXT_MAX, i = 0;

	while (i < w->r->finding_count && w->r->findings[i] != f)
		i++;
	if (i < w->r->finding_count) {
		if (w->shown[i])
			max = REPEAT_MAX;
		w->shown[i] = 1;
	}
	begin(w, t->outcome == OUTCOME_ERROR ? "error" : "failure");
	attribute(w, "type", f->kind);
	attribute(w, "message", message);
	text(w, report, max);
	end(w);
	free(message);
	free(report);
}

static void file_attributes(struct writer *w, const struct test_case *t)
{
	const struct frame *top = t->finding ? finding_place_of(t->finding) : NULL;

	if (w->strict || !top || !top->file)
		return;
	attribute(w, "file", top->file);
	if (top->line > 0)
		attribute_number(w, "line", (size_t)top->line);
}

static void write_case(struct writer *w, const struct cell_result *c, const struct unit_result *u,
		       const struct test_case *t)
{
	int bad = t->outcome >= OUTCOME_FAILED;

	begin_case(w, c->label, t->classname, t->name, t->seconds);
	file_attributes(w, t);
	if (t->finding && bad) {
		finding_element(w, t);
	} else if (bad) {
		begin(w, t->outcome == OUTCOME_ERROR ? "error" : "failure");
		attribute(w, "type", t->outcome == OUTCOME_ERROR ? "error" : "failed");
		attribute(w, "message", t->message ? t->message : "failed");
		text(w, t->text, TEXT_MAX);
		end(w);
	} else if (t->outcome == OUTCOME_SKIPPED) {
		skipped(w, t->message);
	}
	if (bad)
		attachment(w, t->occurrence ? t->occurrence->log : u ? u->log : c->log);
	end(w);
}

/* --- suites --- */

/* The first 19 bytes of STARTED if they are a time as the schemas want it. */
static void timestamp(struct writer *w, const char *started)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
	char value[sizeof pattern] = "1970-01-01T00:00:00";
	size_t i = 0;

	for (; started && pattern[i]; i++)
		if (pattern[i] == 'd' ? !isdigit((unsigned char)started[i])
				      : started[i] != pattern[i])
			break;
	if (started && !pattern[i])
		memcpy(value, started, sizeof pattern - 1);
	attribute(w, "timestamp", value);
}

static void property(struct writer *w, const char *name, const char *value)
{
	if (!value || !name || !*name)
		return;
	begin(w, "property");
	attribute(w, "name", name);
	attribute(w, "value", value);
	end(w);
}

static void begin_suite(struct writer *w, const char *name, const struct cell_result *c,
			const struct counts *n)
{
	const struct results *r = w->r;

	begin(w, "testsuite");
	attribute(w, "name", *name ? name : "unit");
	attribute_number(w, "tests", n->tests);
	attribute_number(w, "failures", n->failures);
	attribute_number(w, "errors", n->errors);
	attribute_number(w, "skipped", n->skipped);
	attribute_seconds(w, "time", n->seconds);
	timestamp(w, r->started);
	attribute(w, "hostname", r->hostname && *r->hostname ? r->hostname : "localhost");
	if (w->strict) {
		attribute(w, "package", "sanmatrix");
		attribute_number(w, "id", (size_t)w->id++);
	}
	begin(w, "properties");
	property(w, "runtime", c->runtime);
	property(w, "version", c->raw ? NULL : r->version);
	property(w, "suite", c->raw ? NULL : r->suite);
	property(w, "hashseed", c->raw ? NULL : r->hashseed);
	property(w, "state", c->raw ? NULL : c->state);
	for (size_t i = 0; i < c->property_count; i++)
		property(w, c->properties[i].name, c->properties[i].value);
	end(w);
}

static void end_suite(struct writer *w)
{
	begin(w, "system-out");
	end(w);
	begin(w, "system-err");
	end(w);
	end(w);
}

static void control_case(struct writer *w, const char *suite, const struct control_result *k)
{
	const char *found = k->found && *k->found ? k->found : "nothing";
	char *message = NULL;

	begin_case(w, suite, NULL, k->name, k->seconds);
	if (!k->category) {
		message = xasprintf("this cell does not claim to see it; found: %s", found);
		skipped(w, message);
	} else if (!k->seen) {
		message = xasprintf("missed: expected %s %s (%s); found: %s",
				    k->tool ? k->tool : "any", k->kind ? k->kind : "report",
				    k->category, found);
		begin(w, "failure");
		attribute(w, "type", "missed");
		attribute(w, "message", message);
		text(w, k->summary, TEXT_MAX);
		end(w);
	}
	free(message);
	end(w);
}

static void write_controls(struct writer *w, const struct cell_result *c)
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

static void write_cell(struct writer *w, const struct cell_result *c)
{
	struct counts n = { 0 };

	count_cell(&n, c);
	begin_suite(w, c->label, c, &n);
	for (size_t i = 0; i < c->case_count; i++)
		write_case(w, c, NULL, &c->cases[i]);
	for (size_t i = 0; i < c->unit_count; i++)
		for (size_t j = 0; j < c->units[i].case_count; j++)
			write_case(w, c, &c->units[i], &c->units[i].cases[j]);
	end_suite(w);
	if (c->control_count)
		write_controls(w, c);
}

static void write_root(struct writer *w)
{
	const struct results *r = w->r;
	struct counts n = { 0 };

	for (size_t i = 0; i < r->cell_count; i++) {
		count_cell(&n, &r->cells[i]);
		count_controls(&n, &r->cells[i]);
	}
	begin(w, "testsuites");
	if (!w->strict) {
		attribute(w, "name", "sanmatrix");
		attribute_number(w, "tests", n.tests);
		attribute_number(w, "failures", n.failures);
		attribute_number(w, "errors", n.errors);
		attribute_seconds(w, "time", n.seconds);
	}
	for (size_t i = 0; i < r->cell_count; i++)
		write_cell(w, &r->cells[i]);
	end(w);
}

static int to_file(void *context, const char *data, int len)
{
	return fwrite(data, 1, (size_t)len, context) == (size_t)len ? len : -1;
}

int write_junit(const struct results *r, FILE *f, int flags, struct err *e)
{
	struct writer w = { .r = r, .strict = flags & JUNIT_STRICT };
	xmlOutputBufferPtr out = xmlOutputBufferCreateIO(to_file, NULL, f, NULL);

	w.x = out ? xmlNewTextWriter(out) : NULL;
	if (!w.x)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write XML: out of memory");
	w.shown = xcalloc(r->finding_count + 1, 1);
	xmlTextWriterSetIndent(w.x, 1);
	xmlTextWriterStartDocument(w.x, NULL, "UTF-8", NULL);
	write_root(&w);
	int bad = xmlTextWriterEndDocument(w.x) < 0;
	xmlFreeTextWriter(w.x);
	free(w.seen);
	free(w.shown);
	if (bad || fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write XML:");
	return 0;
}
