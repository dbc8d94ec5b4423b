#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/mem.h"
#include "matrix/commands.h"
#include "matrix/machine.h"
#include "matrix/plan.h"

static const char usage[] =
	"usage: sanmatrix doctor [--json]\n"
	"Says what works on this machine, what is missing, and what to install.\n"
	"Exit status: 0, or 3 when a default cell cannot run.\n"
	"\n"
	"  --json  sanmatrix-doctor/1 on standard output\n";

static json_t *strings(const struct strv *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->v[i]));
	return array;
}

static json_t *compilers_json(const struct toolchain *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->compiler_count; i++) {
		const struct compiler *c = &t->compilers[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:o}", "name",
			c->name, "path", c->path, "family", c->family, "version", c->version,
			"sanitizers", strings(&c->sanitizers), "valgrind", c->valgrind,
			"valgrind_flags", strings(&c->valgrind_flags)));
	}
	return list;
}

static json_t *missing_json(const struct toolchain *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->missing_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s*, s:s*}", "what",
			t->missing[i].what, "reason", t->missing[i].reason, "package",
			t->missing[i].package));
	return list;
}

static json_t *settings_json(const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s*}", "name", s->v[i].name,
			"value", s->v[i].value, "ok", !s->v[i].note, "note", s->v[i].note));
	return list;
}

static void print_json(const struct toolchain *t, const struct settings *s, json_t *cells, int ok)
{
	json_t *root = json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:O}", "schema",
		"sanmatrix-doctor/1", "ok", ok, "settings", settings_json(s), "compilers",
		compilers_json(t), "missing", missing_json(t), "tools", json_object(), "cells", cells);
	json_t *tools = json_object_get(root, "tools");

	if (t->valgrind)
		json_object_set_new(tools, "valgrind", json_pack("{s:s, s:s*}", "path", t->valgrind,
			"version", t->valgrind_version));
	if (t->make)
		json_object_set_new(tools, "make", json_pack("{s:s, s:s*, s:s}", "path", t->make,
			"version", t->make_version, "jobserver", t->make_fifo ? "fifo" : "pipe"));
	if (t->ccache)
		json_object_set_new(tools, "ccache", json_pack("{s:s}", "path", t->ccache));
	if (t->symbolizer)
		json_object_set_new(tools, "symbolizer", json_pack("{s:s}", "path", t->symbolizer));
	json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void line(int ok, const char *name, const char *value)
{
	printf("%s  %-24s  %s\n", ok ? "ok  " : "BAD ", name, value);
}

static void print_compiler(const struct compiler *c)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s %s; sanitizers:", c->path, c->version);
	for (size_t i = 0; i < c->sanitizers.n; i++)
		buf_addf(&b, " %s", c->sanitizers.v[i]);
	if (!c->sanitizers.n)
		buf_addstr(&b, " none");
	buf_addstr(&b, c->valgrind ? "; runs under Valgrind" : "; not for Valgrind");
	for (size_t i = 0; i < c->valgrind_flags.n; i++)
		buf_addf(&b, " with %s", c->valgrind_flags.v[i]);
	line(1, c->name, b.data);
	buf_release(&b);
}

static void print_tool(const char *name, const char *path, const char *version, const char *without)
{
	char *text = path ? xasprintf("%s%s%s", path, version ? " " : "", version ? version : "") :
			    xstrdup(without);

	line(path != NULL, name, text);
	free(text);
}

static void print_tools(const struct toolchain *t)
{
	for (size_t i = 0; i < t->compiler_count; i++)
		print_compiler(&t->compilers[i]);
	print_tool("valgrind", t->valgrind, t->valgrind_version, "none that works");
	print_tool("make", t->make, t->make_version, "no GNU make");
	if (t->make)
		line(1, "job server", t->make_fifo ? "fifo" : "pipe (make 4.4 adds the fifo)");
	print_tool("symbolizer", t->symbolizer, NULL,
		"none: reports have no functions and lines; install llvm");
	line(1, "ccache", t->ccache ? t->ccache : "none: builds take longer, that is all");
	for (size_t i = 0; i < t->missing_count; i++) {
		const struct missing *m = &t->missing[i];
		char *text = xasprintf("%s%s%s", m->reason ? m->reason : "missing",
			m->package ? "; install " : "", m->package ? m->package : "");
		line(0, m->what, text);
		free(text);
	}
}

/* Adds to CELLS, or prints; *OK is 0 afterwards if a default cell cannot run. */
static int judge_cells(struct plan *p, json_t *cells, int *ok, struct err *e)
{
	struct strv names = { 0 }, defaults = { 0 };
	int rc = cells_list(&p->places, &names, &defaults, e);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct recipe r;
		rc = recipe_load(&r, names.v[i], &p->runtime, &p->tools, e);
		if (rc < 0)
			break;
		if (r.unavailable && strv_has(&defaults, r.cell))
			*ok = 0;
		json_array_append_new(cells, json_pack("{s:s, s:b, s:b, s:s*}", "name", r.cell,
			"default", strv_has(&defaults, r.cell), "ok", !r.unavailable, "reason",
			r.unavailable));
		recipe_release(&r);
	}
	strv_release(&names);
	strv_release(&defaults);
	return rc;
}

static void print_text(const struct toolchain *t, const struct settings *s, json_t *cells)
{
	json_t *cell;
	size_t i;

	for (i = 0; i < s->n; i++) {
		line(!s->v[i].note, s->v[i].name, s->v[i].value);
		if (s->v[i].note)
			printf("      %-24s  %s\n", "", s->v[i].note);
	}
	print_tools(t);
	json_array_foreach(cells, i, cell) {
		const char *reason = json_string_value(json_object_get(cell, "reason"));
		char *name = xasprintf("cell %s", json_string_value(json_object_get(cell, "name")));
		line(!reason, name, reason ? reason : "can run");
		free(name);
	}
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'J' },
		{ 0 },
	};
	struct settings settings = { 0 };
	struct err e = { 0 };
	struct plan p;
	int json = 0, ok = 1, c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_INFRASTRUCTURE : EXIT_CLEAN;
		json = 1;
	}
	if (optind < argc) {
		warn("doctor takes no argument: '%s'", argv[optind]);
		return EXIT_USAGE;
	}
	if (plan_open(&p, NULL, NULL, 0, &e) < 0)
		return plan_fail(&e);
	json_t *cells = json_array();
	int rc = judge_cells(&p, cells, &ok, &e);
	if (rc == 0) {
		machine_settings(&settings, "", p.places.cache);
		if (json)
			print_json(&p.tools, &settings, cells, ok);
		else
			print_text(&p.tools, &settings, cells);
		settings_release(&settings);
	}
	json_decref(cells);
	plan_close(&p);
	return rc < 0 ? plan_fail(&e) : ok ? EXIT_CLEAN : EXIT_INFRASTRUCTURE;
}
