/*
 * What read_sanitizer.c, read_tsan.c and read_ubsan.c share: they read into one set of open reports,
 * as the lines of all these runtimes look alike. Each of the functions here is shown a line and
 * returns nonzero if a report begins with it.
 */
#ifndef SM_REPORTS_SANITIZER_H
#define SM_REPORTS_SANITIZER_H

#include "reports/open.h"

extern const struct grammar sanitizer_grammar; /* of all that read_sanitizer.c begins */

int tsan_begins(struct opens *all, const struct line *line);
int ubsan_begins(struct opens *all, const struct line *line);

/* Is S, in a report of ThreadSanitizer, what says of what the next stack is? */
int tsan_is_heading(const char *s);

/* The tool for the sanitizer whose name S begins with; *REST is what follows. NULL: none. Static. */
const char *sanitizer_tool(const char *s, const char **rest);

/* The SUMMARY's word for the text of a header; owned by the caller. */
char *sanitizer_kind(const char *text);

#endif
