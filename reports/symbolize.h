/*
 * Names for frames that a tool could not name: module and offset are looked up with llvm-symbolizer
 * where that very module is here. Bounded: a symbolizer that hangs, or one that is missing, costs
 * little. What is done here lasts until symbolize_end().
 */
#ifndef SM_REPORTS_SYMBOLIZE_H
#define SM_REPORTS_SYMBOLIZE_H

#include "reports/finding.h"

/*
 * The program to use (copied). NULL, as at the start: $LLVM_SYMBOLIZER, or what PATH has, the
 * newest version first where the name has one. "": none at all.
 */
void symbolize_program(const char *path);

/* Seconds for one answer, and for all of them together; at the start 10 and 30. */
void symbolize_limits(double answer, double all);

/* Names the frames of F that have none; functions that were inlined become frames of their own. */
void symbolize_finding(struct finding *f);

/* One line if names were wanted and could not be had, else NULL. Borrowed until symbolize_end(). */
const char *symbolize_trouble(void);

/* Ends the children, frees what was remembered. May be called at any time. */
void symbolize_end(void);

#endif
