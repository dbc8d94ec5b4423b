/*
 * Cell files and runtime files (libconfuse), and what becomes of them for one runtime version on
 * this machine: a recipe. The files' syntax is described at the top of cells/asan.conf and of
 * runtimes/cpython.conf.
 *
 * Texts in recipes may hold placeholders, filled by vars_expand() as late as possible.
 * recipe_vars() knows what is the same for a whole cell; whoever starts a command adds
 *   {unit} {dir} (result folder) {tmp} {seed} {suite} {jobs}
 */
#ifndef SM_MATRIX_CELL_H
#define SM_MATRIX_CELL_H

#include "common/buf.h"
#include "common/error.h"
#include "matrix/toolchain.h"

struct skip {
	char *unit, *reason, *issue; /* issue: "gh-89363" or NULL */
};

/* A planted fault: how to run it (runtime file), and what the cell must say of it (cell file). */
struct control {
	char *name, *summary;
	struct strv command;
	double time_limit;		/* seconds; 0: the cell's own */
	char *tool, *kind, *category;	/* all NULL: not claimed by this cell. kind may be "a|b" */
};

struct fact {
	char *name, *value; /* what verify must print: "Py_DEBUG", "1" */
};

struct suite {
	char *name;
	struct strv units; /* empty: all that the runtime lists */
};

struct recipe {
	char *cell, *summary;
	char *runtime, *version;  /* "cpython-3.13", "3.13.15" */
	char *unavailable;	  /* why it cannot run here and what to install; NULL: it can */
	const struct compiler *compiler; /* borrowed from the toolchain; NULL if unavailable */
	struct strv prepare;	  /* command, run in {build} before configure; may be empty */
	struct strv configure;	  /* command; {cc}, flags and {configure} are filled */
	struct strv make;	  /* command; the job server is in MAKEFLAGS */
	char *cflags, *ldflags;	  /* "" when there are none */
	struct strv build_env, env;  /* NAME=VALUE, added to a clean base */
	struct strv wrapper;	  /* before every test command: valgrind ... */
	struct strv alone_command, alone_test; /* a unit by hand, and one test case of it */
	struct strv debugger, debug_env, attach; /* the same under a debugger; see cells/asan.conf */
	struct strv unit_command, list_command, verify_command, controls_command;
	char *program;		  /* the interpreter, "{build}/python" */
	char *program_name;	  /* "python": what {python} is called */
	struct suite *suites;
	size_t suite_count;
	struct skip *skips;
	size_t skip_count;
	struct skip *case_skips;  /* test cases: `unit` is the pattern; in unit_command too */
	size_t case_skip_count;
	struct control *controls;
	size_t control_count;
	struct fact *facts;
	size_t fact_count;
	struct strv uncached;	  /* autoconf variables (NAME or PREFIX*): not shared */
	double time_limit;	  /* seconds for one unit, time factor applied */
	double time_factor;	  /* how much slower than a plain build */
	size_t memory;		  /* bytes for one unit */
	struct strv properties;	  /* NAME=VALUE for the reports */
};

/* Placeholders and their values. */
struct vars {
	struct strv v; /* NAME=VALUE, as env_set() keeps them */
};

struct runtime; /* runtime.h */
struct places;

/*
 * The names of all cells, sorted; DEFAULTS (or NULL) gets those that `make matrix` alone runs. Of
 * two files of one name in the folders of p->cell_dirs the first counts. A file with a mistake counts
 * as a default: it may be one, and recipe_load() says what is wrong.
 */
int cells_list(const struct places *p, struct strv *names, struct strv *defaults, struct err *e);

/*
 * The recipe of one cell. A mistake in a file: -1, and E names file and line. A cell that cannot
 * run here is not an error: r->unavailable says why.
 */
int recipe_load(struct recipe *r, const char *cell, const struct runtime *rt,
		const struct toolchain *t, struct err *e);
void recipe_release(struct recipe *r);

void recipe_drop_controls(struct recipe *r);

const struct suite *recipe_suite(const struct recipe *r, const char *name); /* NULL: none such */
const struct skip *recipe_skip(const struct recipe *r, const char *unit);   /* NULL: not left out */

/*
 * Fills V with what is the same for the whole cell: {cell} {source} {build} {data} {runtime-dir}
 * {controls} {suppressions} {shim} {valgrind} {symbolizer} {version} {series} and the program ({python}).
 */
void recipe_vars(const struct recipe *r, const struct runtime *rt, const struct toolchain *t,
		 const char *build, struct vars *v);

void vars_set(struct vars *vars, const char *name, const char *value);
void vars_copy(struct vars *to, const struct vars *from);
void vars_release(struct vars *vars);

/* TEXT with its placeholders filled; owned. An unknown placeholder stays as it stands. */
char *vars_expand(const struct vars *vars, const char *text);
/* All of LIST expanded, appended to OUT. */
void vars_expand_list(const struct vars *vars, const struct strv *list, struct strv *out);

#endif
