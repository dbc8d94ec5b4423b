/*
 * What was computed of a string, remembered: logs name the same functions over and over. Bounded: a
 * newer string takes the place of an older one.
 */
#ifndef SM_REPORTS_MEMO_H
#define SM_REPORTS_MEMO_H

#include <stddef.h>
#include <stdint.h>

enum { MEMO_SLOTS = 2048, MEMO_KEY_MAX = 1000 };

struct memo_value {
	char *text; /* malloc's, or NULL */
	unsigned flags;
};

struct memo_entry {
	uint64_t hash;
	char *key; /* NULL: free */
	size_t len;
	struct memo_value value;
};

struct memo {
	/* fills VALUE, all zero, for KEY */
	void (*compute)(const char *key, struct memo_value *value);
	struct memo_entry slots[MEMO_SLOTS];
	struct memo_entry odd; /* the last one that was too long to be kept */
};

/* The value for KEY; borrowed, and valid until the next call. */
const struct memo_value *memo_get(struct memo *m, const char *key);

#endif
