/*
 * sanmatrix: the door. What the program can do is in the table below.
 */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "config.h"
#include "matrix/commands.h"

static const char usage[] =
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
	"`sanmatrix COMMAND --help` says more, and so does sanmatrix(1).\n"
	"Exit status: 0 clean, 1 findings, 2 usage or configuration, 3 infrastructure (a build\n"
	"broke, a control was missed), 4 nothing selected, 130 interrupted.\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "doctor", cmd_doctor }, { "cells", cmd_cells },   { "units", cmd_units },
	{ "run", cmd_run },	  { "exec", cmd_exec },	    { "report", cmd_report },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* What could not be written has not been said: a full disk, a closed pipe. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn("cannot write to standard output:");
		return status > EXIT_INFRASTRUCTURE ? status : EXIT_INFRASTRUCTURE;
	}
	return status;
}

static int run(const char *name, int argc, char **argv)
{
	const struct command *command = find(name);

	if (command)
		return finish(command->run(argc, argv));
	warn("no such %s: '%s'; `sanmatrix --help` lists what there is",
		name[0] == '-' ? "option" : "command", name);
	return EXIT_USAGE;
}

static int help(char *name)
{
	static char option[] = "--help";
	char *argv[] = { name, option, NULL };

	return run(name, 2, argv);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("sanmatrix %s\n", SM_VERSION);
		return finish(EXIT_CLEAN);
	}
	if (strcmp(name, "help") == 0 && argc > 2)
		return help(argv[2]);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		fputs(usage, stdout);
		return finish(EXIT_CLEAN);
	}
	return run(name, argc - 1, argv + 1);
}
