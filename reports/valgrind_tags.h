/* The tags by which Valgrind's XML is taken apart before any of it is parsed. */
#ifndef SM_REPORTS_VALGRIND_TAGS_H
#define SM_REPORTS_VALGRIND_TAGS_H

#include <stddef.h>

/* A piece of a log; not terminated. */
struct span {
	const char *s;
	size_t len;
};

enum tag_kind {
	/* elements: what stands in a document as one thing */
	TAG_ERROR,
	TAG_THREAD,
	TAG_COUNTS,
	TAG_PASSED, /* nothing that is in it is for us */
	/* the document */
	TAG_XML,
	TAG_DOCUMENT,
	TAG_END,
	TAG_PID,
	TAG_TOOL,
	/* what stands in elements alone */
	TAG_INNER,
};

struct tag {
	const char *text; /* "<error>" */
	size_t len;       /* of TEXT */
	const char *end;  /* of elements: "</error>"; otherwise NULL */
	enum tag_kind kind;
};

/* The tag with which S begins, or NULL. */
const struct tag *tag_at(struct span s);

/* The first tag in S, with *AT set to its place; NULL: there is none. */
const struct tag *tag_find(struct span s, const char **at);

/* S begins with '<': is that the beginning of something that is in no element? */
int tag_cuts(struct span s);

/* S without blanks on both sides. */
struct span span_trim(struct span s);
int span_is(struct span s, const char *text);

/* Does TEXT, a part of an element, end within a text or a tag, so that a line may go on there? */
int tag_goes_on(struct span text);

#endif
