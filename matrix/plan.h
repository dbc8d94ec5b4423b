/*
 * What a command that only looks needs: where things are, what works here, which runtime.
 */
#ifndef SM_MATRIX_PLAN_H
#define SM_MATRIX_PLAN_H

#include "matrix/cell.h"
#include "matrix/runtime.h"
#include "matrix/toolchain.h"

struct plan {
	struct places places;
	struct toolchain tools;
	struct runtime runtime;
};

/*
 * SPEC, SRC: --runtime and --runtime-src, NULL: as configured. WITH_SOURCE: the source is found or
 * fetched, so that the version is known; otherwise only the runtime's file is read.
 */
int plan_open(struct plan *p, const char *spec, const char *src, int with_source, struct err *e);
void plan_close(struct plan *p);

/* Tells E as an error of the program; returns its code. */
int plan_fail(const struct err *e);

#endif
