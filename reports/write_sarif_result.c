/*
 * One finding as a SARIF result. Its first place is where the access was; the other stacks are flows
 * of code from the outermost frame to the innermost, and their innermost frames related places.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/finding_text.h"
#include "reports/json_text.h"
#include "reports/write_sarif.h"

enum { MESSAGE_MAX = 1000, NAME_MAX_BYTES = 300, FRAMES_MAX = 30, STACKS_MAX = 12, PLACES_MAX = 5 };

static const char *const role_texts[ROLE_COUNT] = {
	[ROLE_ACCESS] = "where it was found",
	[ROLE_FREE] = "where the memory was freed",
	[ROLE_ALLOC] = "where the memory was allocated",
	[ROLE_ORIGIN] = "where the value comes from",
	[ROLE_STORED] = "where the value was stored",
	[ROLE_OTHER_ACCESS] = "the other access",
	[ROLE_LOCK] = "where the lock was taken",
	[ROLE_THREAD] = "where the thread was created",
	[ROLE_PYTHON] = "the Python frames",
};

json_t *sarif_message(const char *text)
{
	char *line = clean_line(text, MESSAGE_MAX);
	struct buf b = { 0 };

	for (const char *s = line; *s; s++) { /* "[text](target)" would be a link */
		buf_addch(&b, *s);
		if (s[0] == ']' && s[1] == '(')
			buf_addch(&b, ' ');
	}
	json_t *o = json_object();
	json_object_set_new(o, "text", json_stringn_nocheck(b.data ? b.data : "", b.len));
	buf_release(&b);
	free(line);
	return o;
}

static void add_encoded(struct buf *b, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~/+@,=";

	for (; *path; path++) {
		if (strchr(plain, *path))
			buf_addch(b, *path);
		else
			buf_addf(b, "%%%02X", (unsigned char)*path);
	}
}

char *sarif_uri(const char *path, int folder)
{
	struct buf b = { 0 };

	while (path[0] == '/' && path[1] == '/')
		path++;
	if (*path == '/')
		buf_addstr(&b, "file://");
	add_encoded(&b, path);
	if (folder && b.len && b.data[b.len - 1] != '/')
		buf_addch(&b, '/');
	return buf_detach(&b);
}

/* What follows ROOT and a slash in PATH, or NULL. */
static const char *below(const char *path, const char *root)
{
	size_t n = root ? strlen(root) : 0;

	while (n && root[n - 1] == '/')
		n--;
	if (!n || strncmp(path, root, n) != 0 || path[n] != '/')
		return NULL;
	path += n + strspn(path + n, "/");
	return *path ? path : NULL;
}

static json_t *artifact(const struct results *r, const char *path)
{
	const char *relative = path[0] == '/' ? NULL : path;
	json_t *o = json_object();

	while (relative && relative[0] == '.' && relative[1] == '/')
		relative += 1 + strspn(relative + 1, "/");
	for (size_t i = 0; i < r->cell_count && !relative; i++)
		relative = below(path, r->cells[i].tree);
	char *uri = sarif_uri(relative ? relative : path, 0);
	json_object_set_new(o, "uri", json_string(*uri ? uri : "unknown"));
	if (relative)
		json_object_set_new(o, "uriBaseId", json_string("SRCROOT"));
	free(uri);
	return o;
}

static json_t *physical(const struct results *r, const char *path, long line, int column)
{
	json_t *o = json_object(), *region;

	json_object_set_new(o, "artifactLocation", artifact(r, path));
	if (line > 0) {
		region = json_pack("{s:I}", "startLine", (json_int_t)line);
		if (column > 0)
			json_object_set_new(region, "startColumn", json_integer(column));
		json_object_set_new(o, "region", region);
	}
	return o;
}

