#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/times.h"

struct record {
	char *key; /* RUNTIME \t CELL \t UNIT, encoded */
	double seconds;
	size_t memory;
};

struct times {
	char *record; /* path */
	void *recorded, *shipped, *fresh; /* trees of struct record (tsearch) */
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->key, ((const struct record *)b)->key);
}

static void entry_free(void *p)
{
	struct record *e = p;

	free(e->key);
	free(e);
}

/* KEY is owned by the tree afterwards. */
static void put(void **tree, char *key, double seconds, size_t memory)
{
	struct record *e = xcalloc(1, sizeof *e);

	e->key = key;
	struct record **slot = tsearch(e, tree, compare);
	if (*slot != e)
		entry_free(e);
	(*slot)->seconds = seconds;
	(*slot)->memory = memory;
}

static const struct record *find(void *const *tree, char *key)
{
	struct record wanted = { .key = key };
	struct record *const *slot = tfind(&wanted, tree, compare);

	return slot ? *slot : NULL;
}

/* One line of a file: the third tab ends the key. */
static void read_line(void **tree, char *line)
{
	char *s = line, *end;

	for (int tabs = 0; tabs < 3; tabs++) {
		s = strchr(s, '\t');
		if (!s)
			return;
		s++;
	}
	double seconds = strtod(s, &end);
	if (end == s || *end != '\t' || !(seconds >= 0 && seconds < 1e9))
		return;
	put(tree, xstrndup(line, (size_t)(s - 1 - line)), seconds, strtoull(end + 1, NULL, 10));
}

static void read_table(void **tree, const char *path)
{
	struct buf text = { 0 };

	if (path && file_read(path, &text, 0, NULL) == 0)
		for (char *s = text.data, *next; s && *s; s = next) {
			next = s + strcspn(s, "\n");
			if (*next)
				*next++ = 0;
			if (*s != '#')
				read_line(tree, s);
		}
	buf_release(&text);
}

struct times *times_load(const char *record, const char *estimates)
{
	struct times *t = xcalloc(1, sizeof *t);

	t->record = xstrdup(record);
	read_table(&t->recorded, record);
	read_table(&t->shipped, estimates);
	return t;
}

void times_free(struct times *t)
{
	if (!t)
		return;
	tdestroy(t->recorded, entry_free);
	tdestroy(t->shipped, entry_free);
	tdestroy(t->fresh, entry_free);
	free(t->record);
	free(t);
}

static char *encoded(const char *name)
{
	return strcmp(name, "*") == 0 ? xstrdup(name) : path_encode(name);
}

static char *key_of(const char *runtime, const char *cell, const char *unit)
{
	char *r = encoded(runtime), *c = encoded(cell), *u = encoded(unit);
	char *key = xasprintf("%s\t%s\t%s", r, c, u);

	free(r);
	free(c);
	free(u);
	return key;
}

static const struct record *look(void *const *tree, const char *runtime, const char *cell,
	const char *unit)
{
	char *key = key_of(runtime, cell, unit);
	const struct record *e = find(tree, key);

	free(key);
	return e;
}

/* From the most to the least that a shipped line may say of a unit; *PLAIN: of a plain build. */
static const struct record *look_shipped(const struct times *t, const char *runtime,
	const char *cell, const char *unit, int *plain)
{
	const struct record *e = NULL;

	for (int i = 0; i < 8 && !e; i++) {
		*plain = (i & 2) != 0;
		e = look(&t->shipped, i & 1 ? "*" : runtime, *plain ? "*" : cell,
			i & 4 ? "*" : unit);
	}
	return e;
}

int times_get(const struct times *t, const char *runtime, const char *cell, const char *unit,
	double factor, double *seconds, size_t *memory)
{
	int plain = 0;
	const struct record *e = look(&t->fresh, runtime, cell, unit);

	if (!e)
		e = look(&t->recorded, runtime, cell, unit);
	if (!e)
		e = look_shipped(t, runtime, cell, unit, &plain);
	if (!e)
		return 0;
	*seconds = e->seconds * (plain ? factor : 1);
	if (e->memory)
		*memory = e->memory;
	return 1;
}

void times_set(struct times *t, const char *runtime, const char *cell, const char *unit,
	double seconds, size_t memory)
{
	const struct record *old = look(&t->recorded, runtime, cell, unit);

	if (old && old->seconds > 0) /* one slow day should not turn the order over */
		seconds = (seconds + old->seconds) / 2;
	put(&t->fresh, key_of(runtime, cell, unit), seconds, memory);
}

static void merge_entry(const void *node, VISIT visit, void *tree)
{
	const struct record *e = *(struct record *const *)node;

	if (visit == postorder || visit == leaf)
		put(tree, xstrdup(e->key), e->seconds, e->memory);
}

static void write_entry(const void *node, VISIT visit, void *out)
{
	const struct record *e = *(struct record *const *)node;

	if (visit == postorder || visit == leaf)
		buf_addf(out, "%s\t%.3f\t%zu\n", e->key, e->seconds, e->memory);
}

int times_save(struct times *t, struct err *e)
{
	struct buf out = { 0 };
	void *latest = NULL;

	if (!t->fresh || !t->record)
		return 0;
	read_table(&latest, t->record);
	twalk_r(t->fresh, merge_entry, &latest);
	buf_addstr(&out, "# runtime\tcell\tunit\tseconds\tbytes\n");
	twalk_r(latest, write_entry, &out);
	int rc = file_write(t->record, out.data, out.len, e);
	tdestroy(t->recorded, entry_free);
	tdestroy(t->fresh, entry_free);
	t->recorded = latest;
	t->fresh = NULL;
	buf_release(&out);
	return rc;
}
