#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "reports/clean.h"
#include "reports/finding_text.h"
#include "reports/scan.h"

enum { PLACES_MAX = 20 };

const struct frame *finding_place_of(const struct finding *f)
{
	const struct frame *top = finding_top(f);

	return top ? top : f->python.n ? &f->python.v[0] : NULL;
}

char *finding_title(const struct finding *f)
{
	const struct frame *top = finding_place_of(f);
	char *title = top && top->function ? xasprintf("%s in %s", f->kind, top->function)
					   : xstrdup(f->kind);
	char *line = clean_line(title, 200);

	free(title);
	return line;
}

/* The last two parts of a path; borrowed. */
static const char *short_path(const char *path)
{
	const char *end = path + strlen(path);

	for (int slashes = 0; end > path; end--)
		if (end[-1] == '/' && ++slashes == 2)
			break;
	return end;
}

char *finding_where(const struct finding *f)
{
	const struct frame *top = finding_place_of(f);
	struct buf b = { 0 };

	if (top && !top->function && top->file && top->line) {
		buf_addf(&b, "%s:%d", short_path(top->file), top->line);
	} else if (top) {
		buf_addstr(&b, top->function ? top->function : "??");
		if (top->file && top->line)
			buf_addf(&b, " (%s:%d)", short_path(top->file), top->line);
		else if (top->file || top->module)
			buf_addf(&b, " (%s)", short_path(top->file ? top->file : top->module));
	}
	char *line = clean_line(b.data, 300);
	buf_release(&b);
	return line;
}

char *finding_line(const struct finding *f)
{
	char *where = finding_where(f);
	char *all = xasprintf("%s: %s%s%s%s%s", f->tool, f->kind, *where ? " in " : "", where,
			      f->message ? ": " : "", f->message ? f->message : "");
	char *line = clean_line(all, 1000);

	free(where);
	free(all);
	return line;
}

static void add_frames(struct buf *b, const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		const struct frame *f = &frames->v[i];

		buf_addf(b, "    #%zu %s", i, f->function ? f->function : "??");
		if (f->file)
			buf_addf(b, " %s:%d", f->file, f->line);
		else if (f->module)
			buf_addf(b, " (%s+%s)", f->module, f->offset ? f->offset : "?");
		buf_addch(b, '\n');
	}
}

static void add_place(struct buf *b, const struct occurrence *o)
{
	buf_addf(b, "  %s", o->log ? o->log : "?");
	if (o->line)
		buf_addf(b, ":%ld", o->line);
	if (o->pid)
		buf_addf(b, " pid %ld", o->pid);
	if (o->cell && o->unit)
		buf_addf(b, ", cell %s, unit %s", o->cell, o->unit);
	if (o->test)
		buf_addf(b, ", test %s", o->test);
	buf_addch(b, '\n');
}

char *finding_report(const struct finding *f, const struct occurrence *o)
{
	struct buf b = { 0 };
	size_t shown = 0;

	if (f->text && *f->text) { /* so that there is room for the rest */
		clean_text(&b, f->text, strlen(f->text), TEXT_MAX - 16384);
	} else {
		for (size_t i = 0; i < f->stack_count; i++) {
			buf_addf(&b, "  %s:\n", role_names[f->stacks[i].role]);
			add_frames(&b, &f->stacks[i].frames);
			if (f->stacks[i].python.n)
				buf_addstr(&b, "    in Python:\n");
			add_frames(&b, &f->stacks[i].python);
		}
	}
	if (f->python.n && !strstr(b.data ? b.data : "", "most recent call first") &&
	    !strstr(b.data ? b.data : "", "\nFile \"")) {
		buf_addstr(&b, "\n  Python:\n");
		add_frames(&b, &f->python);
	}
	buf_addf(&b, "\nseen %zu time%s, fingerprint %s:\n", f->count, f->count == 1 ? "" : "s",
		 f->fingerprint ? f->fingerprint : "?");
	if (o)
		add_place(&b, o);
	for (size_t i = 0; i < f->occurrence_count && shown < PLACES_MAX; i++)
		if (&f->occurrences[i] != o) {
			add_place(&b, &f->occurrences[i]);
			shown++;
		}
	if (f->occurrence_count > shown + 1)
		buf_addstr(&b, "  ... (all in findings.json)\n");
	return buf_detach(&b);
}