/* FRAME with MESSAGE (or NULL). */
static json_t *location(const struct results *r, const struct frame *f, const char *message)
{
	json_t *o = json_object(), *logical = json_object();

	if (f->file && *f->file)
		json_object_set_new(o, "physicalLocation", physical(r, f->file, f->line, f->column));
	if (f->function) {
		json_object_set_new(logical, "fullyQualifiedName",
				    json_line(f->function, NAME_MAX_BYTES));
		json_object_set_new(logical, "kind", json_string("function"));
		json_object_set_new(o, "logicalLocations", json_pack("[O]", logical));
	}
	json_decref(logical);
	if (message)
		json_object_set_new(o, "message", sarif_message(message));
	else if (!f->file && !f->function)
		json_object_set_new(o, "message", sarif_message(f->module ? f->module : "unknown"));
	return o;
}

static json_t *stack(const struct results *r, const struct frames *frames, const char *message)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < frames->n && i < FRAMES_MAX; i++) {
		json_t *frame = json_object();

		json_object_set_new(frame, "location", location(r, &frames->v[i], NULL));
		if (frames->v[i].module)
			json_object_set_new(frame, "module",
					    json_line(frames->v[i].module, NAME_MAX_BYTES));
		json_array_append_new(list, frame);
	}
	json_object_set_new(o, "message", sarif_message(message));
	json_object_set_new(o, "frames", list);
	return o;
}

/* In the order in which it ran: outermost first. */
static json_t *thread_flow(const struct results *r, const struct frames *frames, enum role role)
{
	json_t *list = json_array();
	size_t n = frames->n < FRAMES_MAX ? frames->n : FRAMES_MAX;

	for (size_t i = n; i-- > 0;) {
		json_t *step = json_object();

		json_object_set_new(step, "location",
				    location(r, &frames->v[i],
					     frames->v[i].function ? frames->v[i].function : "??"));
		json_object_set_new(step, "importance", json_string(i ? "important" : "essential"));
		json_array_append_new(list, step);
	}
	json_t *o = json_object();
	json_object_set_new(o, "id", json_string(role_names[role]));
	json_object_set_new(o, "message", sarif_message(role_texts[role]));
	json_object_set_new(o, "locations", list);
	return o;
}

static void add_flow(json_t *flows, const struct results *r, const struct frames *frames,
		     enum role role)
{
	if (!frames->n || json_array_size(flows) >= STACKS_MAX)
		return;
	json_t *o = json_object(), *threads = json_array();

	json_array_append_new(threads, thread_flow(r, frames, role));
	json_object_set_new(o, "message", sarif_message(role_texts[role]));
	json_object_set_new(o, "threadFlows", threads);
	json_array_append_new(flows, o);
}

static void add_flows(json_t *o, const struct results *r, const struct finding *f)
{
	json_t *flows = json_array();

	for (size_t i = 0; i < f->stack_count; i++)
		add_flow(flows, r, &f->stacks[i].frames, f->stacks[i].role);
	add_flow(flows, r, &f->python, ROLE_PYTHON);
	if (json_array_size(flows))
		json_object_set(o, "codeFlows", flows);
	json_decref(flows);
}

static const struct frame *first_with_file(const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++)
		if (frames->v[i].file && *frames->v[i].file)
			return &frames->v[i];
	return NULL;
}

static void add_related(json_t *o, const struct results *r, const struct finding *f)
{
	json_t *list = json_array();

	for (size_t i = 1; i < f->stack_count && i < STACKS_MAX; i++) {
		const struct frame *top = first_with_file(&f->stacks[i].frames);
		json_t *place;

		if (!top)
			continue;
		place = location(r, top, role_texts[f->stacks[i].role]);
		json_object_set_new(place, "id", json_integer((json_int_t)json_array_size(list) + 1));
		json_array_append_new(list, place);
	}
	if (json_array_size(list))
		json_object_set(o, "relatedLocations", list);
	json_decref(list);
}

/* A place in a file is required of every result: without a source file, the log's. */
static json_t *main_location(const struct results *r, const struct finding *f)
{
	const struct frame *top = finding_place_of(f);
	const struct occurrence *seen = f->occurrence_count ? f->occurrences : NULL;
	json_t *o = json_object();

	if (!top || !top->file || !*top->file)
		top = f->stack_count ? first_with_file(&f->stacks[0].frames) : NULL;
	if (!top)
		top = first_with_file(&f->python);
	if (top) {
		json_decref(o);
		return location(r, top, NULL);
	}
	const char *log = seen && seen->log && *seen->log && strcmp(seen->log, "-") != 0 ? seen->log
										     : "log";
	json_t *file = physical(r, log, seen && seen->line > 0 ? seen->line : 1, 0);
	json_object_del(json_object_get(file, "artifactLocation"), "uriBaseId");
	json_object_set_new(o, "physicalLocation", file);
	return o;
}

