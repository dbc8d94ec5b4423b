/*
 * GNU make's job server, with us as its server: a pipe (make 4.2 and later) or a fifo (4.4 and
 * later) that holds one byte for each job that may be started. What a make child has for itself
 * (its "implicit" token) is the token that we took before starting it.
 *
 * Protocol: GNU make manual, "POSIX Jobserver Interaction".
 */
#ifndef SM_MATRIX_JOBSERVER_H
#define SM_MATRIX_JOBSERVER_H

#include "common/error.h"

struct jobserver {
	int tokens;	   /* in all */
	int taken;	   /* by us */
	int pipe[2];	   /* for make; inherited by it in the pipe form; -1 in the fifo form */
	int poll_fd;	   /* ours, non-blocking: readable when a token is there */
	char *fifo;	   /* path, or NULL; owned */
};

/* FIFO_DIR: a folder for the fifo, or NULL for the pipe form (taken too if it has a $ in it). */
int jobserver_open(struct jobserver *j, int tokens, const char *fifo_dir, struct err *e);
void jobserver_close(struct jobserver *j);

/* 1 if a token was taken, 0 if none is free now. Never blocks. */
int jobserver_take(struct jobserver *j);
void jobserver_give(struct jobserver *j);

/* Puts back what killed makes took with them. Only when no make runs. */
void jobserver_refill(struct jobserver *j);

/* The value of MAKEFLAGS for a make, e.g. " -j4 --jobserver-auth=5,6"; owned by the caller. */
char *jobserver_makeflags(const struct jobserver *j);

#endif
