#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <xxhash.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/stamp.h"

char *stamp_of(const struct buf *inputs)
{
	XXH128_hash_t h = XXH3_128bits(inputs->data, inputs->len);

	return xasprintf("%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}

void stamp_add(struct buf *inputs, const char *text)
{
	buf_addch(inputs, text ? '"' : '-');
	buf_add(inputs, text ? text : "", text ? strlen(text) + 1 : 1);
}

void stamp_add_list(struct buf *inputs, const struct strv *list)
{
	buf_addf(inputs, "%zu", list->n);
	for (size_t i = 0; i < list->n; i++)
		stamp_add(inputs, list->v[i]);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int passed_over(const FTSENT *f)
{
	return f->fts_info == FTS_D &&
		(strcmp(f->fts_name, "__pycache__") == 0 || strcmp(f->fts_name, ".git") == 0);
}

static void add_state(struct buf *inputs, const struct stat *st)
{
	buf_addf(inputs, "%lld,%lld.%09ld", (long long)st->st_size, (long long)st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec);
}

void stamp_add_file(struct buf *inputs, const char *path)
{
	struct stat st;

	stamp_add(inputs, path);
	if (stat(path, &st) == 0)
		add_state(inputs, &st);
	else
		stamp_add(inputs, NULL);
}

void stamp_add_tree(struct buf *inputs, const char *dir)
{
	char *copy = xstrdup(dir), *roots[] = { copy, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	for (FTSENT *f; tree && (f = fts_read(tree));) {
		if (passed_over(f))
			fts_set(tree, f, FTS_SKIP);
		if (f->fts_info != FTS_F && f->fts_info != FTS_SL)
			continue;
		stamp_add(inputs, f->fts_path + strlen(dir));
		add_state(inputs, f->fts_statp);
	}
	if (tree)
		fts_close(tree);
	free(copy);
}

int stamp_matches(const char *file, const char *stamp)
{
	struct buf b = { 0 };
	int same = file_read(file, &b, 4096, NULL) == 0 && b.data && strcmp(b.data, stamp) == 0;

	buf_release(&b);
	return same;
}

int stamp_keep(const char *file, const char *stamp)
{
	return file_write(file, stamp, strlen(stamp), NULL);
}
