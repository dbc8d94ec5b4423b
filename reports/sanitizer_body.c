/*
 * What follows the first line in the reports of AddressSanitizer, LeakSanitizer and
 * MemorySanitizer, and in those of all runtimes on signals and the allocator's errors.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/sanitizer.h"

static const struct {
	const char *text;
	int role;
	const char *tool; /* which alone says so, or NULL */
} headings[] = {
	{ "freed by thread", ROLE_FREE, "asan" },
	{ "previously allocated ", ROLE_ALLOC, "asan" },
	{ "allocated by thread", ROLE_ALLOC, "asan" },
	{ "These globals were registered at these points", ROLE_ALLOC, "asan" },
	{ "registered at:", ROLE_ALLOC, "asan" },
	{ "[1]:", ROLE_ALLOC, "asan" },
	{ "[2]:", ROLE_ALLOC, "asan" },
	{ "Uninitialized value was created", ROLE_ORIGIN, "msan" },
	{ "Uninitialized value was stored to memory at", ROLE_STORED, "msan" },
	{ "Memory was marked as uninitialized", ROLE_ORIGIN, "msan" },
	{ "Member fields were destroyed", ROLE_FREE, "msan" },
	{ "Member field was destroyed", ROLE_FREE, "msan" },
	{ "Virtual table ptr was destroyed", ROLE_FREE, "msan" },
	{ "Thread T", ROLE_THREAD, NULL },
};

/* May S be one? Most lines are none, as their first byte says. */
static int may_be_heading(const char *s)
{
	static char starts[256];
	static int filled;

	for (size_t i = 0; !filled && i < sizeof headings / sizeof *headings; i++)
		starts[(unsigned char)*headings[i].text] = 1;
	filled = 1;
	return starts[(unsigned char)*s];
}

enum heading { NO_HEADING, OWN_HEADING, FOREIGN_HEADING };

/* Does S say what the next stack is? A report of another tool may be open as well. */
static enum heading take_heading(struct report *r, const char *s)
{
	if (tsan_is_heading(s))
		return FOREIGN_HEADING;
	while (*s == ' ')
		s++;
	int may_be_one = may_be_heading(s);
	for (size_t i = 0; may_be_one && i < sizeof headings / sizeof *headings; i++) {
		if (!text_after(s, headings[i].text))
			continue;
		if (headings[i].role == ROLE_THREAD && !strstr(s, " created by "))
			continue;
		if (headings[i].tool && strcmp(headings[i].tool, r->f->tool) != 0)
			return FOREIGN_HEADING;
		report_role(r, headings[i].role);
		return OWN_HEADING;
	}
	if ((*s == 'A' || *s == '0') && strstr(s, " is located in stack of ")) {
		report_role(r, ROLE_ORIGIN);
		return OWN_HEADING;
	}
	return NO_HEADING;
}

static int take_detail(struct report *r, const char *s)
{
	const char *caused =
	        *s == '=' || *s == 'T' ? text_after_any(s, "The signal is caused by a ") : NULL;

	if (caused && !text_after(caused, "UNKNOWN")) {
		r->f->access.op = access_op(caused);
		return 1;
	}
	const char *cause = text_after(s, "Cause: "); /* HWASan's guess of what it was */
	if (cause) {
		char *message = xasprintf("%s (%s)", r->f->message, cause);
		report_message(r, message);
		free(message);
		return 1;
	}
	if (!r->f->stack_count && (text_after(s, "READ of size ") || text_after(s, "WRITE of ") ||
	                                  text_after(s, "ACCESS of size ")))
		return access_parse(r->f, &r->f->access, s) == 0;
	return 0;
}

/*
 * A row of the memory around an address, or of its shadow: the better part of what ASan prints.
 * "  0x0c047fff8000: fa fa", "=>0x0c047fff8010:[fa]"
 */
static int is_row(const char *s)
{
	while (*s == ' ')
		s++;
	if (s[0] == '=' && s[1] == '>')
		s += 2;
	if (s[0] != '0' || s[1] != 'x')
		return 0;
	for (s += 2; text_hex(*s); s++)
		;
	return *s == ':';
}

