/*
 * Allocation that does not fail: running out of memory ends the program with
 * EXIT_INFRASTRUCTURE (3). Every result is owned by the caller and freed by free().
 */
#ifndef SM_COMMON_MEM_H
#define SM_COMMON_MEM_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);

/* xstrdup(NULL) is NULL. */
char *xstrdup(const char *s);

/* At most N bytes of S, always terminated. */
char *xstrndup(const char *s, size_t n);

/* A formatted string. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
