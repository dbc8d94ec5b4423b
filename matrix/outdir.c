/*
 * The result folder. A run that was killed is continued if the plan is the same: then what has a
 * unit.json is kept. Otherwise the folder is emptied of what an earlier run left, and of nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/session.h"
#include "matrix/stamp.h"
#include "reports/reports.h"

static char *inside(const struct session *s, const char *name)
{
	return xasprintf("%s/%s", s->out, name);
}

/* Two runs must not share a folder. One that was killed may need a moment to be gone. */
static int lock_folder(struct session *s, struct err *e)
{
	enum { TRIES = 100, PAUSE = 50000 };
	char *file = inside(s, ".lock");
	int rc = -1;

	s->out_lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (s->out_lock < 0)
		err_set(e, EXIT_USAGE, "cannot write to '%s':", s->out);
	for (int i = 0; s->out_lock >= 0 && rc < 0 && i < TRIES; i++) {
		rc = flock(s->out_lock, LOCK_EX | LOCK_NB);
		if (rc < 0)
			usleep(PAUSE);
	}
	if (s->out_lock >= 0 && rc < 0)
		err_set(e, EXIT_USAGE, "another run is writing to '%s': wait for it, or give --out", s->out);
	free(file);
	return rc;
}

/* The id of the run that is in the folder and did not finish; owned; NULL when there is none. */
static char *unfinished_id(const struct session *s)
{
	char *path = inside(s, "run.json"), *id = NULL;
	json_t *run = json_load_file(path, 0, NULL);

	if (run && !json_is_true(json_object_get(run, "finished")))
		id = xstrdup(json_string_value(json_object_get(run, "id")));
	json_decref(run);
	free(path);
	return id;
}

static int is_cell_folder(const char *path)
{
	static const char *const marks[] = { "cell.json", "build", "units", "controls" };
	int found = 0;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char *mark = xasprintf("%s/%s", path, marks[i]);
		found |= path_exists(mark);
		free(mark);
	}
	return found;
}

static int is_ours(const char *name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++)
		if (strcmp(name, view_kinds[i].file) == 0)
			return 1;
	return strcmp(name, ".lock") == 0 || strcmp(name, "run.json") == 0 ||
		strcmp(name, "merged.jsonl") == 0;
}

static int empty_folder(struct session *s, struct err *e)
{
	struct strv names = { 0 };
	char *run = inside(s, "run.json");
	int known = path_exists(run), rc = dir_list(s->out, &names, e);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = inside(s, names.v[i]);
		if (strcmp(names.v[i], ".lock") == 0) {
			/* ours, and held */
		} else if (!known && !is_ours(names.v[i])) {
			rc = err_set(e, EXIT_USAGE,
				"'%s' holds '%s' and is no result folder: give another --out", s->out,
				names.v[i]);
		} else if (is_ours(names.v[i]) || is_cell_folder(path)) {
			rc = dir_remove(path, e);
		}
		free(path);
	}
	free(run);
	strv_release(&names);
	return rc;
}

static json_t *cells_json(const struct session *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->cell_count; i++) {
		const struct cell_run *c = s->cells[i];
		json_t *units = json_array();
		for (size_t k = 0; k < c->units.n; k++)
			json_array_append_new(units, json_string(c->units.v[k]));
		json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "name", c->recipe.cell, "requested",
			c->requested, "units", units));
	}
	return list;
}

int outdir_finish(struct session *s, int finished, struct err *e)
{
	char host[256] = "localhost", started[20], *path = inside(s, "run.json");
	const struct session_options *o = &s->options;

	gethostname(host, sizeof host - 1);
	clock_format(s->started, started);
	char *src = o->runtime_src ? path_absolute(o->runtime_src) : NULL;
	json_t *run = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:i, s:s, s:b, s:o}",
		"schema", "sanmatrix-run/1", "id", s->id, "runtime", s->runtime.name, "version",
		s->runtime.version, "runtime_src", src, "source", s->runtime.source, "suite", o->suite,
		"hashseed", o->seed, "started", started, "hostname", host, "jobs", o->jobs, "partition",
		o->partition ? o->partition : "hash:1/1", "finished", finished, "cells", cells_json(s));
	char *text = run ? json_dumps(run, JSON_INDENT(1)) : NULL;
	int rc = text ? file_write(path, text, strlen(text), e)
		      : err_set(e, EXIT_INFRASTRUCTURE, "cannot encode '%s': a name is not UTF-8", path);
	free(text);
	json_decref(run);
	free(src);
	free(path);
	return rc;
}

/* Everything that decides what the results will be. */
static char *plan_id(const struct session *s)
{
	struct buf b = { 0 };

	stamp_add(&b, s->runtime.name);
	stamp_add(&b, s->runtime.version);
	stamp_add(&b, s->runtime.source);
	stamp_add(&b, s->options.suite);
	stamp_add(&b, s->options.seed);
	for (size_t i = 0; i < s->cell_count; i++) {
		const struct recipe *r = &s->cells[i]->recipe;
		stamp_add(&b, r->cell);
		stamp_add(&b, r->unavailable);
		stamp_add_list(&b, &r->configure);
		stamp_add_list(&b, &r->env);
		stamp_add_list(&b, &r->wrapper);
		stamp_add_list(&b, &r->unit_command);
		stamp_add_list(&b, &s->cells[i]->units);
	}
	stamp_add(&b, s->runtime.program);
	if (s->runtime.source)
		stamp_add_tree(&b, s->runtime.source);
	char *id = stamp_of(&b);
	buf_release(&b);
	return id;
}

int outdir_claim(struct session *s, struct err *e)
{
	if (dir_make(s->out, e) < 0 || lock_folder(s, e) < 0)
		return -1;
	s->id = plan_id(s);
	char *old = s->options.fresh ? NULL : unfinished_id(s);
	int same = old && strcmp(old, s->id) == 0;
	free(old);
	if (same)
		progress_say(s->progress, "going on with the unfinished run in '%s'", s->out);
	else if (empty_folder(s, e) < 0)
		return -1;
	return outdir_finish(s, 0, e);
}
