/*
 * What cell files and runtime files have in common.
 */
#ifndef SM_MATRIX_CONF_H
#define SM_MATRIX_CONF_H

#include "common/conf.h"

/*
 * The members that say how something is built and run. The same in cell files, in their `runtime`
 * sections, in the `cell` sections of runtime files, and in every `when`.
 */
#define CONF_RECIPE_MEMBERS \
	CFG_STR_LIST("sanitizers", NULL, CFGF_NODEFAULT), \
	CFG_BOOL("valgrind", cfg_false, CFGF_NODEFAULT), \
	CFG_STR_LIST("compiler", NULL, CFGF_NODEFAULT), \
	CFG_STR("unavailable", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("configure", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("cflags", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("ldflags", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("build-env", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("env", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("wrapper", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("prepare", NULL, CFGF_NODEFAULT), \
	CFG_BOOL("foreign", cfg_false, CFGF_NODEFAULT), \
	CFG_STR_LIST("foreign-marks", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("foreign-env", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("debugger", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("debug-env", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("attach", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("test-args", NULL, CFGF_NODEFAULT), \
	CFG_STR_LIST("uncached", NULL, CFGF_NODEFAULT), \
	CFG_FLOAT("time-factor", 0, CFGF_NODEFAULT), \
	CFG_FLOAT("time-limit", 0, CFGF_NODEFAULT), \
	CFG_INT("memory", 0, CFGF_NODEFAULT), \
	CFG_SEC("control", conf_control, CONF_NAMED), \
	CFG_SEC("skip", conf_skip, CONF_NAMED), \
	CFG_SEC("skip-case", conf_skip, CONF_NAMED), \
	CFG_SEC("fact", conf_fact, CONF_NAMED), \
	CFG_SEC("suite", conf_suite, CONF_NAMED)

#define CONF_NAMED (CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

/* Sections that both kinds of files have. */
extern cfg_opt_t conf_control[], conf_skip[], conf_fact[], conf_suite[], conf_when[], conf_recipe[];

/*
 * Whether CONDITION holds: words that all have to, each ">=3.13", "<3.14" or "=3.13" (3.13 and
 * 3.13.x) for VERSION, or "clang" or "gcc" for FAMILY (NULL: not known yet, never holds).
 * 1, 0, or -1 when it is malformed.
 */
int conf_condition(const char *condition, const char *version, const char *family);

#endif
