/*
 * The findings that are known, each with a reason: a file that people edit and review.
 *
 *   finding 's1:0123456789abcdef0123456789abcdef' {
 *       title = 'asan: heap-use-after-free in f (a.c:3)'     for people; not compared
 *       reason = 'upstream issue 123'                        required
 *       expires = '2027-01-31'                               from the day after it is new again
 *       cells = {'asan', 'asan-pool'}                        known in these only; absent: in all
 *       seen-in = {'asan/test_a'}                            CELL/UNIT, for saying that it is gone
 *   }
 */
#ifndef SM_REPORTS_BASELINE_H
#define SM_REPORTS_BASELINE_H

#include "common/buf.h"
#include "common/error.h"

struct known {
	const char *fingerprint, *title, *reason, *expires; /* title and expires may be NULL */
	struct strv cells, seen_in;
	struct cfg_t *section;
	int expired; /* today is after `expires` */
	int seen;    /* of result_known.c */
};

struct baseline {
	char *file;
	struct known *v; /* sorted by fingerprint */
	size_t n;
	struct cfg_t *conf; /* owns the strings */
};

/* NULL with E filled, which names file and line: a mistake, or no such file. */
struct baseline *baseline_read(const char *path, struct err *e);
void baseline_free(struct baseline *b); /* NULL is ignored */

/* Where the entry begins, from 1. Reads the file: for messages. */
int baseline_line(const struct known *k);

/* Borrowed; NULL when it is not known. Takes no notice of its date and cells. B may be NULL. */
struct known *baseline_find(const struct baseline *b, const char *fingerprint);

/* Appends an entry as it stands in the file. TITLE and CELLS (each "CELL/UNIT") may be empty. */
void baseline_format(struct buf *b, const char *fingerprint, const char *title, const char *reason,
		     const struct strv *seen_in);

#endif
