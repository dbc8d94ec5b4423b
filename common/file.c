#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "common/file.h"
#include "common/mem.h"

int file_read(const char *path, struct buf *b, size_t max, struct err *e)
{
	char chunk[65536];
	size_t before = b->len;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, EXIT_USAGE, "cannot open '%s':", path);
	while ((n = read(fd, chunk, sizeof chunk)) > 0) {
		if (max && b->len - before + (size_t)n > max) {
			close(fd);
			return err_set(e, EXIT_USAGE, "'%s' is larger than %zu bytes", path, max);
		}
		buf_add(b, chunk, (size_t)n);
	}
	if (n < 0)
		err_set(e, EXIT_INFRASTRUCTURE, "cannot read '%s':", path);
	close(fd);
	return n < 0 ? -1 : 0;
}

/* A device or a pipe (/dev/null, /dev/stdout) must not be replaced by a file. */
static int is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

FILE *file_begin(const char *path, char **temporary, struct err *e)
{
	*temporary = is_special(path) ? NULL : xasprintf("%s.%ld.new", path, (long)getpid());
	FILE *f = fopen(*temporary ? *temporary : path, "we");

	if (f)
		return f;
	err_set(e, EXIT_INFRASTRUCTURE, "cannot create '%s':", path);
	free(*temporary);
	return NULL;
}

int file_end(FILE *f, char *temporary, const char *path, int rc, struct err *e)
{
	int broken = ferror(f);

	if ((fclose(f) != 0 || broken) && rc == 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot write '%s':", path);
	if (temporary && rc == 0 && rename(temporary, path) < 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot rename '%s' to '%s':", temporary, path);
	if (temporary && rc != 0)
		unlink(temporary);
	free(temporary);
	return rc;
}

int file_write(const char *path, const void *data, size_t len, struct err *e)
{
	char *temporary;
	FILE *f = file_begin(path, &temporary, e);

	if (!f)
		return -1;
	if (len)
		fwrite(data, 1, len, f);
	return file_end(f, temporary, path, 0, e);
}

int dir_make(const char *path, struct err *e)
{
	char *p = xstrdup(path);
	int rc = 0;

	for (char *s = p + 1;; s++) {
		if (*s && *s != '/')
			continue;
		char c = *s;
		*s = 0;
		struct stat st;
		if (mkdir(p, 0777) < 0 && !(errno == EEXIST && stat(p, &st) == 0 && S_ISDIR(st.st_mode))) {
			rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot make folder '%s':", p);
			break;
		}
		*s = c;
		if (!c)
			break;
	}
	free(p);
	return rc;
}

/* Tests leave folders without write permission behind: give it back before going in. */
static int unlock_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int dir_remove(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS) == 0)
		return 0;
	nftw(path, unlock_entry, 32, FTW_PHYS);
	if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot remove '%s':", path);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int dir_list(const char *path, struct strv *names, struct err *e)
{
	DIR *dir = opendir(path);
	size_t first = names->n;

	if (!dir)
		return err_set(e, EXIT_USAGE, "cannot open folder '%s':", path);
	for (struct dirent *d; (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			strv_push(names, d->d_name);
	closedir(dir);
	if (names->n > first)
		qsort(names->v + first, names->n - first, sizeof *names->v, compare_names);
	return 0;
}

int path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *path_absolute(const char *path)
{
	char *real = realpath(path, NULL), cwd[PATH_MAX];

	if (real || path[0] == '/' || !getcwd(cwd, sizeof cwd))
		return real ? real : xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

char *path_encode(const char *name)
{
	enum { LONGEST = 150 };
	struct buf b = { 0 };

	for (const char *s = name; *s; s++) {
		int plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			(*s >= '0' && *s <= '9') || strchr("_+-", *s) || (*s == '.' && s > name);
		if (plain)
			buf_addch(&b, *s);
		else
			buf_addf(&b, "%%%02X", (unsigned char)*s);
	}
	if (b.len > LONGEST) {
		b.len = LONGEST - 17;
		buf_addf(&b, "%%%016llx", (unsigned long long)XXH3_64bits(name, strlen(name)));
	}
	return buf_detach(&b);
}

char *cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return xasprintf("%s/sanmatrix", xdg);
	return xasprintf("%s/.cache/sanmatrix", home ? home : "/var/tmp");
}
