/*
 * From the logs of one unit, or a raw log, to findings that know where they were seen.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/reading.h"
#include "reports/scan.h"
#include "reports/store.h"

/* The runner's test in which F was found, if F's Python frames say so; owned by the caller. */
static char *test_of_frames(const struct unit_result *u, const struct finding *f)
{
	for (size_t i = 0; i < f->python.n; i++) {
		const char *function = f->python.v[i].function;
		const struct test_case *only = NULL;
		size_t found = 0;

		if (!function || strncmp(function, "test", 4) != 0)
			continue;
		for (size_t j = 0; j < u->case_count; j++)
			if (text_is(u->cases[j].name, function)) {
				only = &u->cases[j];
				found++;
			}
		if (found == 1)
			return xasprintf("%s.%s", only->classname, only->name);
		return found ? NULL : xasprintf("%s.%s", u->unit, function);
	}
	return NULL;
}

void reading_place(struct reading *g, struct finding *f)
{
	if (!f->occurrence_count) {
		f->occurrences = xcalloc(1, sizeof *f->occurrences);
		f->occurrence_count = 1;
	}
	struct occurrence *o = &f->occurrences[0];
	if (!o->pid)
		o->pid = g->file_pid;
	if (!g->u)
		return;
	o->runtime = xstrdup(g->runtime);
	o->cell = xstrdup(g->cell);
	o->unit = xstrdup(g->u->unit);
	if (g->in_output && g->runner.running)
		o->test = xstrdup(g->runner.running);
	else
		o->test = test_of_frames(g->u, f);
}

static int may_tell_of_end(const struct finding *f)
{
	static const char *const never[] = { "leak", "refleak", "race", "resource", "deadlock" };

	if (!text_is(f->severity, "error"))
		return 0;
	if (text_is(f->tool, "cpython") && text_is(f->category, "deadlock"))
		return 1; /* it dies of it */
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (text_is(f->category, never[i]))
			return 0;
	return 1;
}

static void keep_mark(struct reading *g, const struct finding *f)
{
	const struct occurrence *o = &f->occurrences[0];
	struct mark m = { .key = mark_key(f->fingerprint), .count = f->count };

	if (g->u) { /* of a raw log only the number counts */
		m.test = arena_strdup(&g->r->strings, o->test);
		m.log = arena_strdup(&g->r->strings, o->log);
		m.pid = o->pid;
		m.line = o->line;
		m.attempt = o->attempt;
		m.flaky = o->flaky;
	}
	mark_add(g->marks, &m);
}

void reading_keep(struct reading *g, struct finding *f)
{
	f->occurrences[0].attempt = g->attempt;
	if (g->last && !strv_has(g->last, f->fingerprint)) {
		f->occurrences[0].flaky = 1;
		f->status = "flaky";
	} else if (g->attempt > 1 && !g->last && !strv_has(&g->keys, f->fingerprint)) {
		strv_push(&g->keys, f->fingerprint);
	}
	keep_mark(g, f);
	store_add(g->r->store, f);
}

static void on_finding(void *context, struct finding *f)
{
	struct reading *g = context;

	if (!f->fingerprint)
		fingerprint(f);
	reading_place(g, f);
	g->errors += text_is(f->severity, "error");
	if (g->u && g->held_count < HELD_MAX && may_tell_of_end(f)) {
		fingerprint_bucket(f); /* of what it is now: others may be joined to it */
		g->held[g->held_count++] = f;
	} else {
		reading_keep(g, f);
	}
}

static void on_unparsed(void *context, struct unparsed *u)
{
	struct reading *g = context;

	if (++g->unparsed <= UNPARSED_OF_LOG_MAX) {
		unparsed_add(g->r, u);
		return;
	}
	unparsed_free(g->last_unparsed);
	g->last_unparsed = u;
}

/* The log has been read: what it had too much of is told in one line. */
static void end_unparsed(struct reading *g)
{
	struct unparsed *last = g->last_unparsed;

	if (last) {
		free(last->reason);
		last->reason = xasprintf("%zu more places in this log, up to here, could not be read",
					 g->unparsed - UNPARSED_OF_LOG_MAX);
		unparsed_add(g->r, last);
	}
	g->last_unparsed = NULL;
	g->unparsed = 0;
}

void reading_drop(struct reading *g, size_t i)
{
	finding_free(g->held[i]);
	g->held[i] = g->held[--g->held_count];
	g->errors--;
}

/* "asan.4242", "memcheck.9.xml": the number; 0 without one. */
static long pid_of_name(const char *name)
{
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *end;
		int pid = text_number(dot + 1, &end);

		if (end > dot + 1 && pid > 0 && (!*end || *end == '.'))
			return pid;
	}
	return 0;
}

/* Line by line, so that a report in the output is known to be of the test that runs just then. */
static void read_output(struct reading *g, struct scanner *s, FILE *f)
{
	struct buf line = { 0 };
	char chunk[16384];
	size_t n;

	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
		for (size_t at = 0, len; at < n; at += len) {
			char *end = memchr(chunk + at, '\n', n - at);

			len = end ? (size_t)(end - chunk) + 1 - at : n - at;
			scanner_feed(s, chunk + at, len);
			if (line.len < sizeof chunk)
				buf_add(&line, chunk + at, len);
			if (end) {
				runner_line(&g->runner, line.data, line.len);
				buf_reset(&line);
			}
		}
	}
	if (line.len)
		runner_line(&g->runner, line.data, line.len);
	buf_release(&line);
}

static void read_bytes(struct scanner *s, FILE *f)
{
	size_t n, size;

	do {
		char *room = scanner_room(s, &size);

		n = fread(room, 1, size, f);
		scanner_took(s, n);
	} while (n > 0);
}

/* PATH is read; LOG is what occurrences call it. */
int reading_log(struct reading *g, FILE *f, const char *path, const char *log, struct err *e)
{
	struct sink sink = { on_finding, on_unparsed, g };
	struct scanner *s = scanner_new(log, &sink);

	if (g->in_output)
		read_output(g, s, f);
	else
		read_bytes(s, f);
	scanner_finish(s);
	end_unparsed(g);
	return ferror(f) ? err_set(e, EXIT_USAGE, "cannot read '%s':", path) : 0;
}

static int is_log(const char *path, const char *name)
{
	static const char *const ours[] = { "unit.json", "junit.xml", "job-error.txt" };
	size_t n = strlen(name);
	struct stat st;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (text_is(name, ours[i]))
			return 0;
	if (n > 4 && text_is(name + n - 4, ".new")) /* a part that was never renamed */
		return 0;
	return !lstat(path, &st) && S_ISREG(st.st_mode);
}

int reading_folder(struct reading *g, const char *folder, const char *dir, struct err *e)
{
	struct strv names = { 0 };
	char *full = *dir ? xasprintf("%s/%s", folder, dir) : xstrdup(folder);
	int rc = dir_list(full, &names, e);

	for (size_t i = 0; i < names.n && !rc; i++) {
		char *path = xasprintf("%s/%s", full, names.v[i]);
		char *log = *dir ? xasprintf("%s/%s", dir, names.v[i]) : xstrdup(names.v[i]);
		FILE *f = is_log(path, names.v[i]) ? fopen(path, "re") : NULL;

		g->in_output = text_is(names.v[i], "output.txt");
		g->file_pid = pid_of_name(names.v[i]);
		if (f) {
			rc = reading_log(g, f, path, log, e);
			fclose(f);
		}
		if (f && g->in_output) {
			free(g->u->log);
			g->u->log = xstrdup(log);
		}
		free(path);
		free(log);
	}
	strv_release(&names);
	free(full);
	return rc;
}

