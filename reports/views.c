#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/reports.h"

const struct view_kind view_kinds[VIEW_COUNT] = {
	[VIEW_JUNIT] = { "junit", "junit.xml", write_junit },
	[VIEW_JSON] = { "json", "findings.json", write_json },
	[VIEW_SARIF] = { "sarif", "findings.sarif", write_sarif },
	[VIEW_HTML] = { "html", "report.html", write_html },
	[VIEW_MARKDOWN] = { "markdown", "summary.md", write_markdown },
};

int results_write_file(const struct results *r, const char *path, results_writer *writer, int flags,
		       struct err *e)
{
	char *temporary;

	if (!strcmp(path, "-"))
		return writer(r, stdout, flags, e);
	FILE *f = file_begin(path, &temporary, e);
	return f ? file_end(f, temporary, path, writer(r, f, flags, e), e) : -1;
}

int results_write_views(const struct results *r, const char *dir, int flags, struct err *e)
{
	int rc = dir_make(dir, e);

	for (int i = 0; i < VIEW_COUNT && !rc; i++) {
		char *path = xasprintf("%s/%s", dir, view_kinds[i].file);
		rc = results_write_file(r, path, view_kinds[i].writer, i == VIEW_JUNIT ? flags : 0, e);
		free(path);
	}
	return rc;
}
