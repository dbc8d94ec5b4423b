/*
 * SARIF: what a finding becomes, and what does not fit.
 */
#include <jansson.h>

#include "reports/tests/written.h"

static json_t *sarif_of(const struct results *r)
{
	char *text = written(r, write_sarif, 0);
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);

	if (!json)
		fail_msg("%d: %s", error.line, error.text);
	free(text);
	return json;
}

/* Borrowed; fails where there is nothing. PATH is members and numbers: "runs.0.results". */
static json_t *at(json_t *o, const char *path)
{
	char *copy = xstrdup(path);

	for (char *part = strtok(copy, "."); part; part = strtok(NULL, ".")) {
		o = json_is_array(o) ? json_array_get(o, (size_t)atoi(part)) : json_object_get(o, part);
		if (!o)
			fail_msg("no '%s' of '%s'", part, path);
	}
	free(copy);
	return o;
}

#define assert_at(o, path, expected) assert_string_equal(json_string_value(at(o, path)), expected)

static void put_uaf(const char *log, const char *function)
{
	char *text = xasprintf(
		"==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55 "
		"bp 0x7f sp 0x7e\n"
		"READ of size 8 at 0x602000000010 thread T0\n"
		"    #0 0x55 in %s /src/tree/Objects/a b.c:3:5\n"
		"    #1 0x56 in main /elsewhere/m.c:9:2\n"
		"\n"
		"0x602000000010 is located 0 bytes inside of 16-byte region [0x602000000010,0x602000000020)\n"
		"freed by thread T0 here:\n"
		"    #0 0x57 in free (/usr/lib/libasan.so+0x1)\n"
		"    #1 0x58 in drop /src/tree/Objects/drop.c:30:1\n"
		"\n"
		"previously allocated by thread T0 here:\n"
		"    #0 0x59 in malloc (/usr/lib/libasan.so+0x2)\n"
		"    #1 0x5a in make /src/tree/Objects/make.c:20:1\n"
		"\n"
		"SUMMARY: AddressSanitizer: heap-use-after-free /src/tree/Objects/a b.c:3:5 in %s\n"
		"==7==ABORTING\n", function, function);

	put(log, text);
	free(text);
}

static void put_run_in_tree(void)
{
	put("run.json", "{\"runtime\": \"rt-1\", \"source\": \"/src/tree\", \"hostname\": \"h\", "
			"\"started\": \"2026-11-20T06:00:00\", \"cells\": [{\"name\": \"asan\", "
			"\"requested\": true, \"units\": [\"test_a\"]}]}");
	put("asan/cell.json", "{\"state\": \"ready\", \"controls\": [{\"name\": \"leak\", \"expected\": "
			      "{\"tool\": \"lsan\", \"kind\": \"Direct leak\", \"category\": \"leak\"}, "
			      "\"seen\": true, \"found\": []}]}");
	put_unit("test_a", "\"exit_code\": 1");
}

static void a_finding_has_its_places(void **state)
{
	(void)state;
	struct results r;

	put_run_in_tree();
	put_uaf("asan/units/test_a/asan.7", "f");
	read_folder(&r);
	json_t *o = sarif_of(&r);
	assert_at(o, "version", "2.1.0");
	assert_int_equal(json_array_size(at(o, "runs")), 2);
	assert_at(o, "runs.0.automationDetails.id", "sanmatrix/rt-1/lsan/"); /* nothing to say */
	assert_int_equal(json_array_size(at(o, "runs.0.results")), 0);
	json_t *run = at(o, "runs.1"), *result = at(run, "results.0");
	assert_at(run, "automationDetails.id", "sanmatrix/rt-1/asan/");
	assert_at(run, "tool.driver.name", "AddressSanitizer");
	assert_at(run, "tool.driver.rules.0.id", "use-after-free/heap-use-after-free");
	assert_at(run, "tool.driver.rules.0.properties.tags.1", "external/cwe/cwe-416");
	assert_at(run, "originalUriBaseIds.SRCROOT.uri", "file:///src/tree/");
	assert_at(run, "invocations.0.startTimeUtc", "2026-11-20T06:00:00Z");
	assert_true(json_is_true(at(run, "invocations.0.executionSuccessful")));
	assert_at(result, "ruleId", "use-after-free/heap-use-after-free");
	assert_at(result, "locations.0.physicalLocation.artifactLocation.uri", "Objects/a%20b.c");
	assert_at(result, "locations.0.physicalLocation.artifactLocation.uriBaseId", "SRCROOT");
	assert_int_equal(json_integer_value(at(result, "locations.0.physicalLocation.region.startLine")),
			 3);
	assert_at(result, "relatedLocations.0.physicalLocation.artifactLocation.uri",
		  "Objects/drop.c");
	assert_at(result, "relatedLocations.0.message.text", "where the memory was freed");
	assert_at(result, "relatedLocations.1.message.text", "where the memory was allocated");
	assert_int_equal(json_array_size(at(result, "codeFlows")), 3);
	assert_at(result, "codeFlows.0.threadFlows.0.locations.0.location.message.text", "main");
	assert_at(result, "codeFlows.0.threadFlows.0.locations.0.location.physicalLocation"
			  ".artifactLocation.uri", "file:///elsewhere/m.c");
	assert_at(result, "codeFlows.1.threadFlows.0.id", "free");
	assert_string_equal(json_string_value(at(result, "partialFingerprints.sanmatrix/fingerprint")),
			    r.findings[0]->fingerprint);
	assert_null(json_object_get(result, "baselineState"));
	json_decref(o);
	results_release(&r);
}

