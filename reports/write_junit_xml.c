#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "common/mem.h"
#include "reports/write_junit.h"

enum { NAME_MAX_BYTES = 500, VALUE_MAX_BYTES = 8192 };

static void hashes_grow(struct hashes *h)
{
	struct hashes old = *h;

	h->size = old.size ? old.size * 2 : 1024;
	h->v = xcalloc(h->size, sizeof *h->v);
	h->n = 0;
	for (size_t i = 0; i < old.size; i++)
		if (old.v[i])
			hashes_add(h, old.v[i]);
	free(old.v);
}

int hashes_add(struct hashes *h, uint64_t hash)
{
	if (h->n * 2 >= h->size)
		hashes_grow(h);
	hash += !hash;
	size_t i = hash & (h->size - 1);
	while (h->v[i] && h->v[i] != hash)
		i = (i + 1) & (h->size - 1);
	if (h->v[i])
		return 0;
	h->v[i] = hash;
	h->n++;
	return 1;
}

void junit_begin(struct junit *w, const char *element)
{
	xmlTextWriterStartElement(w->x, BAD_CAST element);
}

void junit_end(struct junit *w)
{
	xmlTextWriterEndElement(w->x);
}

void junit_attribute(struct junit *w, const char *name, const char *value)
{
	char *line = clean_line(value, VALUE_MAX_BYTES);

	xmlTextWriterWriteAttribute(w->x, BAD_CAST name, BAD_CAST line);
	free(line);
}

void junit_number(struct junit *w, const char *name, size_t value)
{
	xmlTextWriterWriteFormatAttribute(w->x, BAD_CAST name, "%zu", value);
}

void junit_seconds(struct junit *w, const char *name, double value)
{
	xmlTextWriterWriteFormatAttribute(w->x, BAD_CAST name, "%.3f", value);
}

void junit_text(struct junit *w, const char *s, size_t max)
{
	struct buf b = { 0 };

	if (!s || !*s)
		return;
	clean_text(&b, s, strlen(s), max);
	if (b.len)
		xmlTextWriterWriteString(w->x, BAD_CAST b.data);
	buf_release(&b);
}

/* NAME, with a number behind it if a case before had the same class and name. Owned. */
static char *unique_name(struct junit *w, const char *class, const char *name)
{
	char *line = clean_line(name, NAME_MAX_BYTES);
	char *unique = xstrdup(*line ? line : "(no name)");
	uint64_t seed = XXH3_64bits(class, strlen(class));

	for (int n = 2; !hashes_add(&w->names,
				    XXH3_64bits_withSeed(unique, strlen(unique), seed)); n++) {
		free(unique);
		unique = xasprintf("%s [%d]", *line ? line : "(no name)", n);
	}
	free(line);
	return unique;
}

void junit_begin_case(struct junit *w, const char *label, const char *class, const char *name,
		      double seconds)
{
	char *full = class && *class ? xasprintf("%s.%s", label, class) : xstrdup(label);
	char *line = clean_line(full, NAME_MAX_BYTES), *unique = unique_name(w, line, name);

	junit_begin(w, "testcase");
	junit_attribute(w, "classname", line);
	junit_attribute(w, "name", unique);
	junit_seconds(w, "time", seconds);
	free(full);
	free(line);
	free(unique);
}

void junit_skipped(struct junit *w, const char *message)
{
	junit_begin(w, "skipped");
	junit_attribute(w, "message", message ? message : "skipped");
	junit_end(w);
}

void junit_begin_bad(struct junit *w, const char *element, const char *type, const char *message)
{
	junit_begin(w, element);
	junit_attribute(w, "type", type);
	junit_attribute(w, "message", message ? message : "failed");
}
