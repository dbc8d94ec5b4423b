/*
 * What the tools' words mean: kind -> category, CWE and severity. Tables, no parsing.
 */
#ifndef SM_REPORTS_KINDS_H
#define SM_REPORTS_KINDS_H

#include "reports/finding.h"

/* Fills category, cwe and severity from tool, kind and access; an unknown kind is "other". */
void finding_classify(struct finding *f);

/* The CWE of a category, 0 where there is none. */
int category_cwe(const char *category);

/* UBSan's kind for the text after "runtime error: "; "undefined-behavior" if unknown. Static. */
const char *ubsan_kind(const char *message);

/* The XML kind for a line of TOOL's text output (NULL: of any of Valgrind's tools), or NULL. Static. */
const char *valgrind_kind(const char *tool, const char *message);

/*
 * A finding of tool `process`: how a process ended, with no checker's word on it. KIND is a
 * signal's name ("SIGSEGV"), "timeout", "out-of-memory" or "exit"; MESSAGE is one line, copied.
 * Classified and fingerprinted; without an occurrence. SUBJECT (what ran; not NULL) is the
 * fingerprint's place. Owned by the caller.
 */
struct finding *finding_process(const char *kind, const char *subject, const char *message);

/* The I'th text of which one is in every message that valgrind_kind() knows, or NULL. Static. */
const char *valgrind_phrase(size_t i);

/*
 * For one process of which the runtime and a checker both reported the same end (a signal and
 * faulthandler's stacks of it, in two logs): nonzero if CPYTHON only repeats F.
 */
int finding_repeats(const struct finding *cpython, const struct finding *f);

/*
 * Nonzero if F is of a tool that goes on after its reports, unless it was told to abort, and CPYTHON
 * is an abort that nobody has explained: its end only if it comes at once.
 */
int finding_may_abort(const struct finding *f, const struct finding *cpython);

/*
 * Nonzero if F may be what the runtime ran into while it died of FATAL: a second fatal error makes it
 * give up, so that F is without an end of its own.
 */
int finding_is_aftermath(const struct finding *f, const struct finding *fatal);

/* Copies the Python frames of CPYTHON, where F has none, to F. */
void finding_copy_python(struct finding *f, const struct finding *cpython);

#endif
