#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/sanitizer.h"

enum { GAP_MAX = 4, PREFIX_MAX_BYTES = 200 };

static int in_use(const struct open *o)
{
	return o->r.f || o->list;
}

/* Do the prefixes say that O is not LINE's? Even pids may be the same, in two containers. */
static int is_foreign(const struct open *o, const struct line *line)
{
	return o->source && line->source && o->source != line->source;
}

static void release(struct open *o)
{
	struct buf text = o->r.text;

	free(o->prefix);
	memset(o, 0, sizeof *o);
	o->r.text = text;
}

void open_close(struct open *o)
{
	if (o->list && !o->records && !o->ended)
		scanner_unparsed(o->r.s, o->line, "", "a list without a record");
	if (o->r.f && o->grammar->close)
		o->grammar->close(o);
	if (o->r.f && !o->ended && o->grammar->needs_end(o))
		report_cut(&o->r, "the report has no end");
	report_close(&o->r);
	if (o->list)
		scanner_hold(o->r.s, -1);
	release(o);
}

/* A free slot; where there is none, the one that waited longest is handed over. */
static struct open *free_slot(struct opens *all)
{
	struct open *oldest = &all->v[0];

	for (size_t i = 0; i < OPEN_MAX; i++) {
		struct open *o = &all->v[i];
		if (!in_use(o)) {
			if (i >= all->n)
				all->n = i + 1;
			return o;
		}
		if (o->touched < oldest->touched)
			oldest = o;
	}
	open_close(oldest);
	return oldest;
}

/* What the process of a new report had open, of the same kind, is over. */
static void supersede(struct opens *all, const struct grammar *g, const struct line *line, long pid)
{
	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!in_use(o) || o->grammar != g)
			continue;
		int same = pid && o->pid ? pid == o->pid : line->source == o->source;
		if (!same || is_foreign(o, line))
			continue;
		/* without a pid, one whose stack is not over may still get the rest of it */
		if (!pid && !o->ended && !o->paused)
			continue;
		/* runtimes can be told to print no summary */
		if (o->r.f && o->r.f->stack_count)
			o->ended = 1;
		open_close(o);
	}
}

void open_touch(struct opens *all, struct open *o)
{
	all->turns = all->last && all->last != o ? all->turns + 1 : 0;
	all->last = o;
	o->touched = ++all->clock;
}

static struct open *begin(
        struct opens *all, const struct grammar *g, const struct line *line, long pid)
{
	supersede(all, g, line, pid);
	struct open *o = free_slot(all);

	o->grammar = g;
	o->pid = pid;
	o->source = line->source;
	o->r.s = all->s;
	open_touch(all, o);
	return o;
}

struct open *open_list(
        struct opens *all, const struct grammar *g, const struct line *line, long pid)
{
	struct open *o = begin(all, g, line, pid);

	o->list = 1;
	o->line = (int)line->number;
	scanner_hold(all->s, 1);
	return o;
}

struct open *open_begin(struct opens *all, const struct grammar *g, const char *tool,
        const char *kind, const struct line *line, size_t prefix, long pid)
{
	struct open *o = begin(all, g, line, pid);

	if (prefix && prefix < PREFIX_MAX_BYTES)
		o->prefix = xstrndup(line->s, prefix);
	report_open(&o->r, all->s, tool, kind, line, pid);
	return o;
}

/* Is A a better home for LINE than B: of the same writer, then the one that was busy last? */
static int is_nearer(const struct open *a, const struct open *b, const struct line *line)
{
	if (!b)
		return 1;
	int same_a = a->source == line->source, same_b = b->source == line->source;

	return same_a != same_b ? same_a : a->touched > b->touched;
}

struct open *open_find_list(struct opens *all, const struct line *line)
{
	struct open *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (o->list && !o->ended && !is_foreign(o, line) && is_nearer(o, found, line))
			found = o;
	}
	return found;
}

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
	char *end;
	long n = strtol(p + 1, &end, 10);
	*start = p;
	return *end == ' ' || *end == '\t' ? n : -1;
}

