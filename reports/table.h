/*
 * Columns for a terminal: filled cell by cell, row by row, then written aligned within 100 columns.
 * Starts with file and colour set, the rest zero.
 */
#ifndef SM_REPORTS_TABLE_H
#define SM_REPORTS_TABLE_H

#include <stdio.h>

#include "common/buf.h"

enum style { STYLE_NONE, STYLE_HEAD, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

struct table_row {
	size_t first, count; /* in cells */
	enum style style;
};

struct table {
	FILE *file;
	int colour;
	struct strv cells;
	struct table_row *rows;
	size_t row_count;
	size_t row_start;
};

void table_cell(struct table *t, const char *text); /* cleaned and copied; NULL is "" */
void table_number(struct table *t, size_t n);
void table_row(struct table *t, enum style style); /* ends a row */

/* Writes the rows and an empty line after them, and is empty again. No rows: writes nothing. */
void table_write(struct table *t);

/* A line of its own, at once. */
void table_note(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_good(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_bad(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
