/*
 * The proof of a cell: every planted fault is run in it, and what the reports say of it is compared
 * with what the cell claims to see. A cell that misses one is blind, whatever its tests say.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/session.h"
#include "matrix/stamp.h"
#include "reports/reports.h"

/* Before the units in a fresh build; after them where the same build was proved before. */
enum { PRIORITY_CONTROL = 2, PRIORITY_CONTROL_AGAIN = 0, ESTIMATE_CONTROL = 2 };

/* Whether WORD is one of LIST's alternatives, "a|b|c". */
static int one_of(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; s; s = strchr(s, '|') ? strchr(s, '|') + 1 : NULL)
		if (strncmp(s, word, n) == 0 && (s[n] == 0 || s[n] == '|'))
			return 1;
	return 0;
}

static void note_found(struct proof *p, const struct finding *f)
{
	const struct control *k = p->control;

	p->found = xrealloc(p->found, (p->found_count + 1) * sizeof *p->found);
	p->found[p->found_count++] =
		(struct found){ xstrdup(f->tool), xstrdup(f->kind), xstrdup(f->category) };
	if (k->tool && one_of(k->tool, f->tool) && one_of(k->kind, f->kind) &&
		one_of(k->category, f->category))
		p->seen = 1;
}

static void read_proof(struct proof *p, const char *dir)
{
	struct results r = { 0 };
	struct err e = { 0 };

	if (results_add_unit(&r, dir, &e) < 0)
		warn("control '%s': %s", p->control->name, e.msg);
	for (size_t i = 0; i < r.finding_count; i++)
		note_found(p, r.findings[i]);
	results_release(&r);
}

static char *proof_file(const struct cell_run *c)
{
	return xasprintf("%s/.sanmatrix-proof", c->build);
}

/* All that decides what the cell sees: its build, and how commands are run in it. */
static char *proof_stamp(const struct cell_run *c)
{
	struct buf b = { 0 };

	buf_add(&b, c->step_inputs.data, c->step_inputs.len);
	stamp_add_list(&b, &c->recipe.env);
	stamp_add_list(&b, &c->recipe.wrapper);
	stamp_add_tree(&b, c->session->places.suppressions);
	for (size_t i = 0; i < c->recipe.control_count; i++) {
		stamp_add(&b, c->recipe.controls[i].name);
		stamp_add(&b, c->recipe.controls[i].kind);
	}
	char *stamp = stamp_of(&b);
	buf_release(&b);
	return stamp;
}

int cell_is_proved(const struct cell_run *c)
{
	char *file = proof_file(c), *stamp = proof_stamp(c);
	int proved = stamp_matches(file, stamp);

	free(stamp);
	free(file);
	return proved;
}

void cell_ready(struct cell_run *c)
{
	if (!c->proofs)
		cell_expect(c, -(int)c->recipe.control_count);
	c->state = CELL_READY;
	c->seconds = clock_now() - c->started;
	cell_write(c);
}

static void finish_cell(struct cell_run *c)
{
	struct buf missed = { 0 };

	for (size_t i = 0; i < c->recipe.control_count; i++)
		if (c->proofs[i].control->tool && !c->proofs[i].seen)
			buf_addf(&missed, "%s%s", missed.len ? ", " : "", c->proofs[i].control->name);
	if (missed.len) {
		char *log = xasprintf("%s/controls", c->recipe.cell);
		cell_fail(c, CELL_BLIND, log, "did not see planted faults: %s", missed.data);
		free(log);
	} else {
		char *file = proof_file(c), *stamp = proof_stamp(c);
		stamp_keep(file, stamp);
		free(stamp);
		free(file);
		cell_ready(c);
	}
	buf_release(&missed);
}

static struct proof *find_proof(struct cell_run *c, const char *name)
{
	size_t i = 0;

	while (strcmp(c->recipe.controls[i].name, name) != 0)
		i++;
	return &c->proofs[i];
}

static void proof_finished(struct cell_run *c, struct proof *p, const char *dir, double seconds)
{
	read_proof(p, dir);
	p->done = 1;
	p->seconds = seconds;
	if (--c->proofs_left == 0)
		finish_cell(c);
}

static void control_done(struct queue *q, struct task *t, const struct job_end *end,
	const struct err *err)
{
	struct cell_run *c = t->owner;
	struct proof *p = find_proof(c, t->name);

	(void)q;
	cell_task_clean(t);
	if (end && end->interrupted)
		return;
	if (!end)
		warn("cell '%s', control '%s': %s", c->recipe.cell, t->name, err->msg);
	proof_finished(c, p, t->spec.dir, end ? end->seconds : 0);
	const char *verdict = p->seen ? "seen" : p->control->tool ? "MISSED" : "not claimed";
	progress_end(c->session->progress, t, verdict, p->control->tool && !p->seen,
		end ? end->seconds : 0);
	if (end)
		times_set(c->session->times, c->recipe.runtime, c->recipe.cell, t->name, end->seconds,
			end->max_rss);
}

static void queue_control(struct cell_run *c, struct proof *p, const char *dir, int priority)
{
	const struct control *k = p->control;
	struct err e = { 0 };
	struct task *t = cell_task(c, "control", k->name, dir, &k->command, 1, &e);

	if (!t) {
		warn("cell '%s', control '%s': %s", c->recipe.cell, k->name, e.msg);
		proof_finished(c, p, dir, 0);
		return;
	}
	if (k->time_limit > 0)
		t->spec.time_limit = k->time_limit * c->recipe.time_factor;
	t->priority = priority;
	t->estimate = ESTIMATE_CONTROL * c->recipe.time_factor;
	cell_task_expect(t);
	t->done = control_done;
	queue_add(c->session->queue, t);
}

void cell_prove(struct cell_run *c)
{
	size_t count = c->recipe.control_count;
	int priority = cell_is_proved(c) ? PRIORITY_CONTROL_AGAIN : PRIORITY_CONTROL;

	c->proofs = xcalloc(count, sizeof *c->proofs);
	c->proofs_left = count;
	if (count == 0)
		finish_cell(c);
	for (size_t i = 0; i < count; i++) {
		struct proof *p = &c->proofs[i];
		struct job_end end;
		p->control = &c->recipe.controls[i];
		cell_expect(c, -1);
		char *name = path_encode(p->control->name);
		char *dir = xasprintf("%s/controls/%s", c->dir, name);
		if (job_read(dir, &end, NULL) == 0)
			proof_finished(c, p, dir, end.seconds);
		else
			queue_control(c, p, dir, priority);
		free(dir);
		free(name);
	}
}
