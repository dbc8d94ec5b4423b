/*
 * Where a runtime's source comes from. Trees in the cache appear by rename, whole or not at all.
 */
#ifndef SM_MATRIX_SOURCE_H
#define SM_MATRIX_SOURCE_H

#include "common/buf.h"
#include "common/error.h"
#include "matrix/runtime.h"

/* SRC is a folder (used where it is) or a tarball (unpacked into the cache): the tree, owned. */
char *source_open(const char *src, const struct places *p, struct err *e);

/*
 * Unpacks TARBALL to CACHE/sources/NAME unless that is there; the tree, owned. The one folder that
 * a tarball usually holds is left out of the path.
 */
char *source_unpack(const char *tarball, const char *name, const struct places *p, struct err *e);

/* Which of the distribution's source packages would do. */
struct source_wish {
	const char *spec;	/* as the user gave it: names the choice in the cache */
	const char *package;	/* "python{series}" */
	const char *version;	/* "3.13.15", or "3.11", or NULL: the newest from NEWEST_FROM on */
	const char *newest_from; /* "3.13" */
	int series_numbers;	/* 2 */
};

/*
 * The distribution's own source package, found through what apt knows of its mirror, in an apt
 * folder of our own in the cache; verified by apt. The tree, owned; NULL with E filled.
 */
char *source_debian(const struct source_wish *wish, const struct places *p, struct err *e);

/* An exclusive lock on CACHE/NAME.lock, held until the descriptor is closed; -1 with E filled. */
int cache_lock(const struct places *p, const char *name, struct err *e);

#endif
