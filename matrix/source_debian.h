/*
 * Inside of source_debian(): the versions that an index offers.
 */
#ifndef SM_MATRIX_SOURCE_DEBIAN_H
#define SM_MATRIX_SOURCE_DEBIAN_H

#include "matrix/source.h"

struct candidate {
	char *package, *version, *upstream; /* "python3.13", "3.13.15-1", "3.13.15" */
};

struct candidates {
	struct candidate *v; /* newest first */
	size_t n;
};

/* Adds those of `apt-cache showsrc` (TEXT) that WISH allows, each once, and sorts. */
void candidates_parse(struct candidates *list, const char *text, const struct source_wish *wish);
void candidates_release(struct candidates *list);

#endif
