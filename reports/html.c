#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "reports/clean.h"
#include "reports/html.h"

enum { VALUE_MAX = 4000 };

/* The character of two or three bytes at S, 0 if there is none. */
static unsigned character(const unsigned char *s, size_t *len)
{
	*len = s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] >= 0xf0)
		return 0;
	if (*len == 2)
		return (unsigned)(s[0] & 31) << 6 | (s[1] & 63);
	return (unsigned)(s[0] & 15) << 12 | (unsigned)(s[1] & 63) << 6 | (s[2] & 63);
}

/* Turns the direction of what follows, is a control, or cannot be seen although it breaks lines. */
static int is_sly(unsigned c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static const char *entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

/* S is clean. */
static void escape(FILE *f, const char *s, size_t n)
{
	size_t done = 0, i = 0, len;

	while (i < n) {
		const char *instead = entity(s[i]);
		unsigned c;

		len = 1;
		if (!instead && !((unsigned char)s[i] & 0x80)) {
			i++;
			continue;
		}
		if (!instead) {
			c = character((const unsigned char *)s + i, &len);
			if (!c || !is_sly(c)) {
				i += c ? len : 1;
				continue;
			}
		}
		fwrite(s + done, 1, i - done, f);
		if (instead)
			fputs(instead, f);
		else
			fprintf(f, "[U+%04X]", c);
		i += len;
		done = i;
	}
	fwrite(s + done, 1, n - done, f);
}

static int is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((s[i] < ' ' && s[i] != '\n') || s[i] == 0x7f)
			return 0;
	return 1;
}

static void text(FILE *f, const char *s, size_t len, size_t max)
{
	struct buf b = { 0 };

	if (len <= max && is_plain(s, len)) {
		escape(f, s, len);
		return;
	}
	clean_text(&b, s, len, max);
	if (b.len)
		escape(f, b.data, b.len);
	buf_release(&b);
}

void html_text(FILE *f, const char *s, size_t max)
{
	if (s)
		text(f, s, strlen(s), max);
}

static void value(FILE *f, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	if (len <= VALUE_MAX) {
		text(f, s ? s : "", len, VALUE_MAX);
		return;
	}
	char *line = clean_line(s, VALUE_MAX);
	escape(f, line, strlen(line));
	free(line);
}

static void count(FILE *f, size_t n)
{
	if (n >= 1000) {
		count(f, n / 1000);
		fprintf(f, ",%03zu", n % 1000);
	} else {
		fprintf(f, "%zu", n);
	}
}

/* Writes the value that the conversion at S (behind its %) asks for; returns what is behind it. */
static const char *convert(FILE *f, const char *s, va_list *ap)
{
	if (*s == 's') {
		value(f, va_arg(*ap, const char *));
	} else if (*s == 'd') {
		fprintf(f, "%d", va_arg(*ap, int));
	} else if (!strncmp(s, "zu", 2)) {
		count(f, va_arg(*ap, size_t));
		s++;
	} else if (!strncmp(s, "ld", 2)) {
		fprintf(f, "%ld", va_arg(*ap, long));
		s++;
	} else if (*s == '.' && isdigit((unsigned char)s[1]) && s[2] == 'f') {
		fprintf(f, "%.*f", s[1] - '0', va_arg(*ap, double));
		s += 2;
	} else {
		putc(*s, f);
	}
	return s + 1;
}

void html(FILE *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	while (*format) {
		size_t plain = strcspn(format, "%");

		fwrite(format, 1, plain, f);
		format += plain;
		if (*format)
			format = convert(f, format + 1, &ap);
	}
	va_end(ap);
}

void html_seconds(FILE *f, double seconds)
{
	long s = (long)(seconds + 0.5);

	if (seconds < 10)
		fprintf(f, "%.2f s", seconds);
	else if (seconds < 59.95)
		fprintf(f, "%.1f s", seconds);
	else if (s < 3600)
		fprintf(f, "%ld min %ld s", s / 60, s % 60);
	else
		fprintf(f, "%ld h %ld min", s / 3600, s % 3600 / 60);
}

void html_id(FILE *f, const char *name)
{
	for (size_t i = 0; name && name[i] && i < VALUE_MAX; i++) {
		unsigned char c = (unsigned char)name[i];

		if (isalnum(c) || c == '-')
			putc(c, f);
		else
			fprintf(f, "_%02X", c);
	}
}
