/*
 * AddressSanitizer, LeakSanitizer and MemorySanitizer, and the errors that all of LLVM's and GCC's
 * runtimes print alike under their own names: signals, the allocator's, failed checks.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/reader.h"

struct state {
	struct scanner *s;
	struct report r;
	long leak_pid;  /* of the list of leaks that we are in; -1: in none */
	int deadly;     /* a DEADLYSIGNAL's report has not come */
	long deadly_at; /* its line */
	const char *deadly_tool;
};

static const struct {
	const char *name, *tool;
} runtimes[] = {
	{ "HWAddressSanitizer", "asan" },
	{ "AddressSanitizer", "asan" },
	{ "LeakSanitizer", "lsan" },
	{ "MemorySanitizer", "msan" },
	{ "ThreadSanitizer", "tsan" },
	{ "UndefinedBehaviorSanitizer", "ubsan" },
};

/* The sanitizer whose name S begins with; *REST is what follows. NULL: none. */
static const char *runtime_at(const char *s, const char **rest)
{
	for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
		*rest = text_after(s, runtimes[i].name);
		if (*rest)
			return runtimes[i].tool;
	}
	return NULL;
}

/*
 * "==PID==ERROR: AddressSanitizer: TEXT" anywhere in S (old GCC puts a space before ERROR; a fatal
 * error of the runtime has no ERROR). Returns the tool and fills PID and TEXT, or NULL.
 */
static const char *parse_header(const char *s, long *pid, const char **text)
{
	for (const char *p = s; (p = strstr(p, "==")); p++) {
		char *end;
		if (!isdigit((unsigned char)p[2]))
			continue;
		*pid = strtol(p + 2, &end, 10);
		const char *q = text_after(end, "==");
		if (!q)
			continue;
		q += strspn(q, " ");
		const char *warning = text_after(q, "WARNING: ");
		const char *word = warning ? warning : text_after(q, "ERROR: ");
		if (!word)
			word = text_after(q, "FATAL: ");
		const char *rest, *tool = runtime_at(word ? word : q, &rest);
		if (!tool)
			continue;
		*text = text_after(rest, ": ");
		/* "FATAL: AddressSanitizer CHECK failed"; as a warning it is mere chatter */
		if (!*text && rest[0] == ' ' && !warning)
			*text = rest + 1;
		if (!*text)
			continue;
		if (!word && !text_after(*text, "CHECK failed") && !text_after(*text, "hard rss"))
			continue;
		return tool;
	}
	return NULL;
}

/* Headers that do not begin with their kind. */
static const struct {
	const char *text, *kind;
} headers[] = {
	{ "attempting double-free", "double-free" },
	{ "attempting free on address", "bad-free" },
	{ "attempting to call malloc_usable_size", "bad-malloc_usable_size" },
	{ "attempting to call __sanitizer_get_allocated_size",
	        "bad-__sanitizer_get_allocated_size" },
	{ "calloc parameters overflow", "calloc-overflow" },
	{ "reallocarray parameters overflow", "reallocarray-overflow" },
	{ "pvalloc parameters overflow", "pvalloc-overflow" },
	{ "invalid allocation alignment", "invalid-allocation-alignment" },
	{ "invalid alignment requested in aligned_alloc", "invalid-aligned-alloc-alignment" },
	{ "invalid alignment requested in posix_memalign", "invalid-posix-memalign-alignment" },
	{ "requested allocation size", "allocation-size-too-big" },
	{ "allocator is out of memory", "out-of-memory" },
	{ "out of memory", "out-of-memory" },
	{ "failed to allocate", "out-of-memory" },
	{ "specified RSS limit exceeded", "rss-limit-exceeded" },
	{ "hard rss limit exhausted", "rss-limit-exceeded" },
	{ "bad parameters to __sanitizer_annotate_contiguous_container",
	        "bad-__sanitizer_annotate_contiguous_container" },
	{ "bad parameters to __sanitizer_annotate_double_ended_contiguous_container",
	        "bad-__sanitizer_annotate_double_ended_contiguous_container" },
	{ "CHECK failed", "CHECK failed" },
	{ "nested bug", "nested-bug" },
	{ "writable-executable page usage", "w-and-x-usage" },
};

