#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/sanitizer.h"

enum { PREFIX_MAX_BYTES = 200 };

static int in_use(const struct open *o)
{
	return o->r.f || o->list;
}

int open_is_foreign(const struct open *o, const struct line *line)
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
		if (!same || open_is_foreign(o, line))
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
	all->turns = 0; /* that several processes begin says nothing of how they go on */
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
		if (!o->list || o->ended || open_is_foreign(o, line))
			continue;
		/* a record that has no stack yet has not been written to its end */
		int waits = o->r.f && !o->r.f->stack_count;
		int found_waits = found && found->r.f && !found->r.f->stack_count;
		if (!found || (waits != found_waits ? found_waits : is_nearer(o, found, line)))
			found = o;
	}
	return found;
}

/* The pid in "==PID==" at the start of S, or 0. */
static long leading_pid(const char *s)
{
	const char *end;

	if (s[0] != '=' || s[1] != '=' || !text_digit(s[2]))
		return 0;
	long pid = text_number(s + 2, &end);
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
	int same = text_is(o->r.f->tool, tool), undefined = text_after(said, "undefined-") != NULL;
	int kind = text_after(said, o->r.f->kind) != NULL;

	if (text_is(o->r.f->tool, "ubsan") && o->file)
		return (kind || same || undefined) + 3 * open_names_place(o, said);
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
		int fits = in_use(o) && !open_is_foreign(o, line) ? summary_fits(o, tool, said) : 0;
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

/* Which of the open reports a line speaks of; each is asked once, and only where that decides. */
struct clues {
	const struct line *line;
	unsigned asked, named; /* a bit for each slot */
	int has_module;        /* MODULE is known */
	unsigned long long module;
};

/* Does the line name the address that O's header named, or a module that its frames did? */
static int find_name(struct clues *clues, const struct open *o)
{
	const char *address = o->r.f ? o->r.f->access.address : NULL;

	if (address && strstr(clues->line->s, address))
		return 1;
	if (!o->region_count)
		return 0;
	if (!clues->has_module)
		clues->module = open_module(clues->line);
	clues->has_module = 1;
	return open_is_at_home(o, clues->module) > 0;
}

static int is_named(const struct opens *all, const struct open *o, struct clues *clues)
{
	unsigned bit = 1U << (o - all->v);

	if (!(clues->asked & bit) && find_name(clues, o))
		clues->named |= bit;
	clues->asked |= bit;
	return (clues->named & bit) != 0;
}

static int is_before(const struct opens *all, const struct open *a, const struct open *b,
        struct clues *clues)
{
	if (!b || a->source != b->source)
		return is_nearer(a, b, clues->line);
	int named_a = is_named(all, a, clues), named_b = is_named(all, b, clues);

	return named_a != named_b ? named_a : (a->touched > b->touched) != (all->turns > 1);
}

/* May O be asked for LINE, which begins with "==PID==" or has PID 0? */
static int may_take(const struct open *o, const struct line *line, long pid)
{
	return in_use(o) && !open_is_foreign(o, line) && !(pid && o->pid && o->pid != pid);
}

/* Is LINE of the body of O, which then has it? */
static int take_body(struct opens *all, struct open *o, const struct line *line)
{
	if (!o->grammar->body(o, line))
		return 0;
	if (in_use(o)) {
		o->paused = line->len == 0;
		open_touch(all, o);
	}
	return 1;
}

/* Gives LINE to the nearest report whose body it can be; those of another process are not asked. */
static int take_text(struct opens *all, const struct line *line, long pid)
{
	struct clues clues = { .line = line };
	unsigned asked = 0;

	if (all->n == 1) /* so it is with most lines */
		return may_take(&all->v[0], line, pid) && take_body(all, &all->v[0], line);
	for (;;) {
		struct open *o = NULL;
		for (size_t i = 0; i < all->n; i++) {
			struct open *other = &all->v[i];
			if (!(asked & 1U << i) && may_take(other, line, pid) &&
			        is_before(all, other, o, &clues))
				o = other;
		}
		if (!o)
			return 0;
		asked |= 1U << (o - all->v);
		if (take_body(all, o, line))
			return 1;
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
	if (open_take_frame(all, line))
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

/* Of several reports, first those whose header had a prefix that LINE has too. */
static int take_bare(struct opens *all, const struct line *line)
{
	struct line bare;
	int taken = 0;

	for (size_t i = 0; i < all->n && !taken; i++)
		if (in_use(&all->v[i]) && without_prefix(&all->v[i], line, &bare))
			taken = take(all, &bare);
	return taken;
}

/* Nearly always one report is open, and the line is its own. */
static int is_all_done(const struct opens *all)
{
	return all->n == 1 && all->v[0].touched == all->clock && in_use(&all->v[0]);
}

int open_take(struct opens *all, const struct line *line)
{
	int has_prefix = all->n > 1 || all->v[0].prefix;
	int taken = (has_prefix && take_bare(all, line)) || take(all, line);

	if (!taken)
		all->clock++; /* nobody was touched */
	if (!is_all_done(all))
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
