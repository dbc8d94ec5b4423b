/*
 * The HTML page: what is escaped, that it is well-formed whatever logs and names hold, and what it
 * says of each kind of result. What a browser makes of it: html.t.
 */
#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "reports/tests/folder.h"
#include "reports/write_html.h"

/* Names and texts that try to get out of where they are put. */
static const char *const hostile[] = {
	"<script>hacked()</script>",
	"\"><img src=x onerror=hacked()>",
	"'--><!-- ]]> <![CDATA[",
	"&lt;&#60;&amp;",
	"</pre></details></article></main>",
	"\x1b[31mred\x07\x00\xff\xfe\xc3(",
	"\342\200\256drawkcab\xe2\x81\xa6\xc2\x85\xef\xbf\xbe",
	"%s%n%zu%%",
	"",
};

static char *closed(FILE *f, char **text)
{
	fclose(f);
	return *text;
}

#define assert_html(expected, ...) \
	do { \
		char *text_ = NULL; \
		size_t len_; \
		FILE *f_ = open_memstream(&text_, &len_); \
		html(f_, __VA_ARGS__); \
		assert_string_equal(closed(f_, &text_), expected); \
		free(text_); \
	} while (0)

static void values_are_escaped(void **state)
{
	const char *volatile none = NULL; /* gcc would not have it */

	(void)state;
	assert_html("<p title=\"&lt;b&gt; &amp; &quot;&#39;\">", "<p title=\"%s\">", "<b> & \"'");
	assert_html("", "%s", none);
	assert_html("0 999 1,000 12,345,678", "%zu %zu %zu %zu", (size_t)0, (size_t)999, (size_t)1000,
		    (size_t)12345678);
	assert_html("-1 1234 5.3 100%", "%d %ld %.1f %s%%", -1, 1234L, 5.25001, "100");
	assert_html("a[U+202E]b[U+2066][U+0085]c", "%s", "a\342\200\256b\xe2\x81\xa6\302\205c");
	assert_html("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x8d", "%s",
		    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x8d");
	assert_html("[0xFF][0x01]", "%s", "\xff\x01");
}

static void a_long_value_is_cut(void **state)
{
	char *text = NULL, *name = xcalloc(1, 100001);
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	memset(name, 'x', 100000);
	html(f, "%s", name);
	assert_string_equal(closed(f, &text) + len - 3, "...");
	assert_in_range(len, 3900, 4010);
	free(text);
	free(name);
}

static void seconds_in_words(void **state)
{
	static const struct {
		double seconds;
		const char *words;
	} rows[] = { { 0, "0.00 s" },	      { 0.25, "0.25 s" },    { 12.34, "12.3 s" },
		     { 59.94, "59.9 s" },     { 59.96, "1 min 0 s" }, { 92, "1 min 32 s" },
		     { 3599, "59 min 59 s" }, { 7500, "2 h 5 min" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		html_seconds(f, rows[i].seconds);
		assert_string_equal(closed(f, &text), rows[i].words);
		free(text);
	}
}

static xmlDocPtr page(const struct results *r)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(write_html(r, f, 0, &e), 0);
	closed(f, &text);
	xmlDocPtr doc = xmlReadMemory(text, (int)len, "page", NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	free(text);
	return doc;
}

/* What XPATH gives is EXPECTED. */
static void assert_page(xmlDocPtr doc, const char *xpath, const char *expected)
{
	xmlXPathContextPtr context = xmlXPathNewContext(doc);
	xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST xpath, context);

	assert_non_null(found);
	xmlChar *s = xmlXPathCastToString(found);
	assert_string_equal((char *)s, expected);
	xmlFree(s);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
}

/* In every place at once: a finding, its frames, its unit and test, a failed test, a cell. */
static void put_hostile(struct results *r, const char *s)
{
	struct cell_result *c = &r->cells[0];
	struct unit_result *u = &c->units[0];

	free(c->reason);
	c->reason = xstrdup(s);
	free(c->state);
	c->state = xstrdup(s);
	free(u->unit);
	u->unit = xstrdup(s);
	for (size_t i = 0; i < u->case_count; i++) {
		struct test_case *t = &u->cases[i];

		t->name = s;
		free(t->message);
		t->message = xstrdup(s);
		free(t->text);
		t->text = xstrdup(s);
	}
	struct finding *f = r->findings[0];
	f->kind = f->message = f->text = f->reason = f->fingerprint = s;
	f->tool = s;
	f->stacks[0].frames.v[0].function = f->stacks[0].frames.v[0].file = s;
	f->stacks[0].frames.v[1].module = s;
	free(f->occurrences[0].log);
	f->occurrences[0].log = xstrdup(s);
	free(f->occurrences[0].test);
	f->occurrences[0].test = xstrdup(s);
	free(r->hostname);
	r->hostname = xstrdup(s);
}

static void a_page_is_well_formed_whatever_it_holds(void **state)
{
	(void)state;
	put_run("\"a\"");
	put_unit("a", "\"exit_code\": 1");
	put("asan/units/a/junit.xml", "<testsuite><testcase name='one'><failure message='m'>t</failure>"
				      "</testcase></testsuite>");
	put_asan("asan/units/a/asan.7", 7, "f");
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct results r;

		read_folder(&r);
		put_hostile(&r, hostile[i]);
		xmlDocPtr doc = page(&r);
		assert_page(doc, "count(//script)", "1");
		assert_page(doc, "count(//img)", "0");
		assert_page(doc, "count(//article[@class='card f'])", "1");
		assert_page(doc, "count(//@onerror)", "0");
		xmlFreeDoc(doc);
		results_release(&r);
	}
}

