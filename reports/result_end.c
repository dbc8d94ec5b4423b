/*
 * How a unit's process ended, joined with what its logs say: one crash is one finding, whoever
 * tells of it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/kinds.h"
#include "reports/reading.h"
#include "reports/store.h"

static const char *signal_name(int number, char *space, size_t size)
{
	const char *name = sigabbrev_np(number);

	snprintf(space, size, name ? "SIG%s" : "SIG%.0s%d", name ? name : "", number);
	return space;
}

static int same_process(const struct finding *a, const struct finding *b)
{
	long p = a->occurrences[0].pid, q = b->occurrences[0].pid;

	return !p || !q || p == q;
}

/* A report of the runtime that repeats what a checker said goes; its Python frames stay. */
static void fold_repeats(struct reading *g)
{
	for (size_t i = 0; i < g->held_count; i++) {
		struct finding *c = g->held[i];

		if (strcmp(c->tool, "cpython") != 0)
			continue;
		for (size_t j = 0; j < g->held_count; j++) {
			struct finding *f = g->held[j];

			if (i == j || !same_process(c, f) || !finding_repeats(c, f))
				continue;
			finding_copy_python(f, c);
			if (!f->occurrences[0].test) {
				f->occurrences[0].test = c->occurrences[0].test;
				c->occurrences[0].test = NULL;
			}
			reading_drop(g, i--);
			break;
		}
	}
}

static int is_signal(const struct finding *f, const char *name)
{
	return !strcmp(f->kind, name) || !strcmp(f->kind, name + strlen("SIG")) ||
	       (!strcmp(f->kind, "fatal_signal") && f->message && strstr(f->message, name));
}

/* Does F say why the unit ended by this signal? */
static int explains(const struct finding *f, const char *name)
{
	static const char *const aborting[] = { "asan", "lsan", "msan",
						"ubsan", "tsan", "cpython" };

	if (is_signal(f, name))
		return 1;
	if (strcmp(name, "SIGABRT") != 0)
		return !strcmp(f->tool, "cpython") && !strcmp(f->category, "crash") &&
		       strncmp(f->kind, "SIG", 3) != 0;
	for (size_t i = 0; i < sizeof aborting / sizeof *aborting; i++)
		if (!strcmp(f->tool, aborting[i]))
			return 1;
	return 0;
}

/* F gets the stacks and the text of FROM, which goes. */
static void take_over(struct reading *g, struct finding *f, size_t from)
{
	struct finding *old = g->held[from];

	finding_copy_python(f, old);
	if (!f->stack_count)
		finding_copy_stacks(f, old);
	if (old->text)
		finding_add_text(f, old->text);
	if (f->occurrence_count && old->occurrence_count) {
		struct occurrence o = f->occurrences[0];

		f->occurrences[0] = old->occurrences[0];
		old->occurrences[0] = o;
	}
	reading_drop(g, from);
}

/* A finding of how the process ended; it waits with the others. Borrowed. */
static struct finding *end_finding(struct reading *g, const char *kind,
				   const char *message)
{
	struct finding *f = finding_process(kind, g->u->unit, message);

	f->occurrences = xcalloc(1, sizeof *f->occurrences);
	f->occurrence_count = 1;
	f->occurrences[0].log = xstrdup(g->u->log);
	g->in_output = 1; /* of the test that was running at the end */
	g->file_pid = 0;
	reading_place(g, f);
	if (g->held_count == HELD_MAX)
		reading_keep(g, g->held[--g->held_count]);
	g->held[g->held_count++] = f;
	g->errors++;
	return f;
}

static void end_timeout(struct reading *g, const struct end *end)
{
	char *message = xasprintf("no end within %.0f s", end->time_limit);
	struct finding *f = end_finding(g, "timeout", message);

	free(message);
	/* the time limit's own SIGABRT, of which the runtime or a checker tells */
	for (size_t i = 0; i < g->held_count; i++)
		if (g->held[i] != f && (is_signal(g->held[i], "SIGABRT") ||
					!strcmp(g->held[i]->category, "timeout")))
			take_over(g, f, i--);
}

/* Adds "[WORDS WHAT]" to the report of F. */
static void mention(struct finding *f, const char *words, const char *what)
{
	finding_add_text(f, finding_printf(f, "[%s %s]\n", words, what));
}

