/* sanmatrix run: build, prove and test the runtime in its cells, and report. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "matrix/commands.h"
#include "matrix/options_run.h"
#include "matrix/session.h"
#include "reports/reports.h"

static const char usage[] =
	"usage: sanmatrix run [OPTION]...\n"
	"Builds the runtime in every cell, proves by planted faults that each cell can see,\n"
	"runs the tests and writes the report: OUT/report.html, junit.xml, findings.json and others.\n"
	"\n"
	"  --cell A,B          these cells only (default: debug, asan, valgrind, tsan)\n"
	"  --suite NAME        smoke (default), pr or full\n"
	"  --unit X,Y          these units only\n"
	"  --partition P       hash:M/N or slice:M/N: part M of N of the units\n"
	SESSION_USAGE
	"  --retries N         run a unit that fails or has a finding again, up to N times\n"
	"  --baseline FILE     the findings that are known: only others fail the run\n"
	"  --fresh             do not go on with an unfinished run in OUT\n"
	"\n"
	"Exit status: 0 clean, 1 new findings or failed tests, 2 usage, 3 infrastructure\n"
	"(a build broke, a control was missed), 4 nothing selected, 130 interrupted.\n";

enum { OPT_SUITE = OPT_RUN_FIRST, OPT_UNIT, OPT_PARTITION, OPT_RETRIES, OPT_BASELINE, OPT_FRESH };

static const struct option options[] = {
	SESSION_OPTIONS,
	{ "suite", required_argument, NULL, OPT_SUITE },
	{ "unit", required_argument, NULL, OPT_UNIT },
	{ "partition", required_argument, NULL, OPT_PARTITION },
	{ "retries", required_argument, NULL, OPT_RETRIES },
	{ "baseline", required_argument, NULL, OPT_BASELINE },
	{ "fresh", no_argument, NULL, OPT_FRESH },
	{ NULL, 0, NULL, 0 },
};

/* 0 to 100, or -1 after saying so. */
static int parse_retries(const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*value && !*end && n >= 0 && n <= 100)
		return (int)n;
	warn("--retries takes a whole number from 0 to 100, not '%s'", value);
	return -1;
}

/* A mistake in it should not be found after an hour of tests. */
static int check_baseline(const char *path, struct err *e)
{
	struct results r = { 0 };
	int rc = path ? results_baseline(&r, path, e) : 0;

	results_release(&r);
	return rc;
}

static int parse(int argc, char **argv, struct session_options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "j:h", options, NULL)) != -1) {
		switch (c) {
		case OPT_SUITE:
			o->suite = optarg;
			break;
		case OPT_UNIT:
			strv_split(&o->units, optarg, ",");
			break;
		case OPT_PARTITION:
			o->partition = optarg;
			break;
		case OPT_RETRIES:
			o->retries = parse_retries(optarg);
			if (o->retries < 0)
				return -1;
			break;
		case OPT_BASELINE:
			o->baseline = optarg;
			break;
		case OPT_FRESH:
			o->fresh = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_CLEAN);
		default:
			if (session_option(o, c, optarg) < 0)
				return -1;
		}
	}
	if (optind < argc)
		warn("'%s' is not an option: see sanmatrix run --help", argv[optind]);
	return optind < argc ? -1 : 0;
}

/* Its proof and its units wait together; the proof goes first. */
static void run_cell(struct cell_run *c)
{
	cell_prove(c);
	cell_queue_units(c);
}

/* A suite that a cell does not have is that cell's error; a mistyped unit ends the run. */
static int select_units(struct session *s, struct err *e)
{
	size_t selected = 0, running = 0;

	for (size_t i = 0; i < s->cell_count; i++) {
		struct cell_run *c = s->cells[i];
		if (c->state != CELL_PLANNED)
			continue;
		if (cell_select_units(c, e) < 0)
			return -1;
		running++;
		selected += c->units.n + c->left_out.n;
	}
	if (running && !selected)
		return err_set(e, EXIT_NOTHING, "no unit is selected: see --suite, --unit, --partition");
	return 0;
}

int cmd_run(int argc, char **argv)
{
	struct session_options o = SESSION_DEFAULTS;
	struct session s = { 0 };
	struct err e = { 0 };
	enum exit_status status = EXIT_USAGE;

	o.out = "out";
	if (parse(argc, argv, &o) < 0)
		goto out;
	int signal_number = -1;
	if (check_baseline(o.baseline, &e) == 0 && session_open(&s, &o, &e) == 0 && select_units(&s, &e) == 0)
		signal_number = session_work(&s, run_cell, &e);
	if (signal_number < 0) {
		warn("%s", e.msg);
		status = e.code;
	} else {
		status = session_report(&s, stdout);
		if (signal_number)
			status = (enum exit_status)(128 + signal_number);
	}
	session_close(&s);
out:
	strv_release(&o.cells);
	strv_release(&o.units);
	return (int)status;
}
