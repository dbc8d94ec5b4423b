#include <stdlib.h>
#include <string.h>

#include <libxml/xmlreader.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/junit_in.h"
#include "reports/runner.h"

struct reader {
	xmlTextReaderPtr xml;
	const char *unit;
	void (*add)(void *context, struct found_case *c);
	void *context;
	struct found_case c;
	int inside;	 /* a test case */
	struct buf text; /* of the verdict that is being read */
};

/* Owned by the caller, or NULL. */
static char *attribute(struct reader *r, const char *name)
{
	xmlChar *value = xmlTextReaderGetAttribute(r->xml, BAD_CAST name);
	char *copy = xstrdup((char *)value);

	xmlFree(value);
	return copy;
}

static double seconds(struct reader *r)
{
	char *value = attribute(r, "time");
	double t = value ? strtod(value, NULL) : 0;

	free(value);
	return t > 0 && t < 1e9 ? t : 0;
}

static void case_begin(struct reader *r)
{
	char *name = attribute(r, "name"), *class = attribute(r, "classname");
	char *outcome = attribute(r, "outcome");

	r->c = (struct found_case){ 0 };
	r->inside = 1;
	r->c.seconds = seconds(r);
	if (!name || !*name) {
		free(name);
		name = xstrdup("(no name)");
	}
	if (class && *class) {
		r->c.classname = class;
		r->c.name = name;
	} else {
		free(class);
		runner_split(name, &r->c.classname, &r->c.name);
		if (!r->c.classname)
			r->c.classname = xstrdup(r->unit);
		free(name);
	}
	if (outcome && !strcmp(outcome, "UNEXPECTED_SUCCESS")) {
		r->c.outcome = OUTCOME_FAILED;
		r->c.message = xstrdup("unexpected success");
	}
	free(outcome);
}

static void case_release(struct found_case *c)
{
	free(c->classname);
	free(c->name);
	free(c->message);
	free(c->text);
	*c = (struct found_case){ 0 };
}

static void case_end(struct reader *r)
{
	if (r->inside)
		r->add(r->context, &r->c);
	r->c = (struct found_case){ 0 };
	r->inside = 0;
}

static enum outcome verdict(const char *element)
{
	if (!strcmp(element, "failure"))
		return OUTCOME_FAILED;
	if (!strcmp(element, "error"))
		return OUTCOME_ERROR;
	return !strcmp(element, "skipped") ? OUTCOME_SKIPPED : OUTCOME_PASSED;
}

/* The end of a failure, error or skipped element: the gravest of a case's verdicts is its own. */
static void verdict_end(struct reader *r, char *message, enum outcome outcome)
{
	char *text = r->text.len ? buf_detach(&r->text) : NULL;

	buf_release(&r->text);
	if (r->c.message && r->c.outcome >= outcome) {
		free(message);
		free(text);
		return;
	}
	free(r->c.message);
	free(r->c.text);
	r->c.outcome = outcome;
	/* regrtest puts the reason of a skip into the text, other runners into an attribute */
	r->c.message = clean_line(message && *message ? message : text, 500);
	r->c.text = text;
	free(message);
}

static void read_verdict(struct reader *r, enum outcome outcome)
{
	char *message = attribute(r, "message");
	int depth = xmlTextReaderDepth(r->xml);

	buf_reset(&r->text);
	if (!xmlTextReaderIsEmptyElement(r->xml)) {
		while (xmlTextReaderRead(r->xml) == 1) {
			const char *value = (const char *)xmlTextReaderConstValue(r->xml);

			if (xmlTextReaderDepth(r->xml) <= depth)
				break;
			if (value && r->text.len < TEXT_MAX)
				clean_text(&r->text, value, strlen(value), TEXT_MAX);
		}
	}
	verdict_end(r, message, outcome);
}

