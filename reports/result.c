#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/baseline.h"
#include "reports/clean.h"
#include "reports/merged.h"
#include "reports/reading.h"
#include "reports/occurrence.h"
#include "reports/store.h"

enum { DEPTH_MAX = 64 };

struct cell_result *cell_get(struct results *r, const char *runtime, const char *cell)
{
	for (size_t i = 0; i < r->cell_count; i++)
		if (!strcmp(r->cells[i].cell, cell) &&
		    !string_compare(r->cells[i].runtime, runtime))
			return &r->cells[i];
	r->cells = xrealloc(r->cells, (r->cell_count + 1) * sizeof *r->cells);
	struct cell_result *c = &r->cells[r->cell_count++];
	memset(c, 0, sizeof *c);
	c->runtime = xstrdup(runtime);
	c->cell = xstrdup(cell);
	return c;
}

static size_t *unit_slot(struct cell_result *c, const char *unit)
{
	size_t i = (size_t)XXH3_64bits(unit, strlen(unit)) & (c->unit_slot_count - 1);

	while (c->unit_slots[i] && strcmp(c->units[c->unit_slots[i] - 1].unit, unit) != 0)
		i = (i + 1) & (c->unit_slot_count - 1);
	return &c->unit_slots[i];
}

/* Room in the table for one unit more; after units_sort() it is made anew. */
static void need_unit_slots(struct cell_result *c)
{
	if (c->unit_slots && 2 * c->unit_count < c->unit_slot_count)
		return;
	free(c->unit_slots);
	c->unit_slot_count = c->unit_slot_count ? c->unit_slot_count : 16;
	while (c->unit_slot_count <= 2 * c->unit_count)
		c->unit_slot_count *= 2;
	c->unit_slots = xcalloc(c->unit_slot_count, sizeof *c->unit_slots);
	for (size_t i = 0; i < c->unit_count; i++)
		*unit_slot(c, c->units[i].unit) = i + 1;
}

struct unit_result *unit_get(struct cell_result *c, const char *unit)
{
	need_unit_slots(c);
	size_t *slot = unit_slot(c, unit);

	if (*slot)
		return &c->units[*slot - 1];
	if (c->unit_count == c->unit_cap) {
		c->unit_cap = c->unit_cap ? 2 * c->unit_cap : 16;
		c->units = xrealloc(c->units, c->unit_cap * sizeof *c->units);
	}
	*slot = ++c->unit_count;
	struct unit_result *u = &c->units[c->unit_count - 1];
	memset(u, 0, sizeof *u);
	u->unit = xstrdup(unit);
	return u;
}

static int by_unit(const void *a, const void *b)
{
	return strcmp(((const struct unit_result *)a)->unit, ((const struct unit_result *)b)->unit);
}

void units_sort(struct cell_result *c)
{
	if (c->unit_count)
		qsort(c->units, c->unit_count, sizeof *c->units, by_unit);
	free(c->unit_slots);
	c->unit_slots = NULL;
}

struct test_case *case_add(struct arena *strings, struct test_case **cases, size_t *count,
			   const char *classname, const char *name, enum outcome outcome)
{
	const char *last = *count ? (*cases)[*count - 1].classname : NULL;

	classname = last && !strcmp(last, classname) ? last : arena_strdup(strings, classname);
	*cases = xrealloc(*cases, (*count + 1) * sizeof **cases);
	struct test_case *c = &(*cases)[(*count)++];
	memset(c, 0, sizeof *c);
	c->classname = classname;
	c->name = arena_strdup(strings, name);
	c->outcome = outcome;
	return c;
}

struct failed_attempt *attempt_add(struct test_case *c, int attempt, enum outcome outcome)
{
	struct failed_attempt *a = xcalloc(1, sizeof *a), **at = &c->attempts;

	while (*at && (*at)->attempt <= attempt)
		at = &(*at)->next;
	a->attempt = attempt;
	a->outcome = outcome;
	a->next = *at;
	*at = a;
	return a;
}

static void attempts_release(struct failed_attempt *a)
{
	while (a) {
		struct failed_attempt *next = a->next;

		free(a->message);
		free(a->text);
		free(a);
		a = next;
	}
}

static void cases_release(struct test_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(cases[i].message);
		free(cases[i].text);
		attempts_release(cases[i].attempts);
	}
	free(cases);
}

void unit_release(struct unit_result *u)
{
	cases_release(u->cases, u->case_count);
	free(u->unit);
	free(u->started);
	free(u->log);
	free(u->ids);
	free(u->marks.v);
	memset(u, 0, sizeof *u);
}

