/*
 * sanmatrix report: the views of what was recorded.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/commands.h"
#include "reports/reports.h"
#include "reports/symbolize.h"

static const char help[] =
	"usage: sanmatrix report [OPTION]... INPUT...\n"
	"\n"
	"Reads what checkers, runtimes and test runners left behind, and writes it as one report.\n"
	"\n"
	"INPUT is a result folder, any number of them (they are merged), a raw log, a folder of raw\n"
	"logs, or - for standard input. The format is recognised from the content.\n"
	"\n"
	"  --junit FILE   write JUnit XML (- is standard output)\n"
	"  --json FILE    write the findings, schema sanmatrix-findings/1\n"
	"  --sarif FILE   write SARIF 2.1.0, within the limits of GitHub's code scanning\n"
	"  --html FILE    write one self-contained HTML page\n"
	"  --markdown FILE\n"
	"                 write a summary for a CI job, of at most 1,024 kB\n"
	"  --out DIR      write all of these into DIR: junit.xml, findings.json, findings.sarif,\n"
	"                 report.html and summary.md\n"
	"  --baseline FILE\n"
	"                 the findings that are known: all others are new\n"
	"  --write-baseline[=FILE]\n"
	"                 add an entry for each finding that has none to FILE (default: that of\n"
	"                 --baseline), and exit with 0\n"
	"  --reason TEXT  the reason that these entries give (default: when and from what)\n"
	"  --no-fold      one entry a finding: equal ones are not folded\n"
	"  --strict       JUnit XML without what strict schemas reject\n"
	"  --help         this text\n"
	"\n"
	"Without any of these, one result folder gets all of them. The summary goes to standard output,\n"
	"unless that is taken.\n"
	"\n"
	"Exit status: 0 clean, 1 new findings or failed tests, 2 usage, 3 a cell or a result is missing,\n"
	"failed, or missed a control, 4 nothing was run.\n";

struct options {
	const char *views[VIEW_COUNT], *out;
	const char *baseline, *write_baseline, *reason;
	int no_fold, strict;
};

enum {
	OPTION_OUT = 256,
	OPTION_NO_FOLD,
	OPTION_STRICT,
	OPTION_BASELINE,
	OPTION_WRITE_BASELINE,
	OPTION_REASON,
	OPTION_VIEW, /* and one for each after it */
};

static const struct option long_options[] = {
	{ "junit", required_argument, NULL, OPTION_VIEW + VIEW_JUNIT },
	{ "json", required_argument, NULL, OPTION_VIEW + VIEW_JSON },
	{ "sarif", required_argument, NULL, OPTION_VIEW + VIEW_SARIF },
	{ "html", required_argument, NULL, OPTION_VIEW + VIEW_HTML },
	{ "markdown", required_argument, NULL, OPTION_VIEW + VIEW_MARKDOWN },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "baseline", required_argument, NULL, OPTION_BASELINE },
	{ "write-baseline", optional_argument, NULL, OPTION_WRITE_BASELINE },
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "no-fold", no_argument, NULL, OPTION_NO_FOLD },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* How many of the views go to standard output. */
static int to_stdout(const struct options *o)
{
	int n = 0;

	for (int i = 0; i < VIEW_COUNT; i++)
		n += o->views[i] && !strcmp(o->views[i], "-");
	return n;
}

static int any_output(const struct options *o)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		if (o->views[i])
			return 1;
	return o->out != NULL;
}

static void check_baseline(struct options *o)
{
	if (o->write_baseline && !*o->write_baseline)
		o->write_baseline = o->baseline;
	else if (!o->write_baseline)
		return;
	if (!o->write_baseline)
		die(EXIT_USAGE, "--write-baseline needs a file: give --write-baseline=FILE");
	if (o->no_fold)
		die(EXIT_USAGE, "--write-baseline and --no-fold do not go together");
	if (o->reason && !o->reason[strspn(o->reason, " \t\n")])
		die(EXIT_USAGE, "--reason is empty");
}

/* 0, or -1 after --help; a mistake ends the program. */
static int parse(int argc, char **argv, struct options *o)
{
	int c;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case OPTION_OUT:
			o->out = optarg;
			break;
		case OPTION_BASELINE:
			o->baseline = optarg;
			break;
		case OPTION_WRITE_BASELINE:
			o->write_baseline = optarg ? optarg : "";
			break;
		case OPTION_REASON:
			o->reason = optarg;
			break;
		case OPTION_NO_FOLD:
			o->no_fold = 1;
			break;
		case OPTION_STRICT:
			o->strict = 1;
			break;
		case 'h':
			fputs(help, stdout);
			return -1;
		case ':':
			die(EXIT_USAGE, "option '%s' needs a value", argv[optind - 1]);
		default:
			if (c >= OPTION_VIEW && c < OPTION_VIEW + VIEW_COUNT) {
				o->views[c - OPTION_VIEW] = optarg;
				break;
			}
			die(EXIT_USAGE, "unknown option '%s'; see 'sanmatrix report --help'",
			    argv[optind - 1]);
		}
	}
	if (to_stdout(o) > 1)
		die(EXIT_USAGE, "only one output can go to standard output");
	check_baseline(o);
	if (optind == argc)
		die(EXIT_USAGE, "no input: give a result folder, a log, or -");
	return 0;
}

