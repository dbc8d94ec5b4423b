/* A part of write_json.c. */
#ifndef SM_REPORTS_WRITE_JSON_H
#define SM_REPORTS_WRITE_JSON_H

#include "common/buf.h"
#include "reports/finding.h"

/* F as an object, at the end of B. */
void json_finding(struct buf *b, const struct finding *f);

#endif
