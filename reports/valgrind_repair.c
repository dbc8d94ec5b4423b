#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "reports/clean.h"
#include "reports/valgrind_repair.h"

/* In the order of valgrind_element.c's enum, as far as that goes; then what it passes over. */
const char *const valgrind_names[] = {
	"ip",
	"obj",
	"fn",
	"dir",
	"file",
	"line",
	"frame",
	"stack",
	"unique",
	"tid",
	"kind",
	"what",
	"xwhat",
	"text",
	"auxwhat",
	"xauxwhat",
	"hthreadid",
	"error",
	"fatal_signal",
	"announcethread",
	"errorcounts",
	"pair",
	"count",
	"signo",
	"signame",
	"event",
	"siaddr",
	"suppression",
	"first_observed_at",
	"confl_wait_call",
	"acquired_at",
	"allocation_context",
	"other_segment_start",
	"other_segment_end",
	"address",
	/* passed over */
	"sicode",
	"threadname",
	"isrootthread",
	"leakedbytes",
	"leakedblocks",
	"sname",
	"skind",
	"skaux",
	"sframe",
	"fun",
	"rawtext",
	"fd",
	"path",
	"name",
	"threadid",
	NULL,
};

/* Does S, after '<' and maybe '/', begin with a name of ours, and then only blanks to a '>'? */
static int is_tag(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)s[n]) || s[n] == '_'))
		n++;
	size_t end = n;
	while (end < len && (isspace((unsigned char)s[end]) || s[end] == '/'))
		end++;
	if (!n || end == len || s[end] != '>')
		return 0;
	for (size_t i = 0; valgrind_names[i]; i++)
		if (strlen(valgrind_names[i]) == n && !memcmp(valgrind_names[i], s, n))
			return 1;
	return 0;
}

static int is_reference(const char *s, size_t len)
{
	static const char *const names[] = { "lt;", "gt;", "amp;", "quot;", "apos;" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (len >= strlen(names[i]) && !memcmp(s, names[i], strlen(names[i])))
			return 1;
	return 0;
}

/* The length of the CDATA section at S, 0 if there is none, or none that ends. */
static size_t cdata(const char *s, size_t len)
{
	static const char start[] = "<![CDATA[", stop[] = "]]>";

	if (len < strlen(start) || memcmp(s, start, strlen(start)) != 0)
		return 0;
	const char *end = memmem(s, len, stop, strlen(stop));
	return end ? (size_t)(end - s) + strlen(stop) : 0;
}

void valgrind_repair(struct buf *out, const char *xml, size_t len)
{
	struct buf clean = { 0 };

	clean_text(&clean, xml, len, 0);
	for (size_t i = 0; i < clean.len; i++) {
		const char *s = clean.data + i;
		size_t left = clean.len - i, section;

		if (*s == '<' && (section = cdata(s, left))) {
			buf_add(out, s, section);
			i += section - 1;
		} else if (*s == '<' && !is_tag(s + 1 + (left > 1 && s[1] == '/'),
		                                left - 1 - (left > 1 && s[1] == '/'))) {
			buf_addstr(out, "&lt;");
		} else if (*s == '&' && !is_reference(s + 1, left - 1)) {
			buf_addstr(out, "&amp;");
		} else {
			buf_addch(out, *s);
		}
	}
	buf_release(&clean);
}