static void hostile_text_makes_no_link_and_no_bad_byte(void **state)
{
	(void)state;
	struct results r;

	put_run_in_tree();
	put_uaf("asan/units/test_a/asan.7", "f\033[1m\xff\xef\xbf\xbe[x](http://evil)\"]]>");
	read_folder(&r);
	char *text = written(&r, write_sarif, 0);
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	for (const char *c = text; (c = strstr(c, "\"text\": \"")) != NULL; c++) { /* messages alone */
		const char *link = strstr(c, "]("), *end = strchr(c + 9, '"');
		assert_true(!link || (end && link > end));
	}
	assert_null(strchr(text, '\xff'));
	free(text);
	json_decref(sarif_of(&r));
	results_release(&r);
}

static void what_is_known_is_suppressed_with_its_reason(void **state)
{
	(void)state;
	struct results r = { 0 };
	struct err e = { 0 };
	size_t added;

	put_run_in_tree();
	put_uaf("asan/units/test_a/asan.7", "f");
	read_folder(&r);
	char *path = xasprintf("%s/base.conf", folder);
	if (results_write_baseline(&r, path, "gh-1: waits", &added, &e) < 0)
		fail_msg("%s", e.msg);
	results_release(&r);
	r = (struct results){ 0 };
	assert_int_equal(results_baseline(&r, path, &e), 0);
	assert_int_equal(results_add(&r, folder, &e), 0);
	results_finish(&r);
	json_t *o = sarif_of(&r), *result = at(o, "runs.1.results.0");
	assert_at(result, "baselineState", "unchanged");
	assert_at(result, "suppressions.0.justification", "gh-1: waits");
	assert_at(result, "suppressions.0.kind", "external");
	json_decref(o);
	free(path);
	results_release(&r);
}

static void without_a_source_file_the_log_is_the_place(void **state)
{
	(void)state;
	struct results r;

	put_run_in_tree();
	put_unit("test_a", "\"signal\": 9");
	read_folder(&r);
	json_t *o = sarif_of(&r);
	json_t *run = at(o, "runs.1");
	assert_at(run, "automationDetails.id", "sanmatrix/rt-1/process/");
	assert_non_null(at(run, "results.0.locations.0.physicalLocation.artifactLocation.uri"));
	json_decref(o);
	results_release(&r);
}

/* 12,000 findings with long names are more than 10 MB, and more than 5,000. */
static void what_does_not_fit_is_counted(void **state)
{
	(void)state;
	struct results r;
	struct buf b = { 0 };
	char name[700];

	memset(name, 'n', sizeof name);
	for (int i = 0; i < 12000; i++) {
		snprintf(name + 600, 100, "f%dx", i);
		buf_addf(&b, ASAN_REPORT, i + 1, name, name, i + 1);
	}
	put("many.log", b.data);
	read_folder(&r);
	assert_true(r.finding_count > 5000);
	char *text = written(&r, write_sarif, 0);
	assert_true(strlen(text) < 10000000);
	json_t *o = sarif_of(&r);
	size_t kept = json_array_size(at(o, "runs.0.results"));
	assert_true(kept > 100 && kept <= 5000);
	char *said = xasprintf("%zu less severe results", r.finding_count - kept);
	assert_non_null(strstr(text, said));
	free(said);
	json_decref(o);
	free(text);
	buf_release(&b);
	results_release(&r);
}

static void nothing_is_a_run_without_results(void **state)
{
	(void)state;
	struct results r;

	put("fine.log", "all is well\n");
	read_folder(&r);
	json_t *o = sarif_of(&r);
	assert_int_equal(json_array_size(at(o, "runs")), 1);
	assert_int_equal(json_array_size(at(o, "runs.0.results")), 0);
	json_decref(o);
	results_release(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		CASE(a_finding_has_its_places),
		CASE(hostile_text_makes_no_link_and_no_bad_byte),
		CASE(what_is_known_is_suppressed_with_its_reason),
		CASE(without_a_source_file_the_log_is_the_place),
		CASE(what_does_not_fit_is_counted),
		CASE(nothing_is_a_run_without_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
