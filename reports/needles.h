/*
 * The search for many short texts at once: which lines of a log may begin a report.
 */
#ifndef SM_REPORTS_NEEDLES_H
#define SM_REPORTS_NEEDLES_H

#include <stddef.h>
#include <stdint.h>

enum {
	NEEDLE_MIN = 7, /* no needle is shorter than this many bytes */
	NEEDLES_MAX = 256,
	NEEDLE_GROUPS = 8,
	NEEDLE_STEP = NEEDLE_MIN - 3, /* one in so many places is looked at: four bytes of it */
	NEEDLE_FILTER_BITS = 15,
	NEEDLE_SLOTS = 2048,
};

/* One place in a needle at which it can be recognised. */
struct needle {
	const char *text;
	uint32_t len, offset; /* in bytes */
	uint32_t four;        /* the bytes at OFFSET */
	uint16_t next;        /* with the same hash: index plus 1; 0: none */
	uint8_t group, bit;
};

/* All zero bytes at first. */
struct needles {
	uint64_t filter[1 << (NEEDLE_FILTER_BITS - 6)];
	uint16_t slots[NEEDLE_SLOTS]; /* index plus 1; 0: free */
	struct needle v[NEEDLES_MAX * NEEDLE_STEP];
	size_t n;
};

/* Which needles were found: of each group, a bit for each. */
struct needle_marks {
	uint32_t of[NEEDLE_GROUPS];
};

/*
 * TEXT, which has no line feed, is borrowed. GROUP and BIT are the caller's. A text that the group has
 * already is not added again. Returns -1 if it is too short, or one too many.
 */
int needles_add(struct needles *n, const char *text, unsigned group, unsigned bit);

/* A place in the first line of S..END that has a needle, or NULL; borrowed. S is a line's start. */
const char *needles_find(const struct needles *n, const char *s, const char *end);

/* All needles in the line S..END; FIRST: what needles_find() returned for it. */
void needles_marks(const struct needles *n, const char *s, const char *first, const char *end,
        struct needle_marks *marks);

#endif
