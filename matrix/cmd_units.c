#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "matrix/commands.h"
#include "matrix/plan.h"

static const char usage[] =
	"usage: sanmatrix units --cell CELL [OPTION]...\n"
	"Lists the units that CELL would run, one a line; what is left out, and why, is told on\n"
	"standard error.\n"
	"\n"
	"  --suite NAME        smoke, pr or full (default)\n"
	"  --runtime SPEC      such as cpython, cpython-3.11 or cpython-3.13.5\n"
	"  --runtime-src PATH  its source: a folder or a tarball\n"
	"  --json              sanmatrix-units/1 on standard output\n";

struct options {
	const char *cell, *suite, *runtime, *source;
	int json;
};

/* 1: go on; 0: --help was asked for; -1: a mistake, which was told. */
static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "cell", required_argument, NULL, 'c' },
		{ "suite", required_argument, NULL, 's' },
		{ "runtime", required_argument, NULL, 'r' },
		{ "runtime-src", required_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'J' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .suite = "full" };
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->cell = optarg;
			break;
		case 's':
			o->suite = optarg;
			break;
		case 'r':
			o->runtime = optarg;
			break;
		case 'S':
			o->source = optarg;
			break;
		case 'J':
			o->json = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return -1;
		}
	}
	if (optind < argc)
		warn("units takes no argument: '%s'", argv[optind]);
	else if (!o->cell)
		warn("units needs --cell CELL; `sanmatrix cells` lists them");
	return optind < argc || !o->cell ? -1 : 1;
}

/* The suite's units or, when it names none, all that the source has. */
static int suite_units(const struct plan *p, const struct recipe *r, const char *name,
	struct strv *units, struct err *e)
{
	const struct suite *suite = recipe_suite(r, name);
	struct buf known = { 0 };

	if (suite && suite->units.n) {
		strv_extend(units, &suite->units);
		return 0;
	}
	if (suite)
		return runtime_units(&p->runtime, units, e);
	for (size_t i = 0; i < r->suite_count; i++)
		buf_addf(&known, " %s", r->suites[i].name);
	err_set(e, EXIT_USAGE, "no such suite: '%s'; there are:%s", name,
		known.data ? known.data : " none");
	buf_release(&known);
	return -1;
}

static void print_json(const struct recipe *r, const struct options *o, const struct strv *units)
{
	json_t *run = json_array(), *left_out = json_array();

	for (size_t i = 0; i < units->n; i++) {
		const struct skip *s = recipe_skip(r, units->v[i]);
		if (s)
			json_array_append_new(left_out, json_pack("{s:s, s:s, s:s*}", "unit",
				s->unit, "reason", s->reason, "issue", s->issue));
		else
			json_array_append_new(run, json_string(units->v[i]));
	}
	json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "schema",
		"sanmatrix-units/1", "runtime", r->runtime, "version", r->version, "cell", r->cell,
		"suite", o->suite, "units", run, "skipped", left_out);
	json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void print_text(const struct recipe *r, const struct strv *units)
{
	for (size_t i = 0; i < units->n; i++) {
		const struct skip *s = recipe_skip(r, units->v[i]);
		if (s)
			fprintf(stderr, "left out: %s: %s%s%s\n", s->unit, s->reason,
				s->issue ? ", " : "", s->issue ? s->issue : "");
		else
			puts(units->v[i]);
	}
}

static int list_units(const struct plan *p, const struct options *o, struct err *e)
{
	struct strv units = { 0 };
	struct recipe r;

	if (recipe_load(&r, o->cell, &p->runtime, &p->tools, e) < 0)
		return -1;
	int rc = suite_units(p, &r, o->suite, &units, e);
	if (rc == 0 && o->json)
		print_json(&r, o, &units);
	else if (rc == 0)
		print_text(&r, &units);
	strv_release(&units);
	recipe_release(&r);
	return rc;
}

int cmd_units(int argc, char **argv)
{
	struct err e = { 0 };
	struct options o;
	struct plan p;

	int go = parse(&o, argc, argv);
	if (go <= 0)
		return go < 0 ? EXIT_USAGE : EXIT_CLEAN;
	if (plan_open(&p, o.runtime, o.source, 1, &e) < 0)
		return plan_fail(&e);
	int rc = list_units(&p, &o, &e);
	plan_close(&p);
	return rc < 0 ? plan_fail(&e) : EXIT_CLEAN;
}
