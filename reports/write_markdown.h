/*
 * Between the files write_markdown*.c alone: a page whose length is bounded, and log text in it that
 * stays text.
 */
#ifndef SM_REPORTS_WRITE_MARKDOWN_H
#define SM_REPORTS_WRITE_MARKDOWN_H

#include "reports/reports.h"

struct page {
	const struct results *r;
	FILE *file;
	size_t written; /* bytes */
	size_t limit;	/* of the section: up to here the page may grow */
	struct buf item; /* what comes next: as a whole or not at all */
	size_t shown, left_out; /* items of the section */
};

/* S on one line, cut at about MAX bytes, what means something to Markdown as an entity. */
void page_text(struct page *p, const char *s, size_t max);
/* The same as <code>; "" for nothing. */
void page_code(struct page *p, const char *s, size_t max);
/* S as it stands, in lines, cut at about MAX bytes; begins and ends with an empty line. */
void page_block(struct page *p, const char *s, size_t max);

/*
 * Writes the item if there is room, and empties it; whether there was. What comes after the first of a
 * section that did not fit is left out too: the important comes first, and a table has its head.
 */
int page_put(struct page *p);

/* Everything up to LIMIT bytes of the page is the next section's. */
void page_section(struct page *p, size_t limit);
/* Says how much of it was left out, WHAT being "defects". */
void page_section_end(struct page *p, const char *what);

/* The section of the defects. */
void page_defects(struct page *p);

#endif
