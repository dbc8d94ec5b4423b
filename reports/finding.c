#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "reports/finding.h"
#include "reports/occurrence.h"

const char *const role_names[ROLE_COUNT] = {
	[ROLE_ACCESS] = "access",
	[ROLE_FREE] = "free",
	[ROLE_ALLOC] = "alloc",
	[ROLE_ORIGIN] = "origin",
	[ROLE_STORED] = "stored",
	[ROLE_OTHER_ACCESS] = "other-access",
	[ROLE_LOCK] = "lock",
	[ROLE_THREAD] = "thread",
	[ROLE_PYTHON] = "python",
};

struct finding *finding_new(const char *tool, const char *kind)
{
	struct arena arena = { 0 };
	struct finding *f = arena_zalloc(&arena, sizeof *f);

	f->arena = arena;
	f->tool = finding_strdup(f, tool);
	f->kind = finding_strdup(f, kind);
	f->category = "other";
	f->severity = "error";
	f->status = "new";
	f->count = 1;
	return f;
}

char *finding_strdup(struct finding *f, const char *s)
{
	return arena_strdup(&f->arena, s);
}

char *finding_strndup(struct finding *f, const char *s, size_t n)
{
	return arena_strndup(&f->arena, s, n);
}

char *finding_printf(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *s = arena_vprintf(&f->arena, format, args);
	va_end(args);
	return s;
}

/* LIST, or a copy with room for twice as many, where N of SIZE bytes fill it. */
static void *grow(struct finding *f, void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 8;
	void *more = arena_alloc(&f->arena, *cap * size);
	if (n)
		memcpy(more, list, n * size);
	return more;
}

struct frame *frames_add(struct finding *f, struct frames *frames)
{
	frames->v = grow(f, frames->v, frames->n, &frames->cap, sizeof *frames->v);
	struct frame *frame = &frames->v[frames->n++];
	memset(frame, 0, sizeof *frame);
	return frame;
}

void frames_copy(struct finding *f, struct frames *to, const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		const struct frame *from = &frames->v[i];
		struct frame *frame = frames_add(f, to);

		frame->function = finding_strdup(f, from->function);
		frame->file = finding_strdup(f, from->file);
		frame->line = from->line;
		frame->column = from->column;
		frame->module = finding_strdup(f, from->module);
		frame->offset = finding_strdup(f, from->offset);
		frame->build_id = finding_strdup(f, from->build_id);
	}
}

struct stack *finding_stack(struct finding *f, enum role role)
{
	f->stacks = grow(f, f->stacks, f->stack_count, &f->stack_cap, sizeof *f->stacks);
	struct stack *stack = &f->stacks[f->stack_count++];
	memset(stack, 0, sizeof *stack);
	stack->role = role;
	return stack;
}

const struct stack *finding_find(const struct finding *f, enum role role)
{
	for (size_t i = 0; i < f->stack_count; i++)
		if (f->stacks[i].role == role)
			return &f->stacks[i];
	return NULL;
}

void finding_copy_stacks(struct finding *f, const struct finding *from)
{
	for (size_t i = 0; i < from->stack_count; i++) {
		struct stack *to = finding_stack(f, from->stacks[i].role);

		frames_copy(f, &to->frames, &from->stacks[i].frames);
		frames_copy(f, &to->python, &from->stacks[i].python);
	}
}

void finding_add_text(struct finding *f, const char *more)
{
	f->text = finding_printf(f, "%s\n%s", f->text ? f->text : "", more);
}

void unparsed_free(struct unparsed *u)
{
	if (!u)
		return;
	free(u->log);
	free(u->text);
	free(u->reason);
	free(u);
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->occurrence_count; i++)
		occurrence_release(&f->occurrences[i]);
	free(f->occurrences);
	struct arena arena = f->arena; /* F itself is in it */
	arena_release(&arena);
}
