#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "config.h"
#include "matrix/runtime.h"

/* The folder that this program is in, or NULL. Owned. */
static char *own_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return NULL;
	exe[n] = 0;
	*strrchr(exe, '/') = 0;
	return xstrdup(exe);
}

/* "share/sanmatrix" beside the "bin" that we run from: an installation may have been moved. */
static char *beside(const char *subfolder, const char *file)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return NULL;
	exe[n] = 0;
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(exe, '/');
		if (!slash)
			return NULL;
		*slash = 0;
	}
	char *folder = xasprintf("%s/%s/sanmatrix", exe, subfolder);
	char *probe = xasprintf("%s/%s", folder, file);
	if (!path_exists(probe)) {
		free(folder);
		folder = NULL;
	}
	free(probe);
	return folder;
}

static void add_dirs(struct strv *dirs, const char *variable, const char *data, const char *name)
{
	const char *extra = getenv(variable);
	struct strv folders = { 0 };

	strv_split(&folders, extra ? extra : "", ":");
	for (size_t i = 0; i < folders.n; i++)
		strv_own(dirs, path_absolute(folders.v[i]));
	strv_release(&folders);
	strv_pushf(dirs, "%s/%s", data, name);
}

/* Installed, or else the source tree that configure was run for. */
static int find_data(struct places *p, struct err *e)
{
	const char *toolchain = getenv("SANMATRIX_TOOLCHAIN");

	p->data = beside("share", "cells");
	char *lib = p->data ? beside("lib", "toolchain.conf") : NULL;
	if (!p->data && path_exists(SM_SRCDIR "/matrix/cells")) {
		p->data = xstrdup(SM_SRCDIR "/matrix");
		p->suppressions = xstrdup(SM_SRCDIR "/suppressions");
		char *own = own_folder();
		p->shim = xasprintf("%s/shim", own ? own : SM_BUILDDIR "/build");
		free(own);
		p->toolchain = xstrdup(SM_BUILDDIR "/toolchain.conf");
	} else {
		p->data = p->data ? p->data : xstrdup(SM_DATADIR);
		p->suppressions = xasprintf("%s/suppressions", p->data);
		p->shim = xasprintf("%s/shim", lib ? lib : SM_LIBDIR);
		p->toolchain = xasprintf("%s/toolchain.conf", lib ? lib : SM_LIBDIR);
	}
	free(lib);
	if (toolchain && *toolchain) {
		free(p->toolchain);
		p->toolchain = path_absolute(toolchain);
	}
	if (!path_exists(p->data))
		return err_set(e, EXIT_USAGE, "cannot find the cells: no folder '%s'", p->data);
	return 0;
}

int places_find(struct places *p, struct err *e)
{
	*p = (struct places){ 0 };
	p->cache = cache_dir();
	if (find_data(p, e) < 0 || dir_make(p->cache, e) < 0) {
		places_release(p);
		return -1;
	}
	p->controls = xasprintf("%s/controls", p->data);
	add_dirs(&p->cell_dirs, "SANMATRIX_CELLS", p->data, "cells");
	add_dirs(&p->runtime_dirs, "SANMATRIX_RUNTIMES", p->data, "runtimes");
	return 0;
}

void places_release(struct places *p)
{
	free(p->data);
	free(p->controls);
	free(p->suppressions);
	free(p->shim);
	free(p->toolchain);
	free(p->cache);
	strv_release(&p->cell_dirs);
	strv_release(&p->runtime_dirs);
	*p = (struct places){ 0 };
}

char *places_file(const struct strv *dirs, const char *name)
{
	for (size_t i = 0; i < dirs->n; i++) {
		char *path = xasprintf("%s/%s.conf", dirs->v[i], name);
		if (path_exists(path))
			return path;
		free(path);
	}
	return NULL;
}
