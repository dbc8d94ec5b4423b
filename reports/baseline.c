#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/mem.h"
#include "reports/baseline.h"

static cfg_opt_t entry_members[] = {
	CFG_STR("title", NULL, CFGF_NODEFAULT),
	CFG_STR("reason", NULL, CFGF_NODEFAULT),
	CFG_STR("expires", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("cells", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("seen-in", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t members[] = {
	CFG_SEC("finding", entry_members, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

/* "2026-01-31", and a day that there is. */
static int is_date(const char *s)
{
	struct tm day = { 0 }, same;
	char *end = strptime(s, "%Y-%m-%d", &day);

	if (!end || *end || strlen(s) != strlen("2026-01-31"))
		return 0;
	same = day;
	timegm(&same);
	return same.tm_mday == day.tm_mday && same.tm_mon == day.tm_mon;
}

/* "s1:" of this version, and 32 digits: an entry of other rules would never be found again. */
static int is_fingerprint(const char *s)
{
	return !strncmp(s, "s1:", 3) && strspn(s + 3, "0123456789abcdef") == 32 &&
	       (!s[35] || !strcmp(s + 35, "?"));
}

static int is_blank(const char *s)
{
	return !s || !s[strspn(s, " \t\n")];
}

static int read_entry(struct known *k, cfg_t *section, const char *today, struct err *e)
{
	k->fingerprint = cfg_title(section);
	k->title = conf_str(section, "title");
	k->reason = conf_str(section, "reason");
	k->expires = conf_str(section, "expires");
	conf_list(section, "cells", &k->cells);
	conf_list(section, "seen-in", &k->seen_in);
	k->section = section;
	if (!is_fingerprint(k->fingerprint))
		return conf_error(section, k->fingerprint, e,
				  "'%s' is no fingerprint of this version: these begin with s1:",
				  k->fingerprint);
	if (is_blank(k->reason))
		return conf_error(section, k->fingerprint, e, "the entry '%s' has no reason",
				  k->fingerprint);
	if (k->expires && !is_date(k->expires))
		return conf_error(section, k->expires, e, "'%s' is no date as 2027-01-31",
				  k->expires);
	for (size_t i = 0; i < k->seen_in.n; i++)
		if (!strchr(k->seen_in.v[i], '/'))
			return conf_error(section, k->seen_in.v[i], e, "'%s' is not CELL/UNIT",
					  k->seen_in.v[i]);
	k->expired = k->expires && strcmp(k->expires, today) < 0;
	return 0;
}

static int by_fingerprint(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->fingerprint,
		      ((const struct known *)b)->fingerprint);
}

struct baseline *baseline_read(const char *path, struct err *e)
{
	cfg_t *conf = conf_parse(path, members, e);
	char today[20];
	int rc = 0;

	if (!conf)
		return NULL;
	struct baseline *b = xcalloc(1, sizeof *b);
	b->file = xstrdup(path);
	b->conf = conf;
	b->n = cfg_size(conf, "finding");
	b->v = xcalloc(b->n + 1, sizeof *b->v);
	clock_format(time(NULL), today);
	today[strlen("2026-01-31")] = 0;
	for (size_t i = 0; i < b->n && !rc; i++)
		rc = read_entry(&b->v[i], cfg_getnsec(conf, "finding", (unsigned)i), today, e);
	if (rc) {
		baseline_free(b); /* entries after the wrong one were not read: nothing to sort */
		return NULL;
	}
	qsort(b->v, b->n, sizeof *b->v, by_fingerprint);
	return b;
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++) {
		strv_release(&b->v[i].cells);
		strv_release(&b->v[i].seen_in);
	}
	cfg_free(b->conf);
	free(b->file);
	free(b->v);
	free(b);
}

int baseline_line(const struct known *k)
{
	return conf_line(k->section, k->fingerprint);
}

struct known *baseline_find(const struct baseline *b, const char *fingerprint)
{
	struct known key = { .fingerprint = fingerprint };

	return b && b->n && fingerprint ? bsearch(&key, b->v, b->n, sizeof *b->v, by_fingerprint)
					: NULL;
}

/* In single quotes, where nothing is expanded. */
static void add_quoted(struct buf *b, const char *s)
{
	buf_addch(b, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			buf_addch(b, '\\');
		buf_addch(b, *s == '\n' ? ' ' : *s);
	}
	buf_addch(b, '\'');
}

static void add_member(struct buf *b, const char *name, const char *value)
{
	if (is_blank(value))
		return;
	buf_addf(b, "\t%s = ", name);
	add_quoted(b, value);
	buf_addch(b, '\n');
}

void baseline_format(struct buf *b, const char *fingerprint, const char *title, const char *reason,
		     const struct strv *seen_in)
{
	buf_addf(b, "\nfinding '%s' {\n", fingerprint);
	add_member(b, "title", title);
	add_member(b, "reason", reason);
	for (size_t i = 0; i < seen_in->n; i++) {
		buf_addstr(b, i ? ", " : "\tseen-in = {");
		add_quoted(b, seen_in->v[i]);
	}
	buf_addstr(b, seen_in->n ? "}\n}\n" : "}\n");
}
