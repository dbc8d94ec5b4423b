#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/prefix.h"
#include "common/text.h"
#include "reports/kinds.h"
#include "reports/needles.h"
#include "reports/reader.h"
#include "reports/scan.h"
#include "reports/symbolize.h"

/* The order matters where two could open on one line: the more particular shape first. */
static const struct reader *const readers[] = {
	&sanitizer_reader,
	&memcheck_xml_reader,
	&memcheck_text_reader,
	&cpython_reader,
	&gdb_reader,
};

enum {
	READERS = sizeof readers / sizeof *readers,
	PIECE_BYTES = 65536, /* so much at a time: what fits into the nearer caches */
	NEXT_LINES = 2,      /* between a report and the abort that is its end, if it has one */
	NEAR_LINES = 60,     /* between two reports of one end: ASan's shadow memory */
};

struct scanner {
	char *log;
	struct sink sink;
	const struct needles *needles;
	struct buf block; /* whole lines, once they have come, and the beginning of one more */
	long lines;
	int prefixed; /* a line with a needle had a prefix */
	void *states[READERS];
	unsigned holds[READERS]; /* reports that each has open, */
	unsigned held_open;      /* and all of them */
	size_t called;           /* the reader that is called just now */
	size_t current;          /* the reader that opened last */
	/*
	 * The latest finding waits for its successor: a crash is reported by the checker and by the
	 * runtime's own handler, in either order, and is one defect.
	 */
	struct finding *held;
	unsigned long emitted;
};

/* The needles of all readers, marked by their bits. Made once. */
static const struct needles *all_needles(void)
{
	static struct needles all;
	const char *text;

	for (size_t i = 0; i < READERS && (!all.n || i); i++)
		for (size_t k = 0; (text = readers[i]->needle(k)); k++)
			if (needles_add(&all, text, (unsigned)i, (unsigned)k))
				assert(!"a mistake in a table, which every run would meet");
	return &all;
}

int scanner_only(struct scanner *s, const char *reader)
{
	static struct needles few[READERS];
	const char *text;

	for (size_t i = 0; i < READERS; i++) {
		if (strcmp(readers[i]->name, reader) != 0)
			continue;
		for (size_t k = 0; !few[i].n || k; k++)
			if (!(text = readers[i]->needle(k)) ||
			    needles_add(&few[i], text, (unsigned)i, (unsigned)k))
				break;
		s->needles = &few[i];
		return 0;
	}
	return -1;
}

struct scanner *scanner_new(const char *log, const struct sink *sink)
{
	struct scanner *s = xcalloc(1, sizeof *s);

