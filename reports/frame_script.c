/* Frames of an interpreter, as faulthandler writes them: File "/a.py", line 3 in f. */
#include <string.h>

#include "common/text.h"
#include "reports/frame.h"

/* '"FILE"' or '???' at S: what follows it, and where the name is; NULL if it is neither. */
static const char *take_file(const char *s, const char **file, size_t *len)
{
	const char *end = NULL;

	*file = NULL;
	*len = 0;
	if (text_after(s, "?\?\?, line "))
		return s + strlen("?\?\?");
	if (*s++ != '"')
		return NULL;
	for (const char *p = s; (p = strstr(p, "\", line ")); p++)
		end = p;
	if (!end)
		return NULL;
	*file = s;
	*len = (size_t)(end - s);
	return end + 1;
}

int frame_parse_script(struct arena *a, const char *text, struct frame *frame)
{
	const char *rest = text_after(text, "File "), *file, *function, *end;
	size_t len;

	if (!rest || !(rest = take_file(rest, &file, &len)))
		return -1;
	rest = text_after(rest, ", line ");
	int line = text_number(rest, &end);
	if (end == rest && text_after(rest, "?\?\?"))
		end += strlen("?\?\?");
	function = text_after(end, " in ");
	if (function ? !*function : *end)
		return -1;
	*frame = (struct frame){ .line = line, .function = arena_strdup(a, function) };
	if (file)
		frame->file = arena_strndup(a, file, len);
	return 0;
}
