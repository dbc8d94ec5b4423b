#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/finding.h"

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
	struct finding *f = xcalloc(1, sizeof *f);

	f->tool = xstrdup(tool);
	f->kind = xstrdup(kind);
	f->category = "other";
	f->severity = "error";
	f->status = "new";
	f->count = 1;
	return f;
}

struct frame *frames_add(struct frames *frames)
{
	if (frames->n == frames->cap) {
		frames->cap = frames->cap ? frames->cap * 2 : 8;
		frames->v = xrealloc(frames->v, frames->cap * sizeof *frames->v);
	}
	struct frame *frame = &frames->v[frames->n++];
	memset(frame, 0, sizeof *frame);
	return frame;
}

void frames_release(struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		free(frames->v[i].function);
		free(frames->v[i].file);
		free(frames->v[i].module);
		free(frames->v[i].offset);
	}
	free(frames->v);
	memset(frames, 0, sizeof *frames);
}

struct stack *finding_stack(struct finding *f, enum role role)
{
	f->stacks = xrealloc(f->stacks, (f->stack_count + 1) * sizeof *f->stacks);
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

static void occurrence_release(struct occurrence *o)
{
	free(o->runtime);
	free(o->cell);
	free(o->unit);
	free(o->test);
	free(o->log);
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->stack_count; i++)
		frames_release(&f->stacks[i].frames);
	free(f->stacks);
	frames_release(&f->python);
	for (size_t i = 0; i < f->occurrence_count; i++)
		occurrence_release(&f->occurrences[i]);
	free(f->occurrences);
	free(f->tool);
	free(f->kind);
	free(f->message);
	free(f->access.op);
	free(f->access.address);
	free(f->text);
	free(f->fingerprint);
	free(f->bucket);
	free(f->defect);
	free(f->reason);
	free(f);
}