/* The SUMMARY's word for a header's text; owned by the caller. */
static char *kind_of(const char *text)
{
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (text_after(text, headers[i].text))
			return xstrdup(headers[i].kind);
	return xstrndup(text, strcspn(text, " :"));
}

static void take_address(struct finding *f, const char *text)
{
	const char *p = strstr(text, " address 0x");

	p = p ? p + strlen(" address ") : strstr(text, " on 0x");
	if (p && *p == ' ')
		p += strlen(" on ");
	if (p)
		f->access.address = hex_dup(f, p);
}

static void take_header(
        struct state *st, const struct line *line, const char *tool, long pid, const char *text)
{
	st->deadly = 0;
	st->leak_pid = -1;
	if (text_after(text, "detected memory leaks")) {
		report_close(&st->r);
		st->leak_pid = pid;
		return;
	}
	if (text_after(text, "nested bug") && st->r.f) { /* its report ends here, cut */
		report_text(&st->r, line);
		report_close(&st->r);
		return;
	}
	char *kind = kind_of(text);
	report_open(&st->r, st->s, tool, kind, line, pid);
	report_message(&st->r, text);
	take_address(st->r.f, text);
	if (!strcmp(kind, "bad-free") && st->r.f->access.address == NULL)
		st->r.f->access.address = hex_dup(st->r.f, text + strcspn(text, "x") - 1);
	free(kind);
}

/* "Direct leak of 7 byte(s) in 1 object(s) allocated from:" */
static int take_leak(struct state *st, const struct line *line)
{
	const char *p = line->s + strspn(line->s, " ");
	int direct = text_after(p, "Direct leak of ") != NULL;

	if ((!direct && !text_after(p, "Indirect leak of ")) || !strstr(p, "byte(s) in "))
		return 0;
	report_open(&st->r, st->s, "lsan", direct ? "Direct leak" : "Indirect leak", line,
	        st->leak_pid > 0 ? st->leak_pid : 0);
	report_message(&st->r, p);
	report_role(&st->r, ROLE_ALLOC);
	return 1;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	const char *text, *rest;
	long pid;

	if (!strstr(line->s, "Sanitizer"))
		return strstr(line->s, "leak of ") ? take_leak(st, line) : 0;
	const char *tool = parse_header(line->s, &pid, &text);
	if (tool) {
		take_header(st, line, tool, pid, text);
		return 1;
	}
	tool = runtime_at(line->s, &rest);
	if (tool && (text_after(rest, ": CHECK failed: ") || text_after(rest, ": nested bug"))) {
		take_header(st, line, tool, 0, rest + 2);
		return 1;
	}
	const char *fatal = text_after_any(line->s, "FATAL: ");
	if (fatal && runtime_at(fatal, &rest))
		scanner_unparsed(st->s, line->number, line->s, "the checker itself gave up");
	const char *deadly = strstr(line->s, "Sanitizer:DEADLYSIGNAL");
	if (deadly && !st->deadly) {
		st->deadly = 1;
		st->deadly_at = line->number;
		while (deadly > line->s && isalpha((unsigned char)deadly[-1]))
			deadly--;
		st->deadly_tool = runtime_at(deadly, &rest);
	}
	return 0;
}

static const struct {
	const char *text;
	int role;
} headings[] = {
	{ "freed by thread", ROLE_FREE },
	{ "previously allocated by thread", ROLE_ALLOC },
	{ "allocated by thread", ROLE_ALLOC },
	{ "Uninitialized value was created by", ROLE_ORIGIN },
	{ "Uninitialized value was stored to memory at", ROLE_STORED },
	{ "Memory was marked as uninitialized", ROLE_ORIGIN },
	{ "Member fields were destroyed", ROLE_FREE },
	{ "These globals were registered at these points", ROLE_ALLOC },
	{ "registered at:", ROLE_ALLOC },
};

