#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xxhash.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/run.h"
#include "matrix/source.h"

int cache_lock(const struct places *p, const char *name, struct err *e)
{
	char *path = xasprintf("%s/%s.lock", p->cache, name);
	int fd = -1;

	if (dir_make(p->cache, e) < 0)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		err_set(e, EXIT_INFRASTRUCTURE, "cannot lock '%s':", path);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
out:
	free(path);
	return fd;
}

static int take_write_permission(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (ftw->level > 0 && (type == FTW_F || type == FTW_DP))
		chmod(path, st->st_mode & 07555);
	return 0;
}

/* The only folder in DIR, or DIR itself; owned. */
static char *top_folder(const char *dir)
{
	struct strv names = { 0 };
	struct stat st;
	char *top = NULL;

	if (dir_list(dir, &names, NULL) == 0 && names.n == 1) {
		top = xasprintf("%s/%s", dir, names.v[0]);
		if (lstat(top, &st) < 0 || !S_ISDIR(st.st_mode)) {
			free(top);
			top = NULL;
		}
	}
	strv_release(&names);
	return top ? top : xstrdup(dir);
}

static int untar(const char *tarball, const char *dir, struct err *e)
{
	struct strv argv = { 0 };
	struct buf out = { 0 };
	int status, rc;

	strv_push(&argv, "tar");
	strv_push(&argv, "--no-same-owner");
	strv_push(&argv, "-xf");
	strv_push(&argv, tarball);
	strv_push(&argv, "-C");
	strv_push(&argv, dir);
	struct run r = { .argv = &argv, .out = &out, .with_stderr = 1 };
	rc = run_child(&r, &status, e);
	if (rc == 0 && status != 0) {
		size_t n = out.len > 300 ? 300 : out.len;
		while (n && out.data[n - 1] == '\n')
			n--;
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot unpack '%s': %.*s", tarball, (int)n,
			out.data ? out.data : "");
	}
	buf_release(&out);
	strv_release(&argv);
	return rc;
}

/* TEMPORARY, which holds what was unpacked, becomes FINAL. */
static int settle(const char *temporary, const char *final, struct err *e)
{
	char *top = top_folder(temporary);
	int rc = 0;

	/* Children first, and the top last: a folder without write permission cannot be moved. */
	nftw(top, take_write_permission, 32, FTW_PHYS | FTW_DEPTH);
	if (rename(top, final) < 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot rename '%s' to '%s':", top, final);
	else
		chmod(final, 0555);
	free(top);
	return rc;
}

char *source_unpack(const char *tarball, const char *name, const struct places *p, struct err *e)
{
	char *final = xasprintf("%s/sources/%s", p->cache, name);
	char *temporary = xasprintf("%s/sources/.%s.new", p->cache, name);
	int rc = 0, lock = -1;

	if (!path_exists(final)) {
		rc = lock = cache_lock(p, "unpack", e);
		if (rc >= 0 && path_exists(final)) /* another run was first */
			rc = 0;
		else if (rc >= 0)
			rc = dir_remove(temporary, e) < 0 || dir_make(temporary, e) < 0 ||
					untar(tarball, temporary, e) < 0 ||
					settle(temporary, final, e) < 0 ? -1 : 0;
		dir_remove(temporary, NULL);
		if (lock >= 0)
			close(lock);
	}
	free(temporary);
	if (rc < 0) {
		free(final);
		return NULL;
	}
	return final;
}

/* The name for a tarball's tree: the file's own, readable, and a hash of its content. */
static char *tarball_name(const char *tarball, struct err *e)
{
	const char *base = strrchr(tarball, '/');
	XXH3_state_t *hash = XXH3_createState();
	char chunk[65536], *name = NULL;
	int fd = open(tarball, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	base = base ? base + 1 : tarball;
	if (fd >= 0 && hash) {
		XXH3_64bits_reset(hash);
		while ((n = read(fd, chunk, sizeof chunk)) > 0)
			XXH3_64bits_update(hash, chunk, (size_t)n);
	}
	if (n < 0) {
		err_set(e, EXIT_USAGE, "cannot read '%s':", tarball);
	} else {
		size_t len = strlen(base);
		const char *tar = strstr(base, ".tar");
		char *stem = xstrndup(base, tar ? (size_t)(tar - base) : len < 40 ? len : 40);
		char *safe = path_encode(stem);
		name = xasprintf("%s-%016llx", safe, (unsigned long long)XXH3_64bits_digest(hash));
		free(safe);
		free(stem);
	}
	if (fd >= 0)
		close(fd);
	XXH3_freeState(hash);
	return name;
}

char *source_open(const char *src, const struct places *p, struct err *e)
{
	struct stat st;

	if (stat(src, &st) < 0) {
		err_set(e, EXIT_USAGE, "cannot use the source '%s':", src);
		return NULL;
	}
	if (S_ISDIR(st.st_mode))
		return path_absolute(src);
	char *name = tarball_name(src, e), *tree = NULL;
	if (name)
		tree = source_unpack(src, name, p, e);
	free(name);
	return tree;
}
