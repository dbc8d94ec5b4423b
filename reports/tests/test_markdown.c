/*
 * The Markdown summary: what it says, what stays text, and its bound.
 */
#include "reports/tests/written.h"

static void it_says_the_important_first(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\", \"test_b\"");
	put_unit("test_a", "\"exit_code\": 1");
	put_asan("asan/units/test_a/asan.1", 1, "f");
	read_folder(&r);
	char *text = written(&r, write_markdown, 0);
	static const char *const order[] = {
		"## sanmatrix: incomplete: 1 new finding",
		"| <code>asan</code> | ready |",
		"### 1 defect",
		"<b>heap-use-after-free</b> in <code>f (src/a.c&#58;3)</code>; asan; 1 time",
		"<pre>==1==ERROR: AddressSanitizer",
		"What to look at first",
		"sanmatrix run --runtime rt-1 --cell asan --unit=test_a",
		"### Failed tests",
		"test&#95;b",
	};
	const char *at = text;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		at = strstr(at, order[i]);
		if (!at) {
			fail_msg("no '%s' there:\n%s", order[i], text);
			return;
		}
	}
	free(text);
	results_release(&r);
}

/* Whatever a log says is neither an element, nor a link, nor a column, nor the end of its block. */
static void hostile_text_stays_text(void **state)
{
	(void)state;
	struct results r;

	put_run("\"test_a\"");
	put_unit("test_a", "\"exit_code\": 1");
	put("asan/units/test_a/junit.xml",
	    "<testsuite><testcase classname='c|d' name='[x](http://evil) www.evil.org *b* @all'>"
	    "<failure message='&lt;img src=x> | a :smile: $x$'>t</failure></testcase></testsuite>");
	put_asan("asan/units/test_a/asan.1", 1, "f</pre><script>alert(1)</script>`|*x*");
	read_folder(&r);
	char *text = written(&r, write_markdown, 0);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "](http://evil"));
	assert_null(strstr(text, "www."));
	assert_null(strstr(text, "c|d"));
	assert_null(strstr(text, "@all"));
	assert_null(strstr(text, ":smile:"));
	assert_non_null(strstr(text, "f&lt;/pre&gt;&lt;script&gt;"));
	free(text);
	results_release(&r);
}

static void it_is_bounded_and_says_what_was_left_out(void **state)
{
	(void)state;
	struct results r;
	struct buf b = { 0 }, xml = { 0 };

	for (int i = 0; i < 1500; i++) {
		char *name = xasprintf("function%d", i);
		buf_addf(&b, ASAN_REPORT, i + 1, name, name, i + 1);
		free(name);
	}
	buf_addstr(&xml, "<testsuite>");
	for (int i = 0; i < 5000; i++)
		buf_addf(&xml, "<testcase classname='c' name='n%d'><failure message='%0200d'/></testcase>",
			 i, i);
	buf_addstr(&xml, "</testsuite>");
	put_run("\"test_a\", \"test_gone\"");
	put_unit("test_a", "\"exit_code\": 1");
	put("asan/units/test_a/junit.xml", xml.data);
	put("asan/units/test_a/asan.1", b.data);
	read_folder(&r);
	char *text = written(&r, write_markdown, 0);
	assert_true(strlen(text) <= 1000000);
	assert_non_null(strstr(text, "more defects did not fit here"));
	assert_non_null(strstr(text, "more failed tests did not fit here"));
	buf_release(&b);
	buf_release(&xml);
	free(text);
	results_release(&r);
}

static void what_is_missing_is_there(void **state)
{
	(void)state;
	struct results r;

	put_run("");
	put("run.json", "{\"runtime\": \"rt-1\", \"cells\": [{\"name\": \"tsan\", \"requested\": true, "
			"\"units\": [\"test_a\"]}]}");
	read_folder(&r);
	char *text = written(&r, write_markdown, 0);
	assert_non_null(strstr(text, "### Missing, broken, or not read\n\n* <code>tsan</code>"));
	free(text);
	results_release(&r);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		CASE(it_says_the_important_first),
		CASE(hostile_text_stays_text),
		CASE(it_is_bounded_and_says_what_was_left_out),
		CASE(what_is_missing_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
