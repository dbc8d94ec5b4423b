/* The file of known findings: what it may say, its mistakes, and what it makes of results. */
#include "reports/baseline.h"
#include "reports/tests/folder.h"

#define KEY "s1:00000000000000000000000000000001"

static struct baseline *read_text(const char *text, struct err *e)
{
	char *path = xasprintf("%s/known.conf", folder);

	put("known.conf", text);
	struct baseline *b = baseline_read(path, e);
	free(path);
	return b;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct strv places = { 0 };
	struct buf b = { 0 };
	struct err e;

	strv_push(&places, "asan/test 'a'");
	strv_push(&places, "tsan/${HOME}");
	baseline_format(&b, KEY, "a \\ title's\nend $HOME ${HOME}", "it is \"known\"", &places);
	struct baseline *read = read_text(b.data, &e);
	if (!read)
		fail_msg("%s", e.msg);
	const struct known *k = baseline_find(read, KEY);
	assert_non_null(k);
	assert_string_equal(k->title, "a \\ title's end $HOME ${HOME}");
	assert_string_equal(k->reason, "it is \"known\"");
	assert_int_equal(k->seen_in.n, 2);
	assert_string_equal(k->seen_in.v[0], "asan/test 'a'");
	assert_string_equal(k->seen_in.v[1], "tsan/${HOME}");
	assert_null(baseline_find(read, "s1:00000000000000000000000000000002"));
	baseline_free(read);
	buf_release(&b);
	strv_release(&places);
}

static void mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "finding '" KEY "' {\n reason = 'x'\n", "known.conf:1: " },
		{ "\n\nfinding '" KEY "' { }\n", "known.conf:3: the entry '" KEY "' has no reason" },
		{ "finding '" KEY "' { reason = ' ' }\n", "known.conf:1: " },
		{ "\nfinding 's2:1' { reason = 'x' }\n", "known.conf:2: 's2:1' is no fingerprint" },
		{ "finding '" KEY "' {\nreason = 'x'\nexpires = '2027-02-30' }",
		  "known.conf:3: '2027-02-30' is no date" },
		{ "finding '" KEY "' {\nreason = 'x'\nseen-in = {'asan'} }",
		  "known.conf:3: 'asan' is not CELL/UNIT" },
		{ "finding '" KEY "' {\nreason = 'x'\nuntil = 'y' }", "known.conf:3: " },
		{ "finding '" KEY "' {reason = 'x'}\nfinding '" KEY "' {reason = 'x'}",
		  "known.conf:2: " },
		{ "finding 's1:1' {reason = 'x'}\nfinding '" KEY "' {reason = 'x'}",
		  "known.conf:1: 's1:1' is no fingerprint" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };

		assert_null(read_text(bad[i].text, &e));
		assert_int_equal(e.code, EXIT_USAGE);
		if (!strstr(e.msg, bad[i].message))
			fail_msg("%zu: '%s' is not '%s'", i, e.msg, bad[i].message);
	}
}

/* One unit with one report of ASan; the fingerprint is the caller's. */
static char *a_run_with_a_finding(void)
{
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	put_asan("asan/units/test_a/asan.77", 77, "f");
	read_folder(&r);
	assert_int_equal(r.finding_count, 1);
	char *key = xstrdup(r.findings[0]->fingerprint);
	results_release(&r);
	return key;
}

/* FORMAT has a %s for KEY. */
static void read_with(struct results *r, const char *format, const char *key)
{
	char text[500], *path = xasprintf("%s/known.conf", folder);
	struct err e = { 0 };

	memset(r, 0, sizeof *r);
	snprintf(text, sizeof text, format, key);
	put("known.conf", text);
	if (results_baseline(r, path, &e) < 0 || results_add(r, folder, &e) < 0)
		fail_msg("%s", e.msg);
	results_finish(r);
	free(path);
}

static void a_known_finding_is_skipped_with_its_reason(void **state)
{
	(void)state;
	char *key = a_run_with_a_finding();
	struct results r;

	read_with(&r, "finding '%s' { reason = 'issue 7' }", key);
	const struct test_case *c = the_case(&r, "test_a", "test_a");
	assert_int_equal(c->outcome, OUTCOME_SKIPPED);
	assert_string_equal(c->message, "known: issue 7");
	assert_non_null(c->finding);
	assert_string_equal(r.findings[0]->status, "known");
	assert_int_equal(r.totals.known, 1);
	assert_int_equal(r.totals.fresh, 0);
	assert_int_equal(r.fixed_count, 0);
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
	free(key);
}