/* Is FILE:LINE of O's header in S? */
static int names_place(const struct open *o, const char *s)
{
	const char *at = o->file && o->line ? text_after_any(s, o->file) : NULL;

	return at && *at == ':' && strtol(at + 1, NULL, 10) == o->line;
}

/* Does the frame #0 in S stand where O's header says? */
static int is_site(const struct open *o, const char *s)
{
	const char *at = o->pc ? strstr(s, "0x") : NULL;

	if (at) {
		unsigned long long pc = strtoull(at, NULL, 16);
		return o->pc == pc || o->pc == pc + 1;
	}
	return names_place(o, s);
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

/* Only ThreadSanitizer's frames begin without an address. */
static int is_like(const struct open *o, const char *frame)
{
	const char *call = frame + 1 + strspn(frame + 1, "0123456789");

	return !strcmp(o->r.f->tool, "tsan") != !strncmp(call + strspn(call, " \t"), "0x", 2);
}

static struct open *home_of_first(struct opens *all, const struct line *line, const char *frame)
{
	struct open *waiting = NULL, *elsewhere = NULL, *any = NULL;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || is_foreign(o, line))
			continue;
		int first = !o->r.expected && !o->r.f->stack_count;
		if (first && is_site(o, frame))
			return o;
		/* a stack that begins elsewhere than the header said is rather another's */
		if (!o->r.expected && ((first && o->pc) || !is_like(o, frame)))
			elsewhere = elsewhere && !is_due(all, o, elsewhere) ? elsewhere : o;
		else if (!o->r.expected && is_due(all, o, waiting))
			waiting = o;
		if (is_nearer(o, any, line))
			any = o;
	}
	if (!waiting)
		waiting = elsewhere;
	return waiting ? waiting : any;
}

/* A frame goes on where one of the open stacks ended. */
static struct open *home_of_next(
        struct opens *all, const struct line *line, long number, const char *frame)
{
	struct open *best = NULL, *only = NULL;
	size_t open = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!takes_frames(o) || is_foreign(o, line))
			continue;
		open++;
		only = o;
		if (o->r.expected != (size_t)number)
			continue;
		int like = is_like(o, frame), best_like = best && is_like(best, frame);
		if (like != best_like ? like : is_due(all, o, best))
			best = o;
	}
	/* a frame that was lost in other output leaves a gap */
	if (!best && open == 1 && only->r.expected && (size_t)number > only->r.expected &&
	        (size_t)number <= only->r.expected + GAP_MAX) {
		only->r.expected = (size_t)number;
		best = only;
	}
	return best;
}

static int take_frame(struct opens *all, const struct line *line, long number, const char *start)
{
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
	open_touch(all, o);
	return 1;
}

/* The pid in "==PID==" at the start of S, or 0. */
static long leading_pid(const char *s)
{
	char *end;

	if (s[0] != '=' || s[1] != '=' || !isdigit((unsigned char)s[2]))
		return 0;
	long pid = strtol(s + 2, &end, 10);
	return text_after(end, "==") ? pid : 0;
}

/* Does SAID, which follows "SUMMARY: NAME: ", speak of O? The more it says of it, the more. */
static int summary_fits(const struct open *o, const char *tool, const char *said)
{
	if (o->list)
		return strstr(said, " leaked in ") ? 4 : 0;
	if (!o->r.f || o->ended)
		return 0;
	const struct stack *stack = finding_find(o->r.f, ROLE_ACCESS);
	const char *function = stack && stack->frames.n ? stack->frames.v[0].function : NULL;
	int same = !strcmp(o->r.f->tool, tool), undefined = text_after(said, "undefined-") != NULL;
	int kind = text_after(said, o->r.f->kind) != NULL;

	if (!strcmp(o->r.f->tool, "ubsan") && o->file)
		return (kind || same || undefined) + 3 * names_place(o, said);
	if (kind)
		return function && strstr(said, function) ? 3 : 2;
	return same && !undefined && !strstr(said, " leaked in ");
}

