/*
 * Logs are hostile input: what may be written into XML, JSON or onto a terminal.
 */
#ifndef SM_REPORTS_CLEAN_H
#define SM_REPORTS_CLEAN_H

#include <stddef.h>

#include "common/buf.h"

enum { TEXT_MAX = 1000000 }; /* libxml2's readers refuse a text node of ten times that */

/*
 * Appends TEXT (NULL: nothing) as UTF-8 that XML 1.0 allows: terminal sequences are dropped, line
 * ends become \n, every other byte that may not stand there is shown, as [0x1B]. What is beyond MAX
 * bytes (0: no bound) is left out, and a last line says how much that was.
 */
void clean_text(struct buf *out, const char *text, size_t len, size_t max);

/* TEXT (NULL: "") cleaned, on one line, cut with "..." at about MAX bytes; owned by the caller. */
char *clean_line(const char *text, size_t max);

struct finding;

/*
 * All that F's report says, as clean_text() has it: after that it is the same for every output, and
 * when it was merged and read again. Its keys are not changed.
 */
void clean_finding(struct finding *f);

#endif
