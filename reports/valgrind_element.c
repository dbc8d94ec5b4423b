#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/reader.h"
#include "reports/valgrind_element.h"
#include "reports/valgrind_error.h"
#include "reports/valgrind_repair.h"

/* In the order of valgrind_names. */
enum name {
	IP,
	OBJ,
	FN,
	DIR_,
	FILE_,
	LINE,
	FRAME,
	STACK,
	UNIQUE,
	TID,
	KIND,
	WHAT,
	XWHAT,
	TEXT,
	AUXWHAT,
	XAUXWHAT,
	HTHREADID,
	ERROR,
	FATAL_SIGNAL,
	ANNOUNCETHREAD,
	ERRORCOUNTS,
	PAIR,
	COUNT,
	SIGNO,
	SIGNAME,
	EVENT,
	SIADDR,
	SUPPRESSION,
	FIRST_OBSERVED,
	CONFL_WAIT,
	ACQUIRED,
	ALLOCATION,
	SEGMENT_START,
	SEGMENT_END,
	ADDRESS,
	NAMES
};
_Static_assert((int)NAMES <= (int)ELEMENT_NAMES, "room for all names");

static int name_of(const struct valgrind_element *e, const xmlChar *name)
{
	for (int i = 0; i < NAMES; i++)
		if (e->names[i] == name)
			return i;
	return -1;
}

/* --- frames and stacks --- */

static const char *own_value(struct valgrind_element *e)
{
	return finding_strndup(e->f, e->value.data, e->value.len);
}

/* FILE with the folder that came before it; what is printed is FILE as it stands. */
static const char *own_file(struct valgrind_element *e)
{
	if (!e->dir.len || e->value.data[0] == '/')
		return own_value(e);
	char *path = arena_alloc(&e->f->arena, e->dir.len + 1 + e->value.len + 1);
	memcpy(path, e->dir.data, e->dir.len);
	path[e->dir.len] = '/';
	memcpy(path + e->dir.len + 1, e->value.data, e->value.len + 1);
	return path;
}

static void keep(struct buf *b, const struct buf *value)
{
	buf_reset(b);
	buf_add(b, value->data, value->len);
}

static void frame_text(struct valgrind_element *e)
{
	const struct frame *frame = &e->frame;
	const char *file = frame->file;

	buf_addstr(&e->report, e->frames ? "   by " : "   at ");
	buf_addstr(&e->report, e->ip.len ? e->ip.data : "?");
	buf_addstr(&e->report, ": ");
	buf_addstr(&e->report, frame->function ? frame->function : "?\?\?");
	if (!file) {
		buf_addstr(&e->report, " (in ");
		buf_addstr(&e->report, frame->module ? frame->module : "?");
		buf_addstr(&e->report, ")\n");
		return;
	}
	const char *slash = strrchr(file, '/');
	char line[16];
	snprintf(line, sizeof line, ":%d)\n", frame->line);
	buf_addstr(&e->report, " (");
	buf_addstr(&e->report, slash ? slash + 1 : file);
	buf_addstr(&e->report, line);
}

static void end_frame(struct valgrind_element *e)
{
	struct finding *f = e->f;

	frame_text(e);
	e->in_frame = 0;
	e->frames++;
	if (e->stack < 0 && e->role >= 0 && f->stack_count < REPORT_STACKS_MAX) {
		finding_stack(f, (enum role)e->role);
		e->stack = (int)f->stack_count - 1;
	}
	if (e->stack >= 0 && f->stacks[e->stack].frames.n < REPORT_FRAMES_MAX)
		*frames_add(f, &f->stacks[e->stack].frames) = e->frame;
}

/* --- prose --- */

static void report_line(struct valgrind_element *e, const char *before, const char *after)
{
	buf_addstr(&e->report, before);
	buf_add(&e->report, e->value.data, e->value.len);
	buf_addstr(&e->report, after);
}