static int take_summary(struct opens *all, const struct line *line)
{
	const char *rest, *tool = sanitizer_tool(line->s + strlen("SUMMARY: "), &rest);
	const char *said = tool ? text_after(rest, ": ") : NULL;
	struct open *best = NULL;
	int most = 0;

	for (size_t i = 0; said && i < all->n; i++) {
		struct open *o = &all->v[i];
		int fits = in_use(o) && !is_foreign(o, line) ? summary_fits(o, tool, said) : 0;
		if (fits > most || (fits && fits == most && is_nearer(o, best, line))) {
			most = fits;
			best = o;
		}
	}
	if (!best || !best->grammar->body(best, line))
		return 0;
	if (in_use(best))
		open_touch(all, best);
	return 1;
}

/* Does LINE name the address that O's header named? */
static int names_address(const struct open *o, const struct line *line)
{
	return o->r.f && o->r.f->access.address && strstr(line->s, o->r.f->access.address);
}

static int is_before(const struct opens *all, const struct open *a, const struct open *b,
        const struct line *line)
{
	if (!b || a->source != b->source)
		return is_nearer(a, b, line);
	int named_a = names_address(a, line), named_b = names_address(b, line);

	return named_a != named_b ? named_a : (a->touched > b->touched) != (all->turns > 1);
}

/* Gives LINE to the nearest report whose body it can be; those of another process are not asked. */
static int take_text(struct opens *all, const struct line *line, long pid)
{
	unsigned asked = 0;

	for (;;) {
		struct open *o = NULL;
		for (size_t i = 0; i < all->n; i++) {
			struct open *other = &all->v[i];
			if (asked & 1U << i || !in_use(other) || is_foreign(other, line) ||
			        (pid && other->pid && other->pid != pid))
				continue;
			if (is_before(all, other, o, line))
				o = other;
		}
		if (!o)
			return 0;
		asked |= 1U << (o - all->v);
		if (o->grammar->body(o, line)) {
			if (in_use(o)) {
				o->paused = line->len == 0;
				open_touch(all, o);
			}
			return 1;
		}
	}
}

/* LINE without the prefix that O's header had, in *BARE; 0 if it does not begin with it. */
static int without_prefix(const struct open *o, const struct line *line, struct line *bare)
{
	if (!o->prefix || !text_after(line->s, o->prefix))
		return 0;
	size_t len = strlen(o->prefix);

	*bare = *line;
	bare->s += len;
	bare->len -= len;
	bare->source = o->source;
	return 1;
}

static int take(struct opens *all, const struct line *line)
{
	const char *start;
	long number = frame_number(line, &start);

	if (number >= 0 && take_frame(all, line, number, start))
		return 1;
	if (text_after(line->s, "SUMMARY: "))
		return take_summary(all, line);
	return take_text(all, line, leading_pid(line->s));
}

/* Reports that did not get LINE grow impatient. */
static void tick(struct opens *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct open *o = &all->v[i];
		if (!in_use(o) || o->touched == all->clock)
			continue;
		if (o->ended || ++o->r.foreign > o->grammar->patience)
			open_close(o);
	}
	while (all->n && !in_use(&all->v[all->n - 1]))
		all->n--;
}

int open_take(struct opens *all, const struct line *line)
{
	struct line bare;
	int taken = 0;

	for (size_t i = 0; i < all->n && !taken; i++)
		if (in_use(&all->v[i]) && without_prefix(&all->v[i], line, &bare))
			taken = take(all, &bare);
	if (!taken)
		taken = take(all, line);
	if (!taken)
		all->clock++; /* nobody was touched */
	tick(all);
	return taken;
}

void open_finish(struct opens *all)
{
	for (;;) {
		struct open *first = NULL;
		for (size_t i = 0; i < all->n; i++) {
			struct open *o = &all->v[i];
			if (!in_use(o))
				continue;
			if (!first ||
			        (o->r.f && first->r.f &&
			                o->r.f->occurrences->line < first->r.f->occurrences->line))
				first = o;
		}
		if (!first)
			break;
		open_close(first);
	}
	for (size_t i = 0; i < OPEN_MAX; i++)
		buf_release(&all->v[i].r.text);
}
