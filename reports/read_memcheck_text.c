/*
 * Valgrind's text. Each line bears its pid ("==PID== ", or "==TIME PID== "), so that the processes
 * of one log are taken apart.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/kinds.h"
#include "reports/reader.h"
#include "reports/valgrind_error.h"
#include "reports/valgrind_threads.h"

enum { PROCESSES_MAX = 256, NAMED_MAX = 4, WRAPPED_MAX = 4096 };

struct process {
	long pid;
	const char *tool; /* NULL: not said, neither by this process nor by one before it */
	struct report r;
	int repeats; /* "N errors in context i of M": what follows was printed before */
	int blank;   /* the last line of the report was empty */
	size_t frames;
	long named[NAMED_MAX]; /* the threads that the report names */
	size_t named_count;
	/*
	 * What is printed before the error that it belongs to: where a lock was seen first, or
	 * taken; or, if THREAD is set, where that thread was created. NULL: nothing.
	 */
	struct finding *ahead;
	struct finding *before; /* what was ahead of the report that is open */
	struct buf ahead_text;
	long thread;
	struct valgrind_threads threads;
};

struct state {
	struct scanner *s;
	const char *tool; /* that the last banner named */
	int version;      /* its second number; 0: not said */
	struct process **v;
	size_t n;
	/* A frame whose parenthesis does not close: the next line may be the rest, without a pid.
	 */
	struct process *unclosed;
	long unclosed_line;
	struct buf wrapped;
};

/* --- processes --- */

/* "==123== TEXT" or "==00:00:00:01.234 123== TEXT": returns TEXT and fills PID, or NULL. */
static const char *split_at(const char *s, long *pid)
{
	const char *p = s + 2, *end;

	if (*p < '0' || *p > '9')
		return NULL;
	p += strspn(p, "0123456789:.");
	if (*p == ' ')
		p++;
	else
		p = s + 2;
	*pid = text_number(p, &end);
	p = end > p ? text_after(end, "==") : NULL;
	return p && (*p == ' ' || *p == 0) ? p + (*p == ' ') : NULL;
}

/* The same where output without a line's end stands before it. */
static const char *split(const char *s, long *pid)
{
	const char *text = NULL;

	for (; !text && (s = strstr(s, "==")); s++)
		text = split_at(s, pid);
	return text;
}

static void drop_ahead(struct state *st, struct process *p)
{
	if (!p->ahead)
		return;
	scanner_hold(st->s, -1);
	finding_free(p->ahead);
	p->ahead = NULL;
	buf_reset(&p->ahead_text);
}

static void close_report(struct process *p)
{
	if (p->r.f) {
		if (p->before) /* after the report's own: the first stack is where it happened */
			finding_copy_stacks(p->r.f, p->before);
		valgrind_threads_name(&p->threads, p->r.f, p->named, p->named_count);
	}
	finding_free(p->before);
	p->before = NULL;
	report_close(&p->r);
}

static void free_process(struct state *st, struct process *p)
{
	drop_ahead(st, p);
	if (st->unclosed == p)
		st->unclosed = NULL;
	finding_free(p->before);
	valgrind_threads_release(&p->threads);
	buf_release(&p->r.text);
	buf_release(&p->ahead_text);
	free(p);
}

/* The process PID, made when it is new; when there are very many, the first makes room. */
static struct process *process_of(struct state *st, long pid)
{
	for (size_t i = st->n; i-- > 0;)
		if (st->v[i]->pid == pid)
			return st->v[i];
	if (st->n == PROCESSES_MAX) {
		close_report(st->v[0]);
		free_process(st, st->v[0]);
		memmove(st->v, st->v + 1, --st->n * sizeof *st->v);
	}
	st->v = xrealloc(st->v, (st->n + 1) * sizeof *st->v);
	struct process *p = st->v[st->n++] = xcalloc(1, sizeof *p);
	p->pid = pid;
	p->tool = st->tool; /* a process that was forked prints no banner */
	return p;
}

/* --- errors --- */

/* "thread #3", "Thread #3": each is remembered. */
static void name_threads(struct process *p, const char *text)
{
	while ((text = text_after_any(text, "hread #"))) {
		long id = text_number(text, NULL);
		size_t i = 0;

		while (i < p->named_count && p->named[i] != id)
			i++;
		if (i == p->named_count && i < NAMED_MAX)
			p->named[p->named_count++] = id;
	}
}

/* The stacks that were printed ahead of the error that is open now. */
static void take_ahead(struct state *st, struct process *p)
{
	struct buf text = p->ahead_text;

	if (!p->ahead || p->thread)
		return;
	p->before = p->ahead;
	p->ahead = NULL;
	scanner_hold(st->s, -1);
	buf_add(&text, p->r.text.data, p->r.text.len);
	p->ahead_text = p->r.text;
	p->r.text = text;
	buf_reset(&p->ahead_text);
}

