#include <limits.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/text.h"
#include "reports/frame.h"

enum {
	FRAME_NUMBER_MAX = 100000,
	KNOWN_FRAMES = 4096,
	KNOWN_BYTES = 160, /* longer ones are read anew */
};

/* ":123" at the end of S[0..len): the number, with *LEN cut before the colon; otherwise 0. */
static int take_number(const char *s, size_t *len)
{
	size_t i = *len;
	long n = 0;

	while (i && text_digit(s[i - 1]))
		i--;
	if (i == *len || !i || s[i - 1] != ':')
		return 0;
	for (size_t k = i; k < *len && n <= INT_MAX; k++)
		n = n * 10 + (s[k] - '0');
	*len = i - 1;
	return n > 0 && n <= INT_MAX ? (int)n : 0;
}

static void split_location(char *file, size_t len, int *line, int *column)
{
	int last = take_number(file, &len);
	size_t before = len;
	int first = take_number(file, &before);

	*line = first ? first : last;
	*column = first ? last : 0;
	file[first ? before : len] = 0;
}

void frame_split_location(char *file, int *line, int *column)
{
	split_location(file, strlen(file), line, column);
}

/* Where the parenthesis that ends S[0..len) opens, or NULL if S does not end in one. */
static char *last_group(char *s, size_t len)
{
	int depth = 0;

	if (!len || s[len - 1] != ')')
		return NULL;
	char *open = memrchr(s, '(', len);
	if (!open || !memchr(open, ')', (size_t)(s + len - 1 - open)))
		return open; /* nothing is nested: so it is most often */
	while (len--) {
		if (s[len] == ')')
			depth++;
		else if (s[len] == '(' && --depth == 0)
			return s + len;
	}
	return NULL;
}

/* Takes the blanks off the end of S[0..len). Returns its new length. */
static size_t trim_end(char *s, size_t len)
{
	while (len && text_blank(s[len - 1]))
		len--;
	s[len] = 0;
	return len;
}

