/*
 * One line of a stack, as the sanitizers' runtimes and Valgrind print them.
 */
#ifndef SM_REPORTS_FRAME_H
#define SM_REPORTS_FRAME_H

#include "reports/finding.h"

/*
 * "    #3 0x4f4b44 in main a.cpp:5:10 (a.out+0x10)" and TSan's "    #3 main a.cpp:5 (a.out+0x10)".
 * Fills FRAME, its strings in A, and returns the frame's number, or -1 and leaves FRAME alone if LINE
 * is no frame.
 */
int frame_parse_sanitizer(struct arena *a, const char *line, struct frame *frame);

/*
 * 'File "/a.py", line 3 in f', as faulthandler prints an interpreter's frame and our shim does; without
 * " in f", and with ??? for what is not known. Fills FRAME, its strings in A. Returns 0, or -1 if TEXT is
 * not that.
 */
int frame_parse_script(struct arena *a, const char *text, struct frame *frame);

/* "at|by 0x109168: get (hbo_r.c:2)", without leading blanks. Returns 0, or -1 if it is no frame. */
int frame_parse_valgrind(struct arena *a, const char *text, struct frame *frame);

/*
 * gdb's "[0x4f4b44 in ]f (x=1, s="(") at a.c:3", "f(int) () from /lib/x.so" or "<signal handler
 * called>". Fills FRAME, its strings in A. Returns 0, or -1 if TEXT is not a whole call.
 */
int frame_parse_gdb_call(struct arena *a, const char *text, struct frame *frame);
/* The number of gdb's "#3  CALL", with *CALL set; -1: LINE does not begin so. */
long frame_number_gdb(const char *line, const char **call);

/* Takes ":LINE" or ":LINE:COLUMN" off the end of FILE (which is changed); fills both or neither. */
void frame_split_location(char *file, int *line, int *column);

#endif
