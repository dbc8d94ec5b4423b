#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding_text.h"
#include "reports/guide.h"
#include "reports/write_junit.h"

enum { REPEAT_MAX = 65536, PATH_MAX_BYTES = 4096 };

static void attachment(struct junit *w, const char *path)
{
	if (w->strict || !path || !strcmp(path, "-"))
		return;
	junit_begin(w, "system-out");
	xmlTextWriterWriteString(w->x, BAD_CAST "\n[[ATTACHMENT|");
	char *line = clean_line(path, PATH_MAX_BYTES);
	xmlTextWriterWriteString(w->x, BAD_CAST line);
	xmlTextWriterWriteString(w->x, BAD_CAST "]]\n");
	free(line);
	junit_end(w);
}

/* The whole report where it is told first; where it is told again, a long one is cut. */
static void report_text(struct junit *w, const struct finding *f, const struct occurrence *o)
{
	int first = hashes_add(&w->told, (uint64_t)(uintptr_t)f);
	char *report = finding_report(f, o);

	junit_text(w, report, first ? TEXT_MAX : REPEAT_MAX);
	free(report);
}

/* The last line: how to see it again. */
static void rerun_text(struct junit *w, const struct cell_result *c, const struct unit_result *u)
{
	struct rerun again;

	if (!u || rerun_unit(&again, w->r, c, u->unit, NULL) < 0)
		return;
	if (again.unit) {
		xmlTextWriterWriteString(w->x, BAD_CAST "\nagain: ");
		junit_text(w, again.unit, PATH_MAX_BYTES);
		xmlTextWriterWriteString(w->x, BAD_CAST "\n");
	}
	rerun_release(&again);
}

static void failure(struct junit *w, const struct cell_result *c, const struct unit_result *u,
		    const struct test_case *t)
{
	int error = t->outcome == OUTCOME_ERROR;
	const char *element = error ? "error" : "failure";

	if (t->finding) {
		char *message = finding_line(t->finding);

		junit_begin_bad(w, element, t->finding->kind, message);
		report_text(w, t->finding, t->occurrence);
		rerun_text(w, c, u);
		free(message);
	} else {
		junit_begin_bad(w, element, error ? "error" : "failed", t->message);
		junit_text(w, t->text, TEXT_MAX);
	}
	junit_end(w);
}

/*
 * What failed in an earlier attempt: a flaky failure of a case that passed, or was skipped, in the
 * last one; otherwise a further failure. windyroad's schema has no such element.
 */
static void attempt(struct junit *w, const struct test_case *t, const struct failed_attempt *a)
{
	int error = a->outcome == OUTCOME_ERROR, flaky = t->outcome < OUTCOME_FAILED;
	char *line = a->finding ? finding_line(a->finding) : xstrdup(a->message);
	char *message = xasprintf("attempt %d: %s", a->attempt, line ? line : "failed");

	junit_begin_bad(w, flaky ? error ? "flakyError" : "flakyFailure"
				 : error ? "rerunError" : "rerunFailure",
			a->finding ? a->finding->kind : error ? "error" : "failed", message);
	junit_begin(w, "stackTrace");
	if (a->finding)
		report_text(w, a->finding, a->occurrence);
	else
		junit_text(w, a->text, TEXT_MAX);
	junit_end(w);
	junit_end(w);
	free(line);
	free(message);
}

static void file_attributes(struct junit *w, const struct test_case *t)
{
	const struct frame *top = t->finding ? finding_place_of(t->finding) : NULL;

	if (w->strict || !top || !top->file)
		return;
	junit_attribute(w, "file", top->file);
	if (top->line > 0)
		junit_number(w, "line", (size_t)top->line);
}

void junit_case(struct junit *w, const struct cell_result *c, const struct unit_result *u,
		const struct test_case *t)
{
	int bad = t->outcome >= OUTCOME_FAILED;

	junit_begin_case(w, c->label, t->classname, t->name, t->seconds);
	file_attributes(w, t);
	if (bad)
		failure(w, c, u, t);
	else if (t->outcome == OUTCOME_SKIPPED)
		junit_skipped(w, t->message);
	for (const struct failed_attempt *a = t->attempts; a && !w->strict; a = a->next)
		attempt(w, t, a);
	if (bad || t->attempts)
		attachment(w, t->occurrence ? t->occurrence->log : u ? u->log : c->log);
	junit_end(w);
}
