/*
 * The options that `run` and `exec` share. Usage: put SESSION_OPTIONS into the getopt_long() table,
 * SESSION_USAGE into the help, and give what is not one's own to session_option().
 */
#ifndef SM_MATRIX_OPTIONS_RUN_H
#define SM_MATRIX_OPTIONS_RUN_H

#include <getopt.h>

#include "matrix/session.h"

enum {
	OPT_CELL = 256,
	OPT_OUT,
	OPT_RUNTIME,
	OPT_RUNTIME_SRC,
	OPT_TIMEOUT,
	OPT_SEED,
	OPT_PROGRESS,
	OPT_COLOUR,
	OPT_NO_CCACHE,
	OPT_RUN_FIRST, /* where a command's own begin */
};

#define SESSION_OPTIONS \
	{ "cell", required_argument, NULL, OPT_CELL }, \
	{ "out", required_argument, NULL, OPT_OUT }, \
	{ "runtime", required_argument, NULL, OPT_RUNTIME }, \
	{ "runtime-src", required_argument, NULL, OPT_RUNTIME_SRC }, \
	{ "timeout", required_argument, NULL, OPT_TIMEOUT }, \
	{ "seed", required_argument, NULL, OPT_SEED }, \
	{ "progress", required_argument, NULL, OPT_PROGRESS }, \
	{ "color", required_argument, NULL, OPT_COLOUR }, \
	{ "no-ccache", no_argument, NULL, OPT_NO_CCACHE }, \
	{ "jobs", required_argument, NULL, 'j' }, \
	{ "help", no_argument, NULL, 'h' }

#define SESSION_USAGE \
	"  --runtime SPEC      cpython, cpython-3.11, cpython-3.13.15 (default: as configured)\n" \
	"  --runtime-src PATH  its source: a folder or a tarball\n" \
	"  --out DIR           the result folder\n" \
	"  -j, --jobs N        run N jobs at once, compilers and tests together (default: all cores)\n" \
	"  --timeout S         seconds for one unit, instead of the cell's own limit\n" \
	"  --seed N            the hash seed of every process (default: 1)\n" \
	"  --no-ccache         build without ccache even if it is installed\n" \
	"  --progress MODE     auto, bar, plain or none\n" \
	"  --color WHEN        auto, always or never\n"

#define SESSION_DEFAULTS { .suite = "smoke", .seed = "1", .colour = -1, .progress = PROGRESS_AUTO }

/* One option: 0, or -1 after telling the user what is wrong. */
int session_option(struct session_options *o, int option, const char *value);

#endif
