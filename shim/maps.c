/*
 * /proc/self/maps, read without malloc and without locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

/* The number at *P in hexadecimal; *P is moved behind it. */
static uintptr_t hex(const char **p)
{
	uintptr_t value = 0;

	for (;; (*p)++) {
		if (**p >= '0' && **p <= '9')
			value = value << 4 | (uintptr_t)(**p - '0');
		else if (**p >= 'a' && **p <= 'f')
			value = value << 4 | (uintptr_t)(**p - 'a' + 10);
		else
			return value;
	}
}

/* Copies the path that ends LINE; 1 if it is not the one that OUT had. */
static int take_path(const char *line, char *out, size_t size)
{
	const char *p = line;
	size_t i = 0;
	int other = 0;

	while (*p && *p != '/')
		p++;
	for (; i < size - 1 && p[i]; i++) {
		other |= out[i] != p[i];
		out[i] = p[i];
	}
	other |= out[i] != 0;
	out[i] = 0;
	return other;
}

/* LINE, ended by 0, is the next one: "LOW-HIGH rw-p ..." */
static void take_line(const char *line, struct ps_mapping *m)
{
	m->low = hex(&line);
	line += *line == '-';
	m->high = hex(&line);
	line += *line == ' ';
	if (take_path(line, m->path, sizeof m->path))
		m->base = m->low;
	m->writable = line[0] == 'r' && line[1] == 'w';
}

int ps_mappings_find(int (*wanted)(const struct ps_mapping *m, void *arg), void *arg,
        struct ps_mapping *m)
{
	char buffer[4096];
	size_t kept = 0;
	ssize_t n;
	int found = 0, before = errno;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	m->path[0] = 0;
	m->base = 0;
	while (fd >= 0 && !found && (n = read(fd, buffer + kept, sizeof buffer - kept)) > 0) {
		size_t end = kept + (size_t)n, begin = 0;
		for (size_t i = 0; i < end && !found; i++) {
			if (buffer[i] != '\n')
				continue;
			buffer[i] = 0;
			take_line(buffer + begin, m);
			found = wanted(m, arg);
			begin = i + 1;
		}
		kept = begin ? end - begin : 0; /* a longer line than fits is none of interest */
		for (size_t i = 0; i < kept; i++)
			*(volatile char *)&buffer[i] = buffer[begin + i];
	}
	if (fd >= 0)
		close(fd);
	errno = before;
	return found ? 0 : -1;
}

static int holds(const struct ps_mapping *m, void *arg)
{
	uintptr_t address = *(const uintptr_t *)arg;

	return address >= m->low && address < m->high;
}

int ps_mapping_of(uintptr_t address, struct ps_mapping *m)
{
	return ps_mappings_find(holds, &address, m);
}
