/*
 * AddressSanitizer, LeakSanitizer and MemorySanitizer, and the errors that all of LLVM's and GCC's
 * runtimes print alike under their own names: signals, the allocator's, failed checks.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/sanitizer.h"

struct state {
	struct scanner *s;
	struct opens all;
	int deadly;     /* a DEADLYSIGNAL's report has not come */
	long deadly_at; /* its line */
	const char *deadly_tool;
	char *uninitialised; /* MSan's line on the bytes that a report to come is about */
};

/* The needles, in the order of their bits. */
enum {
	SANITIZER,
	THREAD_SANITIZER,
	FATAL,
	ENCOUNTERED,
	DEADLY,
	LEAK,
	RUNTIME_ERROR,
	UBSAN,
	UNINITIALISED,
	ASAN_RUNTIME,
	ASAN_CANNOT,
	OLD_DEADLY,
	OLD_SIGNAL
};
static const char *const needles[] = {
	[SANITIZER] = "Sanitizer",
	[THREAD_SANITIZER] = "ThreadSanitizer: ",
	[FATAL] = "FATAL: ",
	[ENCOUNTERED] = "Sanitizer has encountered a fatal error",
	[DEADLY] = "Sanitizer:DEADLYSIGNAL",
	[LEAK] = "leak of ",
	[RUNTIME_ERROR] = ": runtime error: ",
	[UBSAN] = "ubsan: ",
	[UNINITIALISED] = "Uninitialized bytes in ",
	[ASAN_RUNTIME] = "ASan runtime",
	[ASAN_CANNOT] = "ASan cannot proceed",
	[OLD_DEADLY] = "ASAN:DEADLYSIGNAL",
	[OLD_SIGNAL] = "ASAN:SIGSEGV",
	NULL,
};

static const char *needle(size_t i)
{
	return needles[i];
}

static int has(const struct line *line, int needle)
{
	return (int)(line->needles >> needle & 1);
}

struct header {
	const char *tool, *text;
	long pid;
	size_t at; /* where it begins in its line */
};

/* Of warnings only these are findings; the rest is chatter. */
static int is_warning(const char *text)
{
	return text_after(text, "use-of-uninitialized-value") ||
	       text_after(text, "writable-executable page usage");
}

/* Fatal errors of the runtime that come without the word ERROR. */
static int is_fatal(const char *text)
{
	return text_after(text, "CHECK failed") || text_after(text, "hard rss") ||
	       text_after(text, "starting new threads after multi-threaded fork");
}

/* "==PID==ERROR: AddressSanitizer: TEXT" at S (old GCC puts a space before ERROR). */
static int parse_header_at(const char *s, struct header *h)
{
	const char *end;

	if (!text_digit(s[2]))
		return 0;
	h->pid = text_number(s + 2, &end);
	const char *q = text_after(end, "==");
	if (!q)
		return 0;
	q += strspn(q, " ");
	const char *warning = text_after(q, "WARNING: ");
	const char *word = warning ? warning : text_after(q, "ERROR: ");
	if (!word)
		word = text_after(q, "FATAL: ");
	const char *rest;
	h->tool = sanitizer_tool(word ? word : q, &rest);
	if (!h->tool)
		return 0;
	h->text = text_after(rest, ": ");
	/* "FATAL: AddressSanitizer CHECK failed" */
	if (!h->text && rest[0] == ' ' && !warning)
		h->text = rest + 1;
	if (!h->text || !*h->text)
		return 0;
	return warning ? is_warning(h->text) : word || is_fatal(h->text);
}

static int parse_header(const char *s, struct header *h)
{
	for (const char *p = s; (p = strchr(p, '=')); p++) {
		if (p[1] == '=' && parse_header_at(p, h)) {
			h->at = (size_t)(p - s);
			return 1;
		}
	}
	return 0;
}

static void take_address(struct finding *f, const char *text)
{
	static const char *const named[] = { "bad-", "odr-violation", "invalid-pointer-pair" };
	const char *p = text_after_any(text, " address 0x");

	if (!p)
		p = text_after_any(text, " on 0x");
	for (size_t i = 0; !p && i < sizeof named / sizeof *named; i++)
		if (text_after(f->kind, named[i]))
			p = text_after_any(text, "0x");
	if (p)
		f->access.address = hex_dup(f, p - strlen("0x"));
}

static void take_uninitialised(struct state *st, struct finding *f)
{
	if (!st->uninitialised || strcmp(f->tool, "msan") != 0)
		return;
	const char *at = text_after_any(st->uninitialised, " inside [");

	f->message = finding_printf(f, "%s: %s", f->message, st->uninitialised);
	if (at)
		f->access.address = hex_dup(f, at);
	free(st->uninitialised);
	st->uninitialised = NULL;
}

static void take_header(struct state *st, const struct line *line, const struct header *h)
{
	st->deadly = 0;
	if (text_after(h->text, "detected memory leaks")) {
		open_list(&st->all, &sanitizer_grammar, line, h->pid);
		return;
	}
	char *kind = sanitizer_kind(h->text);
	struct open *o =
	        open_begin(&st->all, &sanitizer_grammar, h->tool, kind, line, h->at, h->pid);
	free(kind);
	report_message(&o->r, h->text);
	take_address(o->r.f, h->text);
	take_uninitialised(st, o->r.f);
	const char *pc = text_after_any(h->text, "pc 0x");
	o->pc = pc ? strtoull(pc, NULL, 16) : 0;
	open_learn(o, o->pc);
	if (text_after(h->text, "starting new threads")) /* there is no more */
		open_close(o);
}