/* Of two runs of a unit the later one stands for both, and of equal ones that of the greater id. */
static int stands_for(const struct unit_result *a, const struct unit_result *b)
{
	int c = (a->ran != 0) - (b->ran != 0);

	if (!c)
		c = string_compare(a->started, b->started);
	if (!c && a->id_count && b->id_count)
		c = (a->ids[a->id_count - 1] > b->ids[b->id_count - 1]) -
		    (a->ids[a->id_count - 1] < b->ids[b->id_count - 1]);
	return c >= 0;
}

void unit_join(struct unit_result *to, struct unit_result *from)
{
	int planned = to->planned | from->planned;

	if (stands_for(from, to)) {
		struct unit_result swap = *to;

		*to = *from;
		*from = swap;
	}
	to->planned = planned;
	ids_add(to, from->ids, from->id_count);
	marks_move(&to->marks, &from->marks);
	unit_release(from);
}

void unparsed_add(struct results *r, struct unparsed *u)
{
	r->unparsed = xrealloc(r->unparsed, (r->unparsed_count + 1) * sizeof *r->unparsed);
	r->unparsed[r->unparsed_count++] = *u;
	free(u);
}

/* A unit's folder that holds a log that cannot be read. */
static void tell_unread(struct results *r, const char *dir, const char *why)
{
	struct unparsed *bad = xcalloc(1, sizeof *bad);

	bad->log = xstrdup(dir);
	bad->text = xstrdup("");
	bad->reason = clean_line(why, 1000);
	unparsed_add(r, bad);
}

static void read_one(struct results *r, const char *folder, const char *dir, const char *runtime,
		     const char *cell)
{
	uint64_t id = folder_id(folder, dir);
	struct unit_result u = { 0 };
	char *name = unit_name(folder, dir);
	struct err e;

	if (name && ids_known(unit_get(cell_get(r, runtime, cell), name), &id, 1)) {
		free(name);
		return;
	}
	free(name);
	if (unit_read(r, folder, dir, runtime, cell, &u, &e) < 0 && u.ran)
		tell_unread(r, dir, e.msg);
	if (u.ran) {
		ids_add(&u, &id, 1);
		unit_join(unit_get(cell_get(r, runtime, cell), u.unit), &u);
	} else {
		unit_release(&u);
	}
}

static void read_units(struct results *r, const char *folder, const char *runtime,
		       const char *cell)
{
	char *units = xasprintf("%s/%s/units", folder, cell);
	struct strv names = { 0 };

	if (path_exists(units))
		dir_list(units, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *dir = xasprintf("%s/units/%s", cell, names.v[i]);

		read_one(r, folder, dir, runtime, cell);
		free(dir);
	}
	strv_release(&names);
	free(units);
}

static int add_folder(struct results *r, const char *folder, struct err *e)
{
	struct strv cells = { 0 };
	char *runtime = NULL;
	int rc = run_read(r, folder, &cells, &runtime, e);

	r->folders++;
	for (size_t i = 0; i < cells.n; i++) {
		cell_read(r, folder, runtime, cells.v[i], NULL); /* then its state says so */
		read_units(r, folder, runtime, cells.v[i]);
	}
	strv_release(&cells);
	free(runtime);
	return rc;
}

static int add_log(struct results *r, const char *path, struct err *e)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	struct marks marks = { 0 };
	struct reading g = { .r = r, .marks = &marks };
	int rc = 0, made;

	if (!f)
		return err_set(e, EXIT_USAGE, "cannot open '%s':", path);
	uint64_t id = f == stdin ? r->logs + 1 : log_id(path);
	r->logs++;
	source_get(r, id, &made);
	if (made) {
		rc = reading_log(&g, f, path, path, e);
		marks_move(&source_get(r, id, &made)->marks, &marks);
	}
	if (f != stdin)
		fclose(f);
	return rc;
}

