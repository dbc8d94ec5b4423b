/*
 * The subcommands of sanmatrix. Each gets its own name as argv[0], prints its help on --help, and
 * returns the exit status of the program (enum exit_status).
 */
#ifndef SM_MATRIX_COMMANDS_H
#define SM_MATRIX_COMMANDS_H

int cmd_doctor(int argc, char **argv);
int cmd_cells(int argc, char **argv);
int cmd_units(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_report(int argc, char **argv);

#endif