/* "Direct leak of 7 byte(s) in 1 object(s) allocated from:" */
static int take_leak(struct state *st, const struct line *line)
{
	const char *p = line->s + strspn(line->s, " ");
	int direct = text_after(p, "Direct leak of ") != NULL;

	if ((!direct && !text_after(p, "Indirect leak of ")) || !strstr(p, "byte(s) in "))
		return 0;
	struct open *o = open_find_list(&st->all, line);
	if (!o)
		o = open_list(&st->all, &sanitizer_grammar, line, 0);
	o->records++;
	o->paused = 0;
	open_touch(&st->all, o);
	report_open(&o->r, st->s, "lsan", direct ? "Direct leak" : "Indirect leak", line, o->pid);
	report_message(&o->r, p);
	report_role(&o->r, ROLE_ALLOC);
	return 1;
}

/* Runtimes that give up, and what that means for what was run. */
static void take_refusal(struct state *st, const struct line *line)
{
	static const char *const refusals[] = {
		"Sanitizer has encountered a fatal error",
		"ASan runtime does not come first in initial library list",
		"linked against incompatible ASan runtimes",
		"ASan cannot proceed correctly. ABORTING",
	};
	const char *fatal = text_after_any(line->s, "FATAL: "), *rest;
	int found = fatal && sanitizer_tool(fatal, &rest);

	for (size_t i = 0; !found && i < sizeof refusals / sizeof *refusals; i++)
		found = strstr(line->s, refusals[i]) != NULL;
	if (found)
		scanner_unparsed(st->s, line->number, line->s, "the checker itself gave up");
}

static void take_deadly(struct state *st, const struct line *line)
{
	const char *deadly = strstr(line->s, "Sanitizer:DEADLYSIGNAL"), *rest;
	const char *old = deadly ? NULL : strstr(line->s, "ASAN:"); /* as of 2016 */

	if (old && !text_after(old, "ASAN:DEADLYSIGNAL") && !text_after(old, "ASAN:SIG"))
		old = NULL;
	if ((!deadly && !old) || st->deadly)
		return;
	st->deadly = 1;
	st->deadly_at = line->number;
	if (old) {
		st->deadly_tool = "asan";
		return;
	}
	while (deadly > line->s && isalpha((unsigned char)deadly[-1]))
		deadly--;
	st->deadly_tool = NULL;
	for (; !st->deadly_tool && *deadly != ':'; deadly++) /* other text may be glued to it */
		st->deadly_tool = sanitizer_tool(deadly, &rest);
}

/* A runtime's error without a pid: "[FATAL: ]AddressSanitizer[:] CHECK failed: ..." */
static int take_bare(struct state *st, const struct line *line)
{
	const char *fatal = text_after(line->s, "FATAL: ");
	const char *rest, *tool = sanitizer_tool(fatal ? fatal : line->s, &rest);
	const char *text = tool ? text_after(rest, ": ") : NULL;

	if (tool && !text)
		text = text_after(rest, " ");
	if (!text || !(text_after(text, "CHECK failed: ") || text_after(text, "nested bug")))
		return 0;
	struct header h = { tool, text, 0, 0 };
	struct open *last = st->all.last;
	if (text_after(text, "nested bug") && last && last->r.f &&
	        !strcmp(last->r.f->tool, tool)) { /* its report ends here, cut */
		report_text(&last->r, line);
		last->ended = OPEN_WHOLE;
		open_close(last);
	} else {
		take_header(st, line, &h);
	}
	return 1;
}

static int take_sanitizer(struct state *st, const struct line *line)
{
	struct header h;

	if (has(line, THREAD_SANITIZER) && tsan_begins(&st->all, line))
		return 1;
	if (parse_header(line->s, &h)) {
		take_header(st, line, &h);
		return 1;
	}
	if (take_bare(st, line))
		return 1;
	if (has(line, DEADLY))
		take_deadly(st, line);
	const char *summary = text_after(line->s, "SUMMARY: "), *rest;
	if (summary && !st->all.n && sanitizer_tool(summary, &rest))
		scanner_unparsed(st->s, line->number, line->s,
		        "the summary of a report whose beginning is missing");
	return 0;
}

static void keep_uninitialised(struct state *st, const char *s)
{
	const char *at = strstr(s, "Uninitialized bytes in ");

	if (!at || !strstr(at, " at offset "))
		return;
	free(st->uninitialised);
	st->uninitialised = xstrndup(at, strcspn(at, ")") + 1);
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;

	if (has(line, SANITIZER) && take_sanitizer(st, line))
		return 1;
	if (has(line, LEAK) && take_leak(st, line))
		return 1;
	if ((has(line, RUNTIME_ERROR) || has(line, UBSAN)) && ubsan_begins(&st->all, line))
		return 1;
	if (!has(line, DEADLY) && (has(line, OLD_DEADLY) || has(line, OLD_SIGNAL)))
		take_deadly(st, line);
	if (has(line, UNINITIALISED))
		keep_uninitialised(st, line->s);
	if (has(line, FATAL) || has(line, ENCOUNTERED) || has(line, ASAN_RUNTIME) ||
	        has(line, ASAN_CANNOT))
		take_refusal(st, line);
	return 0;
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;

	return open_take(&st->all, line);
}

static void finish(void *state)
{
	struct state *st = state;

	open_finish(&st->all);
	if (st->deadly) {
		char text[] = "DEADLYSIGNAL";
		struct line line = { .s = text, .len = strlen(text), .number = st->deadly_at };
		struct report r = { 0 };
		report_open(&r, st->s, st->deadly_tool ? st->deadly_tool : "asan", "DEADLYSIGNAL",
		        &line, 0);
		report_message(&r, "a deadly signal, and no report followed");
		report_close(&r);
		buf_release(&r.text);
	}
	free(st->uninitialised);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	st->all.s = s;
	return st;
}

const struct reader sanitizer_reader = { "sanitizer", needle, make, opens, goes_on, finish, NULL };
