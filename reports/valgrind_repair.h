/* What programs, signals and several writers do to an element of XML, undone as far as it goes. */
#ifndef SM_REPORTS_VALGRIND_REPAIR_H
#define SM_REPORTS_VALGRIND_REPAIR_H

#include "common/buf.h"

/* The names of all elements that Valgrind writes, NULL at the end. */
extern const char *const valgrind_names[];

/*
 * Appends XML to OUT with only such characters, references and tags as may be there: the others
 * become text that shows them.
 */
void valgrind_repair(struct buf *out, const char *xml, size_t len);

#endif
