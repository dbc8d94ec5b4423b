/*
 * Every needle has at least NEEDLE_MIN bytes, so wherever it stands, one of the places that are
 * looked at, NEEDLE_STEP bytes apart, has four bytes of its beginning. A filter of one bit for each
 * hash of such four bytes rejects nearly all other places, and no step waits for the one before.
 */
#include <string.h>

#include "reports/needles.h"

static uint32_t load(const char *s)
{
	uint32_t four;

	memcpy(&four, s, sizeof four);
	return four;
}

static uint32_t hash(uint32_t four)
{
	return four * UINT32_C(2654435761) >> (32 - NEEDLE_FILTER_BITS);
}

static int passes(const struct needles *n, const char *s)
{
	uint32_t h = hash(load(s));

	return (int)(n->filter[h >> 6] >> (h & 63) & 1);
}

int needles_add(struct needles *n, const char *text, uint32_t marks)
{
	size_t len = strlen(text);

	if (len < NEEDLE_MIN || n->n + NEEDLE_STEP > sizeof n->v / sizeof *n->v)
		return -1;
	for (uint32_t offset = 0; offset < NEEDLE_STEP; offset++) {
		uint32_t four = load(text + offset), h = hash(four);
		uint16_t *slot = &n->slots[h % NEEDLE_SLOTS];

		n->v[n->n++] = (struct needle){ text, (uint32_t)len, offset, four, marks, *slot };
		*slot = (uint16_t)n->n;
		n->filter[h >> 6] |= UINT64_C(1) << (h & 63);
	}
	return 0;
}

/* The first needle, within S..END, that has AT in its beginning. */
static const char *verify(const struct needles *n, const char *s, const char *at, const char *end,
        uint32_t *marks)
{
	uint32_t four = load(at);
	const char *first = NULL;

	for (size_t i = n->slots[hash(four) % NEEDLE_SLOTS]; i; i = n->v[i - 1].next) {
		const struct needle *v = &n->v[i - 1];
		const char *start = at - v->offset;

		if (v->four != four || at - s < (ptrdiff_t)v->offset ||
		        end - start < (ptrdiff_t)v->len || memcmp(start, v->text, v->len) != 0)
			continue;
		*marks |= v->marks;
		if (!first || start < first)
			first = start;
	}
	return first;
}

const char *needles_find(const struct needles *n, const char *s, const char *end, uint32_t *marks)
{
	const char *p = s, *found;

	*marks = 0;
	for (; end - p >= 4 * NEEDLE_STEP; p += 4 * NEEDLE_STEP) {
		if (!(passes(n, p) | passes(n, p + NEEDLE_STEP) | passes(n, p + 2 * NEEDLE_STEP) |
		            passes(n, p + 3 * NEEDLE_STEP)))
			continue;
		for (int i = 0; i < 4; i++) {
			found = verify(n, s, p + i * NEEDLE_STEP, end, marks);
			if (found)
				return found;
		}
	}
	for (; end - p >= 4; p += NEEDLE_STEP) {
		found = passes(n, p) ? verify(n, s, p, end, marks) : NULL;
		if (found)
			return found;
	}
	return NULL;
}
