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

#define NO_REGION 0x80000000U /* no address is so high */

/* The first '#' in LINE with four blanks before it, or NULL. */
static const char *glued_frame(const struct line *line)
{
	const char *s = line->s, *end = s + line->len;

	for (; (s = memchr(s, '#', (size_t)(end - s))); s++)
		if (s - line->s >= 4 && !memcmp(s - 4, "    ", 4))
			return s;
	return NULL;
}

/* The beginning of a frame: "#3 0x4f4b44 in f". */
struct head {
	const char *start; /* where it begins in its line, which may begin with other text */
	int glued;         /* it does */
	long number;
	int has_address; /* only ThreadSanitizer's have none */
	unsigned long long address;
};

/* Fills HEAD from LINE; 0 if it has no frame. */
static int parse_head(const struct line *line, struct head *head)
{
	/* four blanks are the rule, and need no loop */
	const char *p = text_after(line->s, "    ");

	for (p = p ? p : line->s; *p == ' ' || *p == '\t';)
		p++;
	head->glued = *p != '#';
	if (head->glued)
		p = glued_frame(line);
	if (!p || !text_digit(p[1]))
		return 0;
	head->start = p;
	head->number = 0;
	for (p++; text_digit(*p) && head->number < INT_MAX; p++)
		head->number = head->number * 10 + (*p - '0');
	if (*p != ' ' && *p != '\t')
		return 0;
	while (*p == ' ' || *p == '\t')
		p++;
	head->has_address = p[0] == '0' && p[1] == 'x';
	head->address = 0;
	for (p += 2; head->has_address && text_hex(*p); p++)
		head->address = head->address << 4 |
		                (unsigned)(*p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10);
	return 1;
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

static int is_like(const struct open *o, const struct head *head)
{
	return strcmp(o->r.f->tool, "tsan") ? head->has_address : !head->has_address;
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

unsigned long long open_module(const struct line *line)
{
	unsigned hash = 2166136261U;
	const char *s = line->s, *plus = s + line->len;

	while ((plus = memrchr(s, '+', (size_t)(plus - s))) && !text_after(plus, "+0x"))
		;
	const char *open = plus ? memrchr(s, '(', (size_t)(plus - s)) : NULL;
	if (!open)
		return 0;
	for (open++; open < plus; open++)
		hash = (hash ^ (unsigned char)*open) * 16777619U;
	return (unsigned long long)(hash | NO_REGION) << REGION_SHIFT;
}

/* Addresses are laid out anew in every process. */
int open_is_at_home(const struct open *o, unsigned long long address)
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
	if (text_is(kind, "double-free") || text_is(kind, "bad-free") ||
	        text_after(kind, "alloc-dealloc"))
		return strstr(frame, "free") || strstr(frame, "delete") ? 1 : -1;
	return 0;
}

static enum fit fit_of_first(const struct open *o, const struct head *head)
{
	int undefined = text_is(o->r.f->tool, "ubsan") && o->file;
	unsigned long long address = head->address;
	int home = open_is_at_home(o, address);

	if (o->r.expected)
		return undefined ? FIT_NEVER : FIT_UNKNOWN;
	if (home < 0 || !is_like(o, head))
		return FIT_ELSEWHERE;
	if (!o->r.f->stack_count && o->pc && head->has_address) {
		if (o->pc == address || o->pc == address + 1)
			return FIT_PC;
		return home ? FIT_WAITING : FIT_ELSEWHERE;
	}
	if (!o->r.f->stack_count && undefined)
		return open_names_place(o, head->start) ? FIT_PLACE : FIT_ELSEWHERE;
	int named = o->r.f->stack_count ? 0 : is_named(o, head->start);
	if (named < 0)
		return FIT_ELSEWHERE;
	return home || named ? FIT_PLACE : FIT_WAITING;
}

static struct open *home_of_first(
        struct opens *all, const struct line *line, const struct head *head)
{
	struct open *best = NULL;
	enum fit most = FIT_UNKNOWN;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || open_is_foreign(o, line))
			continue;
		/* where there is no other, nothing needs to be known */
		enum fit fit = all->n > 1 || o->file ? fit_of_first(o, head) : FIT_WAITING;
		if (fit > most || (fit == most && is_next(all, o, best))) {
			best = o;
			most = fit;
		}
	}
	return best;
}

/* A frame goes on where one of the open stacks ended. */
static struct open *home_of_next(
        struct opens *all, const struct line *line, const struct head *head)
{
	size_t number = (size_t)head->number;
	struct open *best = NULL, *only = &all->v[0];

	if (all->n == 1 && only->r.expected == number && takes_frames(only) &&
	        !open_is_foreign(only, line))
		return only; /* so it is with most frames */
	size_t open = 0;
	int most = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || open_is_foreign(o, line))
			continue;
		open++;
		only = o;
		if (o->r.expected != number)
			continue;
		int fits =
		        all->n == 1 ? 0 : 4 * is_like(o, head) + open_is_at_home(o, head->address);
		if (!best || fits > most || (fits == most && is_due(all, o, best))) {
			best = o;
			most = fits;
		}
	}
	/* a frame that was lost in other output leaves a gap */
	if (!best && open == 1 && only->r.expected && number > only->r.expected &&
	        number <= only->r.expected + GAP_MAX) {
		only->r.expected = number;
		best = only;
	}
	return best;
}

int open_take_frame(struct opens *all, const struct line *line)
{
	struct line frame = *line;
	struct head head;

	if (!parse_head(line, &head))
		return 0;
	/* without an address, the module tells the program */
	if (!head.has_address && (head.number < LEARNED || all->n > 1))
		head.address = open_module(line);
	struct open *o =
	        head.number ? home_of_next(all, line, &head) : home_of_first(all, line, &head);
	if (!o)
		return 0;
	if (head.glued) {
		frame.s += head.start - line->s;
		frame.len -= (size_t)(head.start - line->s);
	}
	if (!report_frame(&o->r, &frame))
		return 0;
	o->paused = 0;
	if (head.number < LEARNED || all->n > 1)
		open_learn(o, head.address);
	open_touch(all, o);
	return 1;
}
