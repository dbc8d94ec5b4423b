#include <string.h>

#include "matrix/commands.h"

static const char whole[] =
	"usage: sanmatrix COMMAND [OPTION]...\n"
	"\n"
	"Builds and tests a runtime under every checker there is, proves that each can see, and\n"
	"writes what they say as one JUnit XML.\n"
	"\n"
	"  doctor   what works on this machine, what is missing, and what to install\n"
	"  cells    the cells, and why one cannot run\n"
	"  units    what a cell would run\n"
	"  run      build, prove and test cells; write the report\n"
	"  exec     run any command under a cell\n"
	"  report   findings from result folders and raw logs\n"
	"\n"
	"`sanmatrix COMMAND --help` says more, and so does sanmatrix(1). `--version` is the version.\n"
	"Exit status: 0 clean, 1 findings, 2 usage or configuration, 3 infrastructure (a build\n"
	"broke, a control was missed), 4 nothing selected.\n";

#define RUNTIME_OPTIONS \
	"  --runtime SPEC        such as cpython, cpython-3.11 or cpython-3.13.5\n" \
	"  --runtime-src PATH    its source: a folder or a tarball\n"

static const struct {
	const char *command, *text;
} texts[] = {
	{ "doctor",
		"usage: sanmatrix doctor [--json]\n"
		"\n"
		"Says what works on this machine, what is missing, and what to install.\n"
		"Exit status: 0, or 3 when a default cell cannot run.\n"
		"\n"
		"  --json                sanmatrix-doctor/1 on standard output\n" },
	{ "cells",
		"usage: sanmatrix cells [--runtime SPEC] [--json]\n"
		"\n"
		"Lists the cells, and why one cannot run.\n"
		"\n"
		"  --json                sanmatrix-cells/1 on standard output\n"
		"  --runtime SPEC        for this runtime, such as cpython-3.11\n" },
	{ "units",
		"usage: sanmatrix units --cell CELL [--suite SUITE] [OPTION]...\n"
		"\n"
		"Lists the units that CELL would run, one a line; what is left out, and why, is told on\n"
		"standard error.\n"
		"\n"
		"  --cell CELL\n"
		"  --suite SUITE         smoke, pr or full (default: full)\n"
		"  --json                sanmatrix-units/1 on standard output\n" RUNTIME_OPTIONS },
	{ "run",
		"usage: sanmatrix run [OPTION]...\n"
		"\n"
		"Builds the cells, proves with planted faults that each can see, runs the tests, and\n"
		"writes the report.\n"
		"\n"
		"  --cell A,B            these cells (default: those marked * in `sanmatrix cells`)\n"
		"  --suite SUITE         smoke, pr or full (default: smoke)\n"
		"  --unit X,Y            these units instead of a suite; may be repeated\n"
		"  --partition hash:M/N  part M of N of each cell's units\n"
		"  -j, --jobs N          as many processes at once (default: the number of cores)\n"
		"  --out DIR             the result folder (default: out)\n"
		"  --fresh               do not go on with an unfinished run\n"
		"  --timeout S           seconds for one unit\n"
		"  --progress MODE       auto, bar, plain or none\n" RUNTIME_OPTIONS },
	{ "exec",
		"usage: sanmatrix exec --cell CELL [OPTION]... -- COMMAND [ARGUMENT]...\n"
		"\n"
		"Runs COMMAND with the cell's environment, wrapper and reports. {python} (the runtime's\n"
		"own name for its program) stands for the cell's interpreter.\n"
		"\n"
		"  --cell CELL\n"
		"  --out DIR             the result folder\n"
		"  --timeout S           seconds for the command\n" RUNTIME_OPTIONS },
	{ "report",
		"usage: sanmatrix report [OPTION]... INPUT...\n"
		"\n"
		"Reads result folders and raw logs (- is standard input; the format is recognised) and\n"
		"writes what they say.\n"
		"\n"
		"  --junit FILE          JUnit XML\n"
		"  --json FILE           sanmatrix-findings/1\n"
		"  --no-fold             one entry a report, not one a defect\n"
		"  --strict              JUnit for strict schemas: no file and line\n" },
};

const char *help_text(const char *command)
{
	if (!command || !*command)
		return whole;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(texts[i].command, command) == 0)
			return texts[i].text;
	return NULL;
}
