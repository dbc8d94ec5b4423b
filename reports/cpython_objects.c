/*
 * PYTHONDUMPREFS, of a --with-trace-refs build: all objects that are alive when the interpreter
 * ends, then, when it has cleared all it can, the addresses of those that are left.
 *
 *   Remaining objects:
 *   0x7f394bcacc70 [2] REPR
 *   Remaining object addresses:
 *   0x7f394bcacc70 [1] TYPE
 *
 * There are thousands: they become one note, with the types there are most of.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/cpython.h"

enum {
	TYPES_MAX = 512,
	TYPES_SHOWN = 12,
	FOREIGN_MAX = 1000, /* so many lines in a row that are no object may be the text of one */
};

struct alive {
	char *type;
	size_t count;
};

enum dumping { DUMPING_NONE, DUMPING_OBJECTS, DUMPING_ADDRESSES };

struct cpython_objects {
	enum dumping dumping;
	int foreign; /* lines in a row that are no object */
	long line;
	size_t objects, addresses, type_count;
	struct alive types[TYPES_MAX];
};

static int by_count(const void *a, const void *b)
{
	const struct alive *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->type, y->type);
}

/* One process's lists are over. */
static void end_dump(struct cpython *c)
{
	struct cpython_objects *st = c->objects;
	struct buf text = { 0 };

	if (!st || st->dumping == DUMPING_NONE)
		return;
	st->dumping = DUMPING_NONE;
	scanner_hold(c->s, -1);
	if (st->type_count)
		qsort(st->types, st->type_count, sizeof *st->types, by_count);
	if (st->objects + st->addresses) {
		buf_addf(&text, "%zu objects alive at the end, %zu after all was cleared",
		        st->objects, st->addresses);
		for (size_t i = 0; i < st->type_count && i < TYPES_SHOWN; i++)
			buf_addf(&text, "%s %zu %s", i ? "," : ":", st->types[i].count,
			        st->types[i].type);
		cpython_emit_text(c, "dumprefs", st->line, &text);
	}
	for (size_t i = 0; i < st->type_count; i++)
		free(st->types[i].type);
	st->objects = st->addresses = st->type_count = 0;
}

static int opens(struct cpython *c, const struct line *line)
{
	int objects = !strcmp(line->s, "Remaining objects:");

	if (!objects && strcmp(line->s, "Remaining object addresses:") != 0)
		return 0;
	if (!c->objects)
		c->objects = xcalloc(1, sizeof *c->objects);
	if (objects || c->objects->dumping != DUMPING_OBJECTS) {
		end_dump(c);
		c->objects->line = line->number;
		scanner_hold(c->s, 1);
	}
	c->objects->foreign = 0;
	c->objects->dumping = objects ? DUMPING_OBJECTS : DUMPING_ADDRESSES;
	return 1;
}

static void count_type(struct cpython_objects *st, const char *type)
{
	size_t len = strnlen(type, 100);

	for (size_t i = 0; i < st->type_count; i++) {
		if (!strncmp(st->types[i].type, type, len) && !st->types[i].type[len]) {
			st->types[i].count++;
			return;
		}
	}
	if (st->type_count == TYPES_MAX)
		return;
	st->types[st->type_count].type = xstrndup(type, len);
	st->types[st->type_count++].count = 1;
}

/* "0x7f... [2] REPR", and with addresses alone the type's name: where that begins, or NULL */
static const char *object_text(const char *s)
{
	const char *p = text_after(s, "0x");

	while (p && isxdigit((unsigned char)*p))
		p++;
	p = p ? text_after(p, " [") : NULL;
	if (!p)
		return NULL;
	p += *p == '-';
	while (isdigit((unsigned char)*p))
		p++;
	return text_after(p, "] ");
}

static int take_object(struct cpython *c, const char *s)
{
	struct cpython_objects *st = c->objects;
	const char *text = st->dumping == DUMPING_NONE ? NULL : object_text(s);

	if (!text) {
		if (st->dumping == DUMPING_ADDRESSES || ++st->foreign > FOREIGN_MAX)
			end_dump(c);
		return 0;
	}
	st->foreign = 0;
	if (st->dumping == DUMPING_OBJECTS) {
		st->objects++;
	} else {
		st->addresses++;
		count_type(st, text);
	}
	return 1;
}

static int goes_on(struct cpython *c, const struct line *line)
{
	return c->objects && take_object(c, line->s);
}

void cpython_objects_finish(struct cpython *c)
{
	if (c->objects)
		end_dump(c);
	free(c->objects);
	c->objects = NULL;
}

const struct cpython_part cpython_dumprefs = { opens, goes_on };
