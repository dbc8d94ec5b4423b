#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/ignore.h"
#include "reports/memo.h"
#include "reports/symbol.h"

/* Puts WITH, which is no longer, in place of every TEXT in S. */
static void replace(char *s, const char *text, const char *with)
{
	size_t len = strlen(text), n = strlen(with);

	for (char *p = s; (p = strstr(p, text)); p += n) {
		memcpy(p, with, n);
		memmove(p + n, p + len, strlen(p + len) + 1);
	}
}

/* Takes out what is in parentheses: arguments, also of outer functions. */
static void drop_arguments(char *s)
{
	static const char call[] = "operator()";
	char *to = s;
	int depth = 0;

	for (const char *from = s; *from; from++) {
		if (!depth && !strncmp(from, call, sizeof call - 1)) {
			memmove(to, from, sizeof call - 1);
			to += sizeof call - 1;
			from += sizeof call - 2;
			continue;
		}
		depth += *from == '(';
		if (!depth)
			*to++ = *from;
		depth -= *from == ')' && depth;
	}
	*to = 0;
}

/* "operator<", "operator<<", "operator->" and their like: where the name at S ends, or S. */
static const char *past_operator(const char *s)
{
	if (strncmp(s, "operator", 8) != 0 || isalnum((unsigned char)s[8]) || s[8] == '_')
		return s;
	s += 8;
	return s + (*s == ' ' ? 0 : strspn(s, "<>=-*&|^~!+/%,"));
}

/* "{lambda#1}" of gcc, "$_0" and "'lambda0'" of clang: each becomes "{}". */
static void name_lambdas(char *s)
{
	static const struct {
		const char *start, *end;
	} shapes[] = { { "{lambda#", "}" }, { "$_", "" }, { "'lambda", "'" }, { "<lambda", ">" } };

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t start = strlen(shapes[i].start), end = strlen(shapes[i].end);
		char *at = strstr(s, shapes[i].start), *to = at ? at + start : NULL;

		while (to && isdigit((unsigned char)*to))
			to++;
		if (!to || strncmp(to, shapes[i].end, end) != 0)
			continue;
		to += end;
		if (!strcmp(to, "::operator()")) /* the one that clang's DWARF has, and gcc's not */
			to += strlen(to);
		memcpy(at, "{}", 2); /* no shape is shorter */
		memmove(at + 2, to, strlen(to) + 1);
	}
}

/* What a template's return type, or "non-virtual thunk to", puts before a name goes. */
static void drop_before_name(char *s)
{
	const char *name = s;
	int depth = 0;

	for (const char *p = s; *p; p++) {
		const char *end = past_operator(p);

		if (end > p) {
			if (*end == ' ') /* "operator new", "operator bool" */
				break;
			p = end - 1;
			continue;
		}
		depth += (*p == '<' || *p == '{') - (*p == '>' || *p == '}');
		if (*p == ' ' && depth <= 0 && p[1] && p[1] != '[')
			name = p + 1;
	}
	memmove(s, name, strlen(name) + 1);
}

static void cut_at_marks(char *s)
{
	static const char *const marks[] = {
		".part.", ".isra.", ".constprop.", ".cold", ".lto_priv.", ".llvm.", "@", "[abi:",
		" [clone", " ??:", " <null>",
	};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char *mark = strstr(s, marks[i]);
		if (mark && mark > s)
			*mark = 0;
	}
}

static void cut_ends(char *s)
{
	static const char *const ends[] = { " const", " volatile", " noexcept", " &", " &&", "&" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (strlen(s) > strlen(ends[i]) && text_ends(s, ends[i]))
			s[strlen(s) - strlen(ends[i])] = 0;
	size_t len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = 0;
}

/* FUNCTION without what compilers and libraries add; owned by the caller. */
static char *normalise(const char *function)
{
	char *s = xstrdup(function);

	replace(s, "(anonymous namespace)::", "");
	replace(s, "{anonymous}::", "");
	replace(s, "std::__cxx11::", "std::");
	replace(s, "std::__1::", "std::");
	replace(s, "> >", ">>");
	cut_at_marks(s);
	if (strchr("(<-+", *s)) /* of a debugger, Rust, Objective-C */
		return s;
	drop_arguments(s);
	cut_ends(s);
	drop_before_name(s);
	name_lambdas(s);
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
