/*
 * Statistics, which tell something only in relation, before and after: the allocator's tables
 * (PYTHONMALLOCSTATS) and total references (-X showrefcount). They become notes when the log has
 * ended, where the last is more than the first; one alone is nothing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

static const long long NUMBER_MAX = 1000000000000000; /* what is more is no number of this */

/* TABLE_MAX: lines that a table may have, up to its totals. */
enum { CLASSES_MAX = 128, CLASSES_SHOWN = 8, TABLE_MAX = 200 };

struct table {
	long line;
	long long allocated, arenas; /* bytes in blocks; arenas ever allocated */
	struct {
		long size, used;
	} classes[CLASSES_MAX];
	size_t n;
};

struct cpython_stats {
	struct table first, last;
	size_t tables;
	int in_table; /* lines left of it */
	long refs_line, refs_lines;
	long long refs_first, refs_last;
};

static struct cpython_stats *stats(struct cpython *c)
{
	if (!c->stats)
		c->stats = xcalloc(1, sizeof *c->stats);
	return c->stats;
}

static void begin_table(struct cpython *c, long line)
{
	struct cpython_stats *st = stats(c);

	/* fewer arenas than at first: another process, which has nothing to do with the first */
	if (st->tables == 1 || (st->tables && st->last.arenas < st->first.arenas))
		st->first = st->last;
	memset(&st->last, 0, sizeof st->last);
	st->last.line = line;
	st->tables++;
	if (!st->in_table)
		scanner_hold(c->s, 1);
	st->in_table = TABLE_MAX;
}

/* "   12    208           1              61            17" */
static int take_class(struct table *t, const char *s)
{
	long v[5];
	char *end = NULL;

	for (int i = 0; i < 5; i++) {
		v[i] = strtol(s, &end, 10);
		if (end == s || v[i] < 0)
			return 0;
		s = end;
	}
	if (*s || t->n == CLASSES_MAX)
		return 0;
	t->classes[t->n].size = v[1];
	t->classes[t->n++].used = v[3];
	return 1;
}

/* "# bytes in allocated blocks        =            1,724,112" */
static int take_total(const char *s, const char *name, long long *value)
{
	const char *p = text_after(s, name);

	p = p ? strchr(p, '=') : NULL;
	if (!p)
		return 0;
	*value = 0;
	for (p++; *p && *value < NUMBER_MAX; p++)
		if (isdigit((unsigned char)*p))
			*value = *value * 10 + (*p - '0');
	return 1;
}

static int take_table_line(struct cpython *c, const char *s)
{
	struct cpython_stats *st = c->stats;
	struct table *t = &st->last;

	if (!st->in_table)
		return 0;
	int end = take_total(s, "# bytes in allocated blocks", &t->allocated);
	st->in_table = end ? 0 : st->in_table - 1;
	if (!st->in_table)
		scanner_hold(c->s, -1);
	return end || take_total(s, "# arenas allocated total", &t->arenas) ||
	       (*s == ' ' && take_class(t, s));
}

static long used_before(const struct table *t, long size)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->classes[i].size == size)
			return t->classes[i].used;
	return 0;
}

static void end_tables(struct cpython *c)
{
	const struct table *first = &c->stats->first, *last = &c->stats->last;
	long long grown = last->allocated - first->allocated;
	struct buf text = { 0 };
	int shown = 0;

	if (c->stats->tables < 2 || grown <= 0 || !first->allocated)
		return;
	buf_addf(&text, "%lld bytes more in blocks than in the table of line %ld (%lld, then %lld)",
	        grown, first->line, first->allocated, last->allocated);
	for (size_t i = 0; i < last->n && shown < CLASSES_SHOWN; i++) {
		long more = last->classes[i].used - used_before(first, last->classes[i].size);
		if (more > 0)
			buf_addf(&text, "%s %ld of %ld bytes", shown++ ? "," : ":", more,
			        last->classes[i].size);
	}
	cpython_emit_text(c, "mallocstats", last->line, &text);
}

/* "[23456 refs, 789 blocks]" */
static int take_refs(struct cpython *c, const struct line *line)
{
	char *end;

	if (*line->s != '[' || !text_ends(line->s, " blocks]"))
		return 0;
	long long refs = strtoll(line->s + 1, &end, 10);
	if (!text_after(end, " refs, ") || refs < 0 || refs > NUMBER_MAX)
		return 0;
	struct cpython_stats *st = stats(c);
	if (!st->refs_lines++)
		st->refs_first = refs;
	st->refs_last = refs;
	st->refs_line = line->number;
	return 1;
}

static void end_refs(struct cpython *c)
{
	struct cpython_stats *st = c->stats;
	struct buf text = { 0 };

	if (st->refs_lines < 2 || st->refs_last <= st->refs_first)
		return;
	buf_addf(&text, "%lld references more than at first (%lld, then %lld)",
	        st->refs_last - st->refs_first, st->refs_first, st->refs_last);
	cpython_emit_text(c, "showrefcount", st->refs_line, &text);
}

static int opens(struct cpython *c, const struct line *line)
{
	if (text_after(line->s, "Small block threshold = ")) {
		begin_table(c, line->number);
		return 1;
	}
	return take_refs(c, line);
}

static int goes_on(struct cpython *c, const struct line *line)
{
	return c->stats && take_table_line(c, line->s);
}

void cpython_stats_finish(struct cpython *c)
{
	if (!c->stats)
		return;
	end_tables(c);
	end_refs(c);
	free(c->stats);
	c->stats = NULL;
}

const struct cpython_part cpython_stats = { opens, goes_on };
