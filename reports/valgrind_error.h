/* One error of Valgrind's XML as a finding. */
#ifndef SM_REPORTS_VALGRIND_ERROR_H
#define SM_REPORTS_VALGRIND_ERROR_H

#include <libxml/tree.h>

#include "reports/finding.h"

/*
 * The finding in ERROR, an <error> or <fatal_signal> that may be cut; NULL if not even its kind is
 * there. LINE is that of its start. Owned by the caller.
 */
struct finding *valgrind_error(xmlNode *error, const char *tool, long pid, long line);

/* The text of NODE's first child element NAME, trimmed, owned by the caller; NULL: there is none.
 */
char *xml_child_text(xmlNode *node, const char *name);

/* Fills F's access from its kind and message. */
void valgrind_access(struct finding *f);

#endif
