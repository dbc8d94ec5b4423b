/*
 * SARIF 2.1.0: one run a tool, for GitHub takes one of each tool and category in a file; a tool that
 * could have reported something and did not has an empty run, which closes what it said before.
 *
 * Within GitHub's limits: of what does not fit the most severe is kept, and a notification says how
 * much was left out.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "common/clock.h"
#include "common/mem.h"
#include "reports/json_text.h"
#include "reports/write_sarif.h"

enum { RUNS_MAX = 20, RESULTS_MAX = 5000, BYTES_MAX = 9500000, NOTES_MAX = 50, NOTE_ROOM = 65536 };

static const struct {
	const char *tool, *name, *url;
} tools[] = {
	{ "asan", "AddressSanitizer", "https://clang.llvm.org/docs/AddressSanitizer.html" },
	{ "lsan", "LeakSanitizer", "https://clang.llvm.org/docs/LeakSanitizer.html" },
	{ "ubsan", "UndefinedBehaviorSanitizer",
	  "https://clang.llvm.org/docs/UndefinedBehaviorSanitizer.html" },
	{ "msan", "MemorySanitizer", "https://clang.llvm.org/docs/MemorySanitizer.html" },
	{ "tsan", "ThreadSanitizer", "https://clang.llvm.org/docs/ThreadSanitizer.html" },
	{ "memcheck", "Memcheck", "https://valgrind.org/docs/manual/mc-manual.html" },
	{ "helgrind", "Helgrind", "https://valgrind.org/docs/manual/hg-manual.html" },
	{ "drd", "DRD", "https://valgrind.org/docs/manual/drd-manual.html" },
	{ "cpython", "CPython's own checks", "https://docs.python.org/3/using/configure.html" },
	{ "gdb", "GDB", NULL },
	{ "process", "Ends of processes", NULL },
};

/* One run: a tool and its findings, the gravest first. */
struct run {
	const char *tool;
	const struct finding **findings;
	size_t count;
};

struct runs {
	struct run v[RUNS_MAX];
	size_t n;
};

static struct run *run_of(struct runs *runs, const char *tool)
{
	for (size_t i = 0; i < runs->n; i++)
		if (!strcmp(runs->v[i].tool, tool))
			return &runs->v[i];
	if (runs->n == RUNS_MAX)
		return NULL;
	runs->v[runs->n] = (struct run){ .tool = tool };
	return &runs->v[runs->n++];
}

static int gravity(const struct finding *f)
{
	int known = !strcmp(f->status, "known"), flaky = !strcmp(f->status, "flaky");

	return (!strcmp(f->severity, "error") ? 0 : !strcmp(f->severity, "warning") ? 3 : 6) +
	       (flaky ? 1 : known ? 2 : 0);
}

struct entry {
	const struct finding *f;
	size_t at;
};

/* What is equally grave stays in the order of the results. */
static int by_gravity(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = gravity(x->f) - gravity(y->f);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Few results first: what they leave of the room is for the others. */
static int by_count(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return strcmp(x->tool, y->tool);
}

/* Every tool that a control proved to see something, and every one that reported. */
static void find_runs(struct runs *runs, const struct results *r)
{
	struct entry *sorted = xcalloc(r->finding_count + 1, sizeof *sorted);

	for (size_t i = 0; i < r->finding_count; i++)
		sorted[i] = (struct entry){ r->findings[i], i };
	qsort(sorted, r->finding_count, sizeof *sorted, by_gravity);
	for (size_t i = 0; i < r->finding_count; i++) {
		struct run *run = run_of(runs, sorted[i].f->tool);

		if (!run)
			continue;
		if (!run->findings)
			run->findings = xcalloc(r->finding_count, sizeof(*run->findings));
		run->findings[run->count++] = sorted[i].f;
	}
	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].control_count; j++)
			for (size_t k = 0; k < sizeof tools / sizeof *tools; k++) {
				const char *tool = r->cells[i].controls[j].tool;

				if (tool && !strcmp(tool, tools[k].tool))
					run_of(runs, tools[k].tool);
			}
	if (!runs->n)
		run_of(runs, "sanmatrix");
	qsort(runs->v, runs->n, sizeof *runs->v, by_count);
	free(sorted);
}

const char *sarif_root(const struct results *r)
{
	const char *root = NULL;

	for (size_t i = 0; i < r->cell_count; i++) {
		const char *tree = r->cells[i].tree;

		if (!tree || *tree != '/')
			continue;
		if (root && strcmp(root, tree) != 0)
			return NULL;
		root = tree;
	}
	return root;
}

static json_t *note(const char *level, const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "level", json_string(level));
	json_object_set_new(o, "message", sarif_message(text));
	return o;
}

/* Units that should have left a result and did not. */
static void add_unit_notes(json_t *list, const struct cell_result *c)
{
	for (size_t i = 0; i < c->unit_count; i++) {
		const struct unit_result *u = &c->units[i];

		if (u->ran || !u->case_count || u->cases[0].outcome != OUTCOME_ERROR ||
		    json_array_size(list) >= NOTES_MAX)
			continue;
		char *text = xasprintf("cell %s, unit %s: %s", c->label, u->unit,
				       u->cases[0].message ? u->cases[0].message : "missing");
		json_array_append_new(list, note("error", text));
		free(text);
	}
}

static void add_cell_notes(json_t *list, const struct results *r)
{
	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].case_count; j++) {
			const struct test_case *c = &r->cells[i].cases[j];

			if (c->outcome == OUTCOME_ERROR && json_array_size(list) < NOTES_MAX)
				json_array_append_new(list, note("error", c->message));
		}
	for (size_t i = 0; i < r->cell_count; i++)
		add_unit_notes(list, &r->cells[i]);
	if (r->unparsed_count) {
		char *text = xasprintf("%zu reports in logs could not be read; findings.json says "
				       "which and why", r->unparsed_count);
		json_array_append_new(list, note("warning", text));
		free(text);
	}
}

