#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/error.h"
#include "matrix/commands.h"
#include "matrix/plan.h"

static const char usage[] =
	"usage: sanmatrix cells [--runtime SPEC] [--json]\n"
	"Lists the cells, and why one cannot run; * marks what `sanmatrix run` alone runs.\n"
	"\n"
	"  --runtime SPEC   for this runtime, such as cpython-3.11\n"
	"  --json           sanmatrix-cells/1 on standard output\n";

static json_t *cell_json(const struct recipe *r, int is_default)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s*, s:s*}", "name", r->cell, "runtime",
		r->runtime, "summary", r->summary, "default", is_default, "state",
		r->unavailable ? "unavailable" : "available", "reason", r->unavailable, "compiler",
		r->unavailable || !r->compiler ? NULL : r->compiler->path);
}

static void cell_print(const struct recipe *r, int is_default, int width)
{
	printf("%s %-*s  %-9s  %s\n", is_default ? "*" : " ", width, r->cell,
		r->unavailable ? "cannot" : "can run", r->summary);
	if (r->unavailable)
		printf("  %-*s             %s\n", width, "", r->unavailable);
}

static int list_cells(struct plan *p, json_t *list, struct err *e)
{
	struct strv names = { 0 }, defaults = { 0 };
	int rc = cells_list(&p->places, &names, &defaults, e), width = 0;

	for (size_t i = 0; i < names.n; i++)
		width = (int)strlen(names.v[i]) > width ? (int)strlen(names.v[i]) : width;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		int is_default = strv_has(&defaults, names.v[i]);
		struct recipe r;
		rc = recipe_load(&r, names.v[i], &p->runtime, &p->tools, e);
		if (rc < 0)
			break;
		if (list)
			json_array_append_new(list, cell_json(&r, is_default));
		else
			cell_print(&r, is_default, width);
		recipe_release(&r);
	}
	strv_release(&names);
	strv_release(&defaults);
	return rc;
}

int cmd_cells(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'J' },
		{ "runtime", required_argument, NULL, 'r' },
		{ 0 },
	};
	const char *spec = NULL;
	struct err e = { 0 };
	struct plan p;
	int json = 0, c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_INFRASTRUCTURE : EXIT_CLEAN;
		json |= c == 'J';
		spec = c == 'r' ? optarg : spec;
	}
	if (optind < argc) {
		warn("cells takes no argument: '%s'", argv[optind]);
		return EXIT_USAGE;
	}
	if (plan_open(&p, spec, NULL, 0, &e) < 0)
		return plan_fail(&e);
	json_t *list = json ? json_array() : NULL;
	int rc = list_cells(&p, list, &e);
	plan_close(&p);
	if (list && rc == 0) {
		json_t *root = json_pack("{s:s, s:O}", "schema", "sanmatrix-cells/1", "cells",
			list);
		json_dumpf(root, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(root);
	}
	json_decref(list);
	return rc < 0 ? plan_fail(&e) : EXIT_CLEAN;
}
