/*
 * Frames that say nothing of where a defect is. Which these are is in data files, one a runtime:
 * reports/ignore/common.txt says how.
 */
#ifndef SM_REPORTS_IGNORE_H
#define SM_REPORTS_IGNORE_H

#include "reports/finding.h"

enum ignore_level {
	IGNORE_TOP, /* of the checker, an allocator, abort's way out, a signal's delivery */
	IGNORE_KEY, /* besides: what is on the way to anything, and helpers of headers */
};

int frame_ignored(const struct frame *frame, enum ignore_level level);

/* A bit (1 << level) for each level at which a function is ignored, NAME being a symbol_name(). */
unsigned ignored_function(const char *name);

#endif
