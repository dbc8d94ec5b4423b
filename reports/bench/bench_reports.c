/*
 * Inputs for the readers' benchmark, and its measuring:
 *   bench_reports text SIZE FILE...  text of that many bytes from the files, on standard output, over
 *                                    and over, with other processes and addresses in each round
 *   bench_reports xml SIZE FILE...   one document of Valgrind's, of the errors of all
 *   bench_reports run ROUNDS SIZE FILE NAME COMMAND... [-- NAME COMMAND...]...
 *                                    each command in turn, ROUNDS times, on one core; FILE, of SIZE
 *                                    bytes, is its standard input. Prints the best of each.
 */
#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"

enum { COMMANDS_MAX = 16 };

struct command {
	const char *name;
	char **argv;
	double wall, cpu; /* the best so far, in seconds; 0: not run */
	long peak;        /* KiB */
	int failed;
};

static void read_files(struct buf *all, char **files)
{
	struct err e;

	for (; *files; files++) {
		if (file_read(*files, all, 0, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			exit(1);
		}
		if (all->len && all->data[all->len - 1] != '\n')
			buf_addch(all, '\n');
	}
	for (size_t i = 0; i < all->len; i++)
		if (!all->data[i])
			all->data[i] = ' ';
}

/*
 * Turns the digits of the number at S, all but the first, by what ROUND is in that base. Returns
 * its length.
 */
static size_t turn(char *s, const char *digits, unsigned round)
{
	size_t n = strspn(s, digits), base = strlen(digits);

	for (size_t i = n; i-- > 1 && round; round = (unsigned)(round / base)) {
		size_t digit = (size_t)(strchr(digits, s[i]) - digits);
		s[i] = digits[(digit + round) % base];
	}
	return n;
}

/* Turns "0x602000000010", but no short offset, and "==4242==". */
static void vary(char *s, unsigned round)
{
	static const char hex[] = "0123456789abcdef";

	while (*s) {
		if (s[0] == '0' && s[1] == 'x')
			s += 2 + (strspn(s + 2, hex) > 7 ? turn(s + 2, hex, round * 16) : 0);
		else if (s[0] == '=' && s[1] == '=' && isdigit((unsigned char)s[2]))
			s += 2 + turn(s + 2, "0123456789", round);
		else
			s++;
	}
}

static int make_text(size_t size, char **files)
{
	struct buf all = { 0 }, text = { 0 };
	int bad = 0;

	read_files(&all, files);
	for (unsigned round = 0; size && all.len && !bad; round++) {
		buf_reset(&text);
		buf_add(&text, all.data, all.len);
		vary(text.data, round);
		size_t n = text.len < size ? text.len : size;
		bad = fwrite(text.data, 1, n, stdout) != n;
		size -= n;
	}
	buf_release(&all);
	buf_release(&text);
	return bad || fflush(stdout);
}

/* All whole <error> elements of S, at the end of OUT. */
static void take_errors(struct buf *out, const char *s)
{
	const char *end;

	while ((s = strstr(s, "<error>")) && (end = strstr(s, "</error>"))) {
		const char *next = strstr(s + 1, "<error>");

		if (next && next < end) { /* it was cut, and another document follows */
			s = next;
			continue;
		}
		end += strlen("</error>");
		buf_add_line(out, s, (size_t)(end - s));
		s = end;
	}
}

static int make_xml(size_t size, char **files)
{
	static const char head[] = "<?xml version=\"1.0\"?>\n<valgrindoutput>\n"
				   "<protocolversion>4</protocolversion>\n"
				   "<protocoltool>memcheck</protocoltool>\n<pid>4242</pid>\n";
	struct buf all = { 0 }, errors = { 0 };

	read_files(&all, files);
	if (all.data)
		take_errors(&errors, all.data);
	int bad = fputs(head, stdout) < 0;
	for (size_t done = 0; done < size && errors.len && !bad; done += errors.len) {
		vary(errors.data, 1);
		bad = fwrite(errors.data, 1, errors.len, stdout) != errors.len;
	}
	bad |= fputs("</valgrindoutput>\n", stdout) < 0;
	buf_release(&all);
	buf_release(&errors);
	return bad || fflush(stdout);
}

/* This process, and all that it starts, on the first core that it may use. */
static void one_core(void)
{
	cpu_set_t all, one;
	int i = 0;

	if (sched_getaffinity(0, sizeof all, &all))
		return;
	while (i < CPU_SETSIZE - 1 && !CPU_ISSET(i, &all))
		i++;
	CPU_ZERO(&one);
	CPU_SET(i, &one);
	sched_setaffinity(0, sizeof one, &one);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double lesser(double best, double now)
{
	return best == 0 || now < best ? now : best;
}

/* Its output goes to a file: grep looks no further than the first match if that is /dev/null. */
static void run(struct command *c, const char *input, FILE *output)
{
	struct rusage usage;
	int status;
	double from = clock_now();
	pid_t pid = fork();

	if (pid == 0) {
		if (c->argv[0] && freopen(input, "r", stdin) &&
		        dup2(fileno(output), STDOUT_FILENO) >= 0 &&
		        freopen("/dev/null", "w", stderr))
			execvp(c->argv[0], c->argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		c->failed = 1;
		return;
	}
	/* 1 is what grep says of no match, and sanmatrix of findings */
	c->failed |= !WIFEXITED(status) || WEXITSTATUS(status) > 1;
	c->wall = lesser(c->wall, clock_now() - from);
	c->cpu = lesser(c->cpu, seconds(usage.ru_utime) + seconds(usage.ru_stime));
	c->peak = usage.ru_maxrss > c->peak ? usage.ru_maxrss : c->peak;
}

static void print(const struct command *c, double size)
{
	if (c->failed)
		printf("  %-18s failed\n", c->name);
	else
		printf("  %-18s %8.3f s %8.1f MB/s   CPU %8.3f s %8.1f MB/s   peak %6.1f MB\n",
		        c->name, c->wall, size / c->wall / 1e6, c->cpu, size / c->cpu / 1e6,
		        (double)c->peak * 1024 / 1e6);
}

static int run_all(long rounds, double size, const char *input, char **argv)
{
	struct command commands[COMMANDS_MAX] = { 0 };
	FILE *output = tmpfile();
	size_t n = 0;

	if (!output)
		return 1;

	while (*argv && argv[1] && n < COMMANDS_MAX) {
		commands[n].name = argv[0];
		commands[n++].argv = ++argv;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	one_core();
	for (long round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			run(&commands[i], input, output);
	for (size_t i = 0; i < n; i++)
		print(&commands[i], size);
	fclose(output);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "text"))
		return make_text(strtoul(argv[2], NULL, 10), argv + 3);
	if (argc > 3 && !strcmp(argv[1], "xml"))
		return make_xml(strtoul(argv[2], NULL, 10), argv + 3);
	if (argc > 6 && !strcmp(argv[1], "run"))
		return run_all(strtol(argv[2], NULL, 10), strtod(argv[3], NULL), argv[4], argv + 5);
	fputs("usage: bench_reports text|xml SIZE FILE... | run ROUNDS SIZE FILE NAME COMMAND...\n",
	        stderr);
	return 2;
}
