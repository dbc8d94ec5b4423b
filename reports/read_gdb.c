/*
 * gdb's text: a program that stopped or died by a signal, and the backtraces that follow. Neither
 * has an end of its own: what follows may be any command's output.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/reader.h"

enum {
	PATIENCE = 2000, /* lines: registers, threads, disassembly between two backtraces */
	WRAPPED_MAX = 16384,
};

struct state {
	struct scanner *s;
	struct report r;
	struct buf pending; /* a frame of which more may follow on the next line */
	long number;        /* its number */
	int crashed;        /* number of the thread that got the signal; 0: not said */
	int thread;         /* that the next backtrace is of; 0: the current one */
	int access;         /* index of its stack, or -1 */
	int python;         /* Python frames are being read */
};

static const struct {
	int number;
	const char *name;
} numbers[] = {
	{ 4, "SIGILL" },
	{ 5, "SIGTRAP" },
	{ 6, "SIGABRT" },
	{ 7, "SIGBUS" },
	{ 8, "SIGFPE" },
	{ 9, "SIGKILL" },
	{ 11, "SIGSEGV" },
	{ 15, "SIGTERM" },
	{ 31, "SIGSYS" },
};

/* Signals at which gdb merely stops, unless the program is said to have died of them. */
static int is_stop(const char *name)
{
	static const char *const crashes[] = { "SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL",
		"SIGTRAP", "SIGSYS", "SIGXCPU", "SIGXFSZ", "SIGEMT", "EXC_" };

	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		if (text_after(name, crashes[i]))
			return 0;
	return 1;
}

/* The name of the signal at S ("SIGSEGV, Segmentation fault."), which may be its number. */
static char *signal_name(const char *s)
{
	size_t len = strcspn(s, ",. ");

	if (isdigit((unsigned char)*s))
		for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
			if (text_number(s, NULL) == numbers[i].number)
				return xstrdup(numbers[i].name);
	return len && (text_after(s, "SIG") || text_after(s, "EXC_")) ? xstrndup(s, len) : NULL;
}

static const char *skip_prompts(const char *s)
{
	for (const char *p; (p = text_after(s, "(gdb) ")); s = p)
		;
	return s;
}

static void begin_stack(struct state *st)
{
	struct report *r = &st->r;
	int own = !st->thread || st->thread == (st->crashed ? st->crashed : 1);

	report_role(r, own ? ROLE_ACCESS : ROLE_THREAD);
	if (own && st->access >= 0) {
		struct frames *frames = &r->f->stacks[st->access].frames;
		/* the frame that gdb shows when it stops is also the first of the backtrace */
		if (frames->n <= 1) {
			frames->n = 0;
			r->stack = st->access;
		} else {
			r->role = -1;
		}
	}
}

/* The frame that was waiting for its next line is whole. */
static void flush(struct state *st)
{
	struct frame frame;
	struct report *r = &st->r;

	if (!st->pending.len || !r->f)
		return;
	buf_add(&st->pending, "", 1);
	if (!frame_parse_gdb_call(&r->f->arena, st->pending.data, &frame)) {
		if (st->number == 0)
			begin_stack(st);
		if ((size_t)st->number == r->expected) {
			report_add_frame(r, &frame);
			r->expected++;
			if (r->role == ROLE_ACCESS && st->access < 0)
				st->access = r->stack;
		}
	}
	buf_reset(&st->pending);
}

static void close_report(struct state *st)
{
	flush(st);
	if (st->r.f && !st->r.f->stack_count)
		report_cut(&st->r, "no backtrace follows");
	report_close(&st->r);
	st->access = -1;
	st->crashed = st->thread = st->python = 0;
}

/* "Program received signal SIGSEGV, ...", "Thread 2 "x" received ...", "... terminated with ..." */
static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	const char *s = skip_prompts(line->s),
	           *died = text_after(s, "Program terminated with signal ");
	const char *got = text_after_any(s, " received signal ");
	int thread = 0;

	if (!died && text_after(s, "Thread "))
		thread = text_number(s + strlen("Thread "), NULL);
	else if (!died && !text_after(s, "Program received signal "))
		return 0;
	if (!died && !got)
		return 0;
	char *name = signal_name(died ? died : got);
	if (!name || (!died && is_stop(name))) {
		close_report(st);
		free(name);
		return name != NULL;
	}
	/* what it stopped for, it dies of when it goes on */
	int same = died && st->r.f && !strcmp(st->r.f->kind, name);
	if (same) {
		report_text(&st->r, line);
		close_report(st);
	} else {
		close_report(st);
		report_open(&st->r, st->s, "gdb", name, line, 0);
		report_message(&st->r, s);
		st->crashed = thread;
	}
	free(name);
	return 1;
}

