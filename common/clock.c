#include <string.h>

#include "common/clock.h"

double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void clock_format(time_t t, char out[20])
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 20, "%Y-%m-%dT%H:%M:%S", &tm);
}

int clock_is_time(const char *s)
{
	struct tm tm = { 0 };
	char again[20] = "";
	const char *end = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!end || *end)
		return 0;
	clock_format(timegm(&tm), again); /* which makes the 1st of March of a 30th of February */
	return !strcmp(again, s);
}
