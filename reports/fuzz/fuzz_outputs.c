/*
 * libFuzzer's target for all outputs together: whatever is read, each must be what its readers take
 * (outputs.h), and results that were merged must give the same again.
 *
 * An input is a raw log, and after lines such as "%%unit" the files of a result folder. $SCHEMAS is
 * the folder of the official schemas, where they are at hand; $SRCDIR has ours.
 */
#include <stdint.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/fuzz/outputs.h"
#include "reports/reports.h"
#include "reports/symbolize.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASELINE "known.conf"

static const struct part {
	const char *mark, *path, *otherwise; /* what stands in it where the input has none */
} parts[] = {
	{ "", "raw.txt", NULL },
	{ "%%run", "out/run.json",
	  "{\"runtime\": \"rt-1\", \"version\": \"1.2\", \"partition\": \"hash:1/1\", \"cells\": "
	  "[{\"name\": \"asan\", \"requested\": true, \"units\": [\"u\", \"w\"]}]}" },
	{ "%%cell", "out/asan/cell.json", "{\"state\": \"ready\", \"requested\": true}" },
	{ "%%unit", "out/asan/units/u/unit.json", "{\"unit\": \"u\", \"exit_code\": 0}" },
	{ "%%junit", "out/asan/units/u/junit.xml", NULL },
	{ "%%output", "out/asan/units/u/output.txt", NULL },
	{ "%%log", "out/asan/units/u/asan.1", NULL },
	{ "%%xml", "out/asan/units/u/memcheck.2.xml", NULL },
	{ "%%unit2", "out/asan/units/u/attempt-2/unit.json", NULL },
	{ "%%junit2", "out/asan/units/u/attempt-2/junit.xml", NULL },
	{ "%%log2", "out/asan/units/u/attempt-2/asan.3", NULL },
	{ "%%other", "out/asan/units/w/unit.json", NULL },
	{ "%%baseline", BASELINE, NULL },
};
enum { PARTS = sizeof parts / sizeof *parts };

static char folder[64];
static xmlSchema *jenkins, *windyroad;
static json_t *ours, *sarif;

static void must(const char *wrong, const char *text)
{
	if (!wrong)
		return;
	fprintf(stderr, "fuzz_outputs: %s\n%s\n", wrong, text ? text : "");
	abort();
}

/* The part whose line begins at S, or -1. */
static int part_at(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));
	size_t len = (size_t)((nl ? nl : end) - s);

	for (int i = 1; i < PARTS; i++)
		if (len == strlen(parts[i].mark) && !memcmp(s, parts[i].mark, len))
			return i;
	return -1;
}

/* All parts of the input, each in its file; those that are not there have none. */
static void put_files(const char *s, size_t len)
{
	struct buf content[PARTS] = { 0 };
	const char *end = s + len;
	int now = 0, there[PARTS] = { 1 };

	for (const char *nl; s < end; s = nl) {
		int part = part_at(s, end);

		nl = memchr(s, '\n', (size_t)(end - s));
		nl = nl ? nl + 1 : end;
		if (part < 0) {
			buf_add(&content[now], s, (size_t)(nl - s));
			continue;
		}
		now = part;
		there[part] = 1;
	}
	for (int i = 0; i < PARTS; i++) {
		char *path = xasprintf("%s/%s", folder, parts[i].path);

		unlink(path);
		if (!there[i] && parts[i].otherwise) {
			there[i] = 1;
			buf_addstr(&content[i], parts[i].otherwise);
		}
		if (there[i] && file_write(path, content[i].data ? content[i].data : "",
		                           content[i].len, NULL))
			abort();
		buf_release(&content[i]);
		free(path);
	}
}

static char *written(const struct results *r, results_writer *writer, int flags, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (writer(r, f, flags, NULL))
		abort();
	fclose(f);
	return text;
}

static int summary(const struct results *r, FILE *f, int flags, struct err *e)
{
	return write_summary(r, f, flags, e);
}

static const char *wrong_with(enum view view, const char *text, size_t len)
{
	switch (view) {
	case VIEW_JUNIT:
		return outputs_junit(text, len, 1, jenkins, NULL);
	case VIEW_JSON:
		return outputs_json(text, len, ours);
	case VIEW_SARIF:
		return outputs_sarif(text, len, sarif);
	case VIEW_HTML:
		return outputs_page(text, len);
	case VIEW_MARKDOWN:
		return outputs_markdown(text, len);
	default:
		return "no such view";
	}
}