static void one_line(struct valgrind_element *e)
{
	for (char *p = e->value.data; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static void take_what(struct valgrind_element *e)
{
	if (e->container == FIRST_OBSERVED) {
		report_line(e, "", " ");
		return;
	}
	one_line(e);
	report_line(e, "", "\n");
	if (e->f->message)
		return;
	e->f->message = own_value(e);
	valgrind_access(e->f);
}

static void take_aux(struct valgrind_element *e)
{
	report_line(e, " ", "\n");
	if (e->f->stack_count)
		e->role = valgrind_line(e->f, e->value.data, e->role);
}

static void take_signal(struct valgrind_element *e, int name)
{
	struct finding *f = e->f;

	if (name == SIGNO) {
		e->number = text_number(e->value.data, NULL);
	} else if (name == SIGNAME) {
		one_line(e);
		f->message = finding_printf(f,
		        "Process terminating with default action of signal %d (%s)", e->number,
		        e->value.data);
		buf_addstr(&e->report, f->message);
		buf_addch(&e->report, '\n');
	} else if (name == EVENT) {
		report_line(e, " ", "\n");
	} else {
		f->access.address = hex_dup(f, e->value.data);
	}
}

/* --- elements --- */

static void begin_root(struct valgrind_element *e, int name)
{
	if (name != ERROR && name != FATAL_SIGNAL && name != ANNOUNCETHREAD)
		return;
	e->f = finding_new("memcheck", name == FATAL_SIGNAL ? "fatal_signal" : "");
	e->role = name == ANNOUNCETHREAD ? ROLE_THREAD : ROLE_ACCESS;
}

static int container_role(int name)
{
	switch (name) {
	case CONFL_WAIT:
	case SEGMENT_START:
	case SEGMENT_END:
		return ROLE_OTHER_ACCESS;
	case ALLOCATION:
		return ROLE_ALLOC;
	default:
		return ROLE_LOCK; /* first observed, or acquired */
	}
}

static void start(void *context, const xmlChar *localname, const xmlChar *prefix,
        const xmlChar *uri, int n_namespaces, const xmlChar **namespaces, int n, int n_default,
        const xmlChar **attributes)
{
	struct valgrind_element *e = ((xmlParserCtxt *)context)->_private;
	int name = name_of(e, localname);

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n, (void)n_default;
	(void)attributes;
	e->leaf = -1;
	if (++e->depth == 2 && !e->over)
		begin_root(e, name);
	if (e->skipped || e->over)
		return;
	switch (name) {
	case SUPPRESSION:
		e->skipped = 1;
		break;
	case FRAME:
		memset(&e->frame, 0, sizeof e->frame);
		e->in_frame = 1;
		buf_reset(&e->dir);
		buf_reset(&e->ip);
		break;
	case STACK:
		e->stack = -1;
		e->frames = 0;
		break;
	case FIRST_OBSERVED:
	case CONFL_WAIT:
	case ACQUIRED:
	case ALLOCATION:
	case SEGMENT_START:
	case SEGMENT_END:
		e->outer_role = e->role;
		e->role = container_role(name);
		e->container = name;
		break;
	case XWHAT:
	case XAUXWHAT:
		e->container = name;
		break;
	default:
		e->leaf = name;
		buf_reset(&e->value);
	}
}

static void take_frame_leaf(struct valgrind_element *e, int name)
{
	struct frame *frame = &e->frame;

	if (name == IP)
		keep(&e->ip, &e->value);
	else if (name == OBJ)
		frame->module = own_value(e);
	else if (name == FN)
		frame->function = own_value(e);
	else if (name == DIR_)
		keep(&e->dir, &e->value);
	else if (name == FILE_)
		frame->file = own_file(e);
	else
		frame->line = text_number(e->value.data, NULL);
}

static void take_leaf(struct valgrind_element *e, int name)
{
	if (name <= LINE) {
		take_frame_leaf(e, name);
	} else if (name == KIND) {
		e->f->kind = own_value(e);
		e->role = (int)valgrind_first_role(e->f->kind);
	} else if (name == UNIQUE) {
		e->unique = strtoull(e->value.data, NULL, 16);
	} else if (name == WHAT || (name == TEXT && e->container == XWHAT)) {
		take_what(e);
	} else if (name == AUXWHAT || (name == TEXT && e->container == XAUXWHAT)) {
		take_aux(e);
	} else if (name >= SIGNO && name <= SIADDR) {
		take_signal(e, name);
	} else if (name == ADDRESS) {
		report_line(e, "", " was first observed at:\n");
	} else if (name == HTHREADID && e->thread_count < ELEMENT_THREADS_MAX) {
		e->threads[e->thread_count++] = text_number(e->value.data, NULL);
	}
}

static void trim(struct buf *b)
{
	size_t blanks = 0;

	buf_addch(b, 0);
	b->len--;
	while (b->len && isspace((unsigned char)b->data[b->len - 1]))
		b->len--;
	while (blanks < b->len && isspace((unsigned char)b->data[blanks]))
		blanks++;
	memmove(b->data, b->data + blanks, b->len - blanks);
	b->len -= blanks;
	b->data[b->len] = 0;
}

static void end_leaf(struct valgrind_element *e, int name)
{
	trim(&e->value);
	if (e->f)
		take_leaf(e, name);
	else if (name == UNIQUE)
		e->unique = strtoull(e->value.data, NULL, 16);
	else if (name == COUNT)
		e->number = text_number(e->value.data, NULL);
}

static void end(void *context, const xmlChar *localname, const xmlChar *prefix, const xmlChar *uri)
{
	struct valgrind_element *e = ((xmlParserCtxt *)context)->_private;
	int name = name_of(e, localname);

	(void)prefix, (void)uri;
	if (--e->depth == 1)
		e->over = 1; /* what comes after that is of something else */
	if (e->skipped) {
		e->skipped = name != SUPPRESSION;
	} else if (e->leaf >= 0 && e->leaf == name) {
		end_leaf(e, name);
	} else if (name == FRAME && e->f && e->in_frame) {
		end_frame(e);
	} else if (name == STACK) {
		e->role = -1;
	} else if (name >= FIRST_OBSERVED && name <= SEGMENT_END) {
		e->role = e->outer_role;
		e->container = -1;
	} else if (name == XWHAT || name == XAUXWHAT) {
		e->container = -1;
	} else if (name == PAIR && !e->f && e->count) {
		e->count(e->context, e->unique, e->number);
	}
	e->leaf = -1;
}

static void characters(void *context, const xmlChar *text, int len)
{
	struct valgrind_element *e = ((xmlParserCtxt *)context)->_private;

	if (e->leaf >= 0)
		buf_add(&e->value, text, (size_t)len);
}

/* --- the parser --- */

enum { KNOWN_MAX = 4096 }; /* names that a parser may remember */
enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };

/* A parser that has seen the beginning of a document, of which the elements are to be parts. */
static int begin_parser(struct valgrind_element *e, int options)
{
	static const char root[] = "<r>";

	if (!e->parser) {
		xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
			.startElementNs = start,
			.endElementNs = end,
			.characters = characters,
			.ignorableWhitespace = characters,
			.cdataBlock = characters };
		e->parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
		if (!e->parser)
			return -1;
		for (int i = 0; i < NAMES; i++)
			e->names[i] = xmlDictLookup(
			        e->parser->dict, (const xmlChar *)valgrind_names[i], -1);
	} else {
		xmlCtxtResetPush(e->parser, NULL, 0, NULL, NULL);
	}
	e->parser->_private = e;
	xmlCtxtUseOptions(e->parser, OPTIONS | options);
	e->depth = 0;
	return xmlParseChunk(e->parser, root, (int)strlen(root), 0);
}

