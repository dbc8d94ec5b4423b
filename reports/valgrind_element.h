/*
 * One element of Valgrind's XML: <error>, <fatal_signal>, <announcethread> or <errorcounts>. It is
 * parsed by itself, whatever stands around it.
 */
#ifndef SM_REPORTS_VALGRIND_ELEMENT_H
#define SM_REPORTS_VALGRIND_ELEMENT_H

#include <libxml/parser.h>

#include "common/buf.h"
#include "reports/finding.h"

enum { ELEMENT_THREADS_MAX = 4, ELEMENT_NAMES = 40 };

struct valgrind_element {
	/* What the last one said. F is the caller's, with an empty kind if the element has none. */
	struct finding *f;
	unsigned long long unique;
	long threads[ELEMENT_THREADS_MAX]; /* that it names, or that it announces */
	size_t thread_count;
	int complete; /* it has its end, and is well-formed */

	/* For each <pair> of an <errorcounts>. */
	void (*count)(void *context, unsigned long long unique, int count);
	void *context;

	/* Of valgrind_element.c alone. */
	xmlParserCtxt *parser;               /* NULL: to be made */
	const xmlChar *names[ELEMENT_NAMES]; /* as the parser has them: equal if the pointers are */
	int depth, leaf, container, skipped, in_frame, over;
	int role, outer_role; /* of the next stack; -1: it is not kept */
	int stack;            /* index of the stack being read, or -1 */
	size_t frames;        /* of it, so far */
	int number;
	struct frame frame;
	struct buf value, report, dir, ip, repaired;
};

/* All zero before the first call but for COUNT and CONTEXT. XML: LEN bytes from "<NAME>" on. */
void valgrind_element_read(struct valgrind_element *e, const char *xml, size_t len);

void valgrind_element_release(struct valgrind_element *e);

#endif
