#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

/* Formats into OUT; a trailing colon gets the text of SAVED, the errno of the caller. */
static void format_message(char *out, size_t size, int saved, const char *format, va_list args)
{
	vsnprintf(out, size, format, args);
	size_t n = strlen(out);
	if (n && out[n - 1] == ':' && n + 2 < size)
		snprintf(out + n, size - n, " %s", strerror(saved));
}

static void print_message(int saved, const char *format, va_list args)
{
	char msg[2000];

	format_message(msg, sizeof msg, saved, format, args);
	fflush(stdout);
	fprintf(stderr, "sanmatrix: %s\n", msg);
}

void warn(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_message(saved, format, args);
	va_end(args);
}

void die(enum exit_status status, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	print_message(saved, format, args);
	va_end(args);
	exit((int)status);
}

int err_set(struct err *e, enum exit_status code, const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (!e)
		return -1;
	e->code = code;
	va_start(args, format);
	format_message(e->msg, sizeof e->msg, saved, format, args);
	va_end(args);
	return -1;
}

int err_prefix(struct err *e, const char *format, ...)
{
	char prefix[sizeof e->msg], whole[2 * sizeof e->msg + 2];
	va_list args;

	if (!e)
		return -1;
	va_start(args, format);
	vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	snprintf(whole, sizeof whole, "%s: %s", prefix, e->msg);
	memcpy(e->msg, whole, sizeof e->msg - 1);
	e->msg[sizeof e->msg - 1] = 0;
	return -1;
}
