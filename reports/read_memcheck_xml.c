/*
 * Valgrind's XML, of Memcheck, Helgrind and DRD. Only well-formed as long as nothing goes wrong: a
 * process that is killed leaves it cut, one that forks leaves two ends or two documents. So the
 * document is not parsed as a whole, only each <error> by itself.
 *
 * Valgrind writes one tag, or a leaf with both of its tags, on a line: such elements are taken line
 * by line. An element that begins otherwise is `dense`, and is searched for tags.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/kinds.h"
#include "reports/reader.h"
#include "reports/valgrind_element.h"
#include "reports/valgrind_error.h"
#include "reports/valgrind_pending.h"
#include "reports/valgrind_tags.h"

enum { ELEMENT_MAX = REPORT_TEXT_MAX };

struct state {
	struct scanner *s;
	int held;         /* a document has begun, or a part of one was seen */
	int rooted;       /* inside of <valgrindoutput>, */
	int ended;        /* and it has its end */
	int orphan;       /* what was seen last is of an element without a beginning */
	int mine;         /* the last line was ours */
	long begun;       /* the document's line */
	const char *tool; /* static; NULL: not said */
	long pid;
	const struct tag *tag; /* of the element that is open, or NULL */
	int dense, too_long;
	long first; /* the line of its start */
	const char
	        *start; /* what is not in XML yet begins here, in the lines being read; or NULL */
	struct buf xml;
	struct valgrind_element element;
	struct valgrind_pending pending;
};

static void tell(struct state *st, long line, struct span text, const char *reason)
{
	const char *nl = memchr(text.s, '\n', text.len);
	char *s = xstrndup(text.s, nl ? (size_t)(nl - text.s) : text.len);

	scanner_unparsed(st->s, line, s, reason);
	free(s);
}

/* --- elements --- */

static void on_count(void *context, unsigned long long unique, int count)
{
	struct state *st = context;

	valgrind_pending_count(&st->pending, unique, count);
}

static void take_finding(struct state *st, struct finding *f)
{
	const struct valgrind_element *e = &st->element;

	if (st->tag->kind == TAG_THREAD) {
		valgrind_threads_add(&st->pending.threads, e->thread_count ? e->threads[0] : 0, f);
		return;
	}
	if (!*f->kind) { /* its message tells as well */
		const char *kind = f->message ? valgrind_kind(st->tool, f->message) : NULL;
		if (!kind) {
			finding_free(f);
			return;
		}
		f->kind = kind;
	}
	f->tool = st->tool ? st->tool : valgrind_tool_of(f->kind);
	f->occurrences = xcalloc(1, sizeof *f->occurrences);
	f->occurrence_count = 1;
	f->occurrences->line = st->first;
	f->occurrences->pid = st->pid;
	valgrind_pending_add(&st->pending, f, e);
}

/* Why an element is not all that there was to say; NULL if it is. */
static const char *trouble(const struct state *st, int cut)
{
	const struct finding *f = st->element.f;
	int nothing = st->tag->kind == TAG_ERROR && (!f || !*f->kind);

	if (nothing && !st->rooted && !st->element.unique)
		return NULL; /* an <error> of somebody else */
	if (st->too_long)
		return "the element is too long";
	if (cut)
		return "the element has no end";
	if (!st->element.complete)
		return "the element is not well-formed";
	return nothing ? "an error without a kind" : NULL;
}

static void read_element(struct state *st, struct span xml, int cut)
{
	const char *reason;

	if (st->tag->kind != TAG_PASSED) {
		valgrind_element_read(&st->element, xml.s, xml.len);
		struct finding *f = st->element.f;
		if ((reason = trouble(st, cut)))
			tell(st, st->first, xml, reason);
		st->element.f = NULL;
		if (f)
			take_finding(st, f);
	} else if (cut) {
		tell(st, st->first, xml, "the element has no end");
	}
}

static void collect(struct state *st, const char *s, size_t len)
{
	if (st->xml.len + len > ELEMENT_MAX)
		st->too_long = 1;
	else
		buf_add(&st->xml, s, len);
}

