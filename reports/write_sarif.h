/*
 * Between the files write_sarif*.c alone.
 *
 *   write_sarif.c         the document: runs, what fits into it, what was left out
 *   write_sarif_rules.c   the rules of a run
 *   write_sarif_result.c  one finding
 */
#ifndef SM_REPORTS_WRITE_SARIF_H
#define SM_REPORTS_WRITE_SARIF_H

#include <jansson.h>

#include "reports/reports.h"

/* The rules of one run, in the order of their first use. All zero at the start. */
struct sarif_rules {
	struct sarif_rule {
		char *id; /* "use-after-free/InvalidRead" */
		const struct finding *f; /* the first one; borrowed */
	} *v;
	size_t n;
};

/* F's rule, added if it is new. */
size_t sarif_rule_of(struct sarif_rules *rules, const struct finding *f);
/* The last one goes again. */
void sarif_rule_drop(struct sarif_rules *rules);
json_t *sarif_rule(const struct sarif_rule *rule);
void sarif_rules_release(struct sarif_rules *rules);

/* F as a result of rule INDEX, whose name is ID. */
json_t *sarif_result(const struct results *r, const struct finding *f, const char *id, size_t index);

/* The folder that source files are below: one for all cells, or NULL. Borrowed. */
const char *sarif_root(const struct results *r);
/* An absolute path as "file:///..."; owned. FOLDER: with a slash at the end. */
char *sarif_uri(const char *path, int folder);

/* {"text": TEXT} on one line, in which nothing becomes a link. */
json_t *sarif_message(const char *text);

#endif
