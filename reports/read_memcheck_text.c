/*
 * Valgrind's text. Each line bears its pid ("==PID== ", or "==TIME PID== "), so that the processes
 * of one log are taken apart.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/kinds.h"
#include "reports/reader.h"
#include "reports/valgrind_error.h"

enum { PROCESSES_MAX = 256 };

struct process {
	long pid;
	const char *tool;
	struct report r;
	int repeats; /* "N errors in context i of M": what follows was printed before */
	int frames;  /* of the stack being read */
};

struct state {
	struct scanner *s;
	struct process *v;
	size_t n;
};

/* "==123== TEXT" or "==00:00:00:01.234 123== TEXT": returns TEXT and fills PID, or NULL. */
static const char *split(const char *s, long *pid)
{
	const char *p = s + 2;
	char *end;

	if (s[0] != '=' || s[1] != '=' || !isdigit((unsigned char)*p))
		return NULL;
	p += strspn(p, "0123456789:.");
	if (*p == ' ')
		p++;
	else
		p = s + 2;
	*pid = strtol(p, &end, 10);
	p = text_after(end, "==");
	return p && (*p == ' ' || *p == 0) ? p + (*p == ' ') : NULL;
}

/* The process PID, made when it is new; when there are very many, the first makes room. */
static struct process *process_of(struct state *st, long pid)
{
	for (size_t i = 0; i < st->n; i++)
		if (st->v[i].pid == pid)
			return &st->v[i];
	if (st->n == PROCESSES_MAX) {
		report_close(&st->v[0].r);
		buf_release(&st->v[0].r.text);
		memmove(st->v, st->v + 1, --st->n * sizeof *st->v);
	}
	st->v = xrealloc(st->v, (st->n + 1) * sizeof *st->v);
	struct process *p = &st->v[st->n++];
	memset(p, 0, sizeof *p);
	p->pid = pid;
	p->tool = "memcheck";
	return p;
}

static int open_error(
        struct state *st, struct process *p, const struct line *line, const char *text)
{
	const char *kind = valgrind_kind(p->tool, text);

	if (!kind)
		return 0;
	report_open(&p->r, st->s, p->tool, kind, line, p->pid);
	report_message(&p->r, text);
	valgrind_access(p->r.f);
	if (text_after(kind, "Leak_"))
		report_role(&p->r, ROLE_ALLOC);
	p->frames = 0;
	return 1;
}

/* A line in an error that is not a frame tells what the next stack is. */
static void take_aux(struct process *p, const char *text)
{
	int role = -1;
	const char *address = text_after(text, "Address ");

	if (address && !p->r.f->access.address)
		p->r.f->access.address = hex_dup(p->r.f, address);
	if (text_ends(text, "free'd"))
		role = ROLE_FREE;
	else if (text_ends(text, "alloc'd") || text_ends(text, "alloc'd at"))
		role = ROLE_ALLOC;
	else if (text_after(text, "Uninitialised value was created"))
		role = ROLE_ORIGIN;
	else if (text_after(text, "This conflicts with a previous"))
		role = ROLE_OTHER_ACCESS;
	else if (strstr(text, "acquisition of lock at"))
		role = text_after(text, "followed by") && !finding_find(p->r.f, ROLE_ACCESS)
		               ? ROLE_ACCESS
		               : ROLE_LOCK;
	else if (!p->frames || text_after(text, "Lock")) /* "Locks held: none" before a stack */
		return;
	report_role(&p->r, role);
}

static void take_body(struct process *p, const struct line *line, const char *text)
{
	struct frame frame;

	text += strspn(text, " ");
	if (!frame_parse_valgrind(&p->r.f->arena, text, &frame)) {
		report_add_frame(&p->r, &frame);
		p->frames++;
	} else {
		take_aux(p, text);
	}
	report_text(&p->r, line);
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	long pid;
	const char *text = split(line->s, &pid);

	if (text_after(line->s, "valgrind: ") &&
	        (strstr(line->s, "'impossible'") || strstr(line->s, "atal error")))
		scanner_unparsed(st->s, line->number, line->s, "the checker itself gave up");
	if (!text)
		return 0;
	if (text_after(text, "Valgrind: I can't recover"))
		scanner_unparsed(st->s, line->number, line->s, "the checker itself gave up");
	struct process *p = process_of(st, pid);
	if (text_after(text, "Helgrind, a "))
		p->tool = "helgrind";
	else if (text_after(text, "drd, a "))
		p->tool = "drd";
	else if (text_after(text, "ERROR SUMMARY: "))
		p->repeats = 0;
	if (strstr(text, " in context ") && strstr(text, " errors in context "))
		p->repeats = 1;
	if (*text && *text != ' ') {
		if (p->r.f && (text_after(text, "---") || text_after(text, "ERROR SUMMARY") ||
		                      valgrind_kind(p->tool, text)))
			report_close(&p->r);
		if (!p->repeats && !p->r.f)
			open_error(st, p, line, text);
		else if (p->r.f)
			take_body(p, line, text);
	} else if (!*text) {
		/* Helgrind has blank lines between the stacks of these */
		if (p->r.f && strcmp(p->r.f->kind, "LockOrder") != 0 &&
		        strcmp(p->r.f->kind, "Race") != 0)
			report_close(&p->r);
	} else if (p->r.f) {
		take_body(p, line, text);
	}
	return 1;
}

static void finish(void *state)
{
	struct state *st = state;

	for (size_t i = 0; i < st->n; i++) {
		if (st->v[i].frames)
			report_close(&st->v[i].r);
		report_cut(&st->v[i].r, "the report has no end");
		buf_release(&st->v[i].r.text);
	}
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
		"Helgrind, a ",
		"drd, a thread error",
		"ERROR SUMMARY: ",
		" errors in context ",
		"Valgrind: I can't recover",
		"'impossible'",
		"atal error",
	};
	enum { N = sizeof needles / sizeof *needles };

	return i < N ? needles[i] : valgrind_phrase(i - N);
}

const struct reader memcheck_text_reader = { "valgrind", needle, make, opens, opens, finish, NULL };
