/*
 * Frames as lines of a key.
 */
#ifndef SM_REPORTS_SITES_H
#define SM_REPORTS_SITES_H

#include "common/buf.h"
#include "reports/finding.h"
#include "reports/ignore.h"

/*
 * Appends a line for FRAME: its function, or else file and line; or, marked with '?', its place in a
 * module, or nothing that is known.
 */
void site_add(struct buf *b, const struct frame *frame);

/*
 * Appends up to MAX functions of FRAMES that LEVEL lets through, innermost first, each once; returns
 * how many. Functions that call each other in circles stand together and sorted, but for the
 * innermost: how deep a recursion was, and where it was left, is chance.
 */
size_t sites_add(struct buf *b, const struct frames *frames, size_t max, enum ignore_level level);

#endif
