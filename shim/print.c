/*
 * Text of reports: line by line to where the checker writes, else to log_path.PID or standard error.
 * Nothing here allocates, and what a signal handler may not call is not called.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "internal.h"

static char line[4096];
static size_t length;

static int output(void)
{
	static int fd = -1;
	static pid_t owner;
	char path[sizeof ps_options.log_path + 24];
	size_t n = 0;
	char digits[24];
	int k = 0;

	if (!ps_options.log_path[0])
		return STDERR_FILENO;
	if (fd >= 0 && owner == getpid())
		return fd;
	owner = getpid();
	while (ps_options.log_path[n]) {
		path[n] = ps_options.log_path[n];
		n++;
	}
	path[n++] = '.';
	for (unsigned pid = (unsigned)owner; pid || !k; pid /= 10)
		digits[k++] = (char)('0' + pid % 10);
	while (k)
		path[n++] = digits[--k];
	path[n] = 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : STDERR_FILENO;
}

static void write_all(const char *p, size_t n)
{
	int before = errno;

	while (n) {
		ssize_t done = write(output(), p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		p += done;
		n -= (size_t)done;
	}
	errno = before;
}

static void flush(void)
{
	line[length] = 0;
	/* prints any text, whatever its name says */
	if (__sanitizer_report_error_summary) {
		__sanitizer_report_error_summary(line);
	} else {
		line[length++] = '\n';
		write_all(line, length);
	}
	length = 0;
}

static void put(char c)
{
	if (c == '\n') {
		flush();
	} else if (length < sizeof line - 2) {
		line[length++] = c;
	}
}

static void put_number(uint64_t value, unsigned base, unsigned width)
{
	char digits[24];
	unsigned n = 0;

	for (; value || n < width || !n; value /= base)
		digits[n++] = "0123456789abcdef"[value % base];
	while (n)
		put(digits[--n]);
}

/* %s %u (unsigned) %zu %x (uintptr_t) %p (0x and 12 digits) */
static void vprint(const char *format, va_list args)
{
	for (const char *f = format; *f; f++) {
		if (*f != '%') {
			put(*f);
		} else if (*++f == 's') {
			for (const char *s = va_arg(args, const char *); *s; s++)
				put(*s);
		} else if (*f == 'u') {
			put_number(va_arg(args, unsigned), 10, 1);
		} else if (*f == 'z' && *++f == 'u') {
			put_number(va_arg(args, size_t), 10, 1);
		} else if (*f == 'x') {
			put_number(va_arg(args, uintptr_t), 16, 1);
		} else if (*f == 'p') {
			put('0');
			put('x');
			put_number(ps_address(va_arg(args, void *)), 16, 12);
		} else {
			put(*f);
		}
	}
}

void ps_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
	put('\n');
}

void ps_print(const char *text)
{
	ps_printf("%s", text);
}

