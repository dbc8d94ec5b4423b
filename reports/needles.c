/*
 * Of every needle a window of NEEDLE_MIN bytes is chosen: wherever the needle stands, one of the
 * places that are looked at, NEEDLE_STEP bytes apart, has four bytes of that window. A filter of one
 * bit for each hash of such four bytes rejects nearly all other places, and no step waits for the
 * one before.
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

/* How rare a byte is in logs, roughly. */
static unsigned rarity(char c)
{
	if (c >= 'A' && c <= 'Z')
		return 5;
	if (!c || strchr("etaoinsr 0123456789", c))
		return 2;
	return strchr("dfhlmuc()/.:_-=", c) ? 3 : 4;
}

/* How rare the most common four bytes of the window at S are. */
static unsigned window_rarity(const char *s)
{
	unsigned least = 100;

	for (int i = 0; i < NEEDLE_STEP; i++) {
		unsigned sum = rarity(s[i]) + rarity(s[i + 1]) + rarity(s[i + 2]) + rarity(s[i + 3]);
		least = sum < least ? sum : least;
	}
	return least;
}

static uint32_t choose_window(const char *text, size_t len)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i + NEEDLE_MIN <= len; i++)
		if (window_rarity(text + i) > window_rarity(text + best))
			best = i;
	return best;
}

int needles_add(struct needles *n, const char *text, unsigned group, unsigned bit)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < n->n; i++)
		if (n->v[i].group == group && !strcmp(n->v[i].text, text))
			return 0;
	if (len < NEEDLE_MIN || group >= NEEDLE_GROUPS || n->n + NEEDLE_STEP > sizeof n->v / sizeof *n->v)
		return -1;
	uint32_t window = choose_window(text, len);
	for (uint32_t offset = window; offset < window + NEEDLE_STEP; offset++) {
		uint32_t four = load(text + offset), h = hash(four);
		uint16_t *slot = &n->slots[h % NEEDLE_SLOTS];

		n->v[n->n++] = (struct needle){ text, (uint32_t)len, offset, four, *slot,
			(uint8_t)group, (uint8_t)(bit & 31) };
		*slot = (uint16_t)n->n;
		n->filter[h >> 6] |= UINT64_C(1) << (h & 63);
	}
	return 0;
}

/* Marks the needles, within S..END, that have AT in their window; nonzero if there are any. */
static int verify(const struct needles *n, const char *s, const char *at, const char *end,
        struct needle_marks *marks)
{
	uint32_t four = load(at);
	int found = 0;

	for (size_t i = n->slots[hash(four) % NEEDLE_SLOTS]; i; i = n->v[i - 1].next) {
		const struct needle *v = &n->v[i - 1];

		if (v->four != four || at - s < (ptrdiff_t)v->offset)
			continue;
		const char *start = at - v->offset;
		if (end - start >= (ptrdiff_t)v->len && *start == *v->text &&
		    !memcmp(start, v->text, v->len)) {
			marks->of[v->group] |= UINT32_C(1) << v->bit;
			found = 1;
		}
	}
	return found;
}

const char *needles_find(const struct needles *n, const char *s, const char *end)
{
	struct needle_marks marks = { 0 };
	const char *p = s;

	for (; end - p >= 4 * NEEDLE_STEP; p += 4 * NEEDLE_STEP) {
		if (!(passes(n, p) | passes(n, p + NEEDLE_STEP) | passes(n, p + 2 * NEEDLE_STEP) |
		            passes(n, p + 3 * NEEDLE_STEP)))
			continue;
		for (const char *at = p; at < p + 4 * NEEDLE_STEP; at += NEEDLE_STEP)
			if (passes(n, at) && verify(n, s, at, end, &marks))
				return at;
	}
	for (; end - p >= 4; p += NEEDLE_STEP)
		if (passes(n, p) && verify(n, s, p, end, &marks))
			return p;
	return NULL;
}

void needles_marks(const struct needles *n, const char *s, const char *first, const char *end,
        struct needle_marks *marks)
{
	memset(marks, 0, sizeof *marks);
	for (const char *p = first; end - p >= 4; p += NEEDLE_STEP)
		if (passes(n, p))
			verify(n, s, p, end, marks);
}