static void node(struct reader *r)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(r->xml);
	int type = xmlTextReaderNodeType(r->xml);
	int is_case = name && !strcmp(name, "testcase");

	if (type == XML_READER_TYPE_ELEMENT && is_case) {
		case_release(&r->c);
		case_begin(r);
		if (xmlTextReaderIsEmptyElement(r->xml))
			case_end(r);
	} else if (type == XML_READER_TYPE_ELEMENT && r->inside && name &&
		   verdict(name) != OUTCOME_PASSED) {
		read_verdict(r, verdict(name));
	} else if (type == XML_READER_TYPE_END_ELEMENT && is_case) {
		case_end(r);
	}
}

static void ignore_error(void *context, const char *message, xmlParserSeverities severity,
			 xmlTextReaderLocatorPtr locator)
{
	(void)context, (void)message, (void)severity, (void)locator;
}

/*
 * What the parser gets: the file with every byte shown that XML does not allow (runners write what
 * tests print), and blanks behind its end: when the parser comes to the place where a file was cut,
 * it has handed over all that stands before it.
 */
struct source {
	FILE *file;
	char raw[8192];
	size_t raw_len; /* the begin of a character that the next read completes */
	struct buf ready;
	size_t taken;
	int ended;
};

enum { PADDING = 8192 };

/* How much of N bytes does not end inside a character. */
static size_t whole_characters(const char *s, size_t n)
{
	size_t back = 1;

	while (back < 4 && back < n && ((unsigned char)s[n - back] & 0xc0) == 0x80)
		back++;
	return n >= back && (unsigned char)s[n - back] >= 0xc0 ? n - back : n;
}

static void source_fill(struct source *s)
{
	size_t room = sizeof s->raw - s->raw_len;
	size_t n = fread(s->raw + s->raw_len, 1, room, s->file) + s->raw_len;
	size_t whole = n == s->raw_len ? n : whole_characters(s->raw, n);

	s->ended = n == s->raw_len;
	buf_reset(&s->ready);
	s->taken = 0;
	clean_text(&s->ready, s->raw, whole, 0);
	memmove(s->raw, s->raw + whole, n - whole);
	s->raw_len = n - whole;
	for (int i = 0; s->ended && i < PADDING; i++)
		buf_addch(&s->ready, ' ');
}

static int source_read(void *context, char *to, int len)
{
	struct source *s = context;
	size_t n;

	while (s->taken == s->ready.len && !s->ended)
		source_fill(s);
	n = s->ready.len - s->taken;
	n = n < (size_t)len ? n : (size_t)len;
	if (n)
		memcpy(to, s->ready.data + s->taken, n);
	s->taken += n;
	return (int)n;
}

int junit_read(const char *path, const char *unit, void (*add)(void *context, struct found_case *c),
	       void *context, struct err *e)
{
	struct reader r = { .unit = unit, .add = add, .context = context };
	struct source s = { .file = fopen(path, "re") };
	int more;

	if (!s.file)
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot open '%s':", path);
	r.xml = xmlReaderForIO(source_read, NULL, &s, NULL, NULL,
			       XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR |
				       XML_PARSE_NOWARNING);
	if (!r.xml) {
		fclose(s.file);
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot read '%s': out of memory", path);
	}
	xmlTextReaderSetErrorHandler(r.xml, ignore_error, NULL);
	while ((more = xmlTextReaderRead(r.xml)) == 1) {
		/* no runner writes one, and entities could make much out of little */
		if (xmlTextReaderNodeType(r.xml) == XML_READER_TYPE_DOCUMENT_TYPE) {
			more = -1;
			break;
		}
		node(&r);
	}
	case_release(&r.c);
	buf_release(&r.text);
	xmlFreeTextReader(r.xml);
	buf_release(&s.ready);
	fclose(s.file);
	if (more < 0)
		return err_set(e, EXIT_INFRASTRUCTURE, "'%s' is not whole: its XML breaks off",
			       path);
	return 0;
}
