/*
 * What a finding says of the defect that it is of, in words that all tools share. For defects.c.
 */
#ifndef SM_REPORTS_DEFECT_KEY_H
#define SM_REPORTS_DEFECT_KEY_H

#include "common/buf.h"
#include "reports/finding.h"

/*
 * Class, functions at fault and the other site; FRAMES functions of each stack. NULL when F does not
 * know enough to be joined by it. Owned by the caller.
 */
char *defect_key(const struct finding *f, size_t frames);

enum hint_kind {
	HINT_GIVEN, /* where a finding with a key can be found by those without */
	HINT_WANTED, /* where a finding without a key looks, the surest first */
};

void defect_hints(const struct finding *f, enum hint_kind kind, struct strv *hints);

/* Does HINT only hold when just one finding has it? */
int defect_hint_is_vague(const char *hint);

#endif
