/*
 * From bytes to findings. A scanner is fed one log in pieces of any size; it recognises the formats
 * in it from the content and hands over each finding when it is complete. It keeps no more than the
 * latest reports in memory: one of each tool and process, and of Valgrind's XML those of one
 * document, whose counts come last.
 */
#ifndef SM_REPORTS_SCAN_H
#define SM_REPORTS_SCAN_H

#include <stddef.h>

#include "common/buf.h"
#include "reports/finding.h"

/*
 * Both callbacks own what they are given. Findings come with one occurrence (log, line, pid), and
 * without their bucket.
 */
struct sink {
	void (*finding)(void *context, struct finding *f);
	void (*unparsed)(void *context, struct unparsed *u);
	void *context;
};

struct scanner;

/* LOG: the name to put into occurrences; copied. SINK is copied. */
struct scanner *scanner_new(const char *log, const struct sink *sink);
void scanner_feed(struct scanner *s, const void *data, size_t len);
/*
 * The same without a copy: where the next bytes may be written, *SIZE at most (borrowed, until the
 * next call), and how many were.
 */
char *scanner_room(struct scanner *s, size_t *size);
void scanner_took(struct scanner *s, size_t len);
/* The end of the log: a report that is cut here is handed over with an `unparsed` entry. Frees S.
 */
void scanner_finish(struct scanner *s);

/* Fills f->fingerprint and f->bucket (fingerprint.c says how they are made). */
void fingerprint(struct finding *f);
/* Either alone: most findings are folded by the first, and the second is never asked for. */
void fingerprint_strict(struct finding *f);
void fingerprint_bucket(struct finding *f); /* where there is none yet */

/*
 * Appends up to MAX functions of FRAMES that say where something is, a line each, as keys have them.
 * Nothing where the first of them has no name and no place in a file.
 */
void key_functions(struct buf *b, const struct frames *frames, size_t max);

/*
 * The frame a person should look at first: the innermost of the access stack that is not of the
 * checker, libc, an allocator, or a signal's delivery. NULL without frames. Borrowed.
 */
const struct frame *finding_top(const struct finding *f);

/* FRAME says nothing of where a defect is: it is on the way to anything, and in no key. */
int frame_is_common(const struct frame *frame);

#endif
