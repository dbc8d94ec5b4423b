#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/confcache.h"

enum { LARGEST_CACHE = 16 << 20 };

/*
 * The variable that LINE sets, owned, or NULL when it sets none: a comment, or a further line of a
 * value. Autoconf writes `NAME=${NAME=VALUE}`, `test ${NAME+y} || NAME=VALUE` or `NAME=VALUE`.
 */
static char *variable(const char *line, size_t len)
{
	static const char test[] = "test ${";
	size_t skip = sizeof test - 1, n = 0;

	if (len > skip && memcmp(line, test, skip) == 0) {
		line += skip;
		len -= skip;
	}
	while (n < len && (isalnum((unsigned char)line[n]) || line[n] == '_'))
		n++;
	if (n == len || (line[n] != '=' && line[n] != '+'))
		return NULL;
	char *name = xstrndup(line, n);
	if (strstr(name, "_cv_"))
		return name;
	free(name);
	return NULL;
}

static int is_uncached(const char *name, const struct strv *uncached)
{
	if (strncmp(name, "ac_cv_env_", 10) == 0)
		return 1;
	for (size_t i = 0; i < uncached->n; i++) {
		const char *pattern = uncached->v[i];
		size_t n = strlen(pattern);
		if (n && pattern[n - 1] == '*' ? strncmp(name, pattern, n - 1) == 0
					       : strcmp(name, pattern) == 0)
			return 1;
	}
	return 0;
}

int confcache_copy(const char *from, const char *to, const struct strv *uncached, struct err *e)
{
	struct buf in = { 0 }, out = { 0 };
	int drop = 0, rc = file_read(from, &in, LARGEST_CACHE, e);

	for (size_t at = 0; rc == 0 && at < in.len;) {
		const char *line = in.data + at, *end = memchr(line, '\n', in.len - at);
		size_t len = end ? (size_t)(end - line) + 1 : in.len - at;
		char *name = variable(line, len);
		if (name)
			drop = is_uncached(name, uncached);
		free(name);
		if (!drop)
			buf_add(&out, line, len);
		at += len;
	}
	if (rc == 0)
		rc = file_write(to, out.data ? out.data : "", out.len, e);
	buf_release(&in);
	buf_release(&out);
	return rc;
}
