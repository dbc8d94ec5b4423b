#include <stdlib.h>
#include <string.h>

#include "reports/clean.h"
#include "reports/json_text.h"

json_t *json_cleaned(const char *s, size_t max)
{
	struct buf b = { 0 };
	json_t *json;

	if (!s)
		return json_null();
	clean_text(&b, s, strlen(s), max);
	json = json_stringn_nocheck(b.data ? b.data : "", b.len);
	buf_release(&b);
	return json;
}

json_t *json_line(const char *s, size_t max)
{
	char *line = clean_line(s, max);
	json_t *json = json_string_nocheck(line);

	free(line);
	return json;
}

long json_number(const json_t *object, const char *name, long max)
{
	json_int_t n = json_integer_value(json_object_get(object, name));

	return n > 0 && n <= max ? (long)n : 0;
}

int json_element(FILE *f, size_t i, json_t *o)
{
	char *text = json_dumps(o, 0); /* json_dumpf() writes token by token */

	json_decref(o);
	if (!text)
		return -1;
	fputs(i ? ",\n  " : "\n  ", f);
	fputs(text, f);
	free(text);
	return 0;
}