static int has_file(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	int yes = path_exists(path);

	free(path);
	return yes;
}

static int is_result_folder(const char *path)
{
	return has_file(path, "run.json") || has_file(path, "merged.jsonl");
}

static int is_absent(const char *input)
{
	struct stat st;

	return strcmp(input, "-") && stat(input, &st) < 0;
}

/* Of several inputs an absent one is a part that did not arrive: the rest is told all the same. */
static int add_inputs(struct results *r, char **inputs, int n)
{
	int read = 0;
	struct err e;

	for (int i = 0; i < n; i++) {
		if (n > 1 && is_absent(inputs[i])) {
			warn("cannot open '%s':", inputs[i]);
			results_add_missing(r, inputs[i]);
		} else if (results_add(r, inputs[i], &e) < 0) {
			warn("%s", e.msg);
			return -1;
		} else {
			read++;
		}
	}
	return read ? 0 : -1;
}

static int colour_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");

	if (no && *no)
		return 0;
	if (force && *force && strcmp(force, "0") != 0)
		return 1;
	return isatty(STDOUT_FILENO);
}

static int write_outputs(const struct results *r, const struct options *o, struct err *e)
{
	int flags = o->strict ? JUNIT_STRICT : 0, rc = 0;

	for (int i = 0; i < VIEW_COUNT && !rc; i++)
		if (o->views[i])
			rc = results_write_file(r, o->views[i], view_kinds[i].writer,
						i == VIEW_JUNIT ? flags : 0, e);
	if (!rc && o->out)
		rc = results_write_views(r, o->out, flags, e);
	if (rc || to_stdout(o))
		return rc;
	return write_summary(r, stdout, colour_wanted(), e);
}

/* With --write-baseline the file may yet have to be made. */
static int read_baseline(struct results *r, const struct options *o)
{
	const char *file = o->baseline ? o->baseline : o->write_baseline;
	struct err e;

	if (!file || (o->write_baseline && !path_exists(file)) ||
	    results_baseline(r, file, &e) == 0)
		return 0;
	warn("%s", e.msg);
	return -1;
}

static char *default_reason(char **inputs, int n)
{
	char today[20];

	clock_format(time(NULL), today);
	return xasprintf("recorded on %.10s from %s%s", today, inputs[0],
			 n > 1 ? " and other inputs" : "");
}

static int write_baseline(const struct results *r, const struct options *o, char **inputs, int n,
			  struct err *e)
{
	char *reason = o->reason ? xstrdup(o->reason) : default_reason(inputs, n);
	size_t added = 0;
	int rc = results_write_baseline(r, o->write_baseline, reason, &added, e);

	if (!rc)
		fprintf(stderr, "sanmatrix: %zu new entr%s in '%s'\n", added,
			added == 1 ? "y" : "ies", o->write_baseline);
	free(reason);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	struct options o = { 0 };
	struct results r = { 0 };
	struct err e = { 0 };
	int status;

	if (parse(argc, argv, &o) < 0)
		return EXIT_CLEAN;
	r.no_fold = o.no_fold;
	if (argc - optind == 1 && !any_output(&o) && is_result_folder(argv[optind]))
		o.out = argv[optind];
	if (read_baseline(&r, &o) < 0 || add_inputs(&r, argv + optind, argc - optind) < 0) {
		results_release(&r);
		return EXIT_USAGE;
	}
	/* what was merged can be merged again; a run's own folder can be without that */
	if (o.out && !o.no_fold && !has_file(o.out, "run.json") &&
	    results_write_merged(&r, o.out, &e) < 0) {
		warn("%s", e.msg);
		results_release(&r);
		return e.code;
	}
	results_finish(&r);
	if (symbolize_trouble())
		warn("%s", symbolize_trouble());
	symbolize_end();
	status = results_status(&r);
	if (write_outputs(&r, &o, &e) < 0 ||
	    (o.write_baseline && write_baseline(&r, &o, argv + optind, argc - optind, &e) < 0)) {
		warn("%s", e.msg);
		status = e.code;
	} else if (o.write_baseline && status == EXIT_FINDINGS) {
		status = EXIT_CLEAN;
	}
	results_release(&r);
	return status;
}
