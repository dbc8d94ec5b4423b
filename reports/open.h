/*
 * The sanitizers' reports that are open: several, where processes write into one log. Lines are
 * given to the report that they go on with. Used by read_sanitizer.c, read_tsan.c and read_ubsan.c.
 */
#ifndef SM_REPORTS_OPEN_H
#define SM_REPORTS_OPEN_H

#include "reports/reader.h"

enum { OPEN_MAX = 32, REGIONS_MAX = 8 };

struct open;

/* How the reports of one runtime are written. */
struct grammar {
	/* LINE, which is no frame, as part of O: nonzero if it is one. May end or close O. */
	int (*body)(struct open *o, const struct line *line);
	/* Before O is handed over; may be NULL. */
	void (*close)(struct open *o);
	/* Must a report such as O have an end that says so? */
	int (*needs_end)(const struct open *o);
	int patience; /* so many lines of others in a row, and it is over */
};

struct open {
	struct report r; /* r.f is NULL where the slot is free, or between the records of a list */
	const struct grammar *grammar;
	long pid;              /* 0: unknown */
	unsigned source;       /* as in struct line */
	unsigned long touched; /* when it last got a line */
	int list;              /* its findings are the records of one list: LSan's leaks */
	enum { OPEN_WHOLE = 1, OPEN_AGAIN } ended; /* its end was seen; after that a stack may begin */
	int paused;            /* a blank line came: its stack is probably over */
	unsigned long long pc; /* that the header named; 0: none */
	unsigned regions[REGIONS_MAX]; /* addresses that its frames had, without their last 24 bits */
	size_t region_count;
	char *prefix;          /* what stood before the header, and may stand before each line */
	const char *file;      /* UBSan: the place that the header named; in the finding's arena */
	int line, column;      /* of it; of a list, LINE is that of the log */
	int records;           /* of a list: how many it had */
	int accesses;          /* TSan: how many were shown */
	size_t closing;        /* TSan: number of the stack that closes a cycle of locks, from 1 */
};

struct opens {
	struct scanner *s;
	struct open v[OPEN_MAX];
	size_t n; /* how many of V may be in use */
	unsigned long clock;
	struct open *last; /* got the last line */
	int turns;         /* how many lines in a row went to another one than the line before */
};

/*
 * A report begins with LINE; PREFIX bytes of it stand before the header. What the same process had
 * open is handed over. Borrowed.
 */
struct open *open_begin(struct opens *all, const struct grammar *g, const char *tool,
        const char *kind, const struct line *line, size_t prefix, long pid);
/* A list of the process PID begins, or that of an unknown process. Borrowed. */
struct open *open_list(struct opens *all, const struct grammar *g, const struct line *line, long pid);
/* The list that a record belongs to, or NULL. */
struct open *open_find_list(struct opens *all, const struct line *line);

/* Gives LINE to one of the open reports: nonzero if one took it. */
int open_take(struct opens *all, const struct line *line);

/* ADDRESS is one of O's process. */
void open_learn(struct open *o, unsigned long long address);

/* What stands for the last "(MODULE+0x1)" in S among addresses; 0: there is none. */
unsigned long long open_module(const struct line *line);
/* 1: there was one near ADDRESS in O; -1: O's program is elsewhere; 0: that does not tell. */
int open_is_at_home(const struct open *o, unsigned long long address);

/* LINE as a frame of one of the open reports: nonzero if one took it. (open_frame.c) */
int open_take_frame(struct opens *all, const struct line *line);
/* Do the prefixes say that O is not LINE's? Even pids may be the same, in two containers. */
int open_is_foreign(const struct open *o, const struct line *line);
/* Is the place that O's header named in S? */
int open_names_place(const struct open *o, const char *s);

/* O got the line that came last. */
void open_touch(struct opens *all, struct open *o);

/* Hands O over; as a cut one, if it needed an end and has none. */
void open_close(struct open *o);
/* The log is over. */
void open_finish(struct opens *all);

#endif