/* All that can be written of R, each checked, but if it is to be compared with what was. */
static void write_views(const struct results *r, int check, char *texts[VIEW_COUNT + 2])
{
	size_t len;

	for (enum view v = 0; v < VIEW_COUNT; v++) {
		texts[v] = written(r, view_kinds[v].writer, 0, &len);
		must(check ? wrong_with(v, texts[v], len) : NULL, texts[v]);
	}
	texts[VIEW_COUNT] = written(r, write_junit, JUNIT_STRICT, &len);
	must(check ? outputs_junit(texts[VIEW_COUNT], len, 0, jenkins, windyroad) : NULL,
	     texts[VIEW_COUNT]);
	texts[VIEW_COUNT + 1] = written(r, summary, 0, &len);
	must(strchr(texts[VIEW_COUNT + 1], 27) ? "the summary has an escape" : NULL, NULL);
}

/* Adds INPUTS and the baseline, all in FOLDER; writes MERGED if it is not NULL; then all views. */
static void read_all(const char *const *inputs, const char *merged, char *texts[VIEW_COUNT + 2])
{
	struct results r = { 0 };
	struct err e;

	for (size_t i = 0; inputs[i]; i++) {
		char *path = xasprintf("%s/%s", folder, inputs[i]);
		results_add(&r, path, &e); /* what cannot be read is told in the outputs as well */
		free(path);
	}
	char *known = xasprintf("%s/" BASELINE, folder);
	if (path_exists(known))
		results_baseline(&r, known, &e);
	free(known);
	if (merged) {
		char *path = xasprintf("%s/%s", folder, merged);
		if (results_write_merged(&r, path, &e))
			must("merged results cannot be written", e.msg);
		free(path);
	}
	results_finish(&r);
	write_views(&r, merged != NULL, texts);
	results_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const inputs[] = { "raw.txt", "out", NULL };
	static const char *const again[] = { "merged", NULL };
	char *first[VIEW_COUNT + 2], *second[VIEW_COUNT + 2];

	put_files((const char *)data, len);
	read_all(inputs, "merged", first);
	read_all(again, NULL, second);
	for (int i = 0; i < VIEW_COUNT + 2; i++) {
		must(strcmp(first[i], second[i]) ? "merged results differ" : NULL, first[i]);
		free(first[i]);
		free(second[i]);
	}
	return 0;
}

static xmlSchema *load_xsd(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	xmlSchemaParserCtxt *context = path_exists(path) ? xmlSchemaNewParserCtxt(path) : NULL;
	xmlSchema *schema = context ? xmlSchemaParse(context) : NULL;

	xmlSchemaFreeParserCtxt(context);
	free(path);
	return schema;
}

static json_t *load_json(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	json_t *schema = json_load_file(path, 0, NULL);

	free(path);
	return schema;
}

static void ignore(void *context, const char *format, ...)
{
	(void)context, (void)format;
}

static void clean_up(void)
{
	dir_remove(folder, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *schemas = getenv("SCHEMAS"), *srcdir = getenv("SRCDIR");
	const char *scratch = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	(void)argc, (void)argv;
	xmlSetGenericErrorFunc(NULL, ignore);
	jenkins = load_xsd(schemas ? schemas : "", "junit-10.xsd");
	windyroad = load_xsd(schemas ? schemas : "", "windyroad-JUnit.xsd");
	sarif = load_json(schemas ? schemas : "", "sarif-2.1.0.json");
	ours = load_json(srcdir ? srcdir : ".", "reports/findings.schema.json");
	must(ours ? NULL : "SRCDIR is not our source", NULL);
	snprintf(folder, sizeof folder, "%s/sanmatrix-fuzz-XXXXXX", scratch);
	must(mkdtemp(folder) ? NULL : "no scratch folder", NULL);
	atexit(clean_up);
	for (int i = 0; i < PARTS; i++) {
		char *path = xasprintf("%s/%s", folder, parts[i].path);
		*strrchr(path, '/') = 0;
		must(dir_make(path, NULL) ? "no scratch folder" : NULL, NULL);
		free(path);
	}
	symbolize_program(""); /* no children */
	return 0;
}
