/* UndefinedBehaviorSanitizer: "FILE:L:C: runtime error: MESSAGE", and its minimal runtime. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/kinds.h"
#include "reports/sanitizer.h"

/*
 * Without a stack the place that the message names is all there is; with one, it is more exact than
 * the frame, which has no column from GCC, and that of a call's start from clang.
 */
static void close_report(struct open *o)
{
	struct finding *f = o->r.f;

	if (!f->stack_count && o->file) {
		struct frame frame = { .file = o->file, .line = o->line, .column = o->column };
		report_role(&o->r, ROLE_ACCESS);
		report_add_frame(&o->r, &frame);
	} else if (f->stack_count && f->stacks->frames.n) {
		struct frame *first = f->stacks->frames.v;
		if (first->line == o->line && o->column)
			first->column = o->column;
	}
}

/* "SUMMARY: UndefinedBehaviorSanitizer: KIND a.c:3:5": the runtime's own word, where it has one. */
static void take_summary(struct open *o, const struct line *line)
{
	const char *said = text_after_any(line->s, "anitizer: ");
	size_t len = said ? strcspn(said, " ") : 0;

	report_text(&o->r, line);
	if (len && !text_after(said, "undefined-behavior")) {
		char *kind = xstrndup(said, len);
		report_set_kind(&o->r, kind);
		free(kind);
	}
	open_close(o);
}

static int body(struct open *o, const struct line *line)
{
	if (text_after(line->s, "SUMMARY: ")) {
		take_summary(o, line);
		return 1;
	}
	if (!line->len && o->r.expected) {
		report_text(&o->r, line);
		return 1;
	}
	/* the excerpt of the memory around an address, and notes on it */
	if (strstr(line->s, ": note: ") || (line->len && line->s[0] == ' ' && !o->r.expected)) {
		report_text(&o->r, line);
		return 1;
	}
	return 0;
}

static int needs_end(const struct open *o)
{
	(void)o;
	return 0;
}

static const struct grammar grammar = { body, close_report, needs_end, 100 };

static void take_access(struct finding *f, const char *message)
{
	static const struct {
		const char *start, *op;
	} ops[] = {
		{ "load of ", "read" },
		{ "store to ", "write" },
	};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (text_after(message, ops[i].start) &&
		        (strstr(message, "address") || strstr(message, "null pointer")))
			f->access.op = ops[i].op;
	const char *at = strstr(message, "address 0x");
	if (at)
		f->access.address = hex_dup(f, at + strlen("address "));
}

/* "ubsan: add-overflow by 0x4f4b44[ address 0x10]" of the minimal runtime */
static int begin_minimal(struct opens *all, const struct line *line)
{
	const char *kind = text_after_any(line->s, "ubsan: ");
	const char *by = kind ? strstr(kind, " by 0x") : NULL;

	if (!by || by == kind || strchr(kind, ' ') != by)
		return 0;
	char *word = xstrndup(kind, (size_t)(by - kind));
	struct open *o = open_begin(all, &grammar, "ubsan", word, line, 0, 0);
	free(word);
	report_message(&o->r, kind);
	const char *at = text_after_any(by, " address ");
	if (at)
		o->r.f->access.address = hex_dup(o->r.f, at);
	open_close(o);
	return 1;
}

/* Where the file's name begins in S, if other output is before it. */
static const char *skip_other(const char *s)
{
	const char *slash = strstr(s, " /"), *bracket = s[0] == '[' ? strstr(s, "] ") : NULL;

	if (slash)
		return slash + 1;
	return bracket ? bracket + 2 : s;
}

int ubsan_begins(struct opens *all, const struct line *line)
{
	const char *at = strstr(line->s, ": runtime error: ");

	if (!at)
		return strstr(line->s, "ubsan: ") ? begin_minimal(all, line) : 0;
	const char *message = at + strlen(": runtime error: ");
	const char *from = skip_other(line->s);
	if (from >= at)
		from = line->s;
	int number, column;
	char *file = xstrndup(from, (size_t)(at - from));
	frame_split_location(file, &number, &column);
	int unknown = strstr(file, "<unknown>") != NULL;
	if (!number && !unknown && !strstr(file, "+0x")) { /* another program's runtime error */
		free(file);
		return 0;
	}
	struct open *o = open_begin(
	        all, &grammar, "ubsan", ubsan_kind(message), line, (size_t)(from - line->s), 0);
	report_message(&o->r, message);
	take_access(o->r.f, message);
	o->line = number;
	o->column = column;
	o->file = unknown ? NULL : finding_strdup(o->r.f, file);
	free(file);
	return 1;
}