static json_t *fingerprints(const struct finding *f)
{
	json_t *o = json_object();

	if (f->fingerprint) { /* the first is the only one that GitHub compares */
		json_object_set_new(o, "primaryLocationLineHash", json_line(f->fingerprint, 500));
		json_object_set_new(o, "sanmatrix/fingerprint", json_line(f->fingerprint, 500));
	}
	if (f->bucket)
		json_object_set_new(o, "sanmatrix/bucket", json_line(f->bucket, 500));
	if (f->defect)
		json_object_set_new(o, "sanmatrix/defect", json_line(f->defect, 500));
	return o;
}

static void add_judgement(json_t *o, const struct results *r, const struct finding *f)
{
	int known = !strcmp(f->status, "known");
	json_t *list = json_array(), *s;

	if (r->baseline || known)
		json_object_set_new(o, "baselineState", json_string(known ? "unchanged" : "new"));
	if (known) {
		s = json_pack("{s:s, s:s}", "kind", "external", "state", "accepted");
		if (f->reason)
			json_object_set_new(s, "justification", json_line(f->reason, MESSAGE_MAX));
		json_array_append_new(list, s);
	}
	if (r->baseline || known)
		json_object_set(o, "suppressions", list);
	json_decref(list);
}

static json_t *properties(const struct finding *f)
{
	json_t *o = json_object(), *places = json_array();

	json_object_set_new(o, "category", json_string(f->category));
	json_object_set_new(o, "status", json_string(f->status));
	if (f->cwe)
		json_object_set_new(o, "cwe", json_sprintf("CWE-%d", f->cwe));
	for (size_t i = 0; i < f->occurrence_count && i < PLACES_MAX; i++) {
		const struct occurrence *p = &f->occurrences[i];
		json_t *place = json_object();

		if (p->cell)
			json_object_set_new(place, "cell", json_line(p->cell, NAME_MAX_BYTES));
		if (p->unit)
			json_object_set_new(place, "unit", json_line(p->unit, NAME_MAX_BYTES));
		if (p->test)
			json_object_set_new(place, "test", json_line(p->test, NAME_MAX_BYTES));
		if (p->log)
			json_object_set_new(place, "log", json_line(p->log, NAME_MAX_BYTES));
		json_array_append_new(places, place);
	}
	json_object_set_new(o, "seen", places);
	return o;
}

json_t *sarif_result(const struct results *r, const struct finding *f, const char *id, size_t index)
{
	int flaky = !strcmp(f->status, "flaky");
	char *line = finding_line(f);
	json_t *o = json_object(), *stacks = json_array();

	json_object_set_new(o, "ruleId", json_string_nocheck(id));
	json_object_set_new(o, "ruleIndex", json_integer((json_int_t)index));
	json_object_set_new(o, "level", json_string(flaky ? "warning" : f->severity));
	json_object_set_new(o, "message", sarif_message(line));
	json_object_set_new(o, "locations", json_pack("[o]", main_location(r, f)));
	add_related(o, r, f);
	if (f->stack_count && f->stacks[0].frames.n)
		json_array_append_new(stacks, stack(r, &f->stacks[0].frames,
						    role_texts[f->stacks[0].role]));
	if (json_array_size(stacks))
		json_object_set(o, "stacks", stacks);
	json_decref(stacks);
	add_flows(o, r, f);
	json_object_set_new(o, "partialFingerprints", fingerprints(f));
	json_object_set_new(o, "occurrenceCount", json_integer((json_int_t)f->count));
	add_judgement(o, r, f);
	json_object_set_new(o, "properties", properties(f));
	free(line);
	return o;
}
