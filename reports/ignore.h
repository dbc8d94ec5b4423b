/* Frames that say nothing of where a defect is. Tables of patterns, one a runtime. */
#ifndef SM_REPORTS_IGNORE_H
#define SM_REPORTS_IGNORE_H

#include "reports/finding.h"

enum ignore_level {
	IGNORE_TOP, /* of the checker, an allocator, abort's way out, a signal's delivery */
	IGNORE_KEY, /* besides: what is on the way to anything, and helpers of headers */
};

/* Patterns as of fnmatch, a NULL at the end. */
extern const char *const ignore_top[], *const ignore_key[];
extern const char *const ignore_modules[], *const ignore_files[];
extern const char *const ignore_cpython_top[], *const ignore_cpython_key[];

int frame_ignored(const struct frame *frame, enum ignore_level level);

/* A bit (1 << level) for each level at which a function is ignored, NAME being a symbol_name(). */
unsigned ignored_function(const char *name);

#endif