static void past_its_date_it_is_new_again(void **state)
{
	(void)state;
	char *key = a_run_with_a_finding();
	struct results r;

	read_with(&r, "finding '%s' { reason = 'issue 7' expires = '2020-01-31' }", key);
	assert_string_equal(r.findings[0]->status, "new");
	assert_string_equal(r.findings[0]->reason, "was known until 2020-01-31: issue 7");
	assert_int_equal(r.totals.expired, 1);
	assert_int_equal(results_status(&r), EXIT_FINDINGS);
	results_release(&r);
	read_with(&r, "finding '%s' { reason = 'issue 7' expires = '9999-12-31' }", key);
	assert_int_equal(results_status(&r), EXIT_CLEAN);
	results_release(&r);
	free(key);
}

static void in_another_cell_it_is_new(void **state)
{
	(void)state;
	char *key = a_run_with_a_finding();
	struct results r;

	read_with(&r, "finding '%s' { reason = 'issue 7' cells = {'ubsan'} }", key);
	assert_string_equal(r.findings[0]->status, "new");
	assert_string_equal(r.findings[0]->reason, "not known in asan: issue 7");
	results_release(&r);
	read_with(&r, "finding '%s' { reason = 'issue 7' cells = {'ubsan', 'asan'} }", key);
	assert_string_equal(r.findings[0]->status, "known");
	results_release(&r);
	free(key);
}

static void fixed_is_what_was_looked_for_and_not_seen(void **state)
{
	static const struct {
		const char *where;
		size_t fixed;
	} entries[] = {
		{ "", 1 },
		{ "cells = {'asan'}", 1 },
		{ "cells = {'asan', 'tsan'}", 0 },
		{ "seen-in = {'asan/test_a'}", 1 },
		{ "seen-in = {'asan/test_b', 'asan/test_a'}", 1 },
		{ "seen-in = {'asan/test_b'}", 0 },
		{ "seen-in = {'tsan/test_a'}", 0 },
	};

	(void)state;
	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 0");
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		char *format = xasprintf("\nfinding '%%s' { reason = 'x' %s }", entries[i].where);
		struct results r;

		read_with(&r, format, KEY);
		assert_int_equal(r.fixed_count, entries[i].fixed);
		assert_int_equal(r.totals.fixed, entries[i].fixed);
		if (r.fixed_count)
			assert_int_equal(r.fixed[0].line, 2);
		assert_int_equal(results_status(&r), EXIT_CLEAN);
		results_release(&r);
		free(format);
	}
}

static void what_did_not_run_is_not_fixed(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\", \"test_b\"");
	put_unit("test_a", "\"exit_code\": 0");
	read_with(&r, "finding '%s' { reason = 'x' }", KEY);
	assert_int_equal(r.fixed_count, 0); /* test_b is missing */
	results_release(&r);
	put_unit("test_b", "\"signal\": 11");
	read_with(&r, "finding '%s' { reason = 'x' seen-in = {'asan/test_b'} }", KEY);
	assert_int_equal(r.fixed_count, 0); /* it died before it could show */
	results_release(&r);
}

static void recording_keeps_what_stands_there(void **state)
{
	(void)state;
	char *key = a_run_with_a_finding(), *path = xasprintf("%s/known.conf", folder);
	struct results r;
	struct buf text = { 0 };
	struct err e;
	size_t added;

	read_with(&r, "# ours\nfinding '" KEY "' { reason = 'x' }", key);
	assert_int_equal(results_write_baseline(&r, path, "a reason", &added, &e), 0);
	assert_int_equal(added, 1);
	assert_int_equal(results_write_baseline(&r, path, "a reason", &added, &e), 0);
	assert_int_equal(added, 0);
	results_release(&r);
	assert_int_equal(file_read(path, &text, 0, NULL), 0);
	assert_memory_equal(text.data, "# ours\nfinding '" KEY "'", 20);
	assert_non_null(strstr(text.data, "seen-in = {'asan/test_a'}"));
	read_with(&r, text.data, key);
	assert_string_equal(r.findings[0]->status, "known");
	assert_string_equal(r.findings[0]->reason, "a reason");
	results_release(&r);
	buf_release(&text);
	free(path);
	free(key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(mistakes_are_named_with_their_line),
		TEST(a_known_finding_is_skipped_with_its_reason),
		TEST(past_its_date_it_is_new_again),
		TEST(in_another_cell_it_is_new),
		TEST(fixed_is_what_was_looked_for_and_not_seen),
		TEST(what_did_not_run_is_not_fixed),
		TEST(recording_keeps_what_stands_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