static void it_tells_of_each_kind_of_end(void **state)
{
	struct results r;

	(void)state;
	put_run("\"a\", \"b\", \"c\", \"gone\"");
	for (const char *const *u = (const char *const[]){ "a", "b", "c", NULL }; *u; u++)
		put_unit(*u, "\"exit_code\": 0");
	put_asan("asan/units/a/asan.7", 7, "f");
	put("asan/units/b/junit.xml", "<testsuite><testcase name='one'><failure message='no'/></testcase>"
				      "</testsuite>");
	put("asan/units/c/junit.xml", "<testsuite><testcase name='one'/></testsuite>");
	read_folder(&r);
	xmlDocPtr doc = page(&r);
	assert_page(doc, "string(//h1)",
		    "1 defect and 1 failed test, and the run is not whole: 1 missing result");
	assert_page(doc, "string(//header/@class)", "gap");
	assert_page(doc, "string(//section[@class='gaps']//code)", "gone");
	assert_page(doc, "count(//*[@class='squares']/*)", "4");
	assert_page(doc, "count(//*[@class='squares']/a)", "3");
	assert_page(doc, "concat('#', //article[@class='card f']/@id) = //a[@class='s-find']/@href", "true");
	assert_page(doc, "concat('#', //article[@class='failed f']/@id) = //a[@class='s-fail']/@href",
		    "true");
	assert_page(doc, "string(//a[@class='s-gone']/@href)", "#gaps");
	assert_page(doc, "starts-with(//i[@class='s-pass']/@title, 'c: passed, 1 test')", "true");
	assert_page(doc, "string(//li[@class='top']/span)", "f");
	assert_page(doc, "string(//section[@class='tool']//i)", "src/a.c:3");
	xmlFreeDoc(doc);
	results_release(&r);
}

static void what_passed_when_run_again_is_no_failure(void **state)
{
	static const char failed[] = "<testsuite><testcase name='one'><failure message='no'/></testcase>"
				     "</testsuite>";
	struct results r;

	(void)state;
	put_run("\"a\", \"b\"");
	put_unit("a", "\"exit_code\": 1");
	put("asan/units/a/junit.xml", failed);
	put("asan/units/a/attempt-2/unit.json",
	    "{\"cell\": \"asan\", \"unit\": \"a\", \"seconds\": 1, \"exit_code\": 0, \"attempt\": 2}");
	put("asan/units/a/attempt-2/junit.xml", "<testsuite><testcase name='one'/></testsuite>");
	put_unit("b", "\"exit_code\": 0");
	put_asan("asan/units/b/asan.7", 7, "f");
	put("asan/units/b/attempt-2/unit.json",
	    "{\"cell\": \"asan\", \"unit\": \"b\", \"seconds\": 1, \"exit_code\": 0, \"attempt\": 2}");
	read_folder(&r);
	xmlDocPtr doc = page(&r);
	assert_page(doc, "string(//h1)", "Nothing new in 1 cell");
	assert_page(doc, "string(//header/@class)", "good");
	assert_page(doc, "count(//a[@class='s-flaky'])", "2");
	assert_page(doc, "count(//ol[@class='lead'])", "0");
	assert_page(doc, "string(//article[@class='failed f mild']/@id)", "again-a");
	assert_page(doc, "string(//article[@class='card f mild']/@data-status)", "|flaky|");
	assert_page(doc, "concat('#', //article[@class='card f mild']/@id) = "
			 "//a[@class='s-flaky'][2]/@href", "true");
	xmlFreeDoc(doc);
	results_release(&r);
}

static void nothing_at_all(void **state)
{
	struct results r = { 0 };

	(void)state;
	xmlDocPtr doc = page(&r);
	assert_page(doc, "string(//h1)", "No defect");
	assert_page(doc, "count(//article)", "0");
	xmlFreeDoc(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(a_long_value_is_cut),
		cmocka_unit_test(seconds_in_words),
		cmocka_unit_test_setup_teardown(a_page_is_well_formed_whatever_it_holds, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(it_tells_of_each_kind_of_end, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(what_passed_when_run_again_is_no_failure, folder_make,
						folder_remove),
		cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