static int is_own_text(const char *s)
{
	static const char *const starts[] = {
		"HINT:",
		"AddressSanitizer can not",
		"SCARINESS:",
		"Address 0x",
		"Objects leaked above",
	};

	if (s[0] == ' ' || s[0] == 0 || (s[0] == '0' && s[1] == 'x'))
		return 1;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s, starts[i]))
			return 1;
	/* "rax = 0x0000000080000000  rbx = ..." */
	for (size_t i = 0; i < 5 && s[i]; i++)
		if (text_after(s + i, " = 0x"))
			return 1;
	return 0;
}

/* A line of the interpreter's own under a stack that an annotated pool keeps (shim/cpython_frame.c). */
static int take_script_line(struct report *r, const char *s)
{
	struct frame frame;

	if (!text_after(s, "File \"") || frame_parse_script(&r->f->arena, s, &frame))
		return 0;
	report_add_script(r, &frame);
	return 1;
}

/*
 * What may follow the summary: the memory around the address, where the threads came from, and what
 * an annotated pool (shim/) knows of the block.
 */
static int goes_on_after_end(struct open *o, const struct line *line)
{
	int place = text_after(line->s, "0x") && strstr(line->s, " is located ");

	enum heading heading = take_heading(&o->r, line->s);
	if (heading == FOREIGN_HEADING || (!line->len && o->ended == OPEN_WHOLE))
		return 0;
	if (heading == OWN_HEADING)
		o->ended = OPEN_AGAIN;
	else if (!place && !text_after(line->s, "Shadow byte") && !text_after(line->s, "=>0x") &&
	         !text_after(line->s, "  ") && line->len &&
	         !(o->ended == OPEN_AGAIN && take_script_line(&o->r, line->s)))
		return 0;
	report_text(&o->r, line);
	return 1;
}

static int record_body(struct open *o, const struct line *line)
{
	if (text_after(line->s, "SUMMARY: ")) {
		o->ended = OPEN_WHOLE;
		if (o->r.f)
			report_text(&o->r, line);
		open_close(o);
		return 1;
	}
	if (!o->r.f || (!is_own_text(line->s) && !take_script_line(&o->r, line->s)))
		return 0;
	report_text(&o->r, line);
	return 1;
}

/* The summary's word is the kind, whatever the header said in prose. */
static void take_summary(struct report *r, const char *s)
{
	const char *kind = text_after_any(s, "Sanitizer: ");
	size_t len = kind ? strcspn(kind, " :") : 0;

	if (len && kind[len] && len < 100) {
		char *word = xstrndup(kind, len);
		report_set_kind(r, word);
		free(word);
	}
}

static int body(struct open *o, const struct line *line)
{
	struct report *r = &o->r;

	if (o->list)
		return record_body(o, line);
	if (is_row(line->s) && (line->s[0] == ' ' || (line->s[0] == '=') == (o->ended != 0))) {
		report_text(r, line);
		return 1;
	}
	if (text_after(line->s, "==") && text_ends(line->s, "ABORTING")) {
		report_text(r, line);
		o->ended = OPEN_WHOLE;
		open_close(o);
		return 1;
	}
	if (o->ended)
		return goes_on_after_end(o, line);
	if (text_after(line->s, "SUMMARY: "))
		take_summary(r, line->s);
	/* old runtimes have no SUMMARY, and the legend is the same for all */
	if (text_after(line->s, "SUMMARY: ") || text_after(line->s, "Shadow byte legend")) {
		report_text(r, line);
		o->ended = OPEN_WHOLE;
		return 1;
	}
	enum heading heading = take_heading(r, line->s);
	if (heading == FOREIGN_HEADING)
		return 0;
	if (heading == OWN_HEADING || take_detail(r, line->s) || is_own_text(line->s) ||
	        take_script_line(r, line->s) || text_after(line->s, "==")) {
		if (text_after(line->s, "==="))
			return 0;
		report_text(r, line);
		return 1;
	}
	return 0;
}

/* Is a report without a SUMMARY, or an end of another kind, cut? */
static int needs_end(const struct open *o)
{
	static const char *const none[] = { "CHECK failed", "nested-bug", "rss-limit-exceeded",
		"starting new threads after multi-threaded fork" };

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (!strcmp(o->r.f->kind, none[i]))
			return 0;
	return 1;
}

const struct grammar sanitizer_grammar = { body, NULL, needs_end, 300 };