/* What is collected of the element that is open, together with what comes before END. */
static struct span collected(struct state *st, const char *end)
{
	if (st->start && !st->xml.len)
		return (struct span){ st->start, (size_t)(end - st->start) };
	if (st->start)
		collect(st, st->start, (size_t)(end - st->start));
	st->start = NULL; /* not again */
	return (struct span){ st->xml.data ? st->xml.data : "", st->xml.len };
}

static void begin_element(struct state *st, const struct tag *tag, long line)
{
	st->tag = tag;
	st->first = line;
	st->too_long = 0;
	st->dense = 0;
	st->orphan = 0;
	buf_reset(&st->xml);
}

/* The element that is open ends before END. */
static void end_element(struct state *st, const char *end, int cut)
{
	read_element(st, collected(st, end), cut);
	st->tag = NULL;
	st->start = NULL;
}

static void scan(struct state *st, struct span s, long line);

/*
 * Something else begins at END while an element is open. If its end is in what was collected, but
 * not where Valgrind puts it, what follows is looked at again.
 */
static void cut_element(struct state *st, const char *end)
{
	struct span all = collected(st, end), rest;
	const char *stop = memmem(all.s, all.len, st->tag->end, strlen(st->tag->end));

	if (!stop) {
		end_element(st, end, 1);
		return;
	}
	stop += strlen(st->tag->end);
	rest = (struct span){ stop, (size_t)(all.s + all.len - stop) };
	char *copy = xstrndup(rest.s, rest.len);
	read_element(st, (struct span){ all.s, all.len - rest.len }, 0);
	st->tag = NULL;
	st->start = NULL;
	scan(st, (struct span){ copy, rest.len }, st->first);
	if (st->tag)
		cut_element(st, NULL);
	free(copy);
}

/* --- documents --- */

static void end_document(struct state *st)
{
	if (st->tag)
		cut_element(st, NULL);
	if (st->rooted && !st->ended)
		scanner_unparsed(st->s, st->begun, "<valgrindoutput>",
		        "the document has no end: the process was killed");
	valgrind_pending_flush(&st->pending);
	valgrind_threads_release(&st->pending.threads);
	st->rooted = st->ended = st->orphan = 0;
	st->pid = 0;
	st->tool = NULL;
}

/* A tag that is of no element; what follows it is REST. */
static void take_tag(struct state *st, const struct tag *tag, struct span rest, long line)
{
	const char *end = memchr(rest.s, '<', rest.len);
	char *value = xstrndup(rest.s, end ? (size_t)(end - rest.s) : 0);

	if (tag->kind == TAG_XML) {
		end_document(st);
	} else if (tag->kind == TAG_DOCUMENT) {
		end_document(st);
		st->rooted = 1;
		st->begun = line;
	} else if (tag->kind == TAG_END) {
		st->ended = 1;
		valgrind_pending_flush(&st->pending);
	} else if (tag->kind == TAG_PID) {
		st->pid = text_number(value, NULL);
	} else if (tag->kind == TAG_TOOL && !st->tool) {
		st->tool = valgrind_tool(value);
	} else if (tag->kind == TAG_INNER && st->rooted && !st->orphan) {
		st->orphan = 1;
		scanner_unparsed(
		        st->s, line, tag->text, "a part of an element whose beginning is missing");
	}
	free(value);
}

/* S goes on within a dense element. Returns what follows its end. */
static struct span within(struct state *st, struct span s)
{
	size_t skip = st->xml.len ? 0 : st->tag->len, len = s.len;
	const char *next = memmem(s.s + skip, len - skip, st->tag->text, st->tag->len);
	const char *stop = memmem(s.s + skip, len - skip, st->tag->end, strlen(st->tag->end));
	int cut = next && (!stop || next < stop);

	if (cut)
		len = (size_t)(next - s.s);
	else if (stop)
		len = (size_t)(stop - s.s) + strlen(st->tag->end);
	collect(st, s.s, len);
	if (cut || stop)
		end_element(st, NULL, cut);
	return (struct span){ s.s + len, s.len - len };
}

