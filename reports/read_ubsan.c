/* UndefinedBehaviorSanitizer: "FILE:L:C: runtime error: MESSAGE", and its minimal runtime. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/kinds.h"
#include "reports/reader.h"

struct state {
	struct scanner *s;
	struct report r;
	const char *file; /* of the open report's first line, in its arena */
	int line, column;
};

/*
 * Without a stack the place that the message names is all there is; with one, it is more exact than
 * the frame, which has no column from GCC, and that of a call's start from clang.
 */
static void close_report(struct state *st)
{
	struct finding *f = st->r.f;

	if (f && !f->stack_count && st->file) {
		struct frame frame = { .line = st->line, .column = st->column };
		frame.file = st->file;
		report_role(&st->r, ROLE_ACCESS);
		report_add_frame(&st->r, &frame);
	} else if (f && f->stack_count && f->stacks->frames.n) {
		struct frame *first = f->stacks->frames.v;
		if (first->line == st->line && st->column)
			first->column = st->column;
	}
	st->file = NULL;
	report_close(&st->r);
}

static void take_access(struct finding *f, const char *message)
{
	static const struct {
		const char *start, *op;
	} ops[] = {
		{ "load of ", "read" },
		{ "store to ", "write" },
	};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (text_after(message, ops[i].start) && strstr(message, "address"))
			f->access.op = ops[i].op;
	const char *at = strstr(message, "address 0x");
	if (at)
		f->access.address = hex_dup(f, at + strlen("address "));
}

/* "ubsan: add-overflow by 0x4f4b44" */
static int open_minimal(struct state *st, const struct line *line)
{
	const char *kind = text_after_any(line->s, "ubsan: ");
	const char *by = kind ? strstr(kind, " by 0x") : NULL;

	if (!by || strchr(kind, ' ') != by)
		return 0;
	char *word = xstrndup(kind, (size_t)(by - kind));
	close_report(st);
	report_open(&st->r, st->s, "ubsan", word, line, 0);
	report_message(&st->r, kind);
	free(word);
	close_report(st);
	return 1;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	const char *at = strstr(line->s, ": runtime error: ");

	if (!at)
		return strstr(line->s, "ubsan: ") ? open_minimal(st, line) : 0;
	const char *message = at + strlen(": runtime error: ");
	int number, column;
	char *file = xstrndup(line->s, (size_t)(at - line->s));
	frame_split_location(file, &number, &column);
	int unknown = text_after(file, "<unknown>") != NULL;
	if (!number && !unknown && !strstr(file, "+0x")) { /* another program's runtime error */
		free(file);
		return 0;
	}
	close_report(st);
	report_open(&st->r, st->s, "ubsan", ubsan_kind(message), line, 0);
	report_message(&st->r, message);
	take_access(st->r.f, message);
	st->line = number;
	st->column = column;
	st->file = unknown ? NULL : finding_strdup(st->r.f, file);
	free(file);
	return 1;
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;

	if (!st->r.f)
		return 0;
	if (report_frame(&st->r, line))
		return 1;
	if (text_after(line->s, "SUMMARY: UndefinedBehaviorSanitizer") ||
	        (text_after(line->s, "SUMMARY: ") && strstr(line->s, "undefined-behavior"))) {
		report_text(&st->r, line);
		close_report(st);
		return 1;
	}
	if (strstr(line->s, ": note: ") || (line->len && line->s[0] == ' ' && !st->r.expected)) {
		report_text(&st->r, line);
		return 1;
	}
	if (++st->r.foreign > 20)
		close_report(st);
	return 0;
}

static void finish(void *state)
{
	struct state *st = state;

	close_report(st);
	buf_release(&st->r.text);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		": runtime error: ",
		"ubsan: ",
		NULL,
	};

	return needles[i];
}

const struct reader ubsan_reader = { "ubsan", needle, make, opens, goes_on, finish };
