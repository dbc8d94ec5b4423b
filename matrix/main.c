/*
 * sanmatrix: the door. What the program can do is in the table below.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "matrix/commands.h"

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

static int help(const char *name)
{
	const char *text = help_text(name);

	if (!text) {
		warn("no such command: '%s'; `sanmatrix --help` lists them", name);
		return EXIT_USAGE;
	}
	fputs(text, stdout);
	return finish(EXIT_CLEAN);
}

/* Whether --help is among the command's own options: after "--" they are somebody else's. */
static int wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	static char program[] = "sanmatrix";

	if (argc < 2) {
		fputs(help_text(""), stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("sanmatrix %s\n", SM_VERSION);
		return finish(EXIT_CLEAN);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return help(argc > 2 ? argv[2] : "");
	const struct command *command = find(name);
	if (!command) {
		warn("no such %s: '%s'; `sanmatrix --help` lists what there is",
			name[0] == '-' ? "option" : "command", name);
		return EXIT_USAGE;
	}
	if (wants_help(argc - 1, argv + 1))
		return help(name);
	argv[1] = program;
	return finish(command->run(argc - 1, argv + 1));
}