static void open_error(struct state *st, struct process *p, const struct line *line,
        const char *text, const char *kind)
{
	const char *tool = p->tool ? p->tool : valgrind_tool_of(kind);

	close_report(p);
	if (!strcmp(kind, "FdNotClosed") && st->version && st->version < 21)
		return; /* not yet an error there, but a part of the summary */
	report_open(&p->r, st->s, tool, kind, line, p->pid);
	take_ahead(st, p);
	report_message(&p->r, text);
	valgrind_access(p->r.f);
	report_role(&p->r, (int)valgrind_first_role(kind));
	p->frames = 0;
	p->blank = 0;
	p->named_count = 0;
	name_threads(p, text);
}

/* A line in an error that is not a frame tells what the next stack is. */
static void take_aux(struct process *p, const char *text)
{
	int had = p->frames ? -2 : p->r.role, role = valgrind_line(p->r.f, text, had);

	name_threads(p, text);
	if (text_after(text, "followed by a later acquisition") &&
	        !finding_find(p->r.f, ROLE_ACCESS))
		role = ROLE_ACCESS;
	if (role != had) {
		report_role(&p->r, role);
		p->frames = 0;
	}
}

static void keep_unclosed(struct state *st, struct process *p, const char *text, long line)
{
	size_t len = strlen(text);

	st->unclosed = len && len < WRAPPED_MAX && text[len - 1] != ')' ? p : NULL;
	st->unclosed_line = line;
	buf_reset(&st->wrapped);
	if (st->unclosed)
		buf_add(&st->wrapped, text, len);
}

/* LINE, which has no pid, as the rest of the frame before it. Returns zero if it is not. */
static int take_wrapped(struct state *st, const struct line *line)
{
	struct process *p = st->unclosed;
	struct frame frame;

	st->unclosed = NULL;
	if (!p || !p->r.f || p->r.stack < 0 || line->number != st->unclosed_line + 1)
		return 0;
	buf_add(&st->wrapped, line->s, line->len);
	struct frames *frames = &p->r.f->stacks[p->r.stack].frames;
	if (!text_ends(st->wrapped.data, ")") || !frames->n ||
	        frame_parse_valgrind(&p->r.f->arena, st->wrapped.data, &frame) < 0)
		return 0;
	frames->v[frames->n - 1] = frame;
	report_text(&p->r, line);
	return 1;
}

static void take_body(
        struct state *st, struct process *p, const struct line *line, const char *text)
{
	struct frame frame;

	text += strspn(text, " ");
	if (!frame_parse_valgrind(&p->r.f->arena, text, &frame)) {
		if (p->frames && text_after(text, "at 0x"))
			report_role(&p->r, -1); /* a stack that nothing was said of */
		report_add_frame(&p->r, &frame);
		p->frames++;
		keep_unclosed(st, p, text, line->number);
	} else {
		take_aux(p, text);
	}
	report_text(&p->r, line);
	p->blank = 0;
}

/* After an empty line: does TEXT still belong to the report? Only Helgrind's reports have such. */
static int continues(const struct process *p, const char *text)
{
	static const char *const starts[] = { "This conflicts with a previous",
		"Required order was established", "Observed (incorrect) order" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(text, starts[i]))
			return 1;
	return *text == ' ' && p->r.f && !strcmp(p->r.f->tool, "helgrind") &&
	       !text_after(text, "    ");
}

/* --- what is printed ahead --- */

static void begin_ahead(struct state *st, struct process *p, enum role role, long thread)
{
	if (p->ahead && (thread || p->thread || p->ahead->stack_count >= REPORT_STACKS_MAX))
		drop_ahead(st, p);
	if (!p->ahead) {
		p->ahead = finding_new("", "");
		scanner_hold(st->s, 1);
	}
	p->thread = thread;
	finding_stack(p->ahead, role);
}

static void take_outside(
        struct state *st, struct process *p, const struct line *line, const char *text)
{
	const char *thread = text_after(text, "Thread #");
	struct frame frame;

	text += strspn(text, " ");
	if (thread && text_ends(text, " was created"))
		begin_ahead(st, p, ROLE_THREAD, text_number(thread, NULL));
	else if (text_after(text, "Acquired at:") ||
	         (text_after(text, "Lock at ") && text_ends(text, " was first observed")))
		begin_ahead(st, p, ROLE_LOCK, 0);
	else if (!p->ahead)
		return;
	if (!frame_parse_valgrind(&p->ahead->arena, text, &frame)) {
		struct frames *frames = &p->ahead->stacks[p->ahead->stack_count - 1].frames;
		if (frames->n < REPORT_FRAMES_MAX)
			*frames_add(p->ahead, frames) = frame;
	}
	if (p->ahead_text.len + line->len < REPORT_TEXT_MAX / 4) {
		buf_add(&p->ahead_text, line->s, line->len);
		buf_addch(&p->ahead_text, '\n');
	}
}

