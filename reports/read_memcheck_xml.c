/*
 * Valgrind's XML, of Memcheck, Helgrind and DRD. Only well-formed as long as nothing goes wrong: a
 * process that is killed leaves it cut, one that forks leaves two ends or two documents. So the
 * document is not parsed as a whole, only each <error> by itself.
 */
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/reader.h"
#include "reports/valgrind_error.h"

/* Valgrind stops at 1000 different errors; more than that comes from something else. */
enum { PENDING_MAX = 2000 };

struct state {
	struct scanner *s;
	int inside; /* a document has begun, */
	int ended;  /* and ended */
	long begun; /* its line */
	char *tool;
	long pid;
	const char *element; /* its end tag's name while an element is being collected */
	struct buf xml;
	long first; /* the line of its start */
	int too_long;
	struct finding **pending; /* until the counts are there, which come last */
	char **unique;            /* the id of each */
	size_t n, cap;
};

static void flush(struct state *st)
{
	for (size_t i = 0; i < st->n; i++) {
		scanner_emit(st->s, st->pending[i]);
		free(st->unique[i]);
	}
	st->n = 0;
}

static void add_pending(struct state *st, struct finding *f, char *unique)
{
	if (st->n >= PENDING_MAX)
		flush(st);
	if (st->n == st->cap) {
		st->cap = st->cap ? st->cap * 2 : 16;
		st->pending = xrealloc(st->pending, st->cap * sizeof *st->pending);
		st->unique = xrealloc(st->unique, st->cap * sizeof *st->unique);
	}
	st->pending[st->n] = f;
	st->unique[st->n++] = unique;
}

static void take_counts(struct state *st, xmlNode *counts)
{
	for (xmlNode *pair = counts->children; pair; pair = pair->next) {
		char *unique = xml_child_text(pair, "unique");
		char *count = xml_child_text(pair, "count");
		for (size_t i = 0; unique && count && i < st->n; i++)
			if (st->unique[i] && !strcmp(st->unique[i], unique) && atol(count) > 0)
				st->pending[i]->count = (size_t)atol(count);
		free(unique);
		free(count);
	}
}

/* What is collected is parsed, however much of it there is. */
static void take_element(struct state *st, int cut)
{
	if (cut || st->too_long)
		scanner_unparsed(st->s, st->first, "<error>",
		        cut ? "the element has no end" : "the element is too long");
	xmlDoc *doc = xmlReadMemory(st->xml.data, (int)st->xml.len, NULL, NULL,
	        XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (root && !strcmp(st->element, "errorcounts")) {
		take_counts(st, root);
	} else if (root) {
		struct finding *f =
		        valgrind_error(root, st->tool ? st->tool : "memcheck", st->pid, st->first);
		if (f)
			add_pending(st, f, xml_child_text(root, "unique"));
		else
			scanner_unparsed(st->s, st->first, "<error>", "an error without a kind");
	}
	xmlFreeDoc(doc);
	st->element = NULL;
	buf_reset(&st->xml);
}

static void collect(struct state *st, const char *text, size_t len)
{
	if (st->xml.len + len > REPORT_TEXT_MAX)
		st->too_long = 1;
	else
		buf_add(&st->xml, text, len);
}

static const char *const elements[] = { "error", "fatal_signal", "errorcounts" };

/* The first element of interest that begins in S: where, with ELEMENT filled; or NULL. */
static const char *find_start(const char *s, const char **element)
{
	const char *first = NULL;
	char tag[32];

	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		snprintf(tag, sizeof tag, "<%s>", elements[i]);
		const char *at = strstr(s, tag);
		if (at && (!first || at < first)) {
			first = at;
			*element = elements[i];
		}
	}
	return first;
}

/* The text of the small element NAME that stands on one line, in S; owned by the caller. */
static char *inline_text(const char *s, const char *name)
{
	char tag[32];

	snprintf(tag, sizeof tag, "<%s>", name);
	const char *text = text_after_any(s, tag);
	const char *end = text ? strchr(text, '<') : NULL;
	return end ? xstrndup(text, (size_t)(end - text)) : NULL;
}

static void take_preamble(struct state *st, const char *s)
{
	char *pid = inline_text(s, "pid"), *tool = inline_text(s, "protocoltool");

	if (pid)
		st->pid = strtol(pid, NULL, 10);
	free(pid);
	if (tool) {
		free(st->tool);
		st->tool = tool;
	}
	if (strstr(s, "</valgrindoutput>")) {
		st->ended = 1;
		flush(st);
	}
}

static void end_document(struct state *st)
{
	if (st->element)
		take_element(st, 1);
	if (st->inside && !st->ended)
		scanner_unparsed(st->s, st->begun, "<valgrindoutput>",
		        "the document has no end: the process was killed");
	flush(st);
}

static void begin_document(struct state *st, const struct line *line)
{
	end_document(st);
	if (!st->inside)
		scanner_hold(st->s, 1); /* and to the log's end: a document may have several ends */
	st->inside = 1;
	st->ended = 0;
	st->begun = line->number;
	st->pid = 0;
}

/* What of S is outside of elements; returns what begins one, or NULL. */
static const char *outside(struct state *st, const struct line *line, const char *s)
{
	const char *start = find_start(s, &st->element);

	if (!start) {
		take_preamble(st, s);
		return NULL;
	}
	if (start > s) {
		char *before = xstrndup(s, (size_t)(start - s));
		take_preamble(st, before);
		free(before);
	}
	st->first = line->number;
	st->too_long = 0;
	return start;
}

/* S continues an element; returns what follows its end, or NULL. */
static const char *within(struct state *st, const char *s)
{
	char tag[32], start[32];

	snprintf(tag, sizeof tag, "</%s>", st->element);
	snprintf(start, sizeof start, "<%s>", st->element);
	const char *end = text_after_any(s, tag);
	const char *next = strstr(s + (st->xml.len == 0), start);
	if (next && (!end || next < end)) { /* another begins: the first was cut */
		collect(st, s, (size_t)(next - s));
		take_element(st, 1);
		return next;
	}
	collect(st, s, end ? (size_t)(end - s) : strlen(s));
	if (!end) {
		collect(st, "\n", 1);
		return NULL;
	}
	take_element(st, 0);
	return end;
}

static int opens(void *state, const struct line *line)
{
	struct state *st = state;
	const char *s = line->s;

	if (*s == '<' || strstr(s, "<?xml") || strstr(s, "<valgrindoutput")) {
		const char *document = strstr(s, "<?xml");
		if (document || (strstr(s, "<valgrindoutput>") && !st->inside))
			begin_document(st, line);
	}
	if (!st->inside)
		return 0;
	if (!st->element && !strchr(s, '<'))
		return 0;
	while (s && *s)
		s = st->element ? within(st, s) : outside(st, line, s);
	return 1;
}

static void finish(void *state)
{
	struct state *st = state;

	end_document(st);
	buf_release(&st->xml);
	free(st->pending);
	free(st->unique);
	free(st->tool);
	free(st);
}

static void *make(struct scanner *s)
{
	struct state *st = xcalloc(1, sizeof *st);

	st->s = s;
	return st;
}

static const char *needle(size_t i)
{
	static const char *const needles[] = {
		"<?xml version",
		"<valgrindoutput",
		NULL,
	};

	return needles[i];
}

const struct reader memcheck_xml_reader = { "valgrind-xml", needle, make, opens, opens, finish };
