/* A finding from its object in JSON (write_json_finding.c). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/json_text.h"
#include "reports/kinds.h"
#include "reports/result.h"

static const char *string(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static void read_frames(struct finding *f, struct frames *frames, const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct frame *frame = frames_add(f, frames);

		frame->function = finding_strdup(f, string(o, "function"));
		frame->file = finding_strdup(f, string(o, "file"));
		frame->line = (int)json_number(o, "line", INT_MAX);
		frame->column = (int)json_number(o, "column", INT_MAX);
		frame->module = finding_strdup(f, string(o, "module"));
		frame->offset = finding_strdup(f, string(o, "offset"));
	}
}

static void read_stacks(struct finding *f, const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		const char *name = string(o, "role");
		int role = 0;

		while (role < ROLE_COUNT && (!name || strcmp(role_names[role], name) != 0))
			role++;
		if (role == ROLE_COUNT)
			continue;
		struct stack *stack = finding_stack(f, (enum role)role);
		read_frames(f, &stack->frames, json_object_get(o, "frames"));
		read_frames(f, &stack->python, json_object_get(o, "python"));
	}
}

static void read_occurrences(struct finding *f, const json_t *list)
{
	json_t *o;
	size_t i;

	f->occurrences = xcalloc(json_array_size(list) + 1, sizeof *f->occurrences);
	json_array_foreach(list, i, o)
		f->occurrences[f->occurrence_count++] = (struct occurrence){
			.runtime = xstrdup(string(o, "runtime")),
			.cell = xstrdup(string(o, "cell")),
			.unit = xstrdup(string(o, "unit")),
			.test = xstrdup(string(o, "test")),
			.pid = json_number(o, "pid", INT_MAX),
			.log = xstrdup(string(o, "log")),
			.line = json_number(o, "line", LONG_MAX),
			.attempt = (int)json_number(o, "attempt", INT_MAX),
		};
}

struct finding *finding_from_json(const json_t *o, const char *text)
{
	struct finding *f = finding_new(string(o, "tool"), string(o, "kind"));
	const json_t *access = json_object_get(o, "access");

	f->message = finding_strdup(f, string(o, "message"));
	f->access.op = finding_strdup(f, string(access, "op"));
	f->access.size = (size_t)json_number(access, "size", LONG_MAX);
	f->access.address = finding_strdup(f, string(access, "address"));
	read_stacks(f, json_object_get(o, "stacks"));
	read_frames(f, &f->python, json_object_get(o, "python"));
	f->category = finding_strdup(f, string(o, "category"));
	f->severity = finding_strdup(f, string(o, "severity"));
	f->category = f->category ? f->category : "other";
	f->severity = f->severity ? f->severity : "error";
	f->cwe = (int)json_number(o, "cwe", INT_MAX);
	f->fingerprint = finding_strdup(f, string(o, "fingerprint"));
	f->bucket = finding_strdup(f, string(o, "bucket"));
	f->text = finding_strdup(f, text);
	f->count = (size_t)json_number(o, "count", LONG_MAX);
	read_occurrences(f, json_object_get(o, "occurrences"));
	return f;
}