	s->log = xstrdup(log);
	s->sink = *sink;
	s->needles = all_needles();
	for (s->called = 0; s->called < READERS; s->called++)
		s->states[s->called] = readers[s->called]->make(s);
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
	fingerprint_strict(f);
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

/* The line after F's last one, if no other process wrote in between. */
static long end_line(const struct finding *f)
{
	long end = f->occurrences->line;

	for (const char *p = f->text; p && (p = strchr(p, '\n')); p++)
		end++;
	return end;
}

/*
 * Does CPYTHON only repeat F? ONE of them came first, and TWO right after it: a process that was
 * told of long ago has ended since.
 */
static int tells_again(const struct finding *cpython, const struct finding *f)
{
	const struct finding *one = f, *two = cpython;

	if (finding_may_abort(f, cpython)) {
		long between = cpython->occurrences->line - end_line(f);
		return between >= 0 && between <= NEXT_LINES;
	}
	if (!finding_repeats(cpython, f) || text_is(f->tool, "process"))
		return 0; /* a process's bare end: nobody told of it, or it would not be here */
	if (one->occurrences->line > two->occurrences->line) {
		one = cpython;
		two = f;
	}
	return two->occurrences->line - end_line(one) <= NEAR_LINES;
}

/* Is F the second error of the process that FATAL, right before it, is the end of? */
static int is_aftermath(const struct finding *f, const struct finding *fatal)
{
	return finding_is_aftermath(f, fatal) && f->occurrences->line <= end_line(fatal) + 1;
}

unsigned long scanner_emitted(const struct scanner *s)
{
	return s->emitted;
}

void scanner_emit(struct scanner *s, struct finding *f)
{
	s->emitted++;
	if (f->occurrence_count && !f->occurrences->log)
		f->occurrences->log = xstrdup(s->log);
	if (s->held && (tells_again(f, s->held) || is_aftermath(f, s->held))) {
		merge(s->held, f);
		return;
	}
	if (s->held && tells_again(s->held, f)) {
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

void scanner_hold(struct scanner *s, int by)
{
	s->holds[s->called] += (unsigned)by;
	s->held_open += (unsigned)by;
}

static int goes_on(struct scanner *s, size_t reader, const struct line *line)
{
	s->called = reader;
	return s->holds[reader] && readers[reader]->goes_on(s->states[reader], line);
}

/* MARKS: the needles that the line has; NULL: none. */
static void dispatch(struct scanner *s, struct line *line, const struct needle_marks *marks)
{
	for (size_t i = 0; marks && i < READERS; i++) {
		s->called = i;
		line->needles = marks->of[i];
		if (line->needles && readers[i]->opens(s->states[i], line)) {
			s->current = i;
			return;
		}
	}
	if (!s->held_open || goes_on(s, s->current, line))
		return;
	for (size_t i = 0; i < READERS; i++)
		if (i != s->current && goes_on(s, i, line))
			return;
}

/* The line P..END, whose line feed is at END. */
static void take_line(struct scanner *s, char *p, char *end, const struct needle_marks *marks)
{
	struct line line = { .number = ++s->lines };
	size_t len = (size_t)(end - p);

	*end = 0;
	/* the lines of a report have a prefix where its first line has one */
	size_t prefix = marks || s->prefixed ? prefix_length(p, len, &line.source) : 0;
	s->prefixed |= prefix != 0;
	line.s = p + prefix;
	line.len = len - prefix;
	dispatch(s, &line, marks);
}

/* Eight bytes at a time, for there may be a line in each few. */
static long count_lines(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), low = ones * 0x7f;
	uint64_t eight;
	long n = 0;

	for (; end - p >= 8; p += 8) {
		memcpy(&eight, p, 8);
		eight ^= ones * '\n';
		eight = ~(((eight & low) + low) | eight | low); /* the high bit of each that was one */
		n += (long)((eight >> 7) * ones >> 56);
	}
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

/* All lines before the one that LIMIT is in, whose start is returned. None of them has a needle. */
static char *pass(struct scanner *s, char *p, char *limit, char *end)
{
	while (s->held_open && p < limit) {
		char *nl = memchr(p, '\n', (size_t)(end - p));
		if (nl >= limit)
			return p;
		take_line(s, p, nl, NULL);
		p = nl + 1;
	}
	char *last = p < limit ? memrchr(p, '\n', (size_t)(limit - p)) : NULL;
	if (!last)
		return p;
	s->lines += count_lines(p, last + 1);
	return last + 1;
}

/* The reader that takes lines as they come, if there is one just now; otherwise READERS. */
static size_t taker(const struct scanner *s)
{
	size_t i = 0;

	while (i < READERS && !(readers[i]->lines && s->holds[i]))
		i++;
	return i;
}

/* Dispatches the clean lines P..END, up to one after which a reader takes them as they come. */
static char *take_some(struct scanner *s, char *p, char *end)
{
	struct needle_marks marks;
	const char *hit;
	size_t had = taker(s);

	while (p < end && (hit = needles_find(s->needles, p, end))) {
		p = pass(s, p, p + (hit - p), end);
		char *nl = memchr(hit, '\n', (size_t)(end - hit));
		needles_marks(s->needles, p, hit, nl, &marks);
		take_line(s, p, nl, &marks);
		p = nl + 1;
		if (taker(s) != had)
			return p;
	}
	pass(s, p, end, end);
	return end;
}

/* P..END are whole clean lines. */
static void take_lines(struct scanner *s, char *p, char *end)
{
	size_t i;

	while (p < end) {
		char *until = end;
		if ((i = taker(s)) < READERS) {
			s->called = i;
			p += readers[i]->lines(s->states[i], p, end, &s->lines) - p;
			until = p < end ? (char *)memchr(p, '\n', (size_t)(end - p)) + 1 : end;
		}
		p = take_some(s, p, until);
	}
}

/* Cleans the lines P..END, each by itself, in place. Returns their new end. */
static char *clean(char *p, char *end)
{
	size_t len = (size_t)(end - p);
	char *out = p;

	if (!memchr(p, '\r', len) && !memchr(p, 0x1b, len) && !memchr(p, 0, len))
		return end;
	while (p < end) {
		char *nl = memchr(p, '\n', (size_t)(end - p));

		len = text_clean_line(p, (size_t)(nl - p));
		memmove(out, p, len);
		out += len;
		*out++ = '\n';
		p = nl + 1;
	}
	return out;
}

/* The first LEN bytes of the block, which end in a line feed. */
static void take_block(struct scanner *s, size_t len)
{
	char *p = s->block.data, *first = memchr(p, '\n', len), *end = p + len;

	if (first - p > LINE_MAX_BYTES) { /* only the first can be, for pieces are small */
		scanner_unparsed(s, s->lines + 1, "", "a line of more than 1 MB was cut");
		memmove(p + LINE_MAX_BYTES, first, (size_t)(end - first));
		end -= first - (p + LINE_MAX_BYTES);
	}
	take_lines(s, p, clean(p, end));
}

char *scanner_room(struct scanner *s, size_t *size)
{
	*size = PIECE_BYTES;
	return buf_room(&s->block, PIECE_BYTES);
}

/* A line without an end is kept as far as it will be read, and one byte more. */
void scanner_took(struct scanner *s, size_t len)
{
	const char *p = s->block.data + s->block.len, *nl = memrchr(p, '\n', len);

	s->block.len += len;
	if (nl) {
		size_t whole = (size_t)(nl + 1 - s->block.data);

		take_block(s, whole);
		s->block.len -= whole;
		memmove(s->block.data, s->block.data + whole, s->block.len);
	}
	if (s->block.len > LINE_MAX_BYTES + 1)
		s->block.len = LINE_MAX_BYTES + 1;
}

void scanner_feed(struct scanner *s, const void *data, size_t len)
{
	const char *p = data;

	for (size_t n; len; p += n, len -= n) {
		n = len < PIECE_BYTES ? len : PIECE_BYTES;
		memcpy(buf_room(&s->block, n), p, n);
		scanner_took(s, n);
	}
}

void scanner_finish(struct scanner *s)
{
	if (s->block.len)
		scanner_feed(s, "\n", 1);
	for (s->called = 0; s->called < READERS; s->called++)
		readers[s->called]->finish(s->states[s->called]);
	hand_over(s);
	buf_release(&s->block);
	free(s->log);
	free(s);
}
