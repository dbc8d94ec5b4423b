/* Which of several open reports a frame goes on with. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/sanitizer.h"

enum {
	LEARNED = 4, /* of each stack, the first frames tell where a process is */
	STALE = 60,  /* lines of others, after which a process has probably died */
	GAP_MAX = 4, /* so many frames may have been lost in other output */
	REGION_SHIFT = 24,
};

/* The first '#' in LINE with four blanks before it, or NULL. */
static const char *glued_frame(const struct line *line)
{
	const char *s = line->s, *end = s + line->len;

	for (; (s = memchr(s, '#', (size_t)(end - s))); s++)
		if (s - line->s >= 4 && !memcmp(s - 4, "    ", 4))
			return s;
	return NULL;
}

/*
 * The number of the frame in LINE, which may be glued to the end of another line (*START is where
 * it begins), or -1.
 */
static long frame_number(const struct line *line, const char **start)
{
	const char *p = line->s;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p != '#')
		p = glued_frame(line);
	if (!p || !text_digit(p[1]))
		return -1;
	long n = 0;
	*start = p;
	for (p++; text_digit(*p) && n < INT_MAX; p++)
		n = n * 10 + (*p - '0');
	return *p == ' ' || *p == '\t' ? n : -1;
}

/* Is FILE:LINE of O's header in S? */
int open_names_place(const struct open *o, const char *s)
{
	const char *at = o->file && o->line ? text_after_any(s, o->file) : NULL;

	return at && *at == ':' && strtol(at + 1, NULL, 10) == o->line;
}

static int takes_frames(const struct open *o)
{
	return o->r.f && o->ended != OPEN_WHOLE;
}

/* Is A better than B for a line that could be of either? Processes that take turns go on doing so.
 */
static int is_due(const struct opens *all, const struct open *a, const struct open *b)
{
	if (!b || a->paused != b->paused)
		return !b || b->paused;
	return (a->touched > b->touched) != (all->turns > 1);
}

/* The same for a new stack: who first wrote a header is the first to have symbolized its stack. */
static int is_next(const struct opens *all, const struct open *a, const struct open *b)
{
	int stale_a = a->r.foreign > STALE, stale_b = b && b->r.foreign > STALE;

	/* UBSan often writes no stacks at all */
	if (b && !a->r.f->stack_count && !b->r.f->stack_count && !a->file)
		return stale_a != stale_b ? stale_b : a->touched < b->touched;
	return is_due(all, a, b);
}

/* Only ThreadSanitizer's frames begin without an address. */
static int is_like(const struct open *o, const char *frame)
{
	const char *call = frame + 1 + strspn(frame + 1, "0123456789");

	return !strcmp(o->r.f->tool, "tsan") != !strncmp(call + strspn(call, " \t"), "0x", 2);
}

/* The address in FRAME ("#3 0x4f4b44 in f"), or 0. */
static unsigned long long address_of(const char *frame)
{
	const char *p = frame + 1 + strspn(frame + 1, "0123456789");

	p += strspn(p, " \t");
	return text_after(p, "0x") ? strtoull(p, NULL, 16) : 0;
}

/* Where the kernel puts the program itself; all else may be in many places. */
static int is_program(unsigned region)
{
	unsigned top = region >> 16;

	return top == 0x55 || top == 0x56 || top == 0xaa;
}

void open_learn(struct open *o, unsigned long long address)
{
	unsigned region = (unsigned)(address >> REGION_SHIFT);

	if (!region || o->region_count == REGIONS_MAX)
		return;
	for (size_t i = 0; i < o->region_count; i++)
		if (o->regions[i] == region)
			return;
	o->regions[o->region_count++] = region;
}

/*
 * Addresses are laid out anew in every process: 1 if one near ADDRESS was in O, -1 if O's program
 * is elsewhere, 0 if they do not tell.
 */
static int is_at_home(const struct open *o, unsigned long long address)
{
	unsigned region = (unsigned)(address >> REGION_SHIFT);
	int elsewhere = 0;

	for (size_t i = 0; region && i < o->region_count; i++) {
		if (o->regions[i] + 1 >= region && o->regions[i] <= region + 1)
			return 1;
		elsewhere |= is_program(region) && is_program(o->regions[i]);
	}
	return -elsewhere;
}

