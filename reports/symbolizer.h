/*
 * llvm-symbolizer as a child: one a module, kept open while it is in use. Nothing of a log is told
 * to it but the module's path, as one argument, and a number.
 */
#ifndef SM_REPORTS_SYMBOLIZER_H
#define SM_REPORTS_SYMBOLIZER_H

#include "reports/finding.h"

/*
 * What is at OFFSET in MODULE, innermost first: more than one where functions were inlined. Adds
 * to FRAMES, which are F's: function, file, line and column. 0: found; -1: not known, or there is
 * nobody to ask.
 */
int symbolizer_ask(
        const char *module, unsigned long long offset, struct finding *f, struct frames *frames);

/* Ends the children and forgets all that was set. */
void symbolizer_end(void);

#endif