static void end_signal(struct reading *g, int number)
{
	char name[32], *message;

	signal_name(number, name, sizeof name);
	for (size_t i = 0; i < g->held_count; i++) {
		struct finding *f = g->held[i];

		if (explains(f, name)) {
			mention(f, "the unit ended by", name);
			return;
		}
	}
	message = xasprintf("ended by %s (%s)", name, strsignal(number));
	end_finding(g, name, message);
	free(message);
}

/* The report of the same process that says why Valgrind then told of FATAL; NULL if none does. */
static struct finding *cause_of(const struct reading *g, const struct finding *fatal)
{
	struct finding *cause = NULL;
	int aborted = is_signal(fatal, "SIGABRT");

	for (size_t i = 0; i < g->held_count; i++) {
		struct finding *f = g->held[i];
		int can = aborted ? !strcmp(f->tool, "cpython")
				  : !strcmp(f->tool, fatal->tool) &&
					    !strncmp(f->kind, "Invalid", strlen("Invalid"));

		/* the last bad access before the signal is the one that brought it */
		if (can && f != fatal && same_process(f, fatal) &&
		    (!cause || f->occurrences[0].line > cause->occurrences[0].line))
			cause = f;
	}
	return cause;
}

/* Valgrind tells of a bad access, and then of the signal that it brings: one crash. */
static void fold_fatal(struct reading *g)
{
	for (size_t i = 0; i < g->held_count; i++) {
		struct finding *fatal = g->held[i], *cause;

		if (strcmp(fatal->kind, "fatal_signal") != 0 || !(cause = cause_of(g, fatal)))
			continue;
		mention(cause, "then:", fatal->message ? fatal->message : fatal->kind);
		finding_copy_python(cause, fatal);
		if (!cause->occurrences[0].test) {
			cause->occurrences[0].test = fatal->occurrences[0].test;
			fatal->occurrences[0].test = NULL;
		}
		reading_drop(g, i--);
	}
}

static void end_left_behind(struct reading *g, long count)
{
	char *message = xasprintf("%ld process%s of it had to be ended after it", count,
				  count == 1 ? "" : "es");
	struct finding *f = end_finding(g, "left-processes", message);

	f->category = "resource";
	f->cwe = 0;
	f->severity = "warning"; /* nothing was seen to go wrong, and it may be a matter of time */
	g->errors--;
	free(message);
}

/* A deadly signal is announced on standard error; the report may be in the checker's own log. */
static void drop_announced(struct reading *g)
{
	for (size_t i = 0; i < g->held_count; i++) {
		const struct finding *f = g->held[i];
		int told = 0;

		if (strcmp(f->kind, "DEADLYSIGNAL") != 0)
			continue;
		for (size_t k = 0; k < g->held_count; k++)
			told |= k != i && !strcmp(g->held[k]->tool, f->tool) &&
			        !strcmp(g->held[k]->category, "crash");
		if (told)
			reading_drop(g, i--);
	}
}

void reading_end(struct reading *g, const struct end *end)
{
	drop_announced(g);
	fold_repeats(g);
	if (end->timed_out)
		end_timeout(g, end);
	else if (end->out_of_memory)
		end_finding(g, "out-of-memory", "ended because it needed too much memory");
	else if (end->signal)
		end_signal(g, end->signal);
	fold_fatal(g);
	if (end->left_behind > 0)
		end_left_behind(g, end->left_behind);
}

void reading_exit(struct reading *g, int code, const char *skipped)
{
	char name[32] = "";

	if (code > 128 && code < 128 + 65) /* as a shell tells of a child that it waited for */
		signal_name(code - 128, name, sizeof name);
	char *message = xasprintf("exit code %d%s%s%s, and no failed test or report says why%s%s", code,
				  *name ? " (128 and " : "", name, *name ? ")" : "",
				  skipped ? "; skipped: " : "", skipped ? skipped : "");

	end_finding(g, "exit", message);
	free(message);
}

void reading_store(struct reading *g)
{
	for (size_t i = 0; i < g->held_count; i++)
		reading_keep(g, g->held[i]);
	g->held_count = 0;
}
