#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/conf.h"
#include "matrix/toolchain.h"

static cfg_opt_t compiler_options[] = {
	CFG_STR("path", NULL, CFGF_NODEFAULT),
	CFG_STR("family", NULL, CFGF_NODEFAULT),
	CFG_STR("version", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("sanitizers", NULL, CFGF_NODEFAULT),
	CFG_BOOL("valgrind", cfg_false, CFGF_NONE),
	CFG_STR_LIST("valgrind-flags", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t tool_options[] = {
	CFG_STR("path", NULL, CFGF_NODEFAULT),
	CFG_STR("version", NULL, CFGF_NODEFAULT),
	CFG_BOOL("fifo", cfg_false, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t missing_options[] = {
	CFG_STR("reason", NULL, CFGF_NODEFAULT),
	CFG_STR("package", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_SEC("compiler", compiler_options, CONF_NAMED),
	CFG_SEC("valgrind", tool_options, CFGF_NONE),
	CFG_SEC("make", tool_options, CFGF_NONE),
	CFG_STR("ccache", NULL, CFGF_NODEFAULT),
	CFG_STR("symbolizer", NULL, CFGF_NODEFAULT),
	CFG_STR("runtime", NULL, CFGF_NODEFAULT),
	CFG_STR("runtime-src", NULL, CFGF_NODEFAULT),
	CFG_SEC("missing", missing_options, CONF_NAMED),
	CFG_END(),
};

/* A copy of a member; an empty text means as much as none. */
static char *text(cfg_t *section, const char *name)
{
	const char *s = conf_str(section, name);

	return s && *s ? xstrdup(s) : NULL;
}

static int read_compiler(struct compiler *c, cfg_t *section, struct err *e)
{
	c->name = xstrdup(cfg_title(section));
	c->path = text(section, "path");
	c->family = text(section, "family");
	c->version = text(section, "version");
	conf_list(section, "sanitizers", &c->sanitizers);
	c->valgrind = cfg_getbool(section, "valgrind") == cfg_true;
	conf_list(section, "valgrind-flags", &c->valgrind_flags);
	if (!c->path || !c->family)
		return conf_error(section, c->name, e, "compiler '%s' needs a path and a family",
			c->name);
	if (!c->version)
		c->version = xstrdup("unknown");
	return 0;
}

static int read_all(struct toolchain *t, cfg_t *cfg, struct err *e)
{
	unsigned n = cfg_size(cfg, "compiler");
	cfg_t *valgrind = cfg_getsec(cfg, "valgrind"), *make = cfg_getsec(cfg, "make");

	t->compilers = xcalloc(n, sizeof *t->compilers);
	for (unsigned i = 0; i < n; i++) {
		t->compiler_count++;
		if (read_compiler(&t->compilers[i], cfg_getnsec(cfg, "compiler", i), e) < 0)
			return -1;
	}
	t->valgrind = text(valgrind, "path");
	t->valgrind_version = text(valgrind, "version");
	t->make = text(make, "path");
	t->make_version = text(make, "version");
	t->make_fifo = cfg_getbool(make, "fifo") == cfg_true;
	t->ccache = text(cfg, "ccache");
	t->symbolizer = text(cfg, "symbolizer");
	t->runtime = text(cfg, "runtime");
	t->runtime_src = text(cfg, "runtime-src");
	t->missing_count = cfg_size(cfg, "missing");
	t->missing = xcalloc(t->missing_count, sizeof *t->missing);
	for (unsigned i = 0; i < t->missing_count; i++) {
		cfg_t *section = cfg_getnsec(cfg, "missing", i);
		t->missing[i].what = xstrdup(cfg_title(section));
		t->missing[i].reason = text(section, "reason");
		t->missing[i].package = text(section, "package");
	}
	return 0;
}

int toolchain_load(struct toolchain *t, const char *path, struct err *e)
{
	*t = (struct toolchain){ 0 };
	if (!path || !path_exists(path))
		return err_set(e, EXIT_USAGE,
			"this tree is not configured: no '%s'; run ./configure first",
			path ? path : "toolchain.conf");
	cfg_t *cfg = conf_parse(path, options, e);
	if (!cfg)
		return -1;
	int rc = read_all(t, cfg, e);
	cfg_free(cfg);
	if (rc < 0)
		toolchain_release(t);
	return rc;
}

static void compiler_release(struct compiler *c)
{
	free(c->name);
	free(c->path);
	free(c->family);
	free(c->version);
	strv_release(&c->sanitizers);
	strv_release(&c->valgrind_flags);
}

void toolchain_release(struct toolchain *t)
{
	for (size_t i = 0; i < t->compiler_count; i++)
		compiler_release(&t->compilers[i]);
	for (size_t i = 0; i < t->missing_count; i++) {
		free(t->missing[i].what);
		free(t->missing[i].reason);
		free(t->missing[i].package);
	}
	free(t->compilers);
	free(t->missing);
	free(t->valgrind);
	free(t->valgrind_version);
	free(t->make);
	free(t->make_version);
	free(t->ccache);
	free(t->symbolizer);
	free(t->runtime);
	free(t->runtime_src);
	*t = (struct toolchain){ 0 };
}

const struct missing *toolchain_missing(const struct toolchain *t, const char *what)
{
	for (size_t i = 0; i < t->missing_count; i++)
		if (strcmp(t->missing[i].what, what) == 0)
			return &t->missing[i];
	return NULL;
}
