/*
 * Text from outside: logs are hostile input, and bear the marks of terminals and CI engines.
 */
#ifndef SM_COMMON_TEXT_H
#define SM_COMMON_TEXT_H

#include <stddef.h>
#include <string.h>

/*
 * Cleans one line (without its line feed) in place: escape sequences and what a carriage return
 * overwrote are removed, NUL becomes a blank. Returns the new length; S[length] is set to 0, so S
 * must have room for LEN + 1 bytes.
 */
size_t text_clean_line(char *s, size_t len);

/* ASCII only, whatever the locale, and without a call. */
static inline int text_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline int text_hex(char c)
{
	return text_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

static inline int text_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* If S begins with PREFIX: what follows it; otherwise NULL. Borrowed. Most often the first byte
 * differs, and nothing is called. */
__attribute__((nonnull)) static inline const char *text_after(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (*s != *prefix)
			return NULL;
	return s;
}

/* Are they the same? Most often the first byte differs, and nothing is called. */
static inline int text_is(const char *s, const char *other)
{
	return *s == *other && !strcmp(s, other);
}

/* What follows the first NEEDLE in S, or NULL. Borrowed. Inline, as most needles' lengths are known. */
static inline const char *text_after_any(const char *s, const char *needle)
{
	const char *found = strstr(s, needle);

	return found ? found + strlen(needle) : NULL;
}

int text_ends(const char *s, const char *suffix);

/*
 * The decimal number that S begins with, blanks before it aside. It has no sign, and is 0 where there
 * is none or it does not fit into an int: lines, processes, threads and counts are never as large.
 * *END, where END is not NULL, is what follows all its digits; S itself, if it has none.
 */
int text_number(const char *s, const char **end);

#endif
