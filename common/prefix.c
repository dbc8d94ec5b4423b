#include <string.h>

#include "common/prefix.h"
#include "common/text.h"

enum {
	PREFIXES_MAX = 6, /* one in the other: a CI engine's, a container's, a test driver's */
	NAME_MAX_BYTES = 120,
};

/* Where the name that S may begin with ends. */
static const char *past_name(const char *s)
{
	static const char of_names[256] = {
		['0' ... '9'] = 1,
		['A' ... 'Z'] = 1,
		['a' ... 'z'] = 1,
		['_'] = 1,
		['.'] = 1,
		['-'] = 1,
		['/'] = 1,
	};

	while (of_names[(unsigned char)*s])
		s++;
	return s;
}

/*
 * Where SHAPE, which S must begin with, ends in S, or NULL. In SHAPE '0' is a digit, '9' digits,
 * 'h' a hexadecimal digit, 'w' a name, '_' blanks, if there are any; all else is itself. *NUMBER is
 * one more than what the last '9' matched, and left alone if S does not begin so.
 */
static const char *match(const char *s, const char *shape, unsigned *number)
{
	unsigned last = 0;

	for (; *shape; shape++) {
		const char *start = s;

		switch (*shape) {
		case '0':
			if (!text_digit(*s++))
				return NULL;
			break;
		case 'h':
			if (!text_hex(*s++))
				return NULL;
			break;
		case '9':
			for (last = 0; text_digit(*s); s++)
				last = last * 10 + (unsigned)(*s - '0');
			if (s == start)
				return NULL;
			break;
		case 'w':
			s = past_name(s);
			if (s == start)
				return NULL;
			break;
		case '_':
			s += strspn(s, " ");
			break;
		default:
			if (*s++ != *shape)
				return NULL;
		}
	}
	*number = last + 1;
	return s;
}

/* The same, for shapes that say nothing of where a line comes from. */
static const char *past(const char *s, const char *shape)
{
	unsigned ignored;

	return match(s, shape, &ignored);
}

static unsigned hash(const char *s, const char *end)
{
	unsigned h = 2166136261U;

	while (s < end)
		h = (h ^ (unsigned char)*s++) * 16777619U;
	return h;
}

/* "2026-01-01T00:00:00.123Z" and its like: what follows it, or NULL. */
static const char *past_time(const char *s)
{
	const char *p = past(s, "0000-00-00T00:00:00"), *q;

	if (!p)
		p = past(s, "0000-00-00 00:00:00");
	if (!p)
		return NULL;
	if (*p == '.' || *p == ',')
		p += 1 + strspn(p + 1, "0123456789");
	if (*p == 'Z')
		return p + 1;
	if (*p && strchr("+-", *p) && ((q = past(p + 1, "00:00")) || (q = past(p + 1, "0000"))))
		return q;
	return p;
}

/* GitHub, GitLab ("... 01O text", with a '+' where the line goes on), docker logs -t. */
static const char *dated(const char *s)
{
	const char *p = past_time(s), *q;

	if (!p || *p != ' ')
		return NULL;
	q = past(p, " hh");
	if (q && (*q == 'O' || *q == 'E') && (q[1] == ' ' || q[1] == '+'))
		return q + 2;
	return p + 1;
}

static const char *in_brackets(const char *s, unsigned *source)
{
	const char *p = past(s, "[_9.9] "), *q;
	unsigned number;

	if (!p)
		p = past(s, "[_9.9]");
	if (p && ((q = match(p, "[_T9] ", &number)) || (q = match(p, "[_C9] ", &number)))) {
		*source = number;
		return q;
	}
	if (p && p[-1] == ' ')
		return p;
	if ((p = past(s, "[00:00:00] ")) || (p = past(s, "[w w _9 00:00:00 0000] ")))
		return p;
	if ((p = past(s, "[9,9]<stdout>:")) || (p = past(s, "[9,9]<stderr>:"))) { /* MPI */
		*source = hash(s, p - strlen("<stdxxx>:"));
		return p;
	}
	if ((p = past(s, "[pod/w] "))) {
		*source = hash(s, p);
		return p;
	}
	p = past_time(s + 1);
	return p ? past(p, "] ") : NULL;
}

