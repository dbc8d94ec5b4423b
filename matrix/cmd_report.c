/*
 * sanmatrix report: the views of what was recorded.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	"  --html FILE    write one self-contained HTML page\n"
	"  --out DIR      write DIR/junit.xml, DIR/findings.json and DIR/report.html\n"
	"  --no-fold      one entry a finding: equal ones are not folded\n"
	"  --strict       JUnit XML without what strict schemas reject\n"
	"  --help         this text\n"
	"\n"
	"Without --junit, --json, --html and --out, one result folder gets its junit.xml, findings.json\n"
	"and report.html. The summary goes to standard output, unless that is taken.\n"
	"\n"
	"Exit status: 0 clean, 1 findings or failed tests, 2 usage, 3 a cell or a result is missing,\n"
	"failed, or missed a control, 4 nothing was run.\n";

struct options {
	const char *junit, *json, *html, *out;
	int no_fold, strict;
};

enum { OPTION_JUNIT = 256, OPTION_JSON, OPTION_HTML, OPTION_OUT, OPTION_NO_FOLD, OPTION_STRICT };

static const struct option long_options[] = {
	{ "junit", required_argument, NULL, OPTION_JUNIT },
	{ "json", required_argument, NULL, OPTION_JSON },
	{ "html", required_argument, NULL, OPTION_HTML },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "no-fold", no_argument, NULL, OPTION_NO_FOLD },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int to_stdout(const char *file)
{
	return file && !strcmp(file, "-");
}

/* 0, or -1 after --help; a mistake ends the program. */
static int parse(int argc, char **argv, struct options *o)
{
	int c;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case OPTION_JUNIT:
			o->junit = optarg;
			break;
		case OPTION_JSON:
			o->json = optarg;
			break;
		case OPTION_HTML:
			o->html = optarg;
			break;
		case OPTION_OUT:
			o->out = optarg;
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
			die(EXIT_USAGE, "unknown option '%s'; see 'sanmatrix report --help'",
			    argv[optind - 1]);
		}
	}
	if (to_stdout(o->junit) + to_stdout(o->json) + to_stdout(o->html) > 1)
		die(EXIT_USAGE, "only one output can go to standard output");
	if (optind == argc)
		die(EXIT_USAGE, "no input: give a result folder, a log, or -");
	return 0;
}

static int is_result_folder(const char *path)
{
	char *run = xasprintf("%s/run.json", path);
	int yes = path_exists(run);

	free(run);
	return yes;
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

static int write_views(const struct results *r, const char *dir, int flags, struct err *e)
{
	char *junit = xasprintf("%s/junit.xml", dir);
	int rc = results_write_views(r, dir, e);

	if (!rc && flags)
		rc = results_write_file(r, junit, write_junit, flags, e);
	free(junit);
	return rc;
}

static int write_outputs(const struct results *r, const struct options *o, struct err *e)
{
	int flags = o->strict ? JUNIT_STRICT : 0, rc = 0;

	if (o->junit)
		rc = results_write_file(r, o->junit, write_junit, flags, e);
	if (!rc && o->json)
		rc = results_write_file(r, o->json, write_json, 0, e);
	if (!rc && o->html)
		rc = results_write_file(r, o->html, write_html, 0, e);
	if (!rc && o->out)
		rc = write_views(r, o->out, flags, e);
	if (rc || to_stdout(o->junit) || to_stdout(o->json) || to_stdout(o->html))
		return rc;
	return write_summary(r, stdout, colour_wanted(), e);
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
	if (argc - optind == 1 && !o.junit && !o.json && !o.html && !o.out && is_result_folder(argv[optind]))
		o.out = argv[optind];
	if (add_inputs(&r, argv + optind, argc - optind) < 0) {
		results_release(&r);
		return EXIT_USAGE;
	}
	results_finish(&r);
	if (symbolize_trouble())
		warn("%s", symbolize_trouble());
	symbolize_end();
	status = results_status(&r);
	if (write_outputs(&r, &o, &e) < 0) {
		warn("%s", e.msg);
		status = e.code;
	}
	results_release(&r);
	return status;
}