/* --- lines --- */

static void take_empty(struct state *st, struct process *p)
{
	if (p->ahead && p->thread) {
		valgrind_threads_add(&p->threads, p->thread, p->ahead);
		p->ahead = NULL;
		scanner_hold(st->s, -1);
		buf_reset(&p->ahead_text);
	}
	if (p->r.f && !strcmp(p->r.f->tool, "helgrind"))
		p->blank = 1;
	else
		close_report(p);
}

static void take_banner(struct state *st, struct process *p, const char *tool)
{
	close_report(p);
	drop_ahead(st, p);
	valgrind_threads_release(&p->threads);
	p->repeats = 0;
	p->tool = st->tool = tool;
}

/* What is no error's: banners, rules, summaries. Returns zero if TEXT is none of that. */
static int take_frame_of_log(struct state *st, struct process *p, const char *text)
{
	static const struct {
		const char *start, *tool;
	} banners[] = {
		{ "Memcheck, a memory", "memcheck" },
		{ "Helgrind, a ", "helgrind" },
		{ "drd, a thread", "drd" },
		{ "Nulgrind, ", "memcheck" },
	};

	for (size_t i = 0; i < sizeof banners / sizeof *banners; i++) {
		if (text_after(text, banners[i].start)) {
			take_banner(st, p, banners[i].tool);
			return 1;
		}
	}
	const char *version = text_after(text, "Using Valgrind-3.");
	if (version) {
		st->version = text_number(version, NULL);
		return 1;
	}
	int again = strstr(text, " errors in context ") != NULL;
	if (!again && !text_after(text, "---") && !text_after(text, "ERROR SUMMARY: ") &&
	        !text_after(text, "HEAP SUMMARY:"))
		return 0;
	close_report(p);
	if (!p->thread)
		drop_ahead(st, p);
	if (again || text_after(text, "ERROR SUMMARY: "))
		p->repeats = again;
	return 1;
}

static void take_text(
        struct state *st, struct process *p, const struct line *line, const char *text)
{
	const char *kind = NULL;

	if (*text != ' ') {
		if (take_frame_of_log(st, p, text))
			return;
		kind = valgrind_kind(p->tool, text);
	}
	if (p->r.f && (kind || (p->blank && !continues(p, text))))
		close_report(p);
	if (kind && !p->repeats)
		open_error(st, p, line, text, kind);
	else if (p->r.f && strstr(text, "<inherited from parent>"))
		report_drop(&p->r);
	else if (p->r.f)
		take_body(st, p, line, text);
	else
		take_outside(st, p, line, text);
}

/* Where Valgrind itself ends, or has enough, errors are missing. Returns why, or NULL. */
static const char *gave_up(const char *s, const char *text)
{
	static const char *const ends[] = { "Valgrind: I can't recover",
		"Valgrind's memory management: out of memory" };
	const char *own = text_after(s, "valgrind: ");

	if (own && (strstr(own, "'impossible'") || strstr(own, "atal error")))
		return "the checker itself gave up";
	for (size_t i = 0; text && i < sizeof ends / sizeof *ends; i++)
		if (text_after(text, ends[i]))
			return "the checker itself gave up";
	return text && text_ends(text, "I'm not reporting any more.")
	               ? "the checker reports no more"
	               : NULL;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	long pid = 0;
	const char *text = split(line->s, &pid);

	const char *reason = gave_up(line->s, text);
	if (reason)
		scanner_unparsed(st->s, line->number, line->s, reason);
	if (!text)
		return take_wrapped(st, line);
	struct process *p = process_of(st, pid);
	if (*text)
		take_text(st, p, line, text);
	else
		take_empty(st, p);
	return 1;
}

static void finish(void *state)
{
	struct state *st = state;

	for (size_t i = 0; i < st->n; i++) {
		struct process *p = st->v[i];
		if (p->r.f && p->r.f->stack_count)
			close_report(p);
		report_cut(&p->r, "the report has no end");
		free_process(st, p);
	}
	buf_release(&st->wrapped);
	free(st->v);
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
		"Memcheck, a ",
		"Helgrind, a ",
		"drd, a thread error",
		"Nulgrind, ",
		"Using Valgrind-",
		"ERROR SUMMARY: ",
		" errors in context ",
		"Valgrind: I can't recover",
		"Valgrind's memory management",
		"not reporting any more",
		"'impossible'",
		"atal error",
	};
	enum { N = sizeof needles / sizeof *needles };

	return i < N ? needles[i] : valgrind_phrase(i - N);
}

const struct reader memcheck_text_reader = { "valgrind", needle, make, opens, opens, finish, NULL };
