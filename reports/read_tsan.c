/* ThreadSanitizer's warnings; its signals and failed checks are in read_sanitizer.c. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/sanitizer.h"

/* "  Previous atomic write of size 4 at 0x7b by thread T1 (mutexes: write M0):" */
static int take_access(struct open *o, const char *s)
{
	struct access access = { 0 };
	struct finding *f = o->r.f;

	if (!strstr(s, " of size ") || !strstr(s, " by ") || access_parse(f, &access, s))
		return 0;
	if (o->accesses++ == 0) {
		f->access = access;
		report_role(&o->r, ROLE_ACCESS);
	} else { /* what was before a use after free is the free */
		int freed = text_after(f->kind, "heap-use-after-free") != NULL;
		report_role(&o->r, freed ? ROLE_FREE : ROLE_OTHER_ACCESS);
	}
	return 1;
}

int tsan_is_heading(const char *s)
{
	static const char *const starts[] = { "Write of ", "Read of ", "Previous ", "Atomic ",
		"Location is ", "Mutex M", "Thread T", "As if synchronized", "Cycle in lock",
		"Issue is caused by", "Ignore was enabled" };
	static char first[256];
	static int filled;

	for (size_t i = 0; !filled && i < sizeof starts / sizeof *starts; i++)
		first[(unsigned char)*starts[i]] = 1;
	filled = 1;
	if (!text_after(s, "  ") || !first[(unsigned char)s[2]])
		return 0;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(s + 2, starts[i]))
			return 1;
	return 0;
}

/* Is the heading S of another report, of another kind or not so far? */
static int is_alien(const struct open *o, const char *s)
{
	const char *kind = o->r.f->kind;

	if (strstr(s, " acquired here while holding"))
		return !strstr(kind, "lock-order");
	if (!strstr(s, " of size ") || !strstr(s, " by ") || text_after(s, "Location "))
		return 0;
	if (!strstr(kind, "race") && !text_after(kind, "heap-use-after-free"))
		return 1;
	return (text_after(s, "Previous ") != NULL) != (o->accesses > 0);
}

static void take_heading(struct open *o, const char *s)
{
	int role = -1;

	if (text_after(s, "Location is ") || text_after(s, "Issue is caused by")) {
		role = ROLE_ALLOC;
	} else if (text_after(s, "Mutex ") && strstr(s, " created at")) {
		role = ROLE_ORIGIN;
	} else if (text_after(s, "Mutex ")) {
		role = ROLE_LOCK;
		if (strstr(s, " acquired here while holding"))
			o->closing = o->r.f->stack_count + 1;
	} else if (text_after(s, "Ignore was enabled at")) {
		role = ROLE_ACCESS;
	} else if (text_after(s, "Thread ") || text_after(s, "As if synchronized")) {
		role = ROLE_THREAD;
	} else if (text_after(s, "Hint: ") || (strstr(s, " of size ") && take_access(o, s))) {
		return;
	} else if (!o->r.f->stack_count || (o->r.role >= 0 && !o->r.expected)) {
		return; /* what the next stack is has been said */
	}
	report_role(&o->r, role);
}

/* The cycle is printed from its first edge on: the last lock is the one that was being taken. */
static void close_report(struct open *o)
{
	if (o->closing && o->closing <= o->r.f->stack_count)
		o->r.f->stacks[o->closing - 1].role = ROLE_ACCESS;
}

static int body(struct open *o, const struct line *line)
{
	if (text_after(line->s, "SUMMARY: ThreadSanitizer")) {
		report_text(&o->r, line);
		o->ended = OPEN_WHOLE;
		open_close(o);
		return 1;
	}
	if (text_is(line->s, "==================") && o->r.f->stack_count) {
		o->ended = OPEN_WHOLE;
		open_close(o);
		return 1;
	}
	if (text_after(line->s, "  ") && isalpha((unsigned char)line->s[2]) &&
	        !text_after(line->s, "  Uninitialized value ")) {
		if (is_alien(o, line->s + 2))
			return 0;
		report_text(&o->r, line);
		take_heading(o, line->s + 2);
		return 1;
	}
	if (line->len == 0 || strstr(line->s, "[failed to restore the stack]")) {
		report_text(&o->r, line);
		return 1;
	}
	return 0;
}

/* The reports without a header have no end either, but a last stack. */
static int needs_end(const struct open *o)
{
	return !strstr(o->r.f->kind, "ignores enabled") || !finding_find(o->r.f, ROLE_ACCESS);
}

static const struct grammar grammar = { body, close_report, needs_end, 300 };

/* "ThreadSanitizer: thread T1  finished with ignores enabled, created at:" */
static int begin_ignores(struct opens *all, const struct line *line, const char *text)
{
	if (!strstr(text, " finished with ignores enabled") ||
	        !(text_after(text, "thread T") || text_after(text, "main thread")))
		return 0;
	char *kind = sanitizer_kind(text);
	struct open *o = open_begin(all, &grammar, "tsan", kind, line, 0, 0);
	report_message(&o->r, text);
	if (text_ends(text, "created at:"))
		report_role(&o->r, ROLE_THREAD);
	free(kind);
	return 1;
}

int tsan_begins(struct opens *all, const struct line *line)
{
	const char *text = text_after_any(line->s, "ThreadSanitizer: ");

	if (!text)
		return 0;
	const char *warning = text_after_any(line->s, "WARNING: ThreadSanitizer: ");
	if (!warning)
		return begin_ignores(all, line, text);
	char *kind = xstrdup(warning), *pid = NULL;
	for (char *p = kind; (p = strstr(p, " (pid=")); p++)
		pid = p;
	if (!pid || pid == kind) {
		free(kind);
		return 0;
	}
	*pid = 0;
	size_t prefix = (size_t)(warning - line->s) - strlen("WARNING: ThreadSanitizer: ");
	struct open *o = open_begin(all, &grammar, "tsan", kind, line, prefix,
	        text_number(pid + strlen(" (pid="), NULL));
	report_message(&o->r, kind);
	free(kind);
	return 1;
}
