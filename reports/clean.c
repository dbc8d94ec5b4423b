#include <string.h>

#include "reports/clean.h"
#include "reports/finding.h"

enum { ESC = 0x1b, BEL = 7, OSC_MAX = 4096 };

/* The length of the terminal sequence at S, which starts with ESC; 0 if it is none. */
static size_t ansi_length(const unsigned char *s, size_t len)
{
	size_t i = 2;

	if (len < 2)
		return 0;
	if (s[1] == '[') {
		while (i < len && s[i] >= 0x20 && s[i] <= 0x3f)
			i++;
		return i < len && s[i] >= 0x40 && s[i] <= 0x7e ? i + 1 : 0;
	}
	if (s[1] == ']') { /* a title or a link, up to BEL or ESC \ */
		for (; i < len && i < OSC_MAX; i++) {
			if (s[i] == BEL)
				return i + 1;
			if (s[i] == ESC && i + 1 < len && s[i + 1] == '\\')
				return i + 2;
		}
		return 0;
	}
	if ((s[1] == '(' || s[1] == ')') && len > 2)
		return 3;
	return s[1] >= 0x40 && s[1] <= 0x5f ? 2 : 0;
}

static int continuation(const unsigned char *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return 1;
}

/* The length of the UTF-8 sequence at S if XML 1.0 allows that character, otherwise 0. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	if (s[0] < 0x80)
		return s[0] >= 0x20 ? s[0] != 0x7f : s[0] == '\t' || s[0] == '\n';
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return len >= 2 && continuation(s, 2) ? 2 : 0;
	if ((s[0] & 0xf0) == 0xe0 && len >= 3 && continuation(s, 3)) {
		unsigned c = (unsigned)(s[0] & 15) << 12 | (unsigned)(s[1] & 63) << 6 | (s[2] & 63);
		return c >= 0x800 && (c < 0xd800 || c > 0xdfff) && c < 0xfffe ? 3 : 0;
	}
	if ((s[0] & 0xf8) == 0xf0 && len >= 4 && continuation(s, 4)) {
		unsigned c = (unsigned)(s[0] & 7) << 18 | (unsigned)(s[1] & 63) << 12;
		return c >= 0x10000 && c <= 0x10ffff ? 4 : 0;
	}
	return 0;
}

/* How many bytes at the start of S are printable ASCII, MAX at most. */
static size_t plain_length(const unsigned char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] >= 0x20 && s[n] < 0x7f)
		n++;
	return n;
}

void clean_text(struct buf *out, const char *text, size_t len, size_t max)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t start = out->len, i = 0, n;

	while (text && i < len) {
		if (max && out->len - start + 8 > max) {
			buf_addf(out, "\n[%zu bytes more were left out here]", len - i);
			return;
		}
		size_t room = max ? max - 8 - (out->len - start) + 1 : len;
		n = plain_length(s + i, room < len - i ? room : len - i);
		if (n) {
			buf_add(out, s + i, n);
			i += n;
		} else if (s[i] == '\r') {
			if (i + 1 >= len || s[i + 1] != '\n')
				buf_addch(out, '\n');
			i++;
		} else if (s[i] == ESC && (n = ansi_length(s + i, len - i))) {
			i += n;
		} else if ((n = utf8_length(s + i, len - i))) {
			buf_add(out, s + i, n);
			i += n;
		} else {
			buf_addf(out, "[0x%02X]", s[i++]);
		}
	}
}

char *clean_line(const char *text, size_t max)
{
	struct buf clean = { 0 }, line = { 0 };

	if (text)
		clean_text(&clean, text, strnlen(text, 4 * max + 100), 0);
	for (size_t i = 0; i < clean.len; i++) {
		char c = clean.data[i];
		int space = c == '\n' || c == '\t' || c == ' ';

		/* never cut inside a character */
		if (line.len + 4 > max && ((unsigned char)c & 0xc0) != 0x80) {
			buf_addstr(&line, "...");
			break;
		}
		if (!space)
			buf_addch(&line, c);
		else if (line.len && line.data[line.len - 1] != ' ')
			buf_addch(&line, ' ');
	}
	while (line.len && line.data[line.len - 1] == ' ')
		line.data[--line.len] = 0;
	buf_release(&clean);
	return buf_detach(&line);
}

/* Replaces *TEXT, which is F's or static, unless it is clean, as nearly all are. */
static void clean_string(struct finding *f, const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	struct buf clean = { 0 };

	if (!s)
		return;
	while ((*s >= 0x20 && *s < 0x7f) || *s == '\n' || *s == '\t')
		s++;
	if (!*s)
		return;
	clean_text(&clean, *text, strlen(*text), 0);
	*text = finding_strdup(f, clean.data ? clean.data : "");
	buf_release(&clean);
}

static void clean_frames(struct finding *f, struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		clean_string(f, &frames->v[i].function);
		clean_string(f, &frames->v[i].file);
		clean_string(f, &frames->v[i].module);
		clean_string(f, &frames->v[i].offset);
		clean_string(f, &frames->v[i].build_id);
	}
}

void clean_finding(struct finding *f)
{
	clean_string(f, &f->kind);
	clean_string(f, &f->message);
	clean_string(f, &f->access.address);
	clean_string(f, &f->text);
	for (size_t i = 0; i < f->stack_count; i++) {
		clean_frames(f, &f->stacks[i].frames);
		clean_frames(f, &f->stacks[i].python);
	}
	clean_frames(f, &f->python);
}
