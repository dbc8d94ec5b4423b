/* Findings as text, for golden files and for comparing logs with what is expected of them. */
#ifndef SM_REPORTS_TESTS_DUMP_H
#define SM_REPORTS_TESTS_DUMP_H

#include <stdlib.h>

#include "common/buf.h"
#include "reports/scan.h"

static inline void dump_text(struct buf *out, const char *s)
{
	for (; s && *s; s++)
		buf_addch(out, *s == '\t' || *s == '\n' ? ' ' : *s);
}

static inline void dump_frames(struct buf *out, const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		dump_text(out, frames->v[i].function ? frames->v[i].function : "?");
		buf_addch(out, ';');
	}
}

/*
 * One line, tab-separated: line, pid, tool, kind, category, access, address, top frame, frames of
 * the first stack, place of the top frame, roles (with the number of frames, and that of Python's),
 * Python frames, count, fingerprint, message.
 */
static inline void dump_finding(struct buf *out, const struct finding *f)
{
	const struct frame *top = finding_top(f);

	buf_addf(out, "%ld\t%ld\t%s\t", f->occurrences->line, f->occurrences->pid, f->tool);
	dump_text(out, f->kind);
	buf_addf(out, "\t%s\t%s %zu\t%s\t", f->category, f->access.op ? f->access.op : "-",
	        f->access.size, f->access.address ? f->access.address : "-");
	dump_text(out, top && top->function ? top->function : "-");
	buf_addch(out, '\t');
	if (f->stack_count)
		dump_frames(out, &f->stacks[0].frames);
	buf_addch(out, '\t');
	if (top && top->file)
		buf_addf(
		        out, top->column ? "%s:%d:%d" : "%s:%d", top->file, top->line, top->column);
	buf_addch(out, '\t');
	for (size_t i = 0; i < f->stack_count; i++) {
		buf_addf(out, "%s:%zu", role_names[f->stacks[i].role], f->stacks[i].frames.n);
		if (f->stacks[i].python.n)
			buf_addf(out, "+%zu", f->stacks[i].python.n);
		buf_addch(out, ';');
	}
	buf_addch(out, '\t');
	dump_frames(out, &f->python);
	buf_addf(out, "\t%zu\t%s\t", f->count, f->fingerprint);
	dump_text(out, f->message);
	buf_addch(out, '\n');
}

static inline void dump_on_finding(void *context, struct finding *f)
{
	dump_finding(context, f);
	finding_free(f);
}

static inline void dump_on_unparsed(void *context, struct unparsed *u)
{
	buf_addf(context, "%ld\tunparsed\t%s\n", u->line, u->reason);
	unparsed_free(u);
}

/*
 * Scans DATA, in pieces of PIECE bytes (0: at once; -1: of random sizes), and hands what was found
 * and OUT to ON_FINDING.
 */
static inline void dump_scan_with(struct buf *out, const char *data, size_t len, long piece,
        void (*on_finding)(void *context, struct finding *f))
{
	struct sink sink = { on_finding, dump_on_unparsed, out };
	struct scanner *s = scanner_new("log", &sink);

	for (size_t at = 0; at < len;) {
		size_t step = piece > 0 ? (size_t)piece : len;
		if (piece < 0)
			step = (size_t)(random() % 200);
		if (step > len - at)
			step = len - at;
		scanner_feed(s, data + at, step);
		at += step;
	}
	scanner_finish(s);
}

/* The same, and appends a line for each to OUT. */
static inline void dump_scan(struct buf *out, const char *data, size_t len, long piece)
{
	dump_scan_with(out, data, len, piece, dump_on_finding);
}

#endif