/* Android's logcat: "01-01 00:00:00.123  1234  1236 F DEBUG   : " and "F/DEBUG   ( 1234): ". */
static const char *logcat(const char *s, unsigned *source)
{
	const char *p = past(s, "00-00 00:00:00.000_"), *q;
	unsigned thread;

	if (p && (q = match(p, "9_", source)) && (q = match(q, "9_", &thread)) && *q)
		return past(q + 1, "_w_: ");
	q = p ? p : s;
	return (*q >= 'A' && *q <= 'Z') ? match(q + 1, "/w_(_9): ", source) : NULL;
}

/* "Jan  1 00:00:00 host name[123]: " */
static const char *syslog_line(const char *s, unsigned *source)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4] = { s[0], s[1], s[2], 0 };
	const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
	const char *p = at && (at - months) % 3 == 0 ? past(s + 3, " _9 00:00:00 w w") : NULL, *q;

	if (!p)
		return NULL;
	if ((q = match(p, "[9]: ", source)))
		return q;
	return past(p, ": ");
}

static const char *named(const char *s, size_t len, unsigned *source)
{
	const char *p = past_name(s), *q = p;
	size_t near = len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES;
	const char *tab = memchr(s, '\t', near);

	while (*q == ' ')
		q++;
	if (p == s || (!tab && *q != '|' && *q != '(' && !text_digit(*q)))
		return NULL; /* so is nearly every line */
	if (*p == ' ') {     /* docker compose: "name_1  | " */
		q = past(p, "_| ");
		if (!q && (q = past(p, "_|")) && *q)
			q = NULL;
		if (q) {
			*source = hash(s, p);
			return q;
		}
	}
	if ((q = logcat(s, source)) || (q = syslog_line(s, source)))
		return q;
	/* gh run view --log: "JOB\tSTEP\t2026-01-01T00:00:00.123Z " */
	q = tab ? memchr(tab + 1, '\t', strnlen(tab + 1, NAME_MAX_BYTES)) : NULL;
	if (q && dated(q + 1)) {
		*source = hash(s, tab);
		return q + 1;
	}
	return NULL;
}

static const char *numbered(const char *s, unsigned *source)
{
	const char *p = s;

	while (text_digit(*p))
		p++;
	if (*p != '-' && *p != ':')
		return NULL;
	p = dated(s);
	if (p || (p = past(s, "00:00:00 ")) || (p = past(s, "00:00:00.000 ")))
		return p;
	if ((p = match(s, "9: ", source))) /* ctest */
		return p;
	return logcat(s, source);
}

static const char *one(const char *s, size_t len, unsigned *source)
{
	if (*s == ' ') {
		const char *p = s;

		while (*p == ' ')
			p++;
		return text_digit(*p) ? match(p, "9: ", source) : NULL;
	}
	if (text_digit(*s)) {
		const char *p = numbered(s, source);

		return p ? p : named(s, len, source);
	}
	if (*s == '[')
		return in_brackets(s, source);
	if (*s == '#') { /* BuildKit: "#12 0.123 " */
		unsigned step = 0;
		const char *p = match(s, "#9 ", &step);

		p = p ? past(p, "9.9 ") : NULL;
		*source = p ? step : *source;
		return p;
	}
	return (*s | 32) >= 'a' && (*s | 32) <= 'z' ? named(s, len, source) : NULL;
}

size_t prefix_length(const char *s, size_t len, unsigned *source)
{
	const char *p = s;

	*source = 0;
	if (text_after(p, "\xef\xbb\xbf")) /* the byte order mark before a downloaded log */
		p += 3;
	for (int i = 0; i < PREFIXES_MAX; i++) {
		unsigned number = 0;
		const char *next = one(p, len - (size_t)(p - s), &number);

		if (!next)
			break;
		if (number)
			*source = *source * 31 + number;
		p = next;
	}
	return (size_t)(p - s);
}
