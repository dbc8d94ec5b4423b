#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/facts.h"

enum { LARGEST_OUTPUT = 1 << 20 };

static void add_difference(struct buf *wrong, const struct fact *f, const char *is)
{
	if (wrong->len)
		buf_addstr(wrong, "; ");
	if (is)
		buf_addf(wrong, "%s is '%s', the cell claims '%s'", f->name, is, f->value);
	else
		buf_addf(wrong, "%s is not said, the cell claims '%s'", f->name, f->value);
}

int facts_check(const struct fact *facts, size_t count, const char *dir, struct err *e)
{
	char *path = xasprintf("%s/output.txt", dir);
	struct buf text = { 0 }, wrong = { 0 };
	struct strv said = { 0 };
	int rc = file_read(path, &text, LARGEST_OUTPUT, e);

	if (rc == 0) {
		strv_split(&said, text.data ? text.data : "", "\n");
		for (size_t i = 0; i < count; i++) {
			const char *is = env_get(&said, facts[i].name);
			if (!is || strcmp(is, facts[i].value) != 0)
				add_difference(&wrong, &facts[i], is);
		}
		if (wrong.len)
			rc = err_set(e, EXIT_INFRASTRUCTURE, "not what it claims to be: %s", wrong.data);
	}
	strv_release(&said);
	buf_release(&wrong);
	buf_release(&text);
	free(path);
	return rc;
}
