/*
 * libconfuse with our errors: every mistake in a file names the file and the line.
 */
#ifndef SM_COMMON_CONF_H
#define SM_COMMON_CONF_H

#include <confuse.h>

#include "common/buf.h"
#include "common/error.h"

/* The parsed PATH, freed by cfg_free(); NULL with E filled. OPTIONS is copied by libconfuse. */
cfg_t *conf_parse(const char *path, cfg_opt_t *options, struct err *e);

/*
 * The line, from 1, where NEAR first stands in SECTION's file, as a word or in quotes; NEAR NULL, or
 * not found: where the parser was when it made the section.
 */
int conf_line(cfg_t *section, const char *near);

/* "FILE:LINE: MESSAGE", returns -1; LINE is conf_line()'s. */
int conf_error(cfg_t *section, const char *near, struct err *e, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What SECTION itself says of NAME: borrowed, NULL when it says nothing. */
const char *conf_str(cfg_t *section, const char *name);
int conf_has(cfg_t *section, const char *name);
/* Appends the elements of a list. */
void conf_list(cfg_t *section, const char *name, struct strv *out);

#endif
