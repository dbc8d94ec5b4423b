#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "reports/ignore.h"
#include "reports/memo.h"
#include "reports/symbol.h"

/* Takes every TEXT out of S. */
static void drop(char *s, const char *text)
{
	size_t len = strlen(text);

	for (char *p = s; (p = strstr(p, text));)
		memmove(p, p + len, strlen(p + len) + 1);
}

/* Where the arguments begin: the first parenthesis but those of "operator()". */
static size_t arguments(const char *s)
{
	const char *from = strstr(s, "operator()");
	size_t skip = from ? (size_t)(from - s) + strlen("operator()") : 0;

	return skip + strcspn(s + skip, "(");
}

/* FUNCTION without what compilers and libraries add; owned by the caller. */
static char *normalise(const char *function)
{
	static const char *const marks[] = {
		".part.",
		".isra.",
		".constprop.",
		".cold",
		".lto_priv.",
		".llvm.",
		"@",
		"[abi:",
	};

	char *s = xstrdup(function);
	drop(s, "(anonymous namespace)::");
	drop(s, "{anonymous}::");
	if (*s != '(' && *s != '<')
		s[arguments(s)] = 0;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char *mark = strstr(s, marks[i]);
		if (mark && mark > s)
			*mark = 0;
	}
	size_t len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = 0;
	return s;
}

static void compute(const char *function, struct memo_value *value)
{
	value->text = normalise(function);
	value->flags = ignored_function(value->text);
}

static const struct memo_value *look_up(const char *function)
{
	static struct memo symbols = { .compute = compute };

	return memo_get(&symbols, function);
}

const char *symbol_name(const char *function)
{
	return function ? look_up(function)->text : NULL;
}

unsigned symbol_ignored(const char *function)
{
	return function ? look_up(function)->flags : 0;
}
