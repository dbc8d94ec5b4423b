/*
 * One autoconf cache for all cells of one compiler: most of configure's answers are the same
 * whatever the flags, and asking takes longer than compiling a fifth of CPython.
 *
 * What depends on flags is never shared: autoconf's record of the environment (ac_cv_env_*, which
 * would make it refuse a cache made with other flags) and what the runtime file calls `uncached`.
 */
#ifndef SM_MATRIX_CONFCACHE_H
#define SM_MATRIX_CONFCACHE_H

#include "common/buf.h"
#include "common/error.h"

/*
 * Copies the cache FROM to TO without the variables in UNCACHED (NAME, or PREFIX*). TO appears as a
 * whole or not at all. 0, or -1 with E filled.
 */
int confcache_copy(const char *from, const char *to, const struct strv *uncached, struct err *e);

#endif
