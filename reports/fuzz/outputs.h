/*
 * What must be true of every output, whatever was read. Each function returns NULL, or what is wrong.
 */
#ifndef SM_REPORTS_FUZZ_OUTPUTS_H
#define SM_REPORTS_FUZZ_OUTPUTS_H

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "reports/fuzz/schema.h"
#include "reports/write_junit.h"

enum { MARKDOWN_MAX = 1024 * 1024 };

static inline xmlDoc *outputs_parse(const char *s, size_t len)
{
	int options = XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET | XML_PARSE_HUGE;

	return xmlReadMemory(s, (int)len, NULL, "UTF-8", options);
}

static inline const char *outputs_attribute(xmlNode *node, const char *name, char *to, size_t room)
{
	xmlChar *value = xmlGetProp(node, BAD_CAST name);

	snprintf(to, room, "%s", value ? (const char *)value : "");
	xmlFree(value);
	return to;
}

/* Are no two cases called the same? With PLAIN, what junit-10 does not know of is removed. */
static inline int outputs_unique(xmlNode *node, struct hashes *seen, int plain)
{
	char class[4096], name[4096], both[8200];

	for (; node; node = node->next) {
		if (!xmlStrcmp(node->name, BAD_CAST "testcase")) {
			int n = snprintf(both, sizeof both, "%s\n%s",
			                 outputs_attribute(node, "classname", class, sizeof class),
			                 outputs_attribute(node, "name", name, sizeof name));
			if (!*class || !*name || !hashes_add(seen, XXH3_64bits(both, (size_t)n)))
				return 0;
			if (plain) {
				xmlUnsetProp(node, BAD_CAST "file");
				xmlUnsetProp(node, BAD_CAST "line");
			}
		}
		if (!outputs_unique(node->children, seen, plain))
			return 0;
	}
	return 1;
}

static inline int outputs_valid(xmlSchema *schema, xmlDoc *doc)
{
	xmlSchemaValidCtxt *context = schema ? xmlSchemaNewValidCtxt(schema) : NULL;
	int rc = context ? xmlSchemaValidateDoc(context, doc) : 0;

	xmlSchemaFreeValidCtxt(context);
	return rc == 0;
}

/* ONE and TWO, schemas, may be NULL. */
static inline const char *outputs_junit(const char *s, size_t len, int plain, xmlSchema *one,
                                        xmlSchema *two)
{
	const char *wrong = NULL;
	struct hashes seen = { 0 };
	xmlDoc *doc = outputs_parse(s, len);

	if (!doc)
		return "JUnit: not well-formed";
	if (!outputs_unique(xmlDocGetRootElement(doc), &seen, plain))
		wrong = "JUnit: a test case without a name, or two of one name";
	else if (!outputs_valid(one, doc))
		wrong = "JUnit: not valid under junit-10";
	else if (!outputs_valid(two, doc))
		wrong = "JUnit: not valid under windyroad";
	free(seen.v);
	xmlFreeDoc(doc);
	return wrong;
}

/* SCHEMA may be NULL. */
static inline const char *outputs_json(const char *s, size_t len, const json_t *schema)
{
	json_t *value = json_loadb(s, len, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong = NULL;

	if (!json_is_object(value))
		wrong = "not JSON";
	else if (schema && !schema_fits(schema, schema, value))
		wrong = "not as its schema says";
	json_decref(value);
	return wrong;
}

static inline const char *outputs_sarif(const char *s, size_t len, const json_t *schema)
{
	json_t *value = json_loadb(s, len, JSON_REJECT_DUPLICATES, NULL), *result;
	json_t *run = json_array_get(json_object_get(value, "runs"), 0);
	json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
	const char *version = json_string_value(json_object_get(value, "version"));
	const char *wrong = outputs_json(s, len, schema);
	size_t i;

	if (!wrong && (!version || strcmp(version, "2.1.0") || !json_object_get(driver, "name")))
		wrong = "no version or driver";
	json_array_foreach(json_object_get(run, "results"), i, result) {
		json_t *index = json_object_get(result, "ruleIndex");
		json_t *rule = json_array_get(json_object_get(driver, "rules"),
		                              (size_t)json_integer_value(index));

		if (!json_object_get(json_object_get(result, "message"), "text"))
			wrong = "a result without a message";
		else if (!json_equal(json_object_get(rule, "id"), json_object_get(result, "ruleId")))
			wrong = "a result whose rule is another";
	}
	json_decref(value);
	return wrong;
}

/* Our own tags, and no other: all that a log says is escaped. Nothing is left open either. */
static inline const char *outputs_markdown(const char *s, size_t len)
{
	static const char *const tags[] = { "details", "summary", "b", "code", "pre" };
	enum { TAGS = sizeof tags / sizeof *tags };
	long open[TAGS] = { 0 };
	size_t i;

	if (len > MARKDOWN_MAX)
		return "Markdown: too long";
	if (!xmlCheckUTF8(BAD_CAST s) || strlen(s) != len)
		return "Markdown: not UTF-8";
	for (const char *p = s; (p = strchr(p, '<')); p++) {
		int ends = p[1] == '/';
		size_t n = strspn(p + 1 + ends, "abcdefghijklmnopqrstuvwxyz");

		for (i = 0; i < TAGS; i++)
			if (n == strlen(tags[i]) && !memcmp(p + 1 + ends, tags[i], n))
				break;
		if (i == TAGS || p[1 + ends + n] != '>')
			return "Markdown: a tag that is not ours";
		open[i] += ends ? -1 : 1;
		if (open[i] < 0 || open[i] > 1)
			return "Markdown: tags that do not match";
	}
	for (i = 0; i < TAGS; i++)
		if (open[i])
			return "Markdown: a tag without its end";
	return NULL;
}

static inline const char *outputs_page_node(xmlNode *node, int *scripts)
{
	static const char *const names =
		" html head meta title style body script header h1 h2 h3 h4 h5 p ul ol li dl dt dd div "
		"span a b i code pre main nav section article details summary form label input select "
		"option button output footer table thead tbody tr th td svg rect ";
	const char *wrong;
	char name[40], value[200];

	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		snprintf(name, sizeof name, " %s ", (const char *)node->name);
		*scripts += !strcmp(name, " script ");
		if (!strstr(names, name) || *scripts > 1)
			return "HTML: an element that is not ours";
		for (xmlAttr *a = node->properties; a; a = a->next) {
			outputs_attribute(node, (const char *)a->name, value, sizeof value);
			if (!strncmp((const char *)a->name, "on", 2) ||
			    (!strcmp((const char *)a->name, "href") && *value != '#' &&
			     strncmp(value, "https://", 8) != 0) ||
			    !strcmp((const char *)a->name, "src"))
				return "HTML: an attribute that does something";
		}
		if ((wrong = outputs_page_node(node->children, scripts)))
			return wrong;
	}
	return NULL;
}

/* The page is written so that it is XML, too. */
static inline const char *outputs_page(const char *s, size_t len)
{
	xmlDoc *doc = outputs_parse(s, len);
	int scripts = 0;
	const char *wrong = "HTML: not well-formed";

	if (doc)
		wrong = outputs_page_node(xmlDocGetRootElement(doc), &scripts);
	xmlFreeDoc(doc);
	return wrong;
}

#endif
