/*
 * The debug allocator's dump of a block whose pads or whose owner are not what they were.
 *
 *   Debug memory block at address p=0x...: API 'o'
 *       16 bytes originally requested
 *       The 7 pad bytes at p-7 are ...
 *   Memory block allocated at (most recent call first):    with tracemalloc
 *   Fatal Python error: FUNCTION: bad trailing pad byte    or a signal: the dump may crash
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

/* Written over a block that was freed, its owner too. */
enum { DEADBYTE = 0xdd };

static int opens(struct cpython *c, const struct line *line)
{
	const char *at = text_after(line->s, "Debug memory block at address p=");

	if (!at)
		return 0;
	cpython_open(
	        c, &cpython_alloc, "debug-allocator", line, "the debug allocator's check failed");
	c->prelude = PRELUDE_DUMP;
	c->r.f->access.address = hex_dup(c->r.f, at);
	const char *api = text_after_any(at, "API '");
	c->api = api ? (unsigned char)*api : 0;
	return 1;
}

void cpython_alloc_end(struct cpython *c, const char *text)
{
	const char *colon = strstr(text, ": "), *reason = text;
	char *where = NULL, *message;

	if (colon && !memchr(text, ' ', (size_t)(colon - text))) {
		where = xasprintf(" (%.*s)", (int)(colon - text), text);
		reason = colon + 2;
	}
	if (!c->r.f->access.address) /* a null pointer was given */
		message = xasprintf("%s%s", reason, where ? where : "");
	else if (c->api == DEADBYTE)
		message = xasprintf("block was freed before%s", where ? where : "");
	else if (!c->api || !strchr("rmo", c->api))
		message = xasprintf("block was not allocated here%s", where ? where : "");
	else
		message = xasprintf("%s%s", reason, where ? where : "");
	report_message(&c->r, message);
	free(message);
	free(where);
}

const struct cpython_part cpython_alloc = { opens, cpython_fatal_goes_on };
