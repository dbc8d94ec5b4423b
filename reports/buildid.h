/* Which build a program or library on disk is. */
#ifndef SM_REPORTS_BUILDID_H
#define SM_REPORTS_BUILDID_H

/*
 * Is PATH a regular file with ELF's mark? Then *ID (owned by the caller) becomes its build id in
 * lower-case hex, or NULL when it has none that we can read, and *SYMBOLS tells whether it has more
 * than the names that it exports, or a file with its debug information is installed. Never blocks,
 * whatever PATH is.
 */
int buildid_read(const char *path, char **id, int *symbols);

#endif