/* How well FRAME, a #0, fits to O as the beginning of its next stack. */
enum fit {
	FIT_NEVER,     /* O has the only stack that it can have */
	FIT_UNKNOWN,   /* O does not wait for one */
	FIT_ELSEWHERE, /* it does, but of another place than its header said, or of another kind */
	FIT_WAITING,
	FIT_PLACE, /* the place is that of the header, */
	FIT_PC,    /* or even the address */
};

/* Some kinds name the function that found them: is FRAME of it? 0 where they do not. */
static int is_named(const struct open *o, const char *frame)
{
	const char *kind = o->r.f->kind, *overlap = strstr(kind, "-param-overlap");

	if (overlap)
		return memmem(frame, strlen(frame), kind, (size_t)(overlap - kind)) ? 1 : -1;
	if (o->r.f->message && text_after(o->r.f->message, "hard rss limit"))
		return -1; /* prints no stack */
	if (!strcmp(kind, "double-free") || !strcmp(kind, "bad-free") ||
	        text_after(kind, "alloc-dealloc"))
		return strstr(frame, "free") || strstr(frame, "delete") ? 1 : -1;
	return 0;
}

static enum fit fit_of_first(const struct open *o, const char *frame)
{
	int undefined = !strcmp(o->r.f->tool, "ubsan") && o->file;
	unsigned long long address = address_of(frame);
	int home = is_at_home(o, address);

	if (o->r.expected)
		return undefined ? FIT_NEVER : FIT_UNKNOWN;
	if (home < 0 || !is_like(o, frame))
		return FIT_ELSEWHERE;
	if (!o->r.f->stack_count && o->pc && address) {
		if (o->pc == address || o->pc == address + 1)
			return FIT_PC;
		return home ? FIT_WAITING : FIT_ELSEWHERE;
	}
	if (!o->r.f->stack_count && undefined)
		return open_names_place(o, frame) ? FIT_PLACE : FIT_ELSEWHERE;
	int named = o->r.f->stack_count ? 0 : is_named(o, frame);
	if (named < 0)
		return FIT_ELSEWHERE;
	return home || named ? FIT_PLACE : FIT_WAITING;
}

static struct open *home_of_first(struct opens *all, const struct line *line, const char *frame)
{
	struct open *best = NULL;
	enum fit most = FIT_UNKNOWN;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || open_is_foreign(o, line))
			continue;
		/* where there is no other, nothing needs to be known */
		enum fit fit = all->n > 1 || o->file ? fit_of_first(o, frame) : FIT_WAITING;
		if (fit > most || (fit == most && is_next(all, o, best))) {
			best = o;
			most = fit;
		}
	}
	return best;
}

/* A frame goes on where one of the open stacks ended. */
static struct open *home_of_next(
        struct opens *all, const struct line *line, long number, const char *frame)
{
	struct open *best = NULL, *only = NULL;
	size_t open = 0;
	int most = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || open_is_foreign(o, line))
			continue;
		open++;
		only = o;
		if (o->r.expected != (size_t)number)
			continue;
		int fits =
		        all->n == 1 ? 0 : 4 * is_like(o, frame) + is_at_home(o, address_of(frame));
		if (!best || fits > most || (fits == most && is_due(all, o, best))) {
			best = o;
			most = fits;
		}
	}
	/* a frame that was lost in other output leaves a gap */
	if (!best && open == 1 && only->r.expected && (size_t)number > only->r.expected &&
	        (size_t)number <= only->r.expected + GAP_MAX) {
		only->r.expected = (size_t)number;
		best = only;
	}
	return best;
}

int open_take_frame(struct opens *all, const struct line *line)
{
	const char *start;
	long number = frame_number(line, &start);
	if (number < 0)
		return 0;
	struct open *o =
	        number ? home_of_next(all, line, number, start) : home_of_first(all, line, start);

	if (!o)
		return 0;
	size_t skip = (size_t)(start - line->s);
	struct line frame = *line;
	if (strspn(line->s, " \t") != skip) { /* it is glued to other text */
		frame.s += skip;
		frame.len -= skip;
	}
	if (!report_frame(&o->r, &frame))
		return 0;
	o->paused = 0;
	if (number < LEARNED || all->n > 1)
		open_learn(o, address_of(start));
	open_touch(all, o);
	return 1;
}
