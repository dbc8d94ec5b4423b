#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/session.h"
#include "matrix/stamp.h"
#include "reports/reports.h"
#include "reports/symbolize.h"

static void set_reason(struct cell_run *c, enum cell_state state, const char *reason)
{
	c->state = state;
	c->reason = xstrdup(reason);
}

/* Where a cell of this source is built: other sources and other checkouts' recipes do not collide. */
static char *build_folder(const struct session *s, const char *cell)
{
	struct buf b = { 0 };

	stamp_add(&b, s->runtime.program ? s->runtime.program : s->runtime.source);
	stamp_add_list(&b, &s->places.cell_dirs);
	char *stamp = stamp_of(&b), *name = path_encode(cell);
	char *path = xasprintf("%s/builds/%s-%s-%.8s/%s", s->places.cache, s->runtime.name,
		s->runtime.version, stamp, name);
	free(name);
	free(stamp);
	buf_release(&b);
	return path;
}

/* A mistake in a cell's file, or in what was asked of it, is this cell's error; others go on. */
static struct cell_run *new_cell(struct session *s, const char *cell, int requested)
{
	struct cell_run *c = xcalloc(1, sizeof *c);
	struct err e = { 0 };

	c->session = s;
	c->requested = requested;
	c->build_lock = -1;
	c->build = build_folder(s, cell);
	if (recipe_load(&c->recipe, cell, &s->runtime, &s->tools, &e) < 0) {
		if (!c->recipe.cell)
			c->recipe.cell = xstrdup(cell);
		set_reason(c, CELL_FAILED, e.msg);
	} else if (!c->recipe.unavailable) {
		recipe_vars(&c->recipe, &s->runtime, &s->tools, c->build, &c->vars);
		vars_set(&c->vars, "seed", s->options.seed);
		vars_set(&c->vars, "suite", s->options.suite);
	}
	char *name = path_encode(cell);
	c->dir = xasprintf("%s/%s", s->out, name);
	free(name);
	return c;
}

static int open_cells(struct session *s, struct err *e)
{
	struct strv all = { 0 }, defaults = { 0 };
	int named = s->options.cells.n > 0;
	int rc = cells_list(&s->places, &all, named ? NULL : &defaults, e);
	const struct strv *wanted = named ? &s->options.cells : &defaults;

	for (size_t i = 0; rc == 0 && i < wanted->n; i++) {
		if (!strv_has(&all, wanted->v[i]))
			rc = err_set(e, EXIT_USAGE, "there is no cell '%s': `sanmatrix cells` lists them",
				wanted->v[i]);
	}
	s->cells = xcalloc(wanted->n, sizeof(*s->cells));
	for (size_t i = 0; rc == 0 && i < wanted->n; i++)
		s->cells[s->cell_count++] = new_cell(s, wanted->v[i], named);
	if (rc == 0 && s->cell_count == 0)
		rc = err_set(e, EXIT_NOTHING, "no cell is selected: give --cell");
	strv_release(&all);
	strv_release(&defaults);
	return rc;
}

/* Short, for it becomes part of socket names; the same for one result folder, so that a later run
   finds what a killed one left. */
static char *tmp_folder(const struct session *s)
{
	struct buf b = { 0 };

	stamp_add(&b, s->out);
	char *stamp = stamp_of(&b), *tmp = xasprintf("%s/tmp/%.8s", s->places.cache, stamp);
	free(stamp);
	buf_release(&b);
	return tmp;
}

static void open_times(struct session *s)
{
	char *record = xasprintf("%s/times.tsv", s->places.cache);
	char *estimates = xasprintf("%s/estimates.tsv", s->places.data);

	s->times = times_load(record, estimates);
	free(estimates);
	free(record);
}

static int open_queue(struct session *s, struct err *e)
{
	if (dir_remove(s->tmp, e) < 0 || dir_make(s->tmp, e) < 0)
		return -1;
	if (jobserver_open(&s->server, s->options.jobs, s->tools.make_fifo ? s->tmp : NULL, e) < 0)
		return -1;
	s->queue = queue_new(&s->server, s->progress);
	return 0;
}

