/* What apt says: its mirrors, and the versions in its indices. */
#include "matrix/apt.h"
#include "matrix/source_debian.h"
#include "matrix/tests/plan.h"

static const char showsrc[] =
	"Package: python3.13\nBinary: python3.13\nVersion: 3.13.15-1\nFiles:\n 0 1 x\n\n"
	"Package: python3.13\nVersion: 3.13.5-2+deb13u5\n\n"
	"Package: python3.13\nVersion: 3.13.15-1\n\n"
	"Package: python3.14\nVersion: 3.14.9-1\n\n"
	"Package: python3.14\nVersion: 3.14.10-1\n\n"
	"Package: python3.15\nVersion: 3.15.0~rc1-1\n\n"
	"Package: python3.11\nVersion: 1:3.11.2-6+deb12u8\n";

static void check(const char *version, const char *expected)
{
	struct source_wish wish = {
		.version = version, .newest_from = "3.13", .series_numbers = 2
	};
	struct candidates list = { 0 };
	struct buf b = { 0 };

	candidates_parse(&list, showsrc, &wish);
	for (size_t i = 0; i < list.n; i++)
		buf_addf(&b, "%s%s/%s", i ? " " : "", list.v[i].version, list.v[i].upstream);
	assert_string_equal(b.data ? b.data : "", expected);
	buf_release(&b);
	candidates_release(&list);
}

static void test_candidates(void **state)
{
	(void)state;
	check(NULL, "3.14.10-1/3.14.10 3.14.9-1/3.14.9 3.13.15-1/3.13.15 3.13.5-2+deb13u5/3.13.5");
	check("3.13", "3.13.15-1/3.13.15 3.13.5-2+deb13u5/3.13.5");
	check("3.13.5", "3.13.5-2+deb13u5/3.13.5");
	check("3.13.1", "");
	check("3.15", "3.15.0~rc1-1/3.15.0"); /* asked for by name, so a pre-release will do */
	check("3.11", "1:3.11.2-6+deb12u8/3.11.2");
	check("3.1", "");
}

static const char targets[] =
	"https://tools.example/apt|stable|stable|main|/nonexistent.list:1\n"
	"http://m.example/debian|bookworm|bookworm|contrib|/nonexistent.list:1\n"
	"http://m.example/debian-security|bookworm-security|bookworm-security|main|/nonexistent:2\n"
	"garbage\n"
	"http://m.example/debian|bookworm|oldstable|main|/nonexistent.list:3\n";

static void test_mirror(void **state)
{
	struct mirror m;

	(void)state;
	assert_int_equal(mirror_find(&m, targets, "bookworm"), 0);
	assert_string_equal(m.site, "http://m.example/debian");
	assert_string_equal(m.release, "oldstable");
	assert_null(m.signed_by);
	mirror_release(&m);
	assert_int_equal(mirror_find(&m, targets, "trixie"), -1);
	assert_int_equal(mirror_find(&m, "", "bookworm"), -1);
}

static void check_signed(const char *text, int deb822, int number, const char *expected)
{
	char *s = mirror_signed_by(text, deb822, number);

	if (expected)
		assert_string_equal(s, expected);
	else
		assert_null(s);
	free(s);
}

static void test_signed_by(void **state)
{
	static const char sources[] =
		"# comment\n\nTypes: deb\n# Signed-By: /no\nURIs: http://a\nSigned-By: /a.gpg\n\n\n"
		"Types: deb\nURIs: http://b\n\nTypes: deb\nsigned-by:\n BEGIN\n .\n END\nURIs: c\n";
	static const char list[] =
		"# signed-by=/no\ndeb [arch=amd64 signed-by=/k1.gpg,/k2.gpg] http://a x main\n"
		"deb http://signed-by=/b x main\n";

	(void)state;
	check_signed(sources, 1, 1, "/a.gpg");
	check_signed(sources, 1, 2, NULL);
	check_signed(sources, 1, 3, "\n BEGIN\n .\n END");
	check_signed(sources, 1, 4, NULL);
	check_signed(list, 0, 1, NULL);
	check_signed(list, 0, 2, "/k1.gpg /k2.gpg");
	check_signed(list, 0, 3, NULL);
	check_signed(list, 0, 9, NULL);
}

static void complaint(const char *text, const char *expected)
{
	struct buf b = { 0 };

	buf_addstr(&b, text);
	char *s = apt_complaint(&b);
	assert_string_equal(s, expected);
	free(s);
	buf_release(&b);
}

static void test_complaint(void **state)
{
	(void)state;
	complaint("Get:1 x\nErr:1 http://m 404\nW: later\nE: Failed to fetch\nDone\n",
		"E: Failed to fetch");
	complaint("W: one\nW: two\n", "W: two");
	complaint("", "no message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_mirror),
		cmocka_unit_test(test_signed_by),
		cmocka_unit_test(test_complaint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
