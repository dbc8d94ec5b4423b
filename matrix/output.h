/*
 * The output of a command on its way into a file, bounded: the head is written as it comes, the
 * last part is kept back, and what lies between is counted and dropped.
 */
#ifndef SM_MATRIX_OUTPUT_H
#define SM_MATRIX_OUTPUT_H

#include <stddef.h>

#include "common/error.h"

struct output {
	const char *path; /* borrowed */
	int fd;		  /* of the file; -1 when it could not be opened or written: then all is
			     still read, and dropped */
	int copy_fd;	  /* gets all of it too; -1: none */
	size_t head;	  /* bytes that may still be written at once */
	int bounded;
	char *tail; /* a ring of SIZE bytes, allocated when the head is full */
	size_t size, beyond; /* BEYOND: bytes that came after the head */
	struct err err; /* the first one; msg is "" when there was none */
};

/* Opens PATH anew. LIMIT is in bytes; 0: none. Errors are kept in o->err. */
void output_open(struct output *o, const char *path, size_t limit, int copy_fd);

/* Reads from FD what is there, at most once: 1, or 0 at its end, or -1 when nothing is there. */
int output_pump(struct output *o, int fd);

/* Writes the tail, closes; returns how many bytes were dropped. */
size_t output_close(struct output *o);

#endif
