#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "matrix/jobserver.h"

static int put(int fd, int count)
{
	while (count > 0) {
		ssize_t n = write(fd, "+", 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		count--;
	}
	return 0;
}

/*
 * Our own end is opened anew: O_NONBLOCK belongs to the open file, and old makes that share it
 * would take "not now" for "broken".
 */
static int open_pipe(struct jobserver *j, struct err *e)
{
	char path[40];

	if (pipe2(j->pipe, O_CLOEXEC) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot make the job server's pipe:");
	snprintf(path, sizeof path, "/proc/self/fd/%d", j->pipe[0]);
	j->poll_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (j->poll_fd < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot open the job server's '%s':", path);
	return 0;
}

static int open_fifo(struct jobserver *j, const char *dir, struct err *e)
{
	j->fifo = xasprintf("%s/jobserver.%ld", dir, (long)getpid());
	unlink(j->fifo); /* of a driver that was killed and had our number */
	if (mkfifo(j->fifo, 0600) < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot make the fifo '%s':", j->fifo);
	j->poll_fd = open(j->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (j->poll_fd < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot open the fifo '%s':", j->fifo);
	return 0;
}

int jobserver_open(struct jobserver *j, int tokens, const char *fifo_dir, struct err *e)
{
	*j = (struct jobserver){ .pipe = { -1, -1 }, .poll_fd = -1 };
	j->tokens = tokens > 0 ? tokens : 1;
	/* Make 4.4 reads a $ in the path well, but does not quote it for its children. */
	int with_fifo = fifo_dir && !strchr(fifo_dir, '$');
	int rc = with_fifo ? open_fifo(j, fifo_dir, e) : open_pipe(j, e);

	if (rc == 0 && put(j->poll_fd, j->tokens) < 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "%d are too many jobs:", j->tokens);
	if (rc < 0)
		jobserver_close(j);
	return rc;
}

void jobserver_close(struct jobserver *j)
{
	for (int i = 0; i < 2; i++)
		if (j->pipe[i] >= 0)
			close(j->pipe[i]);
	if (j->poll_fd >= 0)
		close(j->poll_fd);
	if (j->fifo)
		unlink(j->fifo);
	free(j->fifo);
	*j = (struct jobserver){ .pipe = { -1, -1 }, .poll_fd = -1 };
}

int jobserver_take(struct jobserver *j)
{
	char token;

	if (read(j->poll_fd, &token, 1) != 1)
		return 0;
	j->taken++;
	return 1;
}

void jobserver_give(struct jobserver *j)
{
	put(j->poll_fd, 1);
	j->taken--;
}

void jobserver_refill(struct jobserver *j)
{
	int there = 0;
	char token;

	if (ioctl(j->poll_fd, FIONREAD, &there) < 0)
		return;
	put(j->poll_fd, j->tokens - j->taken - there);
	for (; there > j->tokens - j->taken; there--)
		if (read(j->poll_fd, &token, 1) != 1)
			break;
}

/* As make itself quotes words for its children: blanks end a word there, and $ is expanded. */
static void add_quoted(struct buf *b, const char *word)
{
	for (; *word; word++) {
		if (strchr(" \t\n\\", *word))
			buf_addch(b, '\\');
		else if (*word == '$')
			buf_addch(b, '$');
		buf_addch(b, *word);
	}
}

char *jobserver_makeflags(const struct jobserver *j)
{
	struct buf b = { 0 };

	buf_addf(&b, " -j%d --jobserver-auth=", j->tokens);
	if (j->fifo) {
		buf_addstr(&b, "fifo:");
		add_quoted(&b, j->fifo);
	} else {
		buf_addf(&b, "%d,%d", j->pipe[0], j->pipe[1]);
	}
	return buf_detach(&b);
}
