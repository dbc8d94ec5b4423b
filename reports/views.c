#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/reports.h"

int results_write_file(const struct results *r, const char *path, results_writer *writer, int flags,
		       struct err *e)
{
	char *temporary;

	if (!strcmp(path, "-"))
		return writer(r, stdout, flags, e);
	FILE *f = file_begin(path, &temporary, e);
	return f ? file_end(f, temporary, path, writer(r, f, flags, e), e) : -1;
}

int results_write_views(const struct results *r, const char *dir, struct err *e)
{
	char *junit = xasprintf("%s/junit.xml", dir), *json = xasprintf("%s/findings.json", dir);
	char *html = xasprintf("%s/report.html", dir);
	int rc = dir_make(dir, e);

	if (!rc)
		rc = results_write_file(r, junit, write_junit, 0, e);
	if (!rc)
		rc = results_write_file(r, json, write_json, 0, e);
	if (!rc)
		rc = results_write_file(r, html, write_html, 0, e);
	free(junit);
	free(json);
	free(html);
	return rc;
}
