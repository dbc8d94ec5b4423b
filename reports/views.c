#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/reports.h"

int results_write_file(const struct results *r, const char *path, results_writer *writer, int flags,
		       struct err *e)
{
	char *temporary;
	FILE *f;
	int rc;

	if (!strcmp(path, "-"))
		return writer(r, stdout, flags, e);
	temporary = xasprintf("%s.%ld.new", path, (long)getpid());
	f = fopen(temporary, "we");
	if (!f) {
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot create '%s':", path);
		free(temporary);
		return rc;
	}
	rc = writer(r, f, flags, e);
	if (fclose(f) && !rc)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot write '%s':", path);
	if (!rc && rename(temporary, path) < 0)
		rc = err_set(e, EXIT_INFRASTRUCTURE, "cannot rename '%s' to '%s':", temporary,
			     path);
	if (rc)
		unlink(temporary);
	free(temporary);
	return rc;
}

int results_write_views(const struct results *r, const char *dir, struct err *e)
{
	char *junit = xasprintf("%s/junit.xml", dir), *json = xasprintf("%s/findings.json", dir);
	int rc = dir_make(dir, e);

	if (!rc)
		rc = results_write_file(r, junit, write_junit, 0, e);
	if (!rc)
		rc = results_write_file(r, json, write_json, 0, e);
	free(junit);
	free(json);
	return rc;
}
