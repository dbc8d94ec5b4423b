#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/prefix.h"
#include "common/text.h"
#include "reports/kinds.h"
#include "reports/reader.h"
#include "reports/scan.h"
#include "reports/symbolize.h"

/* The order matters where two could open on one line: the more particular shape first. */
static const struct reader *const readers[] = {
	&tsan_reader,
	&sanitizer_reader,
	&memcheck_xml_reader,
	&ubsan_reader,
	&memcheck_text_reader,
	&cpython_reader,
};

enum { READERS = sizeof readers / sizeof *readers };

struct scanner {
	char *log;
	struct sink sink;
	struct buf partial; /* a line whose end has not come yet */
	int overlong;       /* what follows of this line is dropped */
	long lines;
	void *states[READERS];
	size_t current; /* the reader that opened last */
	/*
	 * The latest finding waits for its successor: a crash is reported by the checker and by the
	 * runtime's own handler, in either order, and is one defect.
	 */
	struct finding *held;
};

struct scanner *scanner_new(const char *log, const struct sink *sink)
{
	struct scanner *s = xcalloc(1, sizeof *s);

	s->log = xstrdup(log);
	s->sink = *sink;
	for (size_t i = 0; i < READERS; i++)
		s->states[i] = readers[i]->make(s);
	return s;
}

static void hand_over(struct scanner *s)
{
	struct finding *f = s->held;

	s->held = NULL;
	if (!f)
		return;
	symbolize_finding(f);
	finding_classify(f);
	fingerprint(f);
	s->sink.finding(s->sink.context, f);
}

/* F tells all that CPYTHON, which only repeats it, had to add; CPYTHON is freed. */
static void merge(struct finding *f, struct finding *cpython)
{
	size_t had = f->text ? strlen(f->text) : 0;

	finding_copy_python(f, cpython);
	if (cpython->text && had + strlen(cpython->text) < REPORT_TEXT_MAX)
		finding_add_text(f, cpython->text);
	finding_free(cpython);
}

void scanner_emit(struct scanner *s, struct finding *f)
{
	if (f->occurrence_count && !f->occurrences->log)
		f->occurrences->log = xstrdup(s->log);
	if (s->held && finding_repeats(f, s->held)) {
		merge(s->held, f);
		return;
	}
	if (s->held && finding_repeats(s->held, f)) {
		merge(f, s->held);
		s->held = NULL;
	}
	hand_over(s);
	s->held = f;
}

void scanner_unparsed(struct scanner *s, long line, const char *text, const char *reason)
{
	struct unparsed *u = xcalloc(1, sizeof *u);

	u->log = xstrdup(s->log);
	u->line = line;
	u->text = xstrndup(text, 1000);
	u->reason = xstrdup(reason);
	s->sink.unparsed(s->sink.context, u);
}

static void dispatch(struct scanner *s, const struct line *line)
{
	for (size_t i = 0; i < READERS; i++) {
		if (readers[i]->opens(s->states[i], line)) {
			s->current = i;
			return;
		}
	}
	if (readers[s->current]->goes_on(s->states[s->current], line))
		return;
	for (size_t i = 0; i < READERS; i++)
		if (i != s->current && readers[i]->goes_on(s->states[i], line))
			return;
}

/* The line in s->partial is whole. */
static void take_line(struct scanner *s)
{
	struct line line = { .number = ++s->lines };

	buf_addch(&s->partial, 0); /* room for the terminator, and never NULL */
	line.len = text_clean_line(s->partial.data, s->partial.len - 1);
	size_t prefix = prefix_length(s->partial.data, line.len, &line.source);
	line.s = s->partial.data + prefix;
	line.len -= prefix;
	dispatch(s, &line);
	if (s->overlong)
		scanner_unparsed(s, line.number, "", "a line of more than 1 MB was cut");
	s->overlong = 0;
	buf_reset(&s->partial);
}

void scanner_feed(struct scanner *s, const void *data, size_t len)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t piece = (size_t)((nl ? nl : end) - p);
		size_t room = LINE_MAX_BYTES - s->partial.len;
		if (piece > room) {
			s->overlong = 1;
			buf_add(&s->partial, p, room);
		} else {
			buf_add(&s->partial, p, piece);
		}
		p += piece;
		if (nl) {
			take_line(s);
			p++;
		}
	}
}

void scanner_finish(struct scanner *s)
{
	if (s->partial.len)
		take_line(s);
	for (size_t i = 0; i < READERS; i++)
		readers[i]->finish(s->states[i]);
	hand_over(s);
	buf_release(&s->partial);
	free(s->log);
	free(s);
}