/* "Thread 3 (Thread 0x7ffff721c6c0 (LWP 25952) "x"):": the backtrace of a thread follows. */
static int take_thread(struct state *st, const char *s)
{
	const char *number = text_after(s, "Thread "), *lwp, *end;

	if (!number || !text_digit(*number))
		return 0;
	int n = text_number(number, &end);
	if (!text_after(end, " (") || !text_ends(s, ":"))
		return 0;
	flush(st);
	st->thread = n;
	lwp = text_after_any(end, "(LWP ");
	if (n == 1 && lwp)
		st->r.f->occurrences->pid = text_number(lwp, NULL);
	return 1;
}

/* "[Current thread is 2 (Thread 0x7f (LWP 12))]" */
static int take_current(struct state *st, const char *s)
{
	const char *number = text_after(s, "[Current thread is ");

	if (!number)
		return 0;
	flush(st);
	st->crashed = text_number(number, NULL);
	return 1;
}

static int take_frame(struct state *st, const char *s)
{
	const char *call;
	long number = frame_number_gdb(s, &call);

	if (number < 0)
		return 0;
	flush(st);
	st->python = 0;
	st->number = number;
	buf_addstr(&st->pending, call);
	return 1;
}

/* Is the frame that waits whole, but for its place? */
static int is_whole(struct state *st)
{
	struct arena scratch = { 0 };
	struct frame frame;

	buf_add(&st->pending, "", 1);
	st->pending.len--;
	int whole = !frame_parse_gdb_call(&scratch, st->pending.data, &frame);
	arena_release(&scratch);
	return whole;
}

/* What gdb wrapped at the terminal's width goes on four blanks deep. */
static int take_continuation(struct state *st, const char *s)
{
	const char *text = text_after(s, "    ");

	if (!st->pending.len || !text || *text == ' ' || st->pending.len > WRAPPED_MAX)
		return 0;
	if (!text_after(text, "at ") && !text_after(text, "from ") && is_whole(st))
		return 0;
	buf_addch(&st->pending, ' ');
	buf_addstr(&st->pending, text);
	return 1;
}

/* The place that gdb shows when the program stops, before any backtrace. */
static int take_stop(struct state *st, const char *s)
{
	struct frame frame;

	if (st->r.f->stack_count || st->pending.len ||
	        frame_parse_gdb_call(&st->r.f->arena, s, &frame))
		return 0;
	st->number = 0;
	buf_addstr(&st->pending, s);
	return 1;
}

/* '  File "/a.py", line 3, in f' of py-bt, and '#4 Frame 0x7f, for file /a.py, line 3, in f (x=1)'
 */
static int take_python_frame(struct state *st, const char *s)
{
	struct finding *f = st->r.f;
	const char *file = text_after(s, "  File \""),
	           *end = file ? strstr(file, "\", line ") : NULL;
	size_t skip = strlen("\", line ");

	if (!file && s[0] == '#' && (file = text_after_any(s, " Frame 0x"))) {
		file = text_after_any(file, ", for file ");
		end = file ? strstr(file, ", line ") : NULL;
		skip = strlen(", line ");
	}
	if (!end || (s[0] == ' ' && !st->python))
		return 0;
	const char *rest;
	int line = text_number(end + skip, &rest);
	const char *function = text_after(rest, ", in ");
	if (!function)
		return 0;
	if (f->python.n < REPORT_FRAMES_MAX) {
		struct frame frame = { .line = line };
		frame.file = finding_strndup(f, file, (size_t)(end - file));
		frame.function = finding_strndup(f, function, strcspn(function, " "));
		*frames_add(f, &f->python) = frame;
	}
	return 1;
}

static int take_python(struct state *st, const char *s)
{
	if (text_after(s, "Traceback (most recent call first)")) {
		flush(st);
		/* of several threads', that of the one that got the signal counts */
		st->python = !st->r.f->python.n;
		return 1;
	}
	return take_python_frame(st, s) || (st->python && text_after(s, "  "));
}

static int is_end(const char *s)
{
	return (text_after(s, "[Inferior ") && (text_ends(s, "]") || strstr(s, " exited"))) ||
	       text_after(s, "A debugging session is active") ||
	       text_after(s, "The program no longer exists");
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;
	const char *s = skip_prompts(line->s);

	if (!st->r.f)
		return 0;
	if (is_end(s)) {
		report_text(&st->r, line);
		close_report(st);
		return 1;
	}
	if (take_continuation(st, s) || take_python(st, s) || take_frame(st, s) ||
	        take_thread(st, s) || take_current(st, s) || take_stop(st, s)) {
		report_text(&st->r, line);
		return 1;
	}
	flush(st);
	if (!*s || text_after(s, "        ") || text_after(s, "No locals.")) {
		report_text(&st->r, line);
		return 1;
	}
	if (++st->r.foreign > PATIENCE)
		close_report(st);
	return 0;
}

static void finish(void *state)
{
	struct state *st = state;

	close_report(st);
	buf_release(&st->r.text);
	buf_release(&st->pending);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	st->access = -1;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		" received signal ",
		"Program terminated with signal ",
		NULL,
	};

	return needles[i];
}

const struct reader gdb_reader = { "gdb", needle, make, opens, goes_on, finish, NULL };
