#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/apt.h"
#include "matrix/source.h"
#include "matrix/source_debian.h"

enum { SERIES_AHEAD = 12 };

static void candidate_free(struct candidate *c)
{
	free(c->package);
	free(c->version);
	free(c->upstream);
}

void candidates_release(struct candidates *list)
{
	for (size_t i = 0; i < list->n; i++)
		candidate_free(&list->v[i]);
	free(list->v);
	*list = (struct candidates){ 0 };
}

/* "3.13.15" of "1:3.13.15+dfsg-2"; owned. */
static char *upstream_of(const char *version)
{
	const char *colon = strchr(version, ':');
	const char *start = colon ? colon + 1 : version;

	return xstrndup(start, strcspn(start, "-+~"));
}

static int wanted(const struct source_wish *wish, const char *version, const char *upstream)
{
	size_t n = wish->version ? strlen(wish->version) : 0;

	if (n)
		return strncmp(upstream, wish->version, n) == 0 &&
			(!upstream[n] || upstream[n] == '.');
	/* A pre-release is never the newest by itself. */
	return !strchr(version, '~') && version_compare(upstream, wish->newest_from) >= 0;
}

static void add(struct candidates *list, const struct source_wish *wish, const char *package,
	const char *version)
{
	char *upstream = upstream_of(version);
	int have = !wanted(wish, version, upstream);

	for (size_t i = 0; i < list->n && !have; i++)
		have = strcmp(list->v[i].package, package) == 0 &&
			strcmp(list->v[i].version, version) == 0;
	if (have) {
		free(upstream);
		return;
	}
	list->v = xrealloc(list->v, (list->n + 1) * sizeof *list->v);
	list->v[list->n++] = (struct candidate){ xstrdup(package), xstrdup(version), upstream };
}

static int newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = version_compare(y->upstream, x->upstream);

	return order ? order : strverscmp(y->version, x->version);
}

void candidates_parse(struct candidates *list, const char *text, const struct source_wish *wish)
{
	struct strv lines = { 0 };
	const char *package = NULL;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *s = lines.v[i];
		if (strncmp(s, "Package: ", 9) == 0)
			package = s + 9;
		else if (package && strncmp(s, "Version: ", 9) == 0)
			add(list, wish, package, s + 9);
	}
	if (list->n)
		qsort(list->v, list->n, sizeof *list->v, newest_first);
	strv_release(&lines);
}

/* TEMPLATE with {series} filled. */
static void add_package(struct strv *argv, const char *template, const char *series)
{
	const char *hole = strstr(template, "{series}");

	if (hole)
		strv_pushf(argv, "%.*s%s%s", (int)(hole - template), template, series,
			hole + strlen("{series}"));
	else if (!strv_has(argv, template))
		strv_push(argv, template);
}

/* The series that may hold what is wished for: one, or newest_from and those that follow. */
static void add_packages(struct strv *argv, const struct source_wish *wish)
{
	const char *from = wish->version ? wish->version : wish->newest_from;
	int numbers = wish->series_numbers;
	size_t len = 0;

	while (from[len] && !(from[len] == '.' && --numbers == 0))
		len++;
	char *series = xstrndup(from, len), *last = strrchr(series, '.');
	last = last ? last + 1 : series;
	long number = strtol(last, NULL, 10);
	int count = wish->version ? 1 : SERIES_AHEAD;
	for (int i = 0; i < count; i++) {
		char *one = xasprintf("%.*s%ld", (int)(last - series), series, number + i);
		add_package(argv, wish->package, one);
		free(one);
	}
	free(series);
}

static int find_candidates(struct apt *a, struct candidates *list, const struct source_wish *wish,
	struct err *e)
{
	struct strv argv = { 0 };
	struct buf out = { 0 };
	int status;

	strv_split(&argv, "apt-cache showsrc --only-source", " ");
	add_packages(&argv, wish);
	int rc = apt_run(a, &argv, NULL, &out, &status, e);
	if (rc == 0)
		candidates_parse(list, out.data ? out.data : "", wish);
	if (rc == 0 && list->n == 0)
		rc = err_set(e, EXIT_USAGE,
			"this machine's mirror has no source package for '%s'; give the source "
			"with --with-runtime-src=DIR|TARBALL", wish->spec);
	strv_release(&argv);
	buf_release(&out);
	return rc;
}