/* Groups at the end of a line that say nothing: an address, a place unknown. */
static int is_noise(const char *group)
{
	static const char *const starts[] = { "(0x", "(discriminator", "(?\?)" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (text_after(group, starts[i]))
			return 1;
	return 0;
}

/* The last "+0x" in S..END, or NULL. */
static char *last_plus(char *s, char *end)
{
	while ((end = memrchr(s, '+', (size_t)(end - s))))
		if (end[1] == '0' && end[2] == 'x')
			return end;
	return NULL;
}

/* Takes macOS' ":x86_64" off the end of a module. */
static void take_architecture(char *module)
{
	static const char *const names[] = { "x86_64", "x86_64h", "arm64", "arm64e", "i386" };
	char *colon = strrchr(module, ':');

	for (size_t i = 0; colon && i < sizeof names / sizeof *names; i++)
		if (!strcmp(colon + 1, names[i])) {
			*colon = 0;
			return;
		}
}

/*
 * Takes "(MODULE+0xOFF)", "(BuildId: ...)" and noise off the end of S[0..len). Returns its new
 * length.
 */
static size_t take_module(char *s, size_t len, struct frame *frame)
{
	static const char id[] = "(BuildId: ";
	char *group;

	for (len = trim_end(s, len); (group = last_group(s, len)); len = trim_end(s, len)) {
		char *end = s + len - 1, *plus = last_plus(group, end);

		if (plus && !frame->module) {
			*plus = *end = 0;
			take_architecture(group + 1);
			frame->module = group + 1;
			frame->offset = plus + 1;
		} else if (text_after(group, id)) {
			*end = 0;
			frame->build_id = group + strlen(id);
		} else if (!is_noise(group)) {
			return len;
		}
		*group = 0;
		len = (size_t)(group - s);
	}
	return len;
}

static int is_location(const char *s)
{
	size_t len = strlen(s);

	if (take_number(s, &len) && len)
		return 1;
	return strchr(s, '/') || (strchr(s, '.') && !strpbrk(s, "()<>:,"));
}

/* What brackets of a C++ name a byte opens (1) or closes (-1). */
static const signed char brackets[256] = {
	['('] = 1,
	['<'] = 1,
	['['] = 1,
	['{'] = 1,
	[')'] = -1,
	['>'] = -1,
	[']'] = -1,
	['}'] = -1,
};

/* The last of "operator<<" and its like at S, whose signs are no brackets; otherwise S. */
static char *past_operator(char *s)
{
	const char *signs = *s == 'o' ? text_after(s, "operator") : NULL;
	size_t n = signs ? strspn(signs, "<>=-") : 0;

	return n ? s + strlen("operator") + n - 1 : s;
}

/* An absolute path, or one from here, on any system. */
static int is_path(const char *s)
{
	if (*s == '/' || text_after(s, "../") || text_after(s, "./"))
		return 1;
	return ((s[0] | 32) >= 'a' && (s[0] | 32) <= 'z') && s[1] == ':' &&
	       (s[2] == '\\' || s[2] == '/');
}

/*
 * "FUNCTION FILE[:L[:C]]", where both may hold blanks: where FILE begins, or NULL. The blank before
 * it is outside of all brackets.
 */
static char *find_file(char *s)
{
	int depth = 0, last_depth = 0;
	char *last = NULL, *p = s;

	while (*p && *p != ' ' && !brackets[(unsigned char)*p])
		p++;
	if (*p == ' ' && is_path(p + 1)) /* most names are of C */
		return p + 1;
	for (p = s; *p; p++) {
		if (*p == ' ') {
			last = p;
			last_depth = depth;
			if (depth <= 0 && is_path(p + 1))
				return p + 1;
			continue;
		}
		char *end = past_operator(p);
		if (end != p) {
			p = end;
			continue;
		}
		if (*p != '>' || p == s || p[-1] != '-')
			depth += brackets[(unsigned char)*p];
	}
	return last && last != s && last_depth <= 0 && is_location(last + 1) ? last + 1 : NULL;
}

/* Takes what some symbolizers add to the function S[0..len) off it: " ??:0", "+0x1a". */
static void take_offset(char *s, size_t len)
{
	char *end = len > 5 ? s + len - 5 : NULL;
	char *unknown = end && (text_after(end, " ?\?:0") || text_after(end, " ?\?:?")) ? end : NULL;
	char *plus = unknown ? NULL : last_plus(s, s + len);

	if (unknown)
		*unknown = 0;
	else if (plus && plus > s && plus[3 + strspn(plus + 3, "0123456789abcdef")] == 0)
		*plus = 0;
}

static void take_location(char *s, size_t len, struct frame *frame)
{
	static const char null[] = "<null>";
	char *file = find_file(s);

	if (file) {
		split_location(file, len - (size_t)(file - s), &frame->line, &frame->column);
		frame->file = file;
		len = trim_end(s, (size_t)(file - 1 - s));
	}
	for (size_t n = strlen(null); len >= n && !memcmp(s + len - n, null, n);) {
		if (len > n && s[len - n - 1] != ' ')
			break;
		len = trim_end(s, len - n);
	}
	take_offset(s, len);
	if (*s && strcmp(s, "??") != 0)
		frame->function = s;
}

/* "#3 " at the start of S: the number, and *REST is what follows; or -1. */
static int take_index(const char *s, const char **rest)
{
	int number = 0;

	if (*s != '#' || !text_digit(s[1]))
		return -1;
	for (s++; text_digit(*s); s++) {
		number = number * 10 + (*s - '0');
		if (number > FRAME_NUMBER_MAX)
			return -1;
	}
	if (*s != ' ' && *s != '\t')
		return -1;
	while (*s == ' ' || *s == '\t')
		s++;
	*rest = s;
	return number;
}

/* A frame without its number and address, as it was read before. */
struct known_frame {
	XXH128_hash_t of; /* the text; all zero: none */
	size_t len;
	struct frame frame; /* its strings are in PARSED */
	char parsed[KNOWN_BYTES];
};

/* S, that was in FROM, as it is in its copy TO. */
static const char *moved(const char *s, const char *from, const char *to)
{
	return s ? to + (s - from) : NULL;
}

static void move_strings(struct frame *frame, const char *from, const char *to)
{
	frame->function = moved(frame->function, from, to);
	frame->file = moved(frame->file, from, to);
	frame->module = moved(frame->module, from, to);
	frame->offset = moved(frame->offset, from, to);
	frame->build_id = moved(frame->build_id, from, to);
}

/* BARE: S[0..len) does not begin with a name, but perhaps with a path. */
static void parse_rest(char *s, size_t len, int bare, struct frame *frame)
{
	memset(frame, 0, sizeof *frame);
	len = take_module(s, len, frame);
	if (!bare || *s == '/')
		take_location(s, len, frame);
}

/*
 * The same, of a copy in A. Logs have the same frames over and over, and most are in the table:
 * bounded, as a newer one takes the place of an older one.
 */
static void take_rest(struct arena *a, const char *s, int bare, struct frame *frame)
{
	static struct known_frame known[KNOWN_FRAMES];
	size_t len = strlen(s);

	if (len >= KNOWN_BYTES) {
		parse_rest(arena_strndup(a, s, len), len, bare, frame);
		return;
	}
	XXH128_hash_t of = XXH3_128bits_withSeed(s, len, (XXH64_hash_t)bare);
	struct known_frame *k = &known[of.low64 % KNOWN_FRAMES];

	if (k->len != len || !XXH128_isEqual(k->of, of)) {
		memcpy(k->parsed, s, len + 1);
		parse_rest(k->parsed, len, bare, &k->frame);
		k->of = of;
		k->len = len;
	}
	*frame = k->frame;
	move_strings(frame, k->parsed, arena_strndup(a, k->parsed, len));
}

int frame_parse_sanitizer(struct arena *a, const char *line, struct frame *frame)
{
	const char *p = line;
	int bare = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	int number = take_index(p, &p);
	if (number < 0)
		return -1;
	if (p[0] == '0' && p[1] == 'x') {
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
		const char *in = text_after(p, "in ");
		bare = !in;
		p = in ? in : p;
	}
	take_rest(a, p, bare, frame);
	return number;
}

/* "f(int) (a.c" was cut: what comes before the last parenthesis, if that does not close. */
static void drop_unclosed(char *s)
{
	int depth = 0;

	for (size_t i = strlen(s); i-- > 1;) {
		depth += s[i] == ')';
		if (s[i] == '(' && depth-- == 0) {
			if (s[i - 1] == ' ')
				s[i - 1] = 0;
			return;
		}
	}
}

int frame_parse_valgrind(struct arena *a, const char *text, struct frame *frame)
{
	const char *p = text_after(text, "at 0x");

	if (!p)
		p = text_after(text, "by 0x");
	if (!p)
		return -1;
	while (text_hex(*p))
		p++;
	if (p[0] != ':' || p[1] != ' ')
		return -1;
	memset(frame, 0, sizeof *frame);
	char *rest = arena_strdup(a, p + 2), *in = NULL, *group;
	size_t len = trim_end(rest, strlen(rest));
	if (text_after(rest, "(within ")) /* before 3.5 */
		in = rest;
	for (char *q = rest; (q = strstr(q, " (in ")); q++)
		in = q;
	if (in && rest[len - 1] == ')') {
		frame->module = in + (in == rest ? strlen("(within ") : strlen(" (in "));
		rest[len - 1] = 0;
		*in = 0;
	} else if ((group = last_group(rest, len)) && group > rest && group[-1] == ' ') {
		rest[len - 1] = 0;
		split_location(group + 1, (size_t)(rest + len - 1 - (group + 1)), &frame->line,
		        &frame->column);
		frame->file = group + 1;
		group[-1] = 0;
	} else {
		drop_unclosed(rest);
	}
	if (*rest && strcmp(rest, "???") != 0)
		frame->function = rest;
	return 0;
}
