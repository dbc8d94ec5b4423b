/*
 * What a writer writes, in memory.
 */
#ifndef SM_REPORTS_TESTS_WRITTEN_H
#define SM_REPORTS_TESTS_WRITTEN_H

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "reports/tests/folder.h"

/* Owned by the caller. */
static inline char *written(const struct results *r, results_writer *writer, int flags)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(writer(r, f, flags, NULL), 0);
	fclose(f);
	return text;
}

/* What XPATH gives is EXPECTED, as a string. */
static inline void check_xml(const char *xml, const char *xpath, const char *expected)
{
	xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), "x", NULL, 0);

	assert_non_null(doc);
	xmlXPathContextPtr context = xmlXPathNewContext(doc);
	xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST xpath, context);
	assert_non_null(found);
	xmlChar *s = xmlXPathCastToString(found);
	if (strcmp((char *)s, expected) != 0)
		fail_msg("%s is '%s', not '%s', in\n%s", xpath, s, expected, xml);
	xmlFree(s);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

#endif