/* A result folder, or a folder of anything; what is not a file is passed over. */
static int add_tree(struct results *r, const char *dir, int depth, struct err *e)
{
	struct strv names = { 0 };
	char *run = xasprintf("%s/run.json", dir), *merged;
	int rc = 0, is_result = path_exists(run);

	free(run);
	merged = is_result ? NULL : xasprintf("%s/" MERGED_FILE, dir);
	if (is_result)
		return add_folder(r, dir, e);
	if (path_exists(merged)) {
		rc = merged_read(r, merged, e);
		free(merged);
		return rc;
	}
	free(merged);
	if (depth > DEPTH_MAX)
		return err_set(e, EXIT_USAGE, "'%s': folders are nested too deeply", dir);
	rc = dir_list(dir, &names, e);
	for (size_t i = 0; i < names.n && !rc; i++) {
		char *path = xasprintf("%s/%s", dir, names.v[i]);
		struct stat st;

		if (!lstat(path, &st) && S_ISDIR(st.st_mode))
			rc = add_tree(r, path, depth + 1, e);
		else if (!lstat(path, &st) && S_ISREG(st.st_mode))
			rc = add_log(r, path, e);
		free(path);
	}
	strv_release(&names);
	return rc;
}

static void need_store(struct results *r)
{
	if (!r->store)
		r->store = store_new(r->no_fold);
}

int results_add(struct results *r, const char *input, struct err *e)
{
	struct stat st;

	need_store(r);
	if (!strcmp(input, "-"))
		return add_log(r, input, e);
	if (stat(input, &st) < 0)
		return err_set(e, EXIT_USAGE, "cannot open '%s':", input);
	return S_ISDIR(st.st_mode) ? add_tree(r, input, 0, e) : add_log(r, input, e);
}

void results_add_missing(struct results *r, const char *input)
{
	size_t len = strlen(input);

	need_store(r);
	while (len > 1 && input[len - 1] == '/')
		len--;
	char *path = xstrndup(input, len);
	char *slash = strrchr(path, '/'), *name = clean_line(slash ? slash + 1 : path, 200);
	struct cell_result *c = cell_get(r, NULL, *name ? name : "input");
	if (!c->state) {
		c->state = xstrdup("missing");
		c->reason = xasprintf("the result folder '%s' is not there", path);
	}
	r->folders++;
	free(name);
	free(path);
}

int results_add_unit(struct results *r, const char *unit_dir, struct err *e)
{
	struct unit_result u = { 0 };
	int rc;

	need_store(r);
	rc = unit_read(r, unit_dir, "", NULL, NULL, &u, e);
	if (!u.unit)
		return -1;
	struct cell_result *c = cell_get(r, NULL, "");
	c->state = xstrdup("ready");
	unit_join(unit_get(c, u.unit), &u);
	results_finish(r);
	return rc;
}

static void cell_release(struct cell_result *c)
{
	for (size_t i = 0; i < c->unit_count; i++)
		unit_release(&c->units[i]);
	for (size_t i = 0; i < c->property_count; i++) {
		free(c->properties[i].name);
		free(c->properties[i].value);
	}
	for (size_t i = 0; i < c->control_count; i++) {
		struct control_result *k = &c->controls[i];
		char *const strings[] = { k->name, k->summary,	k->tool,
					  k->kind, k->category, k->found };

		for (size_t j = 0; j < sizeof strings / sizeof *strings; j++)
			free(strings[j]);
	}
	cases_release(c->cases, c->case_count);
	strv_release(&c->partitions);
	strv_release(&c->rerun.alone);
	strv_release(&c->rerun.test);
	strv_release(&c->rerun.debugger);
	strv_release(&c->rerun.debug_env);
	strv_release(&c->rerun.attach);
	free(c->units);
	free(c->unit_slots);
	free(c->properties);
	free(c->controls);
	free(c->runtime);
	free(c->source);
	free(c->tree);
	free(c->cell);
	free(c->label);
	free(c->state);
	free(c->reason);
	free(c->log);
}

void results_release(struct results *r)
{
	char *const strings[] = { r->runtime, r->version, r->suite,
				  r->hashseed, r->hostname, r->started };

	for (size_t i = 0; i < r->cell_count; i++)
		cell_release(&r->cells[i]);
	for (size_t i = 0; i < r->finding_count; i++)
		finding_free(r->findings[i]);
	for (size_t i = 0; i < r->unparsed_count; i++) {
		free(r->unparsed[i].log);
		free(r->unparsed[i].text);
		free(r->unparsed[i].reason);
	}
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	for (size_t i = 0; i < r->source_cap; i++)
		free(r->sources[i].marks.v);
	free(r->sources);
	free(r->keys);
	arena_release(&r->strings);
	free(r->cells);
	free(r->findings);
	free(r->fixed);
	free(r->defects);
	free(r->defect_findings);
	baseline_free(r->baseline);
	free(r->unparsed);
	store_free(r->store);
	memset(r, 0, sizeof *r);
}
