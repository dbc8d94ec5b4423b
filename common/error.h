/*
 * How errors are told.
 *
 * Programs call warn() and die(). Library code never exits and never prints: it returns -1 and
 * fills a struct err, which its caller passes on or prints with err_warn().
 *
 * Messages are in lower case, without a full stop: what went wrong first, then the subject in
 * single quotes, then what to do. A trailing colon appends the text of errno.
 */
#ifndef SM_COMMON_ERROR_H
#define SM_COMMON_ERROR_H

enum exit_status {
	EXIT_CLEAN = 0,
	EXIT_FINDINGS = 1,	 /* findings, or failed tests */
	EXIT_USAGE = 2,		 /* usage or configuration */
	EXIT_INFRASTRUCTURE = 3, /* a build broke, a control was missed, a part is missing */
	EXIT_NOTHING = 4,	 /* nothing selected */
	EXIT_INTERRUPTED = 130,	 /* SIGINT */
};

struct err {
	enum exit_status code; /* with which the program should end if nothing mends it */
	char msg[1000];
};

/* "sanmatrix: MESSAGE" on standard error. Neither may be given a NULL format. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(enum exit_status status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* Fills E (which may be NULL: then the message is dropped) and returns -1. */
int err_set(struct err *e, enum exit_status code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the message, to say where it happened; returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
