/*
 * What can run here: toolchain.conf, as configure wrote it after running its probes.
 */
#ifndef SM_MATRIX_TOOLCHAIN_H
#define SM_MATRIX_TOOLCHAIN_H

#include "common/buf.h"
#include "common/error.h"

struct compiler {
	char *name;		     /* "clang-19" */
	char *path, *family, *version; /* "/usr/bin/clang-19", "clang" or "gcc", "19.1.7" */
	struct strv sanitizers;	     /* that work: address undefined leak thread memory */
	int valgrind;		     /* a probe built by it ran under Valgrind ... */
	struct strv valgrind_flags;  /* ... when compiled with these (-gdwarf-4) */
};

struct missing {
	char *what, *reason, *package; /* "thread", "...", "libclang-rt-19-dev" */
};

struct toolchain {
	struct compiler *compilers; /* in order of preference for sanitizers: newest clang first */
	size_t compiler_count;
	char *valgrind, *valgrind_version;     /* NULL: none that works */
	char *make, *make_version;
	int make_fifo;			       /* this make knows --jobserver-auth=fifo: */
	char *ccache, *symbolizer;	       /* paths or NULL */
	char *runtime, *runtime_src;	       /* --with-runtime..., or NULL */
	struct missing *missing;
	size_t missing_count;
};

/* Reads PATH; an absent file says that ./configure has to be run. */
int toolchain_load(struct toolchain *t, const char *path, struct err *e);
void toolchain_release(struct toolchain *t);

/* The entry for WHAT ("thread", "valgrind", ...), or NULL. */
const struct missing *toolchain_missing(const struct toolchain *t, const char *what);

#endif
