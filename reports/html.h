/*
 * Writing HTML: every text is cleaned and escaped on its way, so that nothing that a log or a name
 * holds can become markup, hide what stands beside it, or turn its direction.
 */
#ifndef SM_REPORTS_HTML_H
#define SM_REPORTS_HTML_H

#include <stddef.h>
#include <stdio.h>

/*
 * Markup with values. %s: a text (NULL: nothing), escaped, for content and for attributes in double
 * quotes, cut at 4,000 bytes; %zu: a count, with separators of thousands; %d, %ld: plain; %.Nf; %%.
 */
void html(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text of several lines, escaped; what is beyond MAX bytes is left out, and a last line says so. */
void html_text(FILE *f, const char *text, size_t max);

/* SECONDS in words: "0.25 s", "1 min 32 s", "2 h 5 min". */
void html_seconds(FILE *f, double seconds);

/* NAME as a part of an id or a fragment: every byte but [A-Za-z0-9-] as _XX. */
void html_id(FILE *f, const char *name);

#endif
