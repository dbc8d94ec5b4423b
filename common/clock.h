#ifndef SM_COMMON_CLOCK_H
#define SM_COMMON_CLOCK_H

#include <time.h>

/* Seconds on the monotonic clock, for measuring. */
double clock_now(void);

/* T in UTC as 2026-11-20T06:21:00, without a zone, as JUnit's schemas want it. */
void clock_format(time_t t, char out[20]);

/* Whether S (or NULL) is a time as clock_format() writes it, and there is such a time. */
int clock_is_time(const char *s);

#endif
