/*
 * Raw blocks that go round: out of quarantine the oldest come here, and from here the next one of that
 * size is taken, so that the allocator, under a checker not cheap itself, is not asked at all. To it they
 * are in use all the time; what is in and around them stays as it was when they were freed.
 */
#ifndef POOLSHIM_REUSE_H
#define POOLSHIM_REUSE_H

#include "internal.h"

enum {
	PS_REUSE_LARGEST = 544, /* a block of 512 bytes */
	PS_REUSE_CLASSES = PS_REUSE_LARGEST / PS_GRAIN + 1,
	PS_REUSE_MOST = 255,	  /* blocks of a class at most */
	PS_REUSE_BYTES = 16 << 10, /* and so many bytes */
};

/* For whoever calls the allocator: no two of them at once. */
struct ps_reuse {
	struct {
		uintptr_t n;
		void *raw[PS_REUSE_MOST];
	} classes[PS_REUSE_CLASSES];
};

/* A raw block of SIZE bytes, or NULL. */
PS_INLINE void *ps_reuse_take(struct ps_reuse *r, size_t size)
{
	size_t i = size / PS_GRAIN;

	if (PS_UNLIKELY(i >= PS_REUSE_CLASSES || !r->classes[i].n))
		return NULL;
	void **last = &r->classes[i].raw[--r->classes[i].n], *raw = *last;
	*last = NULL; /* for a search for leaks */
	return raw;
}

/* Keeps RAW of SIZE bytes: 1; 0: there are enough, it goes back. */
PS_INLINE int ps_reuse_put(struct ps_reuse *r, void *raw, size_t size)
{
	size_t i = size / PS_GRAIN, n;

	if (PS_UNLIKELY(i >= PS_REUSE_CLASSES))
		return 0;
	n = r->classes[i].n;
	if (PS_UNLIKELY(n == PS_REUSE_MOST || n * size >= PS_REUSE_BYTES))
		return 0;
	r->classes[i].raw[n] = raw;
	r->classes[i].n = n + 1;
	return 1;
}

PS_INLINE void ps_reuse_forget(struct ps_reuse *r)
{
	for (size_t i = 0; i < PS_REUSE_CLASSES; i++)
		r->classes[i].n = 0;
}

#endif
