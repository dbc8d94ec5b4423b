/*
 * One attempt of a unit: its logs, how its process ended, its runner's XML, and what follows from
 * all three for the unit's own test case.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/clean.h"
#include "reports/junit_in.h"
#include "reports/reading.h"

/* The last lines of the unit's output, cleaned; owned by the caller; NULL without output. */
static char *output_tail(const char *folder, const struct unit_result *u)
{
	struct buf clean = { 0 };
	char data[TAIL_MAX];
	char *path = u->log ? xasprintf("%s/%s", folder, u->log) : NULL;
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t n = 0, start = 0;

	free(path);
	if (!f)
		return NULL;
	if (!fseek(f, -(long)sizeof data, SEEK_END)) { /* begin with a whole line */
		n = fread(data, 1, sizeof data, f);
		char *line = memchr(data, '\n', n);
		start = line ? (size_t)(line - data) + 1 : 0;
	} else {
		rewind(f);
		n = fread(data, 1, sizeof data, f);
	}
	fclose(f);
	clean_text(&clean, data + start, n - start, 0);
	return buf_detach(&clean);
}

static int number(const json_t *unit, const char *name)
{
	return (int)json_integer_value(json_object_get(unit, name));
}

static void read_end(const json_t *unit, struct end *end)
{
	end->exit_code = number(unit, "exit_code");
	end->signal = number(unit, "signal");
	end->timed_out = json_is_true(json_object_get(unit, "timed_out"));
	end->out_of_memory = json_is_true(json_object_get(unit, "out_of_memory"));
	end->left_behind = number(unit, "left_behind");
	end->time_limit = json_seconds(unit, "time_limit");
}

static void read_unit(struct unit_result *u, const json_t *unit, const char *dir)
{
	const char *slash = strrchr(dir, '/');

	u->unit = json_text(unit, "unit");
	if (!u->unit)
		u->unit = clean_line(slash ? slash + 1 : dir, 1000);
	u->seconds = json_seconds(unit, "seconds");
	u->started = json_text(unit, "started");
	u->ran = 1;
}

/* The unit that is being read, for junit_read(). */
struct to_unit {
	struct results *r;
	struct unit_result *u;
};

/* The names go into the results' arena: there may be a million of them. */
static void take_case(struct results *r, struct unit_result *u, const struct found_case *f)
{
	struct test_case *c = case_add(&r->strings, &u->cases, &u->case_count, f->classname, f->name,
				       f->outcome);

	c->seconds = f->seconds;
	c->message = f->message;
	c->text = f->text;
}

static void on_case(void *context, struct found_case *f)
{
	struct to_unit *to = context;

	take_case(to->r, to->u, f);
	free(f->classname);
	free(f->name);
}

static int any_failed(const struct unit_result *u)
{
	for (size_t i = 0; i < u->case_count; i++)
		if (u->cases[i].outcome >= OUTCOME_FAILED)
			return 1;
	return 0;
}

static struct test_case *own_case(struct reading *g, enum outcome outcome)
{
	struct unit_result *u = g->u;
	struct test_case *c = case_add(&g->r->strings, &u->cases, &u->case_count, u->unit, u->unit, outcome);

	c->seconds = u->seconds;
	return c;
}

/*
 * The runner's XML hides what happens to a unit as a whole. What is explained by a finding is left
 * to results_finish(), which puts it there.
 */
static void judge_unit(struct reading *g, const struct end *end)
{
	struct unit_result *u = g->u;
	struct test_case *c;

	if (g->runner.skipped && !g->errors && !any_failed(u) && !end->signal &&
	    runner_skip_code(end->exit_code)) {
		c = own_case(g, OUTCOME_SKIPPED);
		c->message = xstrdup(g->runner.skipped);
	} else if (end->exit_code && !g->errors && !any_failed(u)) {
		reading_exit(g, end->exit_code, g->runner.skipped);
	} else if (!u->case_count && !g->errors) {
		own_case(g, OUTCOME_PASSED);
	}
}

/* A crash of which nobody says more: the output's last lines are its text. */
static void add_tails(struct reading *g, const char *folder)
{
	for (size_t i = 0; i < g->held_count; i++) {
		struct finding *f = g->held[i];
		char *tail = NULL;

		if (strcmp(f->tool, "process") || f->stack_count || f->python.n)
			continue;
		tail = output_tail(folder, g->u);
		finding_add_text(f, tail ? tail : "");
		free(tail);
	}
}

static void read_cases(struct reading *g, const char *folder, const char *dir)
{
	struct to_unit to = { g->r, g->u };
	char *path = xasprintf("%s/%s%sjunit.xml", folder, dir, *dir ? "/" : "");

	if (path_exists(path)) /* of a file that is cut, what is there */
		junit_read(path, g->u->unit, on_case, &to, NULL);
	free(path);
}

static void take_collected(struct reading *g)
{
	for (size_t i = 0; i < g->runner.case_count; i++) {
		struct found_case *f = &g->runner.cases[i];

		take_case(g->r, g->u, f);
		free(f->classname);
		free(f->name);
	}
	free(g->runner.cases);
	g->runner.cases = NULL;
	g->runner.case_count = 0;
}

/* What the unit in FOLDER/DIR is called; owned by the caller; NULL without a whole unit.json. */
char *unit_name(const char *folder, const char *dir)
{
	char *path = xasprintf("%s/%s%sunit.json", folder, dir, *dir ? "/" : "");
	json_t *unit = json_read(path, NULL);
	struct unit_result u = { 0 };

	free(path);
	if (unit)
		read_unit(&u, unit, *dir ? dir : folder);
	json_decref(unit);
	free(u.started);
	return u.unit;
}

int attempt_read(struct reading *g, const char *folder, const char *dir, const char *unit_dir,
		 struct err *e)
{
	char *path = xasprintf("%s/%s%sunit.json", folder, dir, *dir ? "/" : "");
	json_t *unit = json_read(path, e);
	struct end end;
	int rc = -1;

	free(path);
	if (!unit)
		return -1;
	read_end(unit, &end);
	read_unit(g->u, unit, unit_dir);
	json_decref(unit);
	runner_init(&g->runner, g->u->unit);
	read_cases(g, folder, dir);
	g->runner.collect = !g->u->case_count;
	rc = reading_folder(g, folder, dir, e);
	take_collected(g);
	if (!rc) {
		reading_end(g, &end);
		judge_unit(g, &end);
		add_tails(g, folder);
	}
	reading_store(g);
	runner_release(&g->runner);
	return rc;
}
