/*
 * A growing byte buffer and a growing list of strings. Both start as all zero bytes
 * (`struct buf b = {0};`) and own what they hold until _release.
 */
#ifndef SM_COMMON_BUF_H
#define SM_COMMON_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL while empty; otherwise data[len] is 0 */
	size_t len, cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
/* Room for MORE bytes, and the terminator, at the end of B, which does not grow by it. Borrowed. */
char *buf_room(struct buf *b, size_t more);
void buf_addch(struct buf *b, char c);
void buf_add_line(struct buf *b, const char *s, size_t len); /* and a line feed */
void buf_addstr(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_reset(struct buf *b);	 /* empties, keeps the memory */
void buf_release(struct buf *b); /* frees; B is empty and may be used again */

/* The content as a string ("" when empty), owned by the caller; B is empty afterwards. */
char *buf_detach(struct buf *b);

struct strv {
	char **v; /* NULL while empty; otherwise v[n] is NULL, so that v can be an argv */
	size_t n, cap;
};

void strv_push(struct strv *s, const char *value); /* a copy of VALUE, not NULL */
void strv_pushf(struct strv *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strv_own(struct strv *s, char *value); /* VALUE itself, which S frees */
void strv_extend(struct strv *s, const struct strv *more);
void strv_release(struct strv *s);
int strv_has(const struct strv *s, const char *value);
void strv_sort(struct strv *s); /* as strcmp() orders */

/* Splits at every byte of SEPARATORS; empty pieces are left out. */
void strv_split(struct strv *s, const char *text, const char *separators);

/* Sets NAME=VALUE in an environment list, in place of an older value; VALUE NULL removes it. */
void env_set(struct strv *env, const char *name, const char *value);
/* The same for one text: "NAME=VALUE" sets, "NAME" removes. */
void env_put(struct strv *env, const char *assignment);
/* Borrowed from ENV, or NULL. */
const char *env_get(const struct strv *env, const char *name);

#endif
