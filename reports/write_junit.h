/*
 * Between the files write_junit*.c alone.
 *
 *   write_junit.c       suites: a cell, its controls, the root
 *   write_junit_case.c  test cases, and what they say of findings
 *   write_junit_xml.c   elements, cleaned texts, names that are told apart
 */
#ifndef SM_REPORTS_WRITE_JUNIT_H
#define SM_REPORTS_WRITE_JUNIT_H

#include <stdint.h>

#include <libxml/xmlwriter.h>

#include "reports/clean.h"
#include "reports/reports.h"

/* A set of hashes; all zero at the start. */
struct hashes {
	uint64_t *v; /* 0: a free slot */
	size_t n, size;
};

struct junit {
	const struct results *r;
	xmlTextWriterPtr x;
	int strict, id;
	struct hashes names; /* of classname and name; GitLab keeps the first of two equal ones */
	struct hashes told;  /* findings whose whole text has been written */
};

/* Nonzero if HASH is new; it is remembered. */
int hashes_add(struct hashes *h, uint64_t hash);

void junit_begin(struct junit *w, const char *element);
void junit_end(struct junit *w);
void junit_attribute(struct junit *w, const char *name, const char *value); /* NULL is "" */
void junit_number(struct junit *w, const char *name, size_t value);
void junit_seconds(struct junit *w, const char *name, double value);
/* S cleaned, in lines, cut at MAX bytes; NULL is nothing. */
void junit_text(struct junit *w, const char *s, size_t max);

/*
 * Begins a test case. Its class is LABEL.CLASS, or LABEL where CLASS is NULL; where that class had a
 * case of this name before, a number is put behind the name.
 */
void junit_begin_case(struct junit *w, const char *label, const char *class, const char *name,
		      double seconds);
void junit_skipped(struct junit *w, const char *message); /* NULL: no reason is known */
/* ELEMENT with type and message, which GitHub's actions read unasked; MESSAGE may be NULL. */
void junit_begin_bad(struct junit *w, const char *element, const char *type, const char *message);

/* A case of unit U (NULL: of the cell itself) of cell C. */
void junit_case(struct junit *w, const struct cell_result *c, const struct unit_result *u,
		const struct test_case *t);

#endif
