/*
 * The model: one finding is one defect that a checker, or the runtime itself, reported.
 * It is what sanmatrix-findings/1 says in JSON (see ARCHITECTURE.md), field by field.
 *
 * Strings, frames and stacks live as long as the finding: they are in its arena (finding_strdup()
 * and the like), or static. NULL where the tool did not say.
 */
#ifndef SM_REPORTS_FINDING_H
#define SM_REPORTS_FINDING_H

#include <stddef.h>

#include "common/arena.h"

struct frame {
	const char *function; /* as the tool prints it, NULL when unknown */
	const char *file;
	int line, column;   /* from 1; 0: unknown */
	const char *module; /* path of the object, NULL when not said */
	const char *offset; /* into the module, as "0x10" */
	const char *build_id; /* of the module, in hex; NULL when not said */
};

struct frames {
	struct frame *v; /* v[0] is the innermost */
	size_t n, cap;
};

/* What a stack tells of. `thread` is where a thread was created, `python` the Python frames. */
enum role {
	ROLE_ACCESS,
	ROLE_FREE,
	ROLE_ALLOC,
	ROLE_ORIGIN,
	ROLE_STORED,
	ROLE_OTHER_ACCESS,
	ROLE_LOCK,
	ROLE_THREAD,
	ROLE_PYTHON,
	ROLE_COUNT
};
extern const char *const role_names[ROLE_COUNT]; /* "access", "free", ..., "other-access", ... */

struct stack {
	enum role role;
	struct frames frames;
	struct frames python; /* the Python frames of it; of an access: finding.python */
};

/*
 * Where it was seen. These strings are malloc's, and the occurrence's own: occurrences move from
 * finding to finding when these are folded.
 */
struct occurrence {
	char *runtime, *cell, *unit, *test; /* NULL for raw logs, or where it is not known */
	long pid;			    /* 0: unknown */
	char *log;			    /* path, relative to the result folder where there is one */
	long line;			    /* of the report's first line in LOG, from 1 */
	int attempt; /* of the unit, from 1; 0: not known */
	int flaky;   /* the unit's last attempt was without it */
};

struct access {
	const char *op;      /* "read", "write", "access"; NULL when it is not an access */
	size_t size;         /* bytes; 0: not said */
	const char *address; /* as "0x602000000010" */
};

struct finding {
	struct arena arena;   /* of all that follows, and of this struct */
	const char *tool;     /* asan lsan ubsan msan tsan memcheck helgrind drd cpython gdb process */
	const char *kind;     /* the tool's own word */
	const char *category; /* the same for all tools; static; see kinds.h */
	int cwe;	      /* 0: none */
	const char *message;  /* one line */
	const char *severity; /* "error", "warning" or "note"; static */
	struct access access;
	struct stack *stacks; /* in the order in which the tool printed them */
	size_t stack_count, stack_cap;
	struct frames python; /* the Python frames of the access, innermost first */
	const char *text;     /* the report as it stood in the log, cleaned of colour; capped at 1 MB */
	/*
	 * Keys: strict and coarse (fingerprint.c), and one that the reports of several tools share when
	 * they are of one defect (defects.c); NULL where there is nothing to join by.
	 */
	const char *fingerprint, *bucket, *defect;
	const char *status; /* "new", "known", "flaky"; static */
	const char *reason; /* why it is known, as the baseline says */
	struct occurrence *occurrences; /* malloc's */
	size_t occurrence_count; /* 1 as it comes from a reader */
	size_t occurrence_cap;	 /* 0: just as many */
	size_t count;		 /* how often it was seen, at least occurrence_count */
};

/* Something in a log that looks like a report and could not be read. */
struct unparsed {
	char *log;
	long line;
	char *text, *reason;
};

void unparsed_free(struct unparsed *u); /* NULL is ignored */

/* TOOL and KIND are copied. */
struct finding *finding_new(const char *tool, const char *kind);
void finding_free(struct finding *f); /* NULL is ignored */

/* Strings that live as long as F. finding_strdup(f, NULL) is NULL; _strndup() copies exactly N. */
char *finding_strdup(struct finding *f, const char *s);
char *finding_strndup(struct finding *f, const char *s, size_t n);
char *finding_printf(struct finding *f, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* A new, empty stack at the end; borrowed, and valid until the next call. */
struct stack *finding_stack(struct finding *f, enum role role);

/* The first stack with this role, or NULL; borrowed. */
const struct stack *finding_find(const struct finding *f, enum role role);

/*
 * A new frame, all zero, at the end of FRAMES, which are F's; borrowed, and valid until the next
 * call. To empty FRAMES, set its n to 0.
 */
struct frame *frames_add(struct finding *f, struct frames *frames);

/* FRAMES of another finding, with all its strings, at the end of TO, which is F's. */
void frames_copy(struct finding *f, struct frames *to, const struct frames *frames);

/* The stacks of FROM, copied, at the end of F's. */
void finding_copy_stacks(struct finding *f, const struct finding *from);

/* MORE at the end of F's text, on a new line. */
void finding_add_text(struct finding *f, const char *more);

#endif
