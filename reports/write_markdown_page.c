#include <stdlib.h>
#include <string.h>

#include "reports/clean.h"
#include "reports/write_markdown.h"

enum { LEFT_OUT_ROOM = 200 };

/* Whether Markdown sees nothing in C but itself, wherever in a line it stands. */
static int is_plain(const char *c, char before)
{
	int letter = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
		     (unsigned char)*c >= 0x80;

	if (*c == '.') /* www. begins a link, and "1. " a list */
		return before && before != 'w' && before != 'W' && c[1] && c[1] != ' ';
	return letter || strchr(" ,;/()='\"%?", *c) || (*c == '-' && before);
}

void page_text(struct page *p, const char *s, size_t max)
{
	char *line = clean_line(s, max);

	for (const char *c = line; *c; c++) {
		if (is_plain(c, c == line ? 0 : c[-1]))
			buf_addch(&p->item, *c);
		else
			buf_addf(&p->item, "&#%d;", *c);
	}
	free(line);
}

void page_code(struct page *p, const char *s, size_t max)
{
	if (!s || !*s)
		return;
	buf_addstr(&p->item, "<code>");
	page_text(p, s, max);
	buf_addstr(&p->item, "</code>");
}

void page_block(struct page *p, const char *s, size_t max)
{
	struct buf clean = { 0 };

	if (!s || !*s)
		return;
	clean_text(&clean, s, strlen(s), max);
	buf_addstr(&p->item, "\n<pre>");
	for (size_t i = 0; i < clean.len; i++) {
		const char c = clean.data[i];

		if (c == '<')
			buf_addstr(&p->item, "&lt;");
		else if (c == '>')
			buf_addstr(&p->item, "&gt;");
		else if (c == '&')
			buf_addstr(&p->item, "&amp;");
		else
			buf_addch(&p->item, c);
	}
	buf_addstr(&p->item, "</pre>\n\n");
	buf_release(&clean);
}

int page_put(struct page *p)
{
	int fits = !p->left_out && p->written + p->item.len + LEFT_OUT_ROOM <= p->limit;

	if (!p->item.len)
		return 1;
	if (fits) {
		fwrite(p->item.data, 1, p->item.len, p->file);
		p->written += p->item.len;
		p->shown++;
	} else {
		p->left_out++;
	}
	buf_reset(&p->item);
	return fits;
}

void page_section(struct page *p, size_t limit)
{
	p->limit = limit;
	p->shown = p->left_out = 0;
}

void page_section_end(struct page *p, const char *what)
{
	if (p->left_out)
		p->written += (size_t)fprintf(p->file,
					      "\n%zu more %s did not fit here: report.html and "
					      "findings.json have all.\n", p->left_out, what);
}