int session_open(struct session *s, const struct session_options *options, struct err *e)
{
	*s = (struct session){ .options = *options, .out_lock = -1, .started = time(NULL) };
	s->out = path_absolute(options->out);
	s->progress = progress_new(options->progress, options->colour);
	if (s->options.jobs <= 0)
		s->options.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (places_find(&s->places, e) < 0 || toolchain_load(&s->tools, s->places.toolchain, e) < 0)
		return -1;
	symbolize_program(s->tools.symbolizer);
	if (options->no_ccache) {
		free(s->tools.ccache);
		s->tools.ccache = NULL;
	}
	const char *spec = options->runtime ? options->runtime : s->tools.runtime;
	const char *src = options->runtime_src ? options->runtime_src : s->tools.runtime_src;
	int rc = options->program ? runtime_open_program(&s->runtime, spec, options->program, &s->places, e)
				  : runtime_open(&s->runtime, spec, src, &s->places, e);
	if (rc < 0)
		return -1;
	open_times(s);
	s->tmp = tmp_folder(s);
	return open_cells(s, e);
}

static void release_proofs(struct cell_run *c)
{
	for (size_t i = 0; c->proofs && i < c->recipe.control_count; i++) {
		for (size_t k = 0; k < c->proofs[i].found_count; k++) {
			free(c->proofs[i].found[k].tool);
			free(c->proofs[i].found[k].kind);
			free(c->proofs[i].found[k].category);
		}
		free(c->proofs[i].found);
	}
	free(c->proofs);
}

static void free_cell(struct cell_run *c)
{
	release_proofs(c);
	if (c->build_lock >= 0)
		close(c->build_lock);
	recipe_release(&c->recipe);
	vars_release(&c->vars);
	strv_release(&c->units);
	strv_release(&c->left_out);
	buf_release(&c->step_inputs);
	free(c->reason);
	free(c->log);
	free(c->dir);
	free(c->build);
	free(c);
}

void session_close(struct session *s)
{
	for (size_t i = 0; i < s->cell_count; i++)
		free_cell(s->cells[i]);
	free(s->cells);
	if (s->queue) {
		queue_free(s->queue);
		jobserver_close(&s->server);
		dir_remove(s->tmp, NULL);
	}
	progress_free(s->progress);
	if (s->times)
		times_free(s->times);
	if (s->out_lock >= 0)
		close(s->out_lock);
	runtime_release(&s->runtime);
	symbolize_end();
	toolchain_release(&s->tools);
	places_release(&s->places);
	free(s->tree_stamp);
	free(s->id);
	free(s->tmp);
	free(s->out);
}

int session_work(struct session *s, void (*on_built)(struct cell_run *c), struct err *e)
{
	if (outdir_claim(s, e) < 0 || open_queue(s, e) < 0)
		return -1;
	s->on_built = on_built;
	for (size_t i = 0; i < s->cell_count; i++) {
		struct cell_run *c = s->cells[i];
		if (c->state == CELL_PLANNED)
			cell_start(c);
		else
			cell_fail(c, c->state, NULL, "%s", c->reason);
	}
	int signal_number = queue_run(s->queue);
	if (times_save(s->times, e) < 0)
		warn("%s", e->msg);
	/* A disk that is full now should not cost the summary of what has run. */
	if (outdir_finish(s, signal_number == 0, e) < 0) {
		warn("%s", e->msg);
		s->incomplete = 1;
	}
	return signal_number;
}

enum exit_status session_report(struct session *s, FILE *summary)
{
	struct results r = { 0 };
	struct err e = { 0 };
	enum exit_status status = EXIT_INFRASTRUCTURE;

	if ((!s->options.baseline || results_baseline(&r, s->options.baseline, &e) == 0) &&
		results_add(&r, s->out, &e) == 0) {
		results_finish(&r);
		status = (enum exit_status)results_status(&r);
		int rc = write_summary(&r, summary, colour_for(s->options.colour, summary), &e);
		if (results_write_views(&r, s->out, 0, &e) < 0 || rc < 0)
			status = EXIT_INFRASTRUCTURE;
	}
	if (e.msg[0])
		warn("%s", e.msg);
	if (s->incomplete)
		status = EXIT_INFRASTRUCTURE;
	results_release(&r);
	return status;
}
