/* What the lines of Valgrind's errors mean, which are the same in its text and in its XML. */
#ifndef SM_REPORTS_VALGRIND_ERROR_H
#define SM_REPORTS_VALGRIND_ERROR_H

#include "reports/finding.h"

/*
 * TEXT, an auxiliary line of F, without leading blanks: the role of the stack that follows it. HAD
 * if it does not speak of a stack; -1 if that stack is not kept. Fills what else it says of F.
 */
int valgrind_line(struct finding *f, const char *text, int had);

/* The role of an error's first stack. */
enum role valgrind_first_role(const char *kind);

/* F's kind and message are set: fills its access. */
void valgrind_access(struct finding *f);

/* The tool of which KIND is; "memcheck" if it is of several, or unknown. Static. */
const char *valgrind_tool_of(const char *kind);

/* NAME as one of the tools that findings have. Static; NULL if it is none of Valgrind's. */
const char *valgrind_tool(const char *name);

#endif