static json_t *invocations(const struct results *r, size_t left_out)
{
	json_t *o = json_object(), *notes = json_array();
	int status = results_status(r);

	json_object_set_new(o, "executionSuccessful",
			    json_boolean(status == EXIT_CLEAN || status == EXIT_FINDINGS));
	if (clock_is_time(r->started))
		json_object_set_new(o, "startTimeUtc", json_sprintf("%sZ", r->started));
	if (r->hostname)
		json_object_set_new(o, "machine", json_line(r->hostname, 200));
	add_cell_notes(notes, r);
	if (left_out) {
		char *text = xasprintf("%zu less severe results of this tool were left out: GitHub takes "
				       "10 MB and 5,000 results; all are in findings.json", left_out);
		json_array_append_new(notes, note("warning", text));
		free(text);
	}
	if (json_array_size(notes))
		json_object_set(o, "toolExecutionNotifications", notes);
	json_decref(notes);
	return json_pack("[o]", o);
}

static json_t *driver(const struct run *run, const struct sarif_rules *rules)
{
	json_t *o = json_object(), *list = json_array();
	const char *name = "sanmatrix", *url = NULL;

	for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
		if (!strcmp(tools[i].tool, run->tool)) {
			name = tools[i].name;
			url = tools[i].url;
		}
	for (size_t i = 0; i < rules->n; i++)
		json_array_append_new(list, sarif_rule(&rules->v[i]));
	json_object_set_new(o, "name", json_string(name));
	if (url)
		json_object_set_new(o, "informationUri", json_string(url));
	json_object_set_new(o, "rules", list);
	json_object_set_new(o, "properties", json_pack("{s:s}", "sanmatrix", SM_VERSION));
	return json_pack("{s:o}", "driver", o);
}

/* "sanmatrix/cpython-3.13/asan/": results of several runtimes do not close each other's alerts. */
static json_t *automation(const struct results *r, const struct run *run)
{
	char *id = r->runtime ? xasprintf("sanmatrix/%s/%s/", r->runtime, run->tool)
			      : xasprintf("sanmatrix/%s/", run->tool);
	json_t *o = json_object();

	json_object_set_new(o, "id", json_line(id, 300));
	free(id);
	return o;
}

static size_t size_of(const json_t *o)
{
	return json_dumpb(o, NULL, 0, 0);
}

/* Writes results, while there is ROOM for them and their rules; how many. */
static size_t write_results(const struct results *r, const struct run *run, struct sarif_rules *rules,
			    FILE *f, size_t *room, int *bad)
{
	size_t done = 0;

	for (; done < run->count && done < RESULTS_MAX; done++) {
		size_t known = rules->n, rule = sarif_rule_of(rules, run->findings[done]), size;
		json_t *o = sarif_result(r, run->findings[done], rules->v[rule].id, rule);

		size = size_of(o) + 8;
		if (rules->n > known) {
			json_t *new_rule = sarif_rule(&rules->v[rule]);
			size += size_of(new_rule) + 8;
			json_decref(new_rule);
		}
		if (size > *room) {
			json_decref(o);
			if (rules->n > known)
				sarif_rule_drop(rules);
			break;
		}
		*room -= size;
		*bad |= json_element(f, done, o);
	}
	return done;
}

static int member(FILE *f, const char *name, json_t *o)
{
	fprintf(f, ",\n \"%s\": ", name);
	int rc = json_dumpf(o, f, 0);
	json_decref(o);
	return rc;
}

static json_t *base_ids(const struct results *r)
{
	const char *root = sarif_root(r);
	json_t *o = json_object();

	if (root) {
		char *uri = sarif_uri(root, 1);
		json_object_set_new(o, "uri", json_string(uri));
		free(uri);
	}
	return json_pack("{s:o}", "SRCROOT", o);
}

static int write_run(const struct results *r, const struct run *run, FILE *f, size_t *room)
{
	struct sarif_rules rules = { 0 };
	int bad = 0;

	fputs("{\"results\": [", f);
	size_t done = write_results(r, run, &rules, f, room, &bad);
	fputs("]", f);
	bad |= member(f, "tool", driver(run, &rules));
	bad |= member(f, "automationDetails", automation(r, run));
	bad |= member(f, "invocations", invocations(r, run->count - done));
	bad |= member(f, "originalUriBaseIds", base_ids(r));
	fputs(",\n \"columnKind\": \"unicodeCodePoints\"}", f);
	sarif_rules_release(&rules);
	return bad;
}

int write_sarif(const struct results *r, FILE *f, int flags, struct err *e)
{
	struct runs runs = { 0 };
	size_t left = BYTES_MAX;
	int bad = 0;

	(void)flags;
	find_runs(&runs, r);
	fputs("{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
	      "\"version\": \"2.1.0\",\n\"runs\": [", f);
	for (size_t i = 0; i < runs.n; i++) {
		size_t share = left / (runs.n - i), room = share > NOTE_ROOM ? share - NOTE_ROOM : 0;
		size_t before = room;

		fputs(i ? ",\n" : "\n", f);
		bad |= write_run(r, &runs.v[i], f, &room);
		left -= before - room + NOTE_ROOM < left ? before - room + NOTE_ROOM : left;
	}
	fputs("]}\n", f);
	for (size_t i = 0; i < runs.n; i++)
		free(runs.v[i].findings);
	if (bad || fflush(f) || ferror(f))
		return err_set(e, EXIT_INFRASTRUCTURE, "cannot write SARIF:");
	return 0;
}