/* Does LINE say what the next stack is? */
static int take_heading(struct report *r, const char *s)
{
	s += strspn(s, " ");
	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
		if (!text_after(s, headings[i].text))
			continue;
		report_role(r, headings[i].role);
		return 1;
	}
	if (text_after(s, "Thread T") && strstr(s, " created by ")) {
		report_role(r, ROLE_THREAD);
		return 1;
	}
	if (strstr(s, " is located in stack of ") || text_after(s, "[1]:") ||
	        text_after(s, "[2]:")) {
		report_role(r, s[0] == '[' ? ROLE_ALLOC : ROLE_ORIGIN);
		return 1;
	}
	return 0;
}

static int take_detail(struct report *r, const char *s)
{
	const char *caused = text_after_any(s, "The signal is caused by a ");

	if (caused && !text_after(caused, "UNKNOWN")) {
		r->f->access.op = access_op(caused);
		return 1;
	}
	if (!r->f->stack_count && (text_after(s, "READ of size ") || text_after(s, "WRITE of ") ||
	                                  text_after(s, "ACCESS of size ")))
		return access_parse(r->f, &r->f->access, s) == 0;
	return 0;
}

static int is_own_text(const char *s)
{
	static const char *const starts[] = {
		"HINT:",
		"AddressSanitizer can not",
		"SCARINESS:",
		"Address 0x",
		"0x",
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s, starts[i]))
			return 1;
	return s[0] == ' ' || s[0] == 0;
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;
	struct report *r = &st->r;

	if (!r->f)
		return 0;
	if (text_after(line->s, "SUMMARY: ") && strstr(line->s, "Sanitizer: ")) {
		report_text(r, line);
		report_close(r);
		st->leak_pid = -1;
		return 1;
	}
	/* old runtimes have no SUMMARY, and the legend is the same for all */
	if ((text_after(line->s, "==") && text_ends(line->s, "ABORTING")) ||
	        text_after(line->s, "Shadow byte legend")) {
		report_close(r);
		return 1;
	}
	if (report_frame(r, line))
		return 1;
	if (take_heading(r, line->s) || take_detail(r, line->s) || is_own_text(line->s) ||
	        text_after(line->s, "==")) {
		report_text(r, line);
		return 1;
	}
	/* Other processes write in between; after a good many such lines ours is over. */
	if (++r->foreign > 100)
		report_close(r);
	return 0;
}

/* Is a report on F without a SUMMARY, or an end of another kind, cut? */
static int needs_end(const struct finding *f)
{
	return strcmp(f->tool, "lsan") != 0 && strcmp(f->kind, "CHECK failed") != 0 &&
	       strcmp(f->kind, "nested-bug") != 0 && strcmp(f->kind, "rss-limit-exceeded") != 0;
}

static void finish(void *state)
{
	struct state *st = state;

	if (st->r.f && needs_end(st->r.f))
		report_cut(&st->r, "the report has no end");
	report_close(&st->r);
	if (st->deadly) {
		char text[] = "DEADLYSIGNAL";
		struct line line = { text, strlen(text), st->deadly_at, 0 };
		report_open(&st->r, st->s, st->deadly_tool ? st->deadly_tool : "asan",
		        "DEADLYSIGNAL", &line, 0);
		report_message(&st->r, "a deadly signal, and no report followed");
		report_cut(&st->r, "the report of a deadly signal is missing");
	}
	buf_release(&st->r.text);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	st->leak_pid = -1;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		"Sanitizer",
		"leak of ",
		NULL,
	};

	return needles[i];
}

const struct reader sanitizer_reader = { "sanitizer", needle, make, opens, goes_on, finish };