/* The upstream tarball in DIR; owned, or NULL. */
static char *find_tarball(const char *dir)
{
	struct strv names = { 0 };
	char *found = NULL;

	dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n && !found; i++) {
		const char *tar = strstr(names.v[i], ".orig.tar.");
		if (tar && !strstr(tar, ".asc"))
			found = xasprintf("%s/%s", dir, names.v[i]);
	}
	strv_release(&names);
	return found;
}

/*
 * The verified tarball of C, in DIR; owned. NULL: *GONE tells whether only this version is not to
 * be had: indices name versions that the mirror does not serve (any more).
 */
static char *download(struct apt *a, const struct candidate *c, const char *dir, int *gone,
	struct err *e)
{
	struct strv argv = { 0 };
	struct buf out = { 0 };
	char *tarball = NULL;
	int status = 0;

	*gone = 0;
	strv_split(&argv, "apt-get -q source --download-only --only-source --tar-only", " ");
	strv_pushf(&argv, "%s=%s", c->package, c->version);
	if (dir_remove(dir, e) < 0 || dir_make(dir, e) < 0 ||
		apt_run(a, &argv, dir, &out, &status, e) < 0)
		goto out;
	tarball = status == 0 ? find_tarball(dir) : NULL;
	if (!tarball) {
		char *complaint = apt_complaint(&out);
		const char *text = out.data ? out.data : "";
		*gone = strstr(text, "404") || strstr(text, "Not Found") ||
			strstr(text, "mismatch");
		err_set(e, EXIT_INFRASTRUCTURE, "cannot fetch %s %s: %s; give the source with "
			"--with-runtime-src=DIR|TARBALL", c->package, c->version, complaint);
		free(complaint);
	}
out:
	strv_release(&argv);
	buf_release(&out);
	return tarball;
}

static char *take(struct apt *a, const struct candidate *c, const struct places *p, int *gone,
	struct err *e)
{
	char *dir = xasprintf("%s/download", a->root);
	char *name = xasprintf("%s-%s", c->package, c->upstream), *tree = NULL;

	warn("fetching the source package %s %s", c->package, c->version);
	char *tarball = download(a, c, dir, gone, e);
	if (tarball)
		tree = source_unpack(tarball, name, p, e);
	dir_remove(dir, NULL);
	free(tarball);
	free(name);
	free(dir);
	return tree;
}

static char *take_first(struct apt *a, const struct source_wish *wish, const struct places *p,
	struct err *e)
{
	struct candidates list = { 0 };
	char *tree = NULL;
	int gone = 1;

	if (apt_update(a, e) == 0 && find_candidates(a, &list, wish, e) == 0) {
		for (size_t i = 0; i < list.n && !tree && gone; i++) {
			tree = take(a, &list.v[i], p, &gone, e);
			if (!tree && gone)
				warn("the index names %s %s, but the mirror does not serve it",
					list.v[i].package, list.v[i].version);
		}
	}
	candidates_release(&list);
	return tree;
}

/* The tree that was chosen for this wish before, if it is still there; owned. */
static char *chosen(const char *choice, const struct places *p)
{
	struct buf name = { 0 };
	char *tree = NULL;

	if (file_read(choice, &name, 4096, NULL) == 0 && name.len && !strchr(name.data, '/'))
		tree = xasprintf("%s/sources/%s", p->cache, name.data);
	if (tree && !path_exists(tree)) {
		free(tree);
		tree = NULL;
	}
	buf_release(&name);
	return tree;
}

static char *choose(const struct source_wish *wish, const char *choice, const struct places *p,
	struct err *e)
{
	char *root = xasprintf("%s/apt", p->cache), *tree = NULL;
	struct apt a;

	if (apt_open(&a, root, e) == 0) {
		tree = take_first(&a, wish, p, e);
		apt_release(&a);
	}
	if (tree) {
		const char *name = strrchr(tree, '/') + 1;
		if (file_write(choice, name, strlen(name), e) < 0) {
			free(tree);
			tree = NULL;
		}
	}
	free(root);
	return tree;
}

char *source_debian(const struct source_wish *wish, const struct places *p, struct err *e)
{
	char *sources = xasprintf("%s/sources", p->cache), *name = path_encode(wish->spec);
	char *choice = xasprintf("%s/%s.choice", sources, name);
	char *tree = chosen(choice, p);

	if (!tree && dir_make(sources, e) == 0) {
		int lock = cache_lock(p, "apt", e);
		if (lock >= 0) {
			tree = chosen(choice, p); /* another run may have been first */
			if (!tree)
				tree = choose(wish, choice, p, e);
			close(lock);
		}
	}
	free(sources);
	free(name);
	free(choice);
	return tree;
}
