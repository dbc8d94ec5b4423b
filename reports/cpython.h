/*
 * What the parts of CPython's reader share. Each part knows one family of what the runtime prints;
 * read_cpython.c knows which part has a report open. One is open at a time: CPython's processes do
 * not say who they are, so that two which write at once cannot be told apart.
 */
#ifndef SM_REPORTS_CPYTHON_H
#define SM_REPORTS_CPYTHON_H

#include "reports/reader.h"

/* What was printed and brings a fatal error, which has not come yet. */
enum prelude {
	PRELUDE_NONE,
	PRELUDE_ASSERT, /* libc's assert(): the process aborts */
	PRELUDE_OBJECT, /* _PyObject_ASSERT: tells of the object, then aborts */
	PRELUDE_DUMP,   /* the debug allocator's dump of a block */
};

/* A traceback of Python's own kind: the most recent call comes last. */
enum traceback {
	TRACEBACK_NONE,
	TRACEBACK_FRAMES, /* a heading was read: frames, then the exception */
	TRACEBACK_BARE,   /* the exception may come without a heading */
	TRACEBACK_ORIGIN, /* where an object was made: frames, and no exception */
	TRACEBACK_DONE,   /* the exception was read */
};

struct cpython {
	struct scanner *s;
	struct report r;
	const struct cpython_part *part; /* whose report is open */
	enum prelude prelude;
	unsigned char api; /* of the debug allocator's dump */
	int doubtful;      /* needs a stack to be believed */
	int collecting;    /* Python frames are being read */
	int current;       /* the current thread's stack has been read */
	int stack_seen;    /* a heading of a stack has been read */
	size_t margin;     /* of its lines: blanks that are not CPython's */
	int wrapped;       /* pytest says that the line is about an exception nobody could catch */
	unsigned source;   /* of its first line */
	int weak;          /* lines in a row that may be the report's, or not */
	int allocation;    /* the frames are those of where the block was allocated */
	enum traceback traceback;
	size_t origin_frames; /* of TRACEBACK_ORIGIN, that many were read */
	size_t frames_read;   /* of tracebacks, dropped ones too */
	const char *ignored;  /* the finding's own: what an exception was ignored in, or NULL */
	struct cpython_tests *tests;
	struct cpython_worker *worker;
	struct cpython_objects *objects;
	struct cpython_stats *stats;
};

struct cpython_part {
	/* Nonzero: LINE, which begins where CPython's own text does, begins a report, or is one. */
	int (*opens)(struct cpython *c, const struct line *line);
	/* Nonzero: LINE is part of the open report; otherwise this may close it. */
	int (*goes_on)(struct cpython *c, const struct line *line);
};

extern const struct cpython_part cpython_fatal, cpython_assert, cpython_alloc, cpython_raise,
        cpython_warn, cpython_regrtest, cpython_workers, cpython_dumprefs, cpython_stats;

/* Closes what is open and begins a finding of PART; MESSAGE (copied) may be NULL. */
void cpython_open(struct cpython *c, const struct cpython_part *part, const char *kind,
        const struct line *line, const char *message);
/* Hands over what is open; what was doubtful and never confirmed is dropped. */
void cpython_close(struct cpython *c);
/* A finding that is one line. */
void cpython_emit(
        struct cpython *c, const char *kind, const struct line *line, const char *message);
/* The same, where nobody printed that line: TEXT, which is emptied, seen at line NUMBER. */
void cpython_emit_text(struct cpython *c, const char *kind, long number, struct buf *text);
/* Adds FUNCTION (LEN bytes; NULL: unknown), maybe a whole prototype, to the access stack. */
void cpython_add_site(
        struct cpython *c, const char *function, size_t len, const char *file, int line);

/* "FILE:12" in HEAD (changed): the line's number, or -1 if it does not end in one. */
int cpython_split_place(char *head);

/* LINE as part of faulthandler's stacks, of a fatal error's own lines. (cpython_stack.c) */
int cpython_stack_line(struct cpython *c, const struct line *line);
/* May S, which is none of these, be there all the same: a dump's bytes, a traceback? */
int cpython_stack_weak(const struct cpython *c, const char *s);
/* What fatal errors, assertions and dumps have in common. (cpython_fatal.c) */
int cpython_fatal_goes_on(struct cpython *c, const struct line *line);
/* The fatal error TEXT ends the dump that is open. (cpython_alloc.c) */
void cpython_alloc_end(struct cpython *c, const char *text);

/*
 * LINE as part of a traceback. Fills the python stack (or, for TRACEBACK_ORIGIN, that of role
 * alloc), innermost first, and calls _raised with "TYPE[: TEXT]". (cpython_traceback.c)
 */
int cpython_traceback_line(struct cpython *c, const struct line *line);
void cpython_traceback_begin(struct cpython *c, enum traceback what);

/* What regrtest said of tests, without saying why, becomes findings. Frees. */
void cpython_tests_finish(struct cpython *c);
/* The same for a worker of which nothing else says how it ended. */
void cpython_worker_finish(struct cpython *c);
/* The same for objects that are alive at the end, and for statistics. */
void cpython_objects_finish(struct cpython *c);
void cpython_stats_finish(struct cpython *c);

#endif
