#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/table.h"

enum { WIDTH = 100, COLUMNS_MAX = 32, NARROWEST = 12, CELL_MAX = 300 };

static const char *const codes[] = {
	[STYLE_NONE] = "", [STYLE_HEAD] = "\033[1m", [STYLE_GOOD] = "\033[32m",
	[STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[31m",
};

void table_cell(struct table *t, const char *text)
{
	strv_own(&t->cells, clean_line(text, CELL_MAX));
}

void table_number(struct table *t, size_t n)
{
	strv_pushf(&t->cells, "%zu", n);
}

void table_row(struct table *t, enum style style)
{
	t->rows = xrealloc(t->rows, (t->row_count + 1) * sizeof *t->rows);
	t->rows[t->row_count++] =
		(struct table_row){ t->row_start, t->cells.n - t->row_start, style };
	t->row_start = t->cells.n;
}

/* Characters, not bytes: names may be UTF-8. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static size_t find_widths(const struct table *t, size_t widths[COLUMNS_MAX])
{
	size_t columns = 0;

	for (size_t i = 0; i < t->row_count; i++) {
		const struct table_row *row = &t->rows[i];

		for (size_t j = 0; j < row->count && j < COLUMNS_MAX; j++) {
			size_t n = width_of(t->cells.v[row->first + j]);

			columns = j + 1 > columns ? j + 1 : columns;
			widths[j] = n > widths[j] ? n : widths[j];
		}
	}
	return columns;
}

/* Takes from the widest column until the row fits. */
static void fit(size_t widths[COLUMNS_MAX], size_t columns)
{
	for (;;) {
		size_t total = 0, widest = 0;

		for (size_t j = 0; j < columns; j++) {
			total += widths[j] + 2;
			widest = widths[j] > widths[widest] ? j : widest;
		}
		if (total <= WIDTH + 2 || widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
	}
}

static int is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static void write_cell(const struct table *t, const char *s, size_t width, int last)
{
	size_t n = width_of(s), bytes = strlen(s);
	const char *dots = "";

	if (n > width) {
		dots = "...";
		for (n = 0, bytes = 0; s[bytes]; bytes++) {
			if (((unsigned char)s[bytes] & 0xc0) != 0x80 && n++ == width - 3)
				break;
		}
		n = width;
	}
	if (is_number(s))
		fprintf(t->file, "%*s", (int)(width - n), "");
	fprintf(t->file, "%.*s%s", (int)bytes, s, dots);
	if (!last)
		fprintf(t->file, "%*s", (int)(is_number(s) ? 2 : width - n + 2), "");
}

/* Trailing empty cells are left out, so that no line ends in blanks. */
static void write_row(const struct table *t, const struct table_row *row,
		      const size_t widths[COLUMNS_MAX])
{
	char *const *cells = t->cells.v + row->first;
	size_t n = row->count < COLUMNS_MAX ? row->count : COLUMNS_MAX;

	while (n > 1 && !*cells[n - 1])
		n--;
	if (t->colour)
		fputs(codes[row->style], t->file);
	for (size_t j = 0; j < n; j++)
		write_cell(t, cells[j], widths[j], j + 1 == n);
	fputs(t->colour && row->style ? "\033[0m\n" : "\n", t->file);
}

void table_write(struct table *t)
{
	size_t widths[COLUMNS_MAX] = { 0 }, columns = find_widths(t, widths);

	fit(widths, columns);
	for (size_t i = 0; i < t->row_count; i++)
		write_row(t, &t->rows[i], widths);
	if (t->row_count)
		fputc('\n', t->file);
	strv_release(&t->cells);
	free(t->rows);
	t->rows = NULL;
	t->row_count = t->row_start = 0;
}

static void write_line(struct table *t, enum style style, const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		return;
	char *line = clean_line(text, 1000);
	fprintf(t->file, "%s%s%s\n", t->colour ? codes[style] : "", line,
		t->colour && style ? "\033[0m" : "");
	free(line);
	free(text);
}

void table_note(struct table *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(t, STYLE_NONE, format, args);
	va_end(args);
}

void table_good(struct table *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(t, STYLE_GOOD, format, args);
	va_end(args);
}

void table_bad(struct table *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(t, STYLE_BAD, format, args);
	va_end(args);
}
