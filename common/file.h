/*
 * Files and folders. Functions return 0, or -1 with E filled (E may be NULL).
 */
#ifndef SM_COMMON_FILE_H
#define SM_COMMON_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/error.h"

/* Appends the content of PATH to B; more than MAX bytes are an error (0: no bound). */
int file_read(const char *path, struct buf *b, size_t max, struct err *e);

/*
 * Writes PATH as a whole or not at all: into a temporary file beside it, then by rename, so that
 * a reader, or a run that is killed, never sees a part.
 */
int file_write(const char *path, const void *data, size_t len, struct err *e);

/*
 * The same for a stream: write to what file_begin() gives (NULL with E filled), then hand it to
 * file_end() with the RC so far. Unless that is 0 nothing appears at PATH; the result is RC, or -1
 * when it could not be written. What is not a regular file (/dev/null, a pipe) is written directly.
 */
FILE *file_begin(const char *path, char **temporary, struct err *e);
int file_end(FILE *f, char *temporary, const char *path, int rc, struct err *e);

/* Makes PATH and the folders above it; no error when they are there. */
int dir_make(const char *path, struct err *e);

/* Removes PATH with all below it, links not followed; no error when it is absent. */
int dir_remove(const char *path, struct err *e);

/* The names in PATH but . and .., sorted bytewise, appended to NAMES. */
int dir_list(const char *path, struct strv *names, struct err *e);

int path_exists(const char *path);

/* The absolute form of PATH, which need not exist; owned by the caller. */
char *path_absolute(const char *path);

/*
 * A name that is safe as one file name: every byte but [A-Za-z0-9_.+-] (and a leading dot) as
 * %XX, cut with a hash at 150 bytes. Owned by the caller. Different names give different results.
 */
char *path_encode(const char *name);

/* $XDG_CACHE_HOME/sanmatrix, or ~/.cache/sanmatrix; owned by the caller. Not created. */
char *cache_dir(void);

#endif
