/*
 * The model: one finding is one defect that a checker, or the runtime itself, reported.
 * It is what sanmatrix-findings/1 says in JSON (see ARCHITECTURE.md), field by field.
 *
 * Strings are owned by the finding and NULL where the tool did not say.
 */
#ifndef SM_REPORTS_FINDING_H
#define SM_REPORTS_FINDING_H

#include <stddef.h>

struct frame {
	char *function; /* as the tool prints it, NULL when unknown */
	char *file;
	int line, column; /* from 1; 0: unknown */
	char *module;	  /* path of the object, NULL when not said */
	char *offset;	  /* into the module, as "0x10" */
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
};

/* Where it was seen. */
struct occurrence {
	char *runtime, *cell, *unit, *test; /* NULL for raw logs, or where it is not known */
	long pid;			    /* 0: unknown */
	char *log;			    /* path, relative to the result folder where there is one */
	long line;			    /* of the report's first line in LOG, from 1 */
};

struct access {
	char *op;      /* "read", "write", "access"; NULL when it is not an access */
	size_t size;   /* bytes; 0: not said */
	char *address; /* as "0x602000000010" */
};

struct finding {
	char *tool;	      /* asan lsan ubsan msan tsan memcheck helgrind drd cpython gdb process */
	char *kind;	      /* the tool's own word */
	const char *category; /* the same for all tools; static; see kinds.h */
	int cwe;	      /* 0: none */
	char *message;	      /* one line */
	const char *severity; /* "error", "warning" or "note"; static */
	struct access access;
	struct stack *stacks; /* in the order in which the tool printed them */
	size_t stack_count;
	struct frames python; /* the Python frames of the access, innermost first */
	char *text;	      /* the report as it stood in the log, cleaned of colour; capped at 1 MB */
	/*
	 * Keys (fingerprint.c): strict, coarse, and one that the reports of several tools share when they
	 * are of one defect; NULL where there is nothing to join by.
	 */
	char *fingerprint, *bucket, *defect;
	const char *status; /* "new", "known", "flaky"; static */
	char *reason;	    /* why it is known, as the baseline says */
	struct occurrence *occurrences;
	size_t occurrence_count; /* 1 as it comes from a reader */
	size_t count;		 /* how often it was seen, at least occurrence_count */
};

/* Something in a log that looks like a report and could not be read. */
struct unparsed {
	char *log;
	long line;
	char *text, *reason;
};

struct finding *finding_new(const char *tool, const char *kind);
void finding_free(struct finding *f); /* NULL is ignored */

/* A new, empty stack at the end; borrowed, and valid until the next call. */
struct stack *finding_stack(struct finding *f, enum role role);

/* The first stack with this role, or NULL; borrowed. */
const struct stack *finding_find(const struct finding *f, enum role role);

/* A new frame, all zero, at the end of FRAMES; borrowed, and valid until the next call. */
struct frame *frames_add(struct frames *frames);
void frames_release(struct frames *frames);

#endif
