#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/frame.h"
#include "reports/reader.h"

void report_open(struct report *r, struct scanner *s, const char *tool, const char *kind,
        const struct line *line, long pid)
{
	report_close(r);
	r->s = s;
	scanner_hold(s, 1);
	r->f = finding_new(tool, kind);
	/* not calloc(), which does not look at what was freed just before */
	r->f->occurrences = xrealloc(NULL, sizeof *r->f->occurrences);
	*r->f->occurrences = (struct occurrence){ .line = line->number, .pid = pid };
	r->f->occurrence_count = 1;
	r->role = ROLE_ACCESS;
	r->stack = -1;
	r->expected = 0;
	report_text(r, line);
}

void report_text(struct report *r, const struct line *line)
{
	r->foreign = 0;
	if (r->text.len + line->len + 1 > REPORT_TEXT_MAX)
		return;
	buf_add_line(&r->text, line->s, line->len);
}

void report_role(struct report *r, int role)
{
	r->role = role;
	r->stack = -1;
	r->expected = 0;
}

void report_add_frame(struct report *r, const struct frame *frame)
{
	if (r->stack < 0 && r->role >= 0 && r->f->stack_count < REPORT_STACKS_MAX) {
		finding_stack(r->f, (enum role)r->role);
		r->stack = (int)r->f->stack_count - 1;
	}
	if (r->stack >= 0 && r->f->stacks[r->stack].frames.n < REPORT_FRAMES_MAX)
		*frames_add(r->f, &r->f->stacks[r->stack].frames) = *frame;
}

void report_add_script(struct report *r, const struct frame *frame)
{
	if (r->stack < 0)
		return;
	struct stack *stack = &r->f->stacks[r->stack];
	struct frames *frames = stack->role == ROLE_ACCESS ? &r->f->python : &stack->python;
	if (frames->n < REPORT_FRAMES_MAX)
		*frames_add(r->f, frames) = *frame;
}

int report_frame(struct report *r, const struct line *line)
{
	struct frame frame;
	int number = frame_parse_sanitizer(&r->f->arena, line->s, &frame);

	if (number < 0)
		return 0;
	if (number == 0 && r->expected > 0)
		report_role(r, -1);
	if ((size_t)number != r->expected)
		return 0;
	r->expected++;
	report_add_frame(r, &frame);
	report_text(r, line);
	return 1;
}

void report_message(struct report *r, const char *message)
{
	r->f->message = finding_strndup(r->f, message, strnlen(message, 4096));
}

void report_set_kind(struct report *r, const char *kind)
{
	r->f->kind = finding_strndup(r->f, kind, strnlen(kind, 200));
}

void report_close(struct report *r)
{
	struct finding *f = r->f;

	if (!f)
		return;
	r->f = NULL;
	scanner_hold(r->s, -1);
	f->text = finding_strndup(f, r->text.data, r->text.len);
	buf_reset(&r->text);
	scanner_emit(r->s, f);
}

void report_drop(struct report *r)
{
	if (!r->f)
		return;
	finding_free(r->f);
	r->f = NULL;
	scanner_hold(r->s, -1);
	buf_reset(&r->text);
}

void report_cut(struct report *r, const char *reason)
{
	if (!r->f)
		return;
	char *first = xstrndup(r->text.data, strcspn(r->text.data, "\n"));
	scanner_unparsed(r->s, r->f->occurrences->line, first, reason);
	free(first);
	report_close(r);
}

const char *access_op(const char *word)
{
	if (!strncasecmp(word, "read", 4))
		return "read";
	if (!strncasecmp(word, "write", 5))
		return "write";
	return "access";
}

const char *hex_dup(struct finding *f, const char *s)
{
	size_t len = 2;

	if (s[0] != '0' || s[1] != 'x')
		return NULL;
	while (isxdigit((unsigned char)s[len]))
		len++;
	return finding_strndup(f, s, len);
}

int access_parse(struct finding *f, struct access *access, const char *text)
{
	const char *of = strstr(text, " of size ");
	char *end;

	if (!of)
		return -1;
	size_t size = strtoull(of + strlen(" of size "), &end, 10);
	if (end == of + strlen(" of size "))
		return -1;
	const char *word = of;
	while (word > text && isalpha((unsigned char)word[-1]))
		word--;
	access->op = access_op(word);
	access->size = size;
	const char *at = text_after(end, " at ");
	if (at)
		access->address = hex_dup(f, at);
	return 0;
}
