#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "matrix/output.h"

enum { TAIL = 64 * 1024, NOTE = 64, CHUNK = 256 * 1024 };

void output_open(struct output *o, const char *path, size_t limit, int copy_fd)
{
	*o = (struct output){ .path = path, .copy_fd = copy_fd, .bounded = limit > 0 };
	o->size = limit < 2 * TAIL ? limit / 2 : TAIL;
	o->head = limit - o->size - (limit < 2 * TAIL ? 0 : NOTE);
	o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (o->fd < 0)
		err_set(&o->err, EXIT_INFRASTRUCTURE, "cannot create '%s':", path);
}

/* A descriptor that came from elsewhere may be non-blocking: wait for it. */
static int write_whole(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_file(struct output *o, const char *data, size_t len)
{
	if (o->fd < 0 || write_whole(o->fd, data, len) == 0)
		return;
	err_set(&o->err, EXIT_INFRASTRUCTURE, "cannot write '%s':", o->path);
	close(o->fd);
	o->fd = -1;
}

static void keep_tail(struct output *o, const char *data, size_t len)
{
	if (!o->tail)
		o->tail = xcalloc(1, o->size);
	if (len > o->size) { /* of this only the end can stay */
		o->beyond += len - o->size;
		data += len - o->size;
		len = o->size;
	}
	while (len) {
		size_t at = o->beyond % o->size, n = o->size - at;
		if (n > len)
			n = len;
		memcpy(o->tail + at, data, n);
		o->beyond += n;
		data += n;
		len -= n;
	}
}

static void output_add(struct output *o, const char *data, size_t len)
{
	if (o->copy_fd >= 0 && write_whole(o->copy_fd, data, len) < 0)
		o->copy_fd = -1; /* nobody reads it any more */
	size_t head = o->bounded && len > o->head ? o->head : len;
	if (head)
		write_file(o, data, head);
	if (!o->bounded)
		return;
	o->head -= head;
	if (len > head && o->size)
		keep_tail(o, data + head, len - head);
	else
		o->beyond += len - head;
}

int output_pump(struct output *o, int fd)
{
	static char chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof chunk);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	if (n == CHUNK / 4) /* a full pipe: somebody has a lot to say */
		fcntl(fd, F_SETPIPE_SZ, CHUNK);
	if (n > 0)
		output_add(o, chunk, (size_t)n);
	return n > 0;
}

size_t output_close(struct output *o)
{
	size_t dropped = o->beyond > o->size ? o->beyond - o->size : 0;
	size_t at = dropped && o->size ? o->beyond % o->size : 0;
	char line[NOTE];

	if (dropped) {
		snprintf(line, sizeof line, "\n[sanmatrix: %zu bytes were dropped here]\n",
			dropped);
		write_file(o, line, strlen(line));
		if (o->size) {
			write_file(o, o->tail + at, o->size - at);
			write_file(o, o->tail, at);
		}
	} else if (o->beyond) {
		write_file(o, o->tail, o->beyond);
	}
	if (o->fd >= 0 && close(o->fd) < 0)
		err_set(&o->err, EXIT_INFRASTRUCTURE, "cannot write '%s':", o->path);
	o->fd = -1;
	free(o->tail);
	o->tail = NULL;
	return dropped;
}
