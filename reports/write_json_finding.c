/*
 * One finding as an object of JSON, straight into a buffer: there may be thousands, each with a
 * thousand places, and to build a library's objects first takes longer than to read the logs.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/write_json.h"

/* Length of the printable ASCII at the start of S that needs no mark in JSON. */
static size_t plain_length(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

/* S as a string, cleaned; null for NULL. */
static void text(struct buf *b, const char *s)
{
	size_t from = b->len + 1, plain = s ? plain_length(s) : 0;

	if (!s) {
		buf_add(b, "null", 4);
		return;
	}
	if (!s[plain] && plain < TEXT_MAX / 2) { /* nearly all are so */
		char *p = buf_room(b, plain + 2);

		*p++ = '"';
		p = mempcpy(p, s, plain);
		*p++ = '"';
		*p = 0;
		b->len += plain + 2;
		return;
	}
	buf_addch(b, '"');
	clean_text(b, s, strlen(s), TEXT_MAX);
	/* what is left of control characters is the line feed and the tab */
	size_t odd = strcspn(b->data + from, "\"\\\n\t");
	if (b->data[from + odd]) {
		char *rest = xstrdup(b->data + from + odd);
		b->len = from + odd;
		for (const char *p = rest; *p; p++) {
			if (strchr("\"\\\n\t", *p))
				buf_addch(b, '\\');
			buf_addch(b, *p == '\n' ? 'n' : *p == '\t' ? 't' : *p);
		}
		free(rest);
	}
	buf_addch(b, '"');
}

static void number(struct buf *b, size_t n)
{
	char digits[24], *p = digits + sizeof digits;

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

/* Members; BEFORE is all that stands before the value. */
static void add_text(struct buf *b, const char *before, const char *s)
{
	buf_addstr(b, before);
	text(b, s);
}

/* null for 0, which stands for unknown */
static void add_number(struct buf *b, const char *before, long n)
{
	buf_addstr(b, before);
	if (n <= 0)
		buf_addstr(b, "null");
	else
		number(b, (size_t)n);
}

static void add_frames(struct buf *b, const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		const struct frame *f = &frames->v[i];

		add_text(b, i ? ", {\"function\": " : "{\"function\": ", f->function);
		add_text(b, ", \"file\": ", f->file);
		add_number(b, ", \"line\": ", f->line);
		add_number(b, ", \"column\": ", f->column);
		add_text(b, ", \"module\": ", f->module);
		add_text(b, ", \"offset\": ", f->offset);
		buf_addch(b, '}');
	}
}

static void add_python(struct buf *b, const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		add_text(b, i ? ", {\"function\": " : "{\"function\": ", frames->v[i].function);
		add_text(b, ", \"file\": ", frames->v[i].file);
		add_number(b, ", \"line\": ", frames->v[i].line);
		buf_addch(b, '}');
	}
}

static void add_access(struct buf *b, const struct access *a)
{
	if (!a->op && !a->address) {
		buf_addstr(b, "null");
		return;
	}
	add_text(b, "{\"op\": ", a->op);
	add_number(b, ", \"size\": ", (long)a->size);
	add_text(b, ", \"address\": ", a->address);
	buf_addch(b, '}');
}

static void add_occurrences(struct buf *b, const struct finding *f)
{
	for (size_t i = 0; i < f->occurrence_count; i++) {
		const struct occurrence *o = &f->occurrences[i];

		add_text(b, i ? ", {\"runtime\": " : "{\"runtime\": ", o->runtime);
		add_text(b, ", \"cell\": ", o->cell);
		add_text(b, ", \"unit\": ", o->unit);
		add_text(b, ", \"test\": ", o->test);
		add_number(b, ", \"pid\": ", o->pid);
		add_text(b, ", \"log\": ", o->log);
		add_number(b, ", \"line\": ", o->line);
		add_number(b, ", \"attempt\": ", o->attempt);
		buf_addch(b, '}');
	}
}

void json_finding(struct buf *b, const struct finding *f)
{
	add_text(b, "{\"tool\": ", f->tool);
	add_text(b, ", \"kind\": ", f->kind);
	add_text(b, ", \"category\": ", f->category);
	add_number(b, ", \"cwe\": ", f->cwe);
	add_text(b, ", \"message\": ", f->message);
	add_text(b, ", \"severity\": ", f->severity);
	buf_addstr(b, ", \"access\": ");
	add_access(b, &f->access);
	buf_addstr(b, ", \"stacks\": [");
	for (size_t i = 0; i < f->stack_count; i++) {
		add_text(b, i ? ", {\"role\": " : "{\"role\": ", role_names[f->stacks[i].role]);
		buf_addstr(b, ", \"frames\": [");
		add_frames(b, &f->stacks[i].frames);
		if (f->stacks[i].python.n) {
			buf_addstr(b, "], \"python\": [");
			add_python(b, &f->stacks[i].python);
		}
		buf_addstr(b, "]}");
	}
	buf_addstr(b, "], \"python\": [");
	add_python(b, &f->python);
	add_text(b, "], \"fingerprint\": ", f->fingerprint);
	add_text(b, ", \"bucket\": ", f->bucket);
	add_text(b, ", \"defect\": ", f->defect);
	add_text(b, ", \"status\": ", f->status);
	add_text(b, ", \"reason\": ", f->reason);
	buf_addstr(b, ", \"count\": ");
	number(b, f->count);
	buf_addstr(b, ", \"occurrences\": [");
	add_occurrences(b, f);
	buf_addstr(b, "]}");
}
