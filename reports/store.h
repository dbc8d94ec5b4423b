/*
 * Folding: findings with one fingerprint become one, with all their occurrences. What comes out is
 * the same for any order in which they came in.
 */
#ifndef SM_REPORTS_STORE_H
#define SM_REPORTS_STORE_H

#include "reports/finding.h"
#include "reports/occurrence.h"

struct store;

struct store *store_new(int no_fold);
void store_free(struct store *s); /* NULL is ignored */

/* Takes F over. F has a fingerprint, and one occurrence or more. */
void store_add(struct store *s, struct finding *f);

/*
 * All findings, cleaned (clean_finding()) and sorted; the list and what is in it are the
 * caller's, and S is empty. COUNT is set.
 */
struct finding **store_take(struct store *s, size_t *count);

/* By the first occurrence, then by what they say: a total order of what differs. */
int finding_place_compare(const struct finding *a, const struct finding *b);

#endif
