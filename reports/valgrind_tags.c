#include <string.h>

#include "reports/valgrind_tags.h"

#define TAG(text, end, kind)                                                                       \
	{                                                                                          \
		text, sizeof(text) - 1, end, kind                                                  \
	}

static const struct tag tags[] = {
	TAG("<error>", "</error>", TAG_ERROR),
	TAG("<fatal_signal>", "</fatal_signal>", TAG_ERROR),
	TAG("<announcethread>", "</announcethread>", TAG_THREAD),
	TAG("<errorcounts>", "</errorcounts>", TAG_COUNTS),
	TAG("<suppcounts>", "</suppcounts>", TAG_PASSED),
	TAG("<clientmsg>", "</clientmsg>", TAG_PASSED),
	TAG("<trace>", "</trace>", TAG_PASSED),
	TAG("<preamble>", "</preamble>", TAG_PASSED),
	TAG("<args>", "</args>", TAG_PASSED),
	TAG("<status>", "</status>", TAG_PASSED),
	TAG("<usercomment>", "</usercomment>", TAG_PASSED),
	TAG("<?xml", NULL, TAG_XML),
	TAG("<valgrindoutput", NULL, TAG_DOCUMENT),
	TAG("</valgrindoutput>", NULL, TAG_END),
	TAG("<pid>", NULL, TAG_PID),
	TAG("<protocoltool>", NULL, TAG_TOOL),
	TAG("<tool>", NULL, TAG_TOOL),
	TAG("<stack>", NULL, TAG_INNER),
	TAG("<frame>", NULL, TAG_INNER),
	TAG("<ip>", NULL, TAG_INNER),
	TAG("<fn>", NULL, TAG_INNER),
	TAG("<kind>", NULL, TAG_INNER),
	TAG("<what>", NULL, TAG_INNER),
	TAG("<auxwhat>", NULL, TAG_INNER),
	TAG("<xwhat>", NULL, TAG_INNER),
	TAG("</error>", NULL, TAG_INNER),
	TAG("</stack>", NULL, TAG_INNER),
	TAG("</frame>", NULL, TAG_INNER),
};

enum { TAGS = sizeof tags / sizeof *tags };

const struct tag *tag_at(struct span s)
{
	for (size_t i = 0; i < TAGS && s.len > 1; i++)
		if (tags[i].text[1] == s.s[1] && s.len >= tags[i].len &&
		        !memcmp(s.s, tags[i].text, tags[i].len))
			return &tags[i];
	return NULL;
}

const struct tag *tag_find(struct span s, const char **at)
{
	const char *end = s.s + s.len, *p = s.s;

	for (; (p = memchr(p, '<', (size_t)(end - p))); p++) {
		const struct tag *tag = tag_at((struct span){ p, (size_t)(end - p) });
		if (tag) {
			*at = p;
			return tag;
		}
	}
	return NULL;
}

/* S begins with A and B after its '<'. */
static int begins(struct span s, char a, char b)
{
	return s.s[1] == a && s.s[2] == b;
}

int tag_cuts(struct span s)
{
	/* nearly all lines are parts of stacks: they are told by their first letters */
	if (s.len < 5 || s.s[1] == 'i' || s.s[1] == 'o' || s.s[1] == 'l' || s.s[1] == 'd' ||
	        begins(s, 'f', 'n') || begins(s, 'f', 'r') || begins(s, 'f', 'i') ||
	        begins(s, '/', 'f') || begins(s, '/', 's') || !memcmp(s.s, "<stac", 5))
		return 0;
	const struct tag *tag = tag_at(s);
	return tag && (tag->end || tag->kind == TAG_XML || tag->kind == TAG_DOCUMENT ||
	                      tag->kind == TAG_END);
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct span span_trim(struct span s)
{
	while (s.len && is_blank(*s.s)) {
		s.s++;
		s.len--;
	}
	while (s.len && is_blank(s.s[s.len - 1]))
		s.len--;
	return s;
}

int span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.s, text, s.len);
}

/* Between the tags of these there is no text. */
static int holds_text(struct span tag)
{
	static const char *const never[] = { "<error>", "<stack>", "<frame>", "<xwhat>",
		"<xauxwhat>", "<suppression>", "<errorcounts>", "<pair>", "<announcethread>",
		"<fatal_signal>" };

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (span_is(tag, never[i]))
			return 0;
	return tag.len > 2 && tag.s[1] != '/' && tag.s[tag.len - 2] != '/';
}

int tag_goes_on(struct span text)
{
	const char *open = memrchr(text.s, '<', text.len);
	const char *close = memrchr(text.s, '>', text.len);

	if (!open || !close || close < open)
		return open != NULL;
	return holds_text((struct span){ open, (size_t)(close + 1 - open) });
}
