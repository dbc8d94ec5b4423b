#include <stdlib.h>
#include <string.h>

#include "matrix/options_run.h"

/* A whole number from 1 on, or -1 after saying so. */
static int parse_count(const char *option, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*value && !*end && n >= 1 && n <= 100000)
		return (int)n;
	warn("%s takes a whole number from 1 on, not '%s'", option, value);
	return -1;
}

/* PYTHONHASHSEED and its like: 0 to 4294967295. */
static int is_seed(const char *value)
{
	char *end;

	return *value && strspn(value, "0123456789") == strlen(value) &&
		strtoull(value, &end, 10) <= 4294967295ULL;
}

static int parse_colour(struct session_options *o, const char *value)
{
	static const char *const words[] = { "never", "always", "auto" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(value, words[i]) == 0) {
			o->colour = i == 2 ? -1 : i;
			return 0;
		}
	}
	warn("--color takes auto, always or never, not '%s'", value);
	return -1;
}

static int parse_progress(struct session_options *o, const char *value)
{
	int mode = progress_parse(value);

	if (mode < 0)
		warn("--progress takes auto, bar, plain or none, not '%s'", value);
	else
		o->progress = (enum progress_mode)mode;
	return mode < 0 ? -1 : 0;
}

int session_option(struct session_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_CELL:
		strv_split(&o->cells, value, ",");
		return 0;
	case OPT_OUT:
		o->out = value;
		return 0;
	case OPT_RUNTIME:
		o->runtime = value;
		return 0;
	case OPT_RUNTIME_SRC:
		o->runtime_src = value;
		return 0;
	case OPT_TIMEOUT:
		o->time_limit = parse_count("--timeout", value);
		return o->time_limit < 0 ? -1 : 0;
	case OPT_SEED:
		o->seed = value;
		if (!is_seed(value))
			warn("--seed takes a number from 0 to 4294967295, not '%s'", value);
		return is_seed(value) ? 0 : -1;
	case OPT_PROGRESS:
		return parse_progress(o, value);
	case OPT_COLOUR:
		return parse_colour(o, value);
	case OPT_NO_CCACHE:
		o->no_ccache = 1;
		return 0;
	case 'j':
		o->jobs = parse_count("-j", value);
		return o->jobs < 0 ? -1 : 0;
	default:
		return -1; /* getopt_long() has said what is wrong */
	}
}
