/*
 * LeakSanitizer's suppressions, for our own report of leaks: lines "leak:TEMPLATE" of the file that
 * LSAN_OPTIONS=suppressions=FILE names. A template matches anywhere in the name of a function, a source
 * file or a module of the stack; '*' stands for anything, '^' and '$' for the ends
 * (sanitizer_common/sanitizer_common.cpp, TemplateMatch, LLVM 19).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

PS_WEAK const char *__lsan_default_options(void);

enum { TEXT_MAX = 1 << 16, NAMES = 2048 };

static char *text; /* of the file; lines end in 0 */

static const char *path_in(const char *options, size_t *length)
{
	static const char key[] = "suppressions=";
	const char *p = options ? strstr(options, key) : NULL;

	if (!p)
		return NULL;
	p += sizeof key - 1;
	*length = strcspn(p, ":, \t\n");
	if (*length > 1 && (*p == '"' || *p == '\'')) {
		p++;
		*length -= 2;
	}
	return p;
}

static void read_file(const char *path, size_t length, char *to, size_t room)
{
	char name[4096];
	size_t n = 0;
	ssize_t got = 0;

	if (length >= sizeof name)
		return;
	memcpy(name, path, length);
	name[length] = 0;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < room && (got = read(fd, to + n, room - n)) > 0)
		n += (size_t)got;
	if (fd >= 0)
		close(fd);
	to[n] = 0;
}

static void load(void)
{
	size_t length = 0;
	const char *path = path_in(getenv("LSAN_OPTIONS"), &length);

	if (!path && __lsan_default_options)
		path = path_in(__lsan_default_options(), &length);
	text = ps_map(TEXT_MAX + 1);
	if (text && path)
		read_file(path, length, text, TEXT_MAX);
}

/* Does TEMPLATE, up to END, match anywhere in S? */
static int matches(const char *template, const char *end, const char *s)
{
	int anchored = template < end && *template == '^', asterisk = !anchored;

	template += anchored;
	while (template < end) {
		size_t n = 0;
		while (template + n < end && template[n] != '*' && template[n] != '$')
			n++;
		const char *found = s;
		while (n && *found && strncmp(found, template, n) != 0)
			found++;
		if ((n && !*found) || (found != s && !asterisk))
			return 0;
		s = found + n;
		template += n;
		asterisk = 0;
		if (template < end && *template == '$')
			return !*s;
		if (template < end && *template == '*') {
			asterisk = 1;
			template++;
		}
	}
	return 1;
}

static int matches_any(const char *name)
{
	for (const char *line = text; line && *line;) {
		size_t n = strcspn(line, "\r\n");
		if (n > 5 && !memcmp(line, "leak:", 5) && matches(line + 5, line + n, name))
			return 1;
		line += n + strspn(line + n, "\r\n");
	}
	return 0;
}

int ps_suppressed(ps_stack stack)
{
	char names[NAMES];
	struct ps_trace t;

	if (!text)
		load();
	if (!text || !*text || !__sanitizer_symbolize_pc || ps_depot_get(stack, &t))
		return 0;
	for (unsigned i = 0; i < t.pcs; i++) {
		static const char *const what[] = { "%f", "%s", "%m" };
		for (unsigned k = 0; k < sizeof what / sizeof *what; k++) {
			/* one after the other, those of inlined calls first; an empty one ends them */
			memset(names, 0, sizeof names);
			__sanitizer_symbolize_pc(
			        (void *)(t.values[i] - 1), what[k], names, sizeof names - 2);
			for (const char *n = names; *n; n += strlen(n) + 1)
				if (matches_any(n))
					return 1;
		}
	}
	return 0;
}
