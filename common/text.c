#include <limits.h>
#include <string.h>

#include "common/text.h"

/* The length of the escape sequence at S (S[0] is ESC): CSI, OSC and the like, or two bytes. */
static size_t escape_length(const char *s, size_t len)
{
	size_t i = 2;

	if (len < 2)
		return len;
	if (s[1] == '[') {
		while (i < len && (s[i] < 0x40 || s[i] > 0x7e))
			i++;
		return i < len ? i + 1 : len;
	}
	if (s[1] == ']' || s[1] == '_' || s[1] == 'P') {
		for (; i < len; i++) {
			if (s[i] == 7)
				return i + 1;
			if (s[i] == 0x1b && i + 1 < len && s[i + 1] == '\\')
				return i + 2;
		}
		return len;
	}
	return (s[1] == '(' || s[1] == ')') && len > 2 ? 3 : 2;
}

size_t text_clean_line(char *s, size_t len)
{
	size_t out = 0;

	while (len && s[len - 1] == '\r')
		len--;
	if (!memchr(s, 0x1b, len) && !memchr(s, '\r', len) && !memchr(s, 0, len)) {
		s[len] = 0;
		return len;
	}
	for (size_t i = 0; i < len;) {
		if (s[i] == 0x1b) {
			i += escape_length(s + i, len - i);
		} else if (s[i] == '\r') {
			out = 0;
			i++;
		} else {
			s[out++] = s[i] ? s[i] : ' ';
			i++;
		}
	}
	s[out] = 0;
	return out;
}

int text_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && !strcmp(s + len - tail, suffix);
}

int text_number(const char *s, const char **end)
{
	const char *p = s;
	long n = 0;

	while (text_blank(*p))
		p++;
	const char *digits = p;
	for (; text_digit(*p); p++)
		n = n <= INT_MAX ? n * 10 + (*p - '0') : n;
	if (end)
		*end = p > digits ? p : s;
	return n <= INT_MAX ? (int)n : 0;
}
