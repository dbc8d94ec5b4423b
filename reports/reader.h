/*
 * What scan.c and the readers share. A reader knows one tool's way of writing; it gets clean lines
 * and hands over findings.
 */
#ifndef SM_REPORTS_READER_H
#define SM_REPORTS_READER_H

#include <stdint.h>

#include "common/buf.h"
#include "reports/scan.h"

enum {
	REPORT_TEXT_MAX = 1 << 20,
	REPORT_FRAMES_MAX = 256,
	REPORT_STACKS_MAX = 64,
	LINE_MAX_BYTES = 1 << 20,
};

struct line {
	char *s; /* cleaned; s[len] is 0; may be scribbled on, though nobody should */
	size_t len;
	long number;     /* from 1 */
	unsigned source; /* what wrote it, as its prefix said; 0: unknown (common/prefix.h) */
	uint32_t needles; /* for _opens: a bit for each of the reader's needles that is in it */
};

/*
 * Most lines of most logs are of no report, and are not looked at one by one. _opens of a reader
 * sees only the lines that have one of its needles in them. Those are shown to the readers in the
 * table's order, until one returns nonzero: it begins a report, or its shape alone says that it is
 * of this tool. If nobody wants a line, _goes_on of the reader that opened last is asked, then those
 * of the others, whether it is part of what they have open: only those are asked that do have a
 * report open, or hold the scanner.
 */
struct reader {
	const char *name;
	/* The I'th needle, of NEEDLE_MIN bytes or more, or NULL. Static. */
	const char *(*needle)(size_t i);
	void *(*make)(struct scanner *s);
	int (*opens)(void *state, const struct line *line);
	int (*goes_on)(void *state, const struct line *line);
	void (*finish)(void *state); /* the log ends: hands over what is open; frees STATE */
	/*
	 * NULL, or: while the reader holds the scanner it gets whole lines as they come, P..END, before
	 * any other. Returns the first that is not its own, which is then dispatched, or END; *LINE, the
	 * number of the line before P, is raised by those that it took.
	 */
	const char *(*lines)(void *state, const char *p, const char *end, long *line);
};

extern const struct reader sanitizer_reader;
extern const struct reader memcheck_xml_reader, memcheck_text_reader, cpython_reader, gdb_reader;

/*
 * For what a reader keeps open besides struct report, which does it by itself: with BY 1 _goes_on of
 * the reader that is called just now sees all lines until it says so with BY -1. Counted.
 */
void scanner_hold(struct scanner *s, int by);

/*
 * From now on S has only the reader of this name; -1: there is none. For tests that would tell whose
 * mistake it is.
 */
int scanner_only(struct scanner *s, const char *reader);

/* Hands over F, which becomes the scanner's: classified and fingerprinted here. */
void scanner_emit(struct scanner *s, struct finding *f);
/* How many findings have been handed over so far. */
unsigned long scanner_emitted(const struct scanner *s);
void scanner_unparsed(struct scanner *s, long line, const char *text, const char *reason);

/* A report that is being read; all zero when none is. */
struct report {
	struct scanner *s;
	struct finding *f; /* NULL: none is open */
	struct buf text;
	int role;        /* of the next stack: enum role, or -1: unknown */
	int stack;       /* index of the stack being read, or -1 */
	size_t expected; /* the number that its next frame has */
	int foreign;     /* lines in a row that did not belong here */
};

/* Closes what is open, then begins a finding whose first line is LINE. PID 0: unknown. */
void report_open(struct report *r, struct scanner *s, const char *tool, const char *kind,
        const struct line *line, long pid);
void report_text(struct report *r, const struct line *line);
/* The next "#0" begins a stack of this role; -1: one that is not kept. */
void report_role(struct report *r, int role);
/*
 * LINE as a frame of a sanitizer's stack: 0 if it is none, or does not go on where the stack that
 * is being read ended. Stacks without a heading after the first are not kept.
 */
int report_frame(struct report *r, const struct line *line);
/* Adds FRAME, its strings in the arena of r->f or static, to the stack of the role set last. */
void report_add_frame(struct report *r, const struct frame *frame);
/* The same with a frame of an interpreter, which goes with the stack that was read last, if any. */
void report_add_script(struct report *r, const struct frame *frame);
void report_message(struct report *r, const char *message); /* copied; replaces */
void report_set_kind(struct report *r, const char *kind);   /* copied; replaces */
/* Hands the finding over; nothing happens when none is open. */
void report_close(struct report *r);
/* Forgets what is open: it was no report. */
void report_drop(struct report *r);
/* The same when the log ended in the middle: with an `unparsed` entry. */
void report_cut(struct report *r, const char *reason);

/* "read", "write" or "access" for a word such as "Write" or "READ". Static. */
const char *access_op(const char *word);
/* Fills ACCESS, F's, from "WORD of size N at 0xADDRESS"; -1 if TEXT is not that. */
int access_parse(struct finding *f, struct access *access, const char *text);
/* The "0x..." at the start of S as a string of F's, or NULL. */
const char *hex_dup(struct finding *f, const char *s);

#endif
