#include "matrix/plan.h"

static int open_runtime(struct plan *p, const char *spec, const char *src, int with_source,
	struct err *e)
{
	if (with_source)
		return runtime_open(&p->runtime, spec, src, &p->places, e);
	/* A source that is here tells the version; one that is not is no reason to fail. */
	if (src && *src && runtime_open(&p->runtime, spec, src, &p->places, NULL) == 0)
		return 0;
	return runtime_open_file(&p->runtime, spec, &p->places, e);
}

int plan_open(struct plan *p, const char *spec, const char *src, int with_source, struct err *e)
{
	*p = (struct plan){ 0 };
	if (places_find(&p->places, e) < 0)
		return -1;
	int rc = toolchain_load(&p->tools, p->places.toolchain, e);
	/* A source that configure was told belongs to the runtime that it was told. */
	if (rc == 0 && !src && !spec)
		src = p->tools.runtime_src;
	spec = spec ? spec : p->tools.runtime;
	if (rc == 0)
		rc = open_runtime(p, spec, src, with_source, e);
	if (rc < 0)
		plan_close(p);
	return rc;
}

void plan_close(struct plan *p)
{
	runtime_release(&p->runtime);
	toolchain_release(&p->tools);
	places_release(&p->places);
}

int plan_fail(const struct err *e)
{
	warn("%s", e->msg);
	return e->code ? (int)e->code : EXIT_INFRASTRUCTURE;
}
