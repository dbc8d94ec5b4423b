#include <stdlib.h>
#include <string.h>

#include "reports/sites.h"
#include "reports/symbol.h"

enum {
	SITES_MAX = 5,
	PERIOD_MAX = 8,			       /* of a recursion, in frames that count */
	WINDOW = SITES_MAX + PERIOD_MAX + 2, /* so that each circle is seen once as a whole */
};

struct site {
	size_t at, len; /* of its line in the buffer */
	int circle;	/* it is in one with the site after it */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_number(struct buf *b, int n)
{
	char digits[12], *p = digits + sizeof digits;

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void site_add(struct buf *b, const struct frame *frame)
{
	if (frame->function) {
		const char *name = symbol_name(frame->function);

		buf_add_line(b, name, strlen(name));
	} else if (frame->file) {
		buf_addstr(b, base_name(frame->file));
		buf_addch(b, ':');
		add_number(b, frame->line);
		buf_addch(b, '\n');
	} else if (frame->module) {
		buf_addch(b, '?');
		buf_addstr(b, base_name(frame->module));
		buf_addch(b, '+');
		buf_addstr(b, frame->offset ? frame->offset : "");
		buf_addch(b, '\n');
	} else {
		buf_addstr(b, "?\n");
	}
}

static int same(const struct buf *b, const struct site *x, const struct site *y)
{
	return x->len == y->len && !memcmp(b->data + x->at, b->data + y->at, x->len);
}

/* The first MAX frames that count; their lines are in B. */
static size_t collect(struct buf *b, const struct frames *frames, size_t max,
        enum ignore_level level, struct site *v)
{
	size_t n = 0;

	for (size_t i = 0; i < frames->n && n < max; i++) {
		struct site site = { .at = b->len };

		if (frame_ignored(&frames->v[i], level))
			continue;
		site_add(b, &frames->v[i]);
		site.len = b->len - site.at;
		if (n && same(b, &v[n - 1], &site))
			b->len = site.at; /* it called itself */
		else
			v[n++] = site;
	}
	return n;
}

/* What comes again within a period is a circle with all that is between. */
static void find_circles(const struct buf *b, struct site *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && j <= i + PERIOD_MAX; j++)
			if (same(b, &v[i], &v[j]))
				for (size_t k = i; k < j; k++)
					v[k].circle = 1;
}

static int order(const struct buf *b, const struct site *x, const struct site *y)
{
	size_t len = x->len < y->len ? x->len : y->len;
	int c = memcmp(b->data + x->at, b->data + y->at, len);

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

static void sort(const struct buf *b, struct site *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && order(b, &v[j], &v[j - 1]) < 0; j--) {
			struct site swap = v[j];

			v[j] = v[j - 1];
			v[j - 1] = swap;
		}
}

static void sort_circles(const struct buf *b, struct site *v, size_t n)
{
	for (size_t i = 1, end; i < n; i = end) { /* the innermost stays where it is */
		for (end = i; end < n && v[end].circle; end++)
			;
		end += end < n;
		sort(b, v + i, end - i);
	}
}

static int is_new(const struct buf *b, const struct site *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same(b, &v[k], &v[i]))
			return 0;
	return 1;
}

/*
 * Does a function come again among the first frames? Nearly always none does, and then there is no
 * need to look at more frames than are wanted.
 */
static int comes_again(const struct frames *frames)
{
	size_t n = frames->n < 2 * WINDOW ? frames->n : 2 * WINDOW;

	for (size_t i = 1; i < n; i++) {
		const char *function = frames->v[i].function;

		for (size_t k = 0; function && k < i; k++) {
			const char *other = frames->v[k].function;

			if (other && *function == *other && !strcmp(function, other))
				return 1;
		}
	}
	return 0;
}

/* The sites in their new order, each once, in place of their lines in B from FROM on. */
static size_t arrange(struct buf *b, size_t from, const struct site *v, size_t n, size_t max)
{
	struct buf lines = { 0 };
	size_t added = 0;

	for (size_t i = 0; i < n && added < max; i++) {
		if (!is_new(b, v, i))
			continue;
		buf_add(&lines, b->data + v[i].at, v[i].len);
		added++;
	}
	b->len = from;
	if (lines.len)
		buf_add(b, lines.data, lines.len);
	buf_release(&lines);
	return added;
}

size_t sites_add(struct buf *b, const struct frames *frames, size_t max, enum ignore_level level)
{
	struct site v[WINDOW];
	size_t from = b->len, n = 0;

	max = max < SITES_MAX ? max : SITES_MAX;
	if (!comes_again(frames)) {
		size_t i = 0;

		n = collect(b, frames, max, level, v);
		while (i < n && is_new(b, v, i))
			i++;
		if (i == n)
			return n;
		b->len = from; /* "f" and "f.part.0" */
	}
	n = collect(b, frames, WINDOW, level, v);
	find_circles(b, v, n);
	sort_circles(b, v, n);
	return arrange(b, from, v, n, max);
}
