/*
 * Where findings were seen and how often, and what was read: nothing counts twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/occurrence.h"
#include "reports/result.h"

enum { SAMPLE = 65536, NEAR = 64 };

uint64_t mark_key(const char *fingerprint)
{
	return XXH3_64bits(fingerprint, strlen(fingerprint));
}

static int same(const struct mark *a, const struct mark *b)
{
	return a->key == b->key && a->attempt == b->attempt && a->flaky == b->flaky &&
	       !string_compare(a->test, b->test);
}

/* In the order in which they should stand on the test case: that of their places. */
static int compare(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int c = (x->key > y->key) - (x->key < y->key);

	if (!c)
		c = x->attempt - y->attempt;
	if (!c)
		c = x->flaky - y->flaky;
	if (!c)
		c = string_compare(x->test, y->test);
	if (!c)
		c = string_compare(x->log, y->log);
	if (!c)
		c = (x->line > y->line) - (x->line < y->line);
	return c ? c : (x->pid > y->pid) - (x->pid < y->pid);
}

/* Joins equal marks; the first place speaks. */
static void tidy(struct marks *m)
{
	size_t kept = 0;

	if (m->n)
		qsort(m->v, m->n, sizeof *m->v, compare);
	for (size_t i = 0; i < m->n; i++) {
		if (kept && same(&m->v[kept - 1], &m->v[i]))
			m->v[kept - 1].count += m->v[i].count;
		else
			m->v[kept++] = m->v[i];
	}
	m->n = kept;
}

/* Nearly always it is one of the last; those that escape so are joined when there are many. */
void mark_add(struct marks *m, const struct mark *mark)
{
	for (size_t i = m->n; i && i + NEAR > m->n; i--)
		if (same(&m->v[i - 1], mark)) {
			m->v[i - 1].count += mark->count;
			return;
		}
	if (m->n == m->cap) {
		if (m->n > NEAR)
			tidy(m);
		if (m->n >= m->cap / 2) { /* else many were equal, and there is room */
			m->cap = m->cap ? 2 * m->cap : 2;
			m->v = xrealloc(m->v, m->cap * sizeof *m->v);
		}
	}
	m->v[m->n++] = *mark;
}

void marks_move(struct marks *to, struct marks *from)
{
	for (size_t i = 0; i < from->n; i++)
		mark_add(to, &from->v[i]);
	tidy(to);
	free(from->v);
	*from = (struct marks){ 0 };
}

static uint64_t add_file(const char *path, uint64_t hash)
{
	char *data = xrealloc(NULL, 2 * SAMPLE);
	FILE *f = fopen(path, "re");
	size_t n = 0;
	struct stat st;

	if (f && !fstat(fileno(f), &st)) {
		n = fread(data, 1, SAMPLE, f);
		if (st.st_size > 2 * SAMPLE)
			fseek(f, -SAMPLE, SEEK_END);
		n += fread(data + n, 1, SAMPLE, f);
		hash = XXH3_64bits_withSeed(&st.st_size, sizeof st.st_size, hash);
	}
	if (f)
		fclose(f);
	hash = XXH3_64bits_withSeed(data, n, hash);
	free(data);
	return hash;
}

static uint64_t add_tree(const char *path, uint64_t hash)
{
	struct strv names = { 0 };

	dir_list(path, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *name = xasprintf("%s/%s", path, names.v[i]);
		struct stat st;

		hash = XXH3_64bits_withSeed(names.v[i], strlen(names.v[i]) + 1, hash);
		if (!lstat(name, &st) && S_ISREG(st.st_mode))
			hash = add_file(name, hash);
		else if (S_ISDIR(st.st_mode) && !strncmp(names.v[i], "attempt-", 8))
			hash = add_tree(name, hash);
		free(name);
	}
	strv_release(&names);
	return hash;
}

uint64_t folder_id(const char *folder, const char *dir)
{
	char *path = *dir ? xasprintf("%s/%s", folder, dir) : xstrdup(folder);
	uint64_t hash = add_tree(path, 1);

	free(path);
	return hash ? hash : 1;
}

uint64_t log_id(const char *path)
{
	uint64_t hash = add_file(path, XXH3_64bits(path, strlen(path)));

	return hash ? hash : 1;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int ids_known(const struct unit_result *u, const uint64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!u->id_count || !bsearch(&ids[i], u->ids, u->id_count, sizeof *ids, by_id))
			return 0;
	return n > 0;
}

void ids_add(struct unit_result *u, const uint64_t *ids, size_t n)
{
	size_t kept = 0;

	u->ids = xrealloc(u->ids, (u->id_count + n + 1) * sizeof *ids);
	if (n)
		memcpy(u->ids + u->id_count, ids, n * sizeof *ids);
	n += u->id_count;
	qsort(u->ids, n, sizeof *ids, by_id);
	for (size_t i = 0; i < n; i++)
		if (!kept || u->ids[kept - 1] != u->ids[i])
			u->ids[kept++] = u->ids[i];
	u->id_count = kept;
}

static void sources_grow(struct results *r)
{
	struct source *old = r->sources;
	size_t cap = r->source_cap;
	int made;

	r->source_cap = cap ? 2 * cap : 16;
	r->sources = xcalloc(r->source_cap, sizeof *r->sources);
	r->source_count = 0;
	for (size_t i = 0; i < cap; i++)
		if (old[i].id)
			*source_get(r, old[i].id, &made) = old[i];
	free(old);
}

struct source *source_get(struct results *r, uint64_t id, int *made)
{
	if (2 * r->source_count >= r->source_cap)
		sources_grow(r);
	size_t i = id & (r->source_cap - 1);
	while (r->sources[i].id && r->sources[i].id != id)
		i = (i + 1) & (r->source_cap - 1);
	*made = !r->sources[i].id;
	r->sources[i].id = id;
	r->source_count += *made != 0;
	return &r->sources[i];
}

struct finding_key {
	uint64_t key;
	size_t index;
};

static int by_key(const void *a, const void *b)
{
	const struct finding_key *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

size_t finding_of_mark(const struct results *r, const struct mark *m)
{
	struct finding_key key = { m->key, 0 }, *found;

	found = r->keys ? bsearch(&key, r->keys, r->finding_count, sizeof key, by_key) : NULL;
	return found ? found->index : r->finding_count;
}

/* 1 where a finding was seen in a unit's last attempt, or in a raw log. */
static void count(struct results *r, const struct marks *marks, char *lasting)
{
	for (size_t i = 0; i < marks->n; i++) {
		size_t at = finding_of_mark(r, &marks->v[i]);

		if (at == r->finding_count)
			continue;
		r->findings[at]->count += marks->v[i].count;
		lasting[at] |= !marks->v[i].flaky;
	}
}

void findings_count(struct results *r)
{
	char *lasting = xcalloc(r->finding_count + 1, 1);

	r->keys = xcalloc(r->finding_count + 1, sizeof *r->keys);
	for (size_t i = 0; i < r->finding_count; i++) {
		r->keys[i] = (struct finding_key){ mark_key(r->findings[i]->fingerprint), i };
		r->findings[i]->count = 0;
	}
	qsort(r->keys, r->finding_count, sizeof *r->keys, by_key);
	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].unit_count; j++)
			count(r, &r->cells[i].units[j].marks, lasting);
	for (size_t i = 0; i < r->source_cap; i++)
		count(r, &r->sources[i].marks, lasting);
	for (size_t i = 0; i < r->finding_count; i++)
		r->findings[i]->status = lasting[i] ? "new" : "flaky";
	free(lasting);
}