static void drop_parser(struct valgrind_element *e)
{
	xmlFreeParserCtxt(e->parser);
	e->parser = NULL;
}

static void begin_element(struct valgrind_element *e)
{
	finding_free(e->f);
	e->f = NULL;
	e->unique = e->number = 0;
	e->thread_count = 0;
	e->leaf = e->container = e->stack = e->role = -1;
	e->skipped = e->in_frame = e->over = 0;
	buf_reset(&e->report);
}

/* The first stack is where it happened, also if how the lock was acquired is said before. */
static void sort_stacks(struct finding *f)
{
	size_t i = 0;

	while (i < f->stack_count && f->stacks[i].role != ROLE_ACCESS)
		i++;
	if (i == f->stack_count || !i)
		return;
	struct stack own = f->stacks[i];
	memmove(f->stacks + 1, f->stacks, i * sizeof own);
	f->stacks[0] = own;
}

static void parse(struct valgrind_element *e, const char *xml, size_t len)
{
	begin_element(e);
	e->complete = 0;
	if (e->parser && xmlDictSize(e->parser->dict) > KNOWN_MAX)
		drop_parser(e);
	if (!e->parser && begin_parser(e, 0))
		return;
	xmlParseChunk(e->parser, xml, (int)len, 0);
	e->complete = e->parser->wellFormed && e->depth == 1;
}

void valgrind_element_read(struct valgrind_element *e, const char *xml, size_t len)
{
	parse(e, xml, len);
	if (!e->complete && e->parser) {
		buf_reset(&e->repaired);
		valgrind_repair(&e->repaired, xml, len);
		if (e->parser->errNo == XML_ERR_NO_MEMORY)
			drop_parser(e); /* its memory of names is full */
		if (!begin_parser(e, XML_PARSE_RECOVER))
			parse(e, e->repaired.data, e->repaired.len);
		begin_parser(e, 0);
	}
	if (e->f && e->in_frame && e->frame.function)
		end_frame(e); /* cut, but it says enough */
	if (e->f) {
		sort_stacks(e->f);
		e->f->text = finding_strndup(e->f, e->report.data, e->report.len);
	}
}

void valgrind_element_release(struct valgrind_element *e)
{
	if (e->parser)
		drop_parser(e);
	finding_free(e->f);
	e->f = NULL;
	buf_release(&e->value);
	buf_release(&e->report);
	buf_release(&e->dir);
	buf_release(&e->ip);
	buf_release(&e->repaired);
}
