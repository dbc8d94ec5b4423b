/*
 * What cpython_memcheck.c and cpython_recycle.c share: marks and stacks of raw blocks.
 */
#ifndef POOLSHIM_CPYTHON_SHORT_H
#define POOLSHIM_CPYTHON_SHORT_H

#include "cpython.h"
#include "hot.h"
#include "memcheck.h"

enum {
	LOG = 512,     /* freed blocks are noted here before they go to the ring */
	LARGEST = 479, /* whose raw block has 512 bytes: pymalloc has no larger ones (3.8 to 3.13) */
};

/* A mark: the size, by which number the block's struct py_short is found, and: */
enum {
	SIZE_BITS = 9,
	OWNERS = 8,
	LIVE = OWNERS << SIZE_BITS,
	BEGINS = 2 * LIVE, /* a block began here, be it freed */
	CLOSED = 2 * BEGINS, /* in no mark: a domain's that has no such blocks */
};

struct py_place {
	uintptr_t raw; /* 0 below the first of a stack */
	ps_mark_word *mark;
};

extern struct py_short *py_shorts[OWNERS];

static inline unsigned mark_size(unsigned mark)
{
	return mark & ((1 << SIZE_BITS) - 1);
}

static inline struct py_short *mark_owner(unsigned mark)
{
	return py_shorts[mark >> SIZE_BITS & (OWNERS - 1)];
}

static inline size_t raw_size(unsigned class)
{
	return ((size_t)class + 3) * PS_GRAIN;
}

/* The LOG freed blocks that S noted go to quarantine, the oldest leave it. */
void py_short_settle(struct py_short *s);
/* Gets raw blocks of CLASS from pymalloc, at first a few, then more. */
void py_short_refill(struct py_short *s, unsigned class);
/* Gives S a number and empty stacks. 0, or -1: it takes no short way. */
int py_short_number(struct py_short *s);

#endif
