/* ThreadSanitizer's warnings; its signals and failed checks are in read_sanitizer.c. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/reader.h"

struct state {
	struct scanner *s;
	struct report r;
	int accesses; /* how many the open report has shown */
};

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	const char *text = text_after_any(line->s, "WARNING: ThreadSanitizer: ");

	if (!text)
		return 0;
	char *kind = xstrdup(text), *pid = NULL;
	for (char *p = kind; (p = strstr(p, " (pid=")); p++)
		pid = p;
	if (!pid) {
		free(kind);
		return 0;
	}
	*pid = 0;
	report_open(&st->r, st->s, "tsan", kind, line, strtol(pid + strlen(" (pid="), NULL, 10));
	report_message(&st->r, kind);
	st->accesses = 0;
	free(kind);
	return 1;
}

/* "  Previous atomic write of size 4 at 0x7b by thread T1 (mutexes: write M0):" */
static int take_access(struct state *st, const char *s)
{
	struct access access = { 0 };

	if (!strstr(s, " of size ") || !strstr(s, " by ") || access_parse(st->r.f, &access, s))
		return 0;
	if (st->accesses++ == 0) {
		st->r.f->access = access;
		report_role(&st->r, ROLE_ACCESS);
	} else {
		report_role(&st->r, ROLE_OTHER_ACCESS);
	}
	return 1;
}

static void take_heading(struct state *st, const char *s)
{
	int role = -1;

	if (text_after(s, "Previous ") && strstr(s, " acquired "))
		role = ROLE_LOCK;
	else if (text_after(s, "Location is "))
		role = ROLE_ALLOC;
	else if (text_after(s, "Mutex ") && strstr(s, " created at"))
		role = ROLE_ORIGIN;
	else if (text_after(s, "Mutex ") || text_after(s, "Hint: "))
		role = ROLE_LOCK;
	else if (text_after(s, "Thread ") || text_after(s, "As if synchronized"))
		role = ROLE_THREAD;
	else if (strstr(s, " of size ") && take_access(st, s))
		return;
	else if (!st->r.f->stack_count)
		return;
	report_role(&st->r, role);
}

static int goes_on(void *state, const struct line *line)
{
	struct state *st = state;
	struct report *r = &st->r;

	if (!r->f)
		return 0;
	if (text_after(line->s, "SUMMARY: ThreadSanitizer")) {
		report_text(r, line);
		report_close(r);
		return 1;
	}
	if (text_after(line->s, "==================") && r->f->stack_count) {
		report_close(r);
		return 1;
	}
	if (report_frame(r, line))
		return 1;
	if (text_after(line->s, "  ") && isalpha((unsigned char)line->s[2])) {
		report_text(r, line);
		take_heading(st, line->s + 2);
		return 1;
	}
	if (line->len == 0 || strstr(line->s, "[failed to restore the stack]")) {
		report_text(r, line);
		return 1;
	}
	if (++r->foreign > 100)
		report_close(r);
	return 0;
}

static void finish(void *state)
{
	struct state *st = state;

	report_cut(&st->r, "the report has no end");
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
		"WARNING: ThreadSanitizer: ",
		NULL,
	};

	return needles[i];
}

const struct reader tsan_reader = { "tsan", needle, make, opens, goes_on, finish };
