#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/ignore.h"
#include "reports/memo.h"
#include "reports/symbol.h"

/* The files of reports/ignore, one after the other; made by the Makefile. */
extern const char ignore_compiled_in[];

enum { LIST_TOP, LIST_KEY, LIST_MODULES, LIST_FILES, LIST_NAMELESS, LIST_COUNT };
static const char *const sections[LIST_COUNT] = { "[top]", "[key]", "[modules]", "[files]",
	"[nameless]" };

/* Patterns as of fnmatch(). Read once, when they are first asked for. */
static struct strv lists[LIST_COUNT];
static int loaded;

/* A section that is not known here is passed over. */
static void read_text(const char *text)
{
	int list = LIST_COUNT;
	struct strv lines = { 0 };

	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *s = lines.v[i] + strspn(lines.v[i], " \t");
		size_t len = strlen(s);

		while (len && strchr(" \t", s[len - 1]))
			s[--len] = 0;
		if (!*s || *s == '#')
			continue;
		if (*s != '[' || s[len - 1] != ']') {
			if (list < LIST_COUNT)
				strv_push(&lists[list], s);
			continue;
		}
		for (list = 0; list < LIST_COUNT && strcmp(sections[list], s) != 0; list++)
			;
	}
	strv_release(&lines);
}

/* "share/sanmatrix/ignore" beside the "bin" that we run from; owned by the caller. */
static char *installed_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = 0;
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(exe, '/');
		if (!slash)
			return NULL;
		*slash = 0;
	}
	return xasprintf("%s/share/sanmatrix/ignore", exe);
}

/* Nonzero if DIR has files of patterns, which are then read. */
static int read_folder(const char *dir)
{
	struct strv names = { 0 };
	int found = 0;

	if (!dir || !path_exists(dir) || dir_list(dir, &names, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		char *path = xasprintf("%s/%s", dir, names.v[i]);
		struct buf text = { 0 };

		if (text_ends(path, ".txt") && !file_read(path, &text, 1 << 20, NULL)) {
			buf_addch(&text, '\n');
			read_text(text.data);
			found = 1;
		}
		buf_release(&text);
		free(path);
	}
	strv_release(&names);
	return found;
}

static void load(void)
{
	const char *wanted = getenv("SANMATRIX_IGNORE");
	char *installed = wanted && *wanted ? NULL : installed_folder();

	loaded = 1;
	if (!read_folder(installed ? installed : wanted))
		read_text(ignore_compiled_in);
	free(installed);
}

/* Most patterns need not be given to fnmatch(): what they begin with is not in S. */
static int may_match(const char *pattern, const char *s, size_t len)
{
	static const char special[] = "*?[\\";

	if (*pattern != '*')
		return *pattern == *s || strchr(special, *pattern);
	size_t n = strcspn(++pattern, special);
	return !n || memmem(s, len, pattern, n);
}

static int any_matches(int list, const char *s)
{
	size_t len = strlen(s);

	if (!loaded)
		load();
	for (size_t i = 0; i < lists[list].n; i++) {
		const char *pattern = lists[list].v[i];

		if (may_match(pattern, s, len) && !fnmatch(pattern, s, 0))
			return 1;
	}
	return 0;
}

/* The bits of places: all that is there says nothing, or what has no name there. */
enum { PLACE_IGNORED = 1, PLACE_NAMELESS = 2 };

static void judge_file(const char *file, struct memo_value *value)
{
	value->flags = any_matches(LIST_FILES, file) ? PLACE_IGNORED : 0;
}

static void judge_module(const char *module, struct memo_value *value)
{
	value->flags = any_matches(LIST_MODULES, module) ? PLACE_IGNORED : 0;
	value->flags |= any_matches(LIST_NAMELESS, module) ? PLACE_NAMELESS : 0;
}

unsigned ignored_function(const char *name)
{
	if (any_matches(LIST_TOP, name))
		return 1U << IGNORE_TOP | 1U << IGNORE_KEY;
	return any_matches(LIST_KEY, name) ? 1U << IGNORE_KEY : 0;
}

int frame_ignored(const struct frame *frame, enum ignore_level level)
{
	static struct memo files = { .compute = judge_file }, modules = { .compute = judge_module };

	if (symbol_ignored(frame->function) >> level & 1)
		return 1;
	unsigned module = frame->module ? memo_get(&modules, frame->module)->flags : 0;

	if (!frame->function && !frame->file && (!frame->module || (module & PLACE_NAMELESS)))
		return 1;
	if (frame->file && (memo_get(&files, frame->file)->flags & PLACE_IGNORED))
		return 1;
	return (module & PLACE_IGNORED) != 0;
}
