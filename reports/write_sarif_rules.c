#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/clean.h"
#include "reports/guide.h"
#include "reports/kinds.h"
#include "reports/json_text.h"
#include "reports/write_sarif.h"

enum { ID_MAX_BYTES = 200 };

/* One word of a tool can mean several things: Memcheck's InvalidRead is of freed memory, or beyond. */
static char *rule_id(const struct finding *f)
{
	char *whole = xasprintf("%s/%s", f->category, f->kind), *id = clean_line(whole, ID_MAX_BYTES);

	free(whole);
	return id;
}

size_t sarif_rule_of(struct sarif_rules *rules, const struct finding *f)
{
	char *id = rule_id(f);

	for (size_t i = 0; i < rules->n; i++)
		if (!strcmp(rules->v[i].id, id)) {
			free(id);
			return i;
		}
	rules->v = xrealloc(rules->v, (rules->n + 1) * sizeof *rules->v);
	rules->v[rules->n] = (struct sarif_rule){ id, f };
	return rules->n++;
}

void sarif_rule_drop(struct sarif_rules *rules)
{
	free(rules->v[--rules->n].id);
}

void sarif_rules_release(struct sarif_rules *rules)
{
	while (rules->n)
		sarif_rule_drop(rules);
	free(rules->v);
	rules->v = NULL;
}

/* Names as __eq__ would be bold. */
static void add_markdown(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (strchr("_*[]<`\\", *s))
			buf_addch(b, '\\');
		buf_addch(b, *s);
	}
}

static json_t *help(const struct guide *g, const char *hint)
{
	struct buf text = { 0 }, markdown = { 0 };

	buf_addf(&text, "%s\n\n%s%s", g->meaning, hint ? hint : "", hint ? "\n\n" : "");
	add_markdown(&markdown, text.data);
	buf_addstr(&text, "What to look at first:\n");
	buf_addstr(&markdown, "What to look at first:\n\n");
	for (size_t i = 0; g->first[i]; i++) {
		buf_addf(&text, "%zu. %s\n", i + 1, g->first[i]);
		buf_addf(&markdown, "%zu. ", i + 1);
		add_markdown(&markdown, g->first[i]);
		buf_addch(&markdown, '\n');
	}
	json_t *o = json_pack("{s:s, s:s}", "text", text.data, "markdown", markdown.data);
	buf_release(&text);
	buf_release(&markdown);
	return o;
}

static json_t *tags(const struct finding *f)
{
	json_t *list = json_array();
	int cwe = category_cwe(f->category);

	json_array_append_new(list, json_string(f->category));
	if (f->cwe)
		json_array_append_new(list, json_sprintf("external/cwe/cwe-%03d", f->cwe));
	if (cwe && cwe != f->cwe)
		json_array_append_new(list, json_sprintf("external/cwe/cwe-%03d", cwe));
	return list;
}

json_t *sarif_rule(const struct sarif_rule *rule)
{
	const struct finding *f = rule->f;
	const struct guide *g = guide_find(f->category);
	json_t *o = json_object();
	char *kind = clean_line(f->kind, ID_MAX_BYTES), *title = xasprintf("%s: %s", g->title, kind);

	json_object_set_new(o, "id", json_line(rule->id, ID_MAX_BYTES));
	json_object_set_new(o, "name", json_line(kind, ID_MAX_BYTES));
	json_object_set_new(o, "shortDescription", sarif_message(title));
	json_object_set_new(o, "fullDescription", sarif_message(g->meaning));
	json_object_set_new(o, "help", help(g, guide_hint(f->tool, f->kind)));
	if (g->url)
		json_object_set_new(o, "helpUri", json_string(g->url));
	json_object_set_new(o, "defaultConfiguration", json_pack("{s:s}", "level", f->severity));
	json_object_set_new(o, "properties",
			    json_pack("{s:o, s:s, s:s}", "tags", tags(f), "precision", "very-high",
				      "problem.severity",
				      strcmp(f->severity, "note") ? f->severity : "recommendation"));
	free(kind);
	free(title);
	return o;
}
