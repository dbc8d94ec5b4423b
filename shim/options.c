/*
 * POOLSHIM_OPTIONS, in the sanitizers' syntax: NAME=VALUE, separated by colons, commas or blanks. What
 * the checker's own variable says of the same names holds first: a program that should not stop at
 * errors of ASan should not stop at ours.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct ps_options ps_options = {
	.enabled = 1,
	.halt_on_error = 1,
	.exitcode = 1,
	.canaries = 1,
	.direct = 1,
	.alloc_depth = 16,
	.free_depth = 16,
	.quarantine = (size_t)512 << 10,
	.depot = (size_t)1 << 30,
};

enum kind { FLAG, COUNT, SIZE, TEXT };

static const struct option {
	const char *name;
	enum kind kind;
	int shared; /* the checkers have an option of this name that means the same */
	void *value;
	const char *help;
} table[] = {
	{ "enabled", FLAG, 0, &ps_options.enabled, "0: pools are left alone, whatever checker is there" },
	{ "check", FLAG, 0, &ps_options.check,
	        "1: check at free (canaries, double free, wrong pool) without any checker too" },
	{ "halt_on_error", FLAG, 1, &ps_options.halt_on_error, "0: go on after our own reports" },
	{ "abort_on_error", FLAG, 1, &ps_options.abort_on_error, "1: abort(), not _exit()" },
	{ "exitcode", FLAG, 1, &ps_options.exitcode, "the exit status after a report" },
	{ "log_path", TEXT, 0, ps_options.log_path,
	        "reports go to PATH.PID where no sanitizer writes them" },
	{ "canaries", FLAG, 0, &ps_options.canaries, "0: do not look behind a block at its free" },
	{ "direct", FLAG, 0, &ps_options.direct,
	        "0: tell ASan by its own calls, which says use-after-poison of everything then, as where "
	        "its shadow is not one byte for eight; for tests" },
	{ "leaks", FLAG, 0, &ps_options.leaks,
	        "at exit, report blocks 1: that nothing points to (as ASan's detect_leaks), 2: all" },
	{ "detect_leaks", FLAG, 1, &ps_options.leaks, "the same" },
	{ "alloc_depth", COUNT, 0, &ps_options.alloc_depth, "frames of a stack of allocation" },
	{ "free_depth", COUNT, 0, &ps_options.free_depth, "frames of a stack of free; both up to 64" },
	{ "quarantine_kb", SIZE, 0, &ps_options.quarantine,
	        "how much is kept from reuse, for each owner of pools; 0: nothing. 512, "
	        "under Memcheck 20480" },
	{ "depot_kb", SIZE, 0, &ps_options.depot, "memory for stacks, at most 1 GB" },
};
enum { OPTIONS = sizeof table / sizeof *table };

static long number(const char *s, size_t n)
{
	long value = 0;
	size_t i = n && *s == '-';

	for (; i < n && s[i] >= '0' && s[i] <= '9' && value < 1L << 40; i++)
		value = value * 10 + (s[i] - '0');
	return i < n ? -1 : *s == '-' ? -value : value;
}

static void set(const struct option *o, const char *s, size_t n)
{
	long value = number(s, n);

	if (o->kind == TEXT) {
		size_t room = sizeof ps_options.log_path - 1;
		memcpy(o->value, s, n < room ? n : room);
		((char *)o->value)[n < room ? n : room] = 0;
		return;
	}
	if (n == 4 && !memcmp(s, "true", 4))
		value = 1;
	if (n == 5 && !memcmp(s, "false", 5))
		value = 0;
	if (!n || value < 0)
		return;
	if (o->kind == FLAG)
		*(int *)o->value = (int)value;
	else if (o->kind == COUNT)
		*(unsigned *)o->value = value < PS_DEPTH ? (unsigned)value : PS_DEPTH;
	else
		*(size_t *)o->value = (size_t)value << 10;
}

static void help(void)
{
	ps_print("POOLSHIM_OPTIONS: NAME=VALUE, separated by colons");
	for (unsigned i = 0; i < OPTIONS; i++)
		ps_printf("\t%s\n\t\t%s", table[i].name, table[i].help);
}

/* SHARED: only the options that mean the same in the checkers. */
static void parse(const char *s, int shared)
{
	static const char separators[] = ":, \t\n";

	while (s && *s) {
		s += strspn(s, separators);
		size_t n = strcspn(s, separators);
		const char *equal = memchr(s, '=', n);
		size_t key = equal ? (size_t)(equal - s) : n;
		const char *value = equal ? equal + 1 : s + n;
		size_t length = (size_t)(s + n - value);
		if (length > 1 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
			value++;
			length -= 2;
		}
		if (!shared && key == 4 && !memcmp(s, "help", 4) && number(value, length) == 1)
			help();
		for (unsigned i = 0; i < OPTIONS; i++)
			if (strlen(table[i].name) == key && !memcmp(s, table[i].name, key) &&
			        (!shared || table[i].shared))
				set(&table[i], value, length);
		s += n;
	}
}

PS_WEAK const char *__asan_default_options(void);
PS_WEAK const char *__msan_default_options(void);
PS_WEAK const char *__tsan_default_options(void);

void ps_options_read(void)
{
	if (ps_backend == &ps_asan) {
		parse(__asan_default_options ? __asan_default_options() : NULL, 1);
		parse(getenv("ASAN_OPTIONS"), 1);
	} else if (ps_backend == &ps_msan) {
		parse(__msan_default_options ? __msan_default_options() : NULL, 1);
		parse(getenv("MSAN_OPTIONS"), 1);
	} else if (ps_backend == &ps_tsan) {
		parse(__tsan_default_options ? __tsan_default_options() : NULL, 1);
		parse(getenv("TSAN_OPTIONS"), 1);
	}
	/* Memcheck tells of a freed block before the live one that took its place, as long as it
	   remembers it: --freelist-vol, 20 MB by default. */
	if (ps_backend == &ps_memcheck)
		ps_options.quarantine = (size_t)20 << 20;
	parse(getenv("POOLSHIM_OPTIONS"), 0);
}