/* Takes what is in S, wherever in it the tags stand. */
static void scan(struct state *st, struct span s, long line)
{
	const char *at, *end = s.s + s.len;
	const struct tag *tag;

	while (s.len) {
		if (st->tag) {
			s = within(st, s);
		} else if (!(tag = tag_find(s, &at))) {
			return;
		} else if (tag->end) {
			begin_element(st, tag, line);
			st->dense = 1;
			s = (struct span){ at, (size_t)(end - at) };
		} else {
			at += tag->len;
			s = (struct span){ at, (size_t)(end - at) };
			take_tag(st, tag, s, line);
		}
	}
	if (st->tag)
		collect(st, "\n", 1);
}

/* --- lines --- */

/* S, whose trimmed form is Q, while an element is open that has its tags on lines of their own. */
static int is_of_element(struct state *st, struct span s, struct span q)
{
	const char *at;

	if (!q.len || *q.s == '<')
		return 1;
	struct span before = { st->start, (size_t)(st->start ? s.s - st->start : 0) };
	if (!st->start || st->xml.len) { /* it began in another block */
		collect(st, st->start, before.len);
		st->start = st->start ? s.s : NULL;
		before = (struct span){ st->xml.data ? st->xml.data : "", st->xml.len };
	}
	return tag_goes_on(before) || tag_find(q, &at);
}

/*
 * One line, S; IN_BLOCK: it stays where it is until lines() returns. Returns zero if it is not
 * ours.
 */
static int take(struct state *st, struct span s, long line, int in_block)
{
	struct span q = span_trim(s);

	if (st->tag && !st->dense) {
		int ends = q.len > 2 && q.s[1] == '/' && span_is(q, st->tag->end);

		if (!is_of_element(st, s, q))
			return 0;
		if (ends || !q.len || !tag_cuts(q)) {
			if (!in_block) {
				collect(st, s.s, s.len);
				collect(st, "\n", 1);
			}
			if (ends)
				end_element(st, s.s + s.len, 0);
			return 1;
		}
		cut_element(st, s.s);
	}
	const char *at;
	const struct tag *tag = st->tag || !q.len ? NULL : tag_find(q, &at);
	if (tag && tag->end && span_is(q, tag->text)) {
		begin_element(st, tag, line);
		if (in_block)
			st->start = s.s;
		else
			collect(st, tag->text, tag->len);
		return 1;
	}
	int mine = st->tag || tag || (st->rooted && q.len && *q.s == '<' && q.s[q.len - 1] == '>');
	if (st->tag || tag)
		scan(st, s, line);
	return mine;
}

static const char *lines(void *state, const char *p, const char *end, long *line)
{
	struct state *st = state;

	if (st->tag && !st->dense)
		st->start = p;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct span s = { p, (size_t)(nl - p) };

		if (!s.len && !st->tag && !st->mine)
			break;
		st->mine = !s.len || take(st, s, *line + 1, 1);
		if (!st->mine)
			break;
		++*line;
		p = nl + 1;
	}
	if (st->start)
		collect(st, st->start, (size_t)(p - st->start));
	st->start = NULL;
	return p;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	struct span s = { line->s, line->len };
	const char *at;

	if (!st->held) {
		const struct tag *tag = tag_find(s, &at);
		if (!tag || (tag->kind != TAG_ERROR && !strstr(line->s, "<valgrindoutput")))
			return 0;
		scanner_hold(st->s, 1); /* to the log's end: a document may have several ends */
		st->held = 1;
	}
	st->mine = take(st, s, line->number, 0);
	return st->mine;
}

static void finish(void *state)
{
	struct state *st = state;

	end_document(st);
	valgrind_element_release(&st->element);
	buf_release(&st->xml);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = st->pending.s = s;
	st->element.count = on_count;
	st->element.context = st;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		"<valgrindoutput",
		"<error>",
		"<fatal_signal>",
		NULL,
	};

	return needles[i];
}

const struct reader memcheck_xml_reader = { "valgrind-xml", needle, make, opens, opens, finish,
	lines };
