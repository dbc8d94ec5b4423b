/*
 * A runtime: its file in matrix/runtimes/, its version, its sources.
 */
#ifndef SM_MATRIX_RUNTIME_H
#define SM_MATRIX_RUNTIME_H

#include "common/buf.h"
#include "common/error.h"

struct runtime {
	char *name;	/* "cpython-3.13": family and series */
	char *family;	/* "cpython": the file's name */
	char *version;	/* "3.13.15", read from the source */
	char *source;	/* absolute path of the unpacked tree; never written to */
	char *source_id; /* what the tree is: its path, which names what was unpacked there */
	char *file;	/* the runtime file */
	char *program;	/* a program that the user gave in place of what is built here, or NULL */
	char *data;	/* folder beside it with its scripts: {runtime-dir} */
	void *conf;	/* cfg_t of the file, for cell.c */
	const struct places *places; /* borrowed from runtime_open() */
};

/* Where files are: in the source tree, or where `make install` put them. */
struct places {
	char *data;	    /* holds cells/, runtimes/, controls/ */
	struct strv cell_dirs, runtime_dirs; /* $SANMATRIX_CELLS, $SANMATRIX_RUNTIMES, then ours */
	char *controls, *suppressions;
	char *shim; /* where the libraries of shim/ are */
	char *toolchain;    /* toolchain.conf */
	char *cache;	    /* cache_dir(), created */
};
int places_find(struct places *p, struct err *e);
void places_release(struct places *p);

/* The file NAME.conf in the first of DIRS that has it, owned by the caller, or NULL. */
char *places_file(const struct strv *dirs, const char *name);

/*
 * Finds, fetches, verifies and unpacks the sources, unless they are there already.
 *
 * The choice of a version for a SPEC, and the unpacked tree, are kept in the cache: a second call
 * needs no network and takes milliseconds.
 *
 * SPEC: "cpython" (the newest version that the file's `newest-from` allows and that the mirror
 *       really serves), "cpython-3.11" (series) or "cpython-3.13.15"; NULL: the first runtime
 *       that ships.
 * SRC:  a folder or a tarball (--with-runtime-src), or NULL: the distribution's source package.
 */
int runtime_open(struct runtime *rt, const char *spec, const char *src, const struct places *p,
		 struct err *e);
void runtime_release(struct runtime *rt);

/*
 * Only the file of SPEC's family, without sources: enough for recipe_load(). The version is what
 * SPEC says or, without a version there, the file's newest-from.
 */
int runtime_open_file(struct runtime *rt, const char *spec, const struct places *p, struct err *e);

/*
 * PROGRAM (a path, or looked up in PATH), which somebody else built, in place of the runtime's own:
 * without sources; the version is what it says itself (version-command in the file).
 */
int runtime_open_program(struct runtime *rt, const char *spec, const char *program,
			 const struct places *p, struct err *e);

/* The units that the source has, sorted, without running anything (unit-files in the file). */
int runtime_units(const struct runtime *rt, struct strv *units, struct err *e);

/* Compares dotted versions number by number: <0, 0, >0. "3.13" == "3.13.0". */
int version_compare(const char *a, const char *b);

#endif
