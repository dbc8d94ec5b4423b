/*
 * Memory that is given out piece by piece and freed as one. An arena starts as all zero bytes
 * (`struct arena a = {0};`); what it gave out lives until _release.
 */
#ifndef SM_COMMON_ARENA_H
#define SM_COMMON_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* the newest first */
	char *at, *end;             /* what is free of the newest */
	unsigned next;              /* size of the next block: a class of arena.c's */
};

/* SIZE bytes, not zeroed, aligned for any object. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size); /* the same, zeroed */

/* arena_strdup(a, NULL) is NULL. */
char *arena_strdup(struct arena *a, const char *s);

/* N bytes of S, terminated. S need not be, and must have N bytes. */
char *arena_strndup(struct arena *a, const char *s, size_t n);

/* A formatted string. */
char *arena_vprintf(struct arena *a, const char *format, va_list args);

void arena_release(struct arena *a); /* A is empty and may be used again */

#endif
