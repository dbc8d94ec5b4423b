/*
 * Sanitizer options, compiled into the runtime's program, so that a process whose environment was
 * cleared or overridden still writes its reports to the folder of the unit that it belongs to.
 *
 * The sanitizers' runtimes ask these functions for defaults; what *SAN_OPTIONS says in the
 * environment wins over them, option by option. The answer comes from the nearest process, this one
 * first and then its ancestors, that belongs to a unit:
 *
 *   - its environment has SANMATRIX_DIR=DIR: the lines NAME=VALUE of DIR/.sanmatrix; without that
 *     file, the values in that environment, if one of them has a log_path (a test may have replaced
 *     them: then the search goes on);
 *   - its current folder has a file .sanmatrix: the lines of that file. This is the supervisor of a
 *     unit, which is the subreaper of all its processes (matrix/job.h).
 *
 * Where no process is found the answers are empty, and nothing changes.
 *
 * The runtimes call this before libc and their own interceptors are ready: no libc, no allocation,
 * no errno; system calls only, and buffers of our own. To be compiled without instrumentation
 * (-fno-sanitize=all); the empty asm statements keep loops from becoming calls of memcpy.
 */
#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <asm/unistd.h>
#include <fcntl.h>

enum {
	VALUE_MAX_LEN = 8192, /* of one variable; a longer one is dropped, for half of it would lie */
	PATH_LEN = 4096,
	GENERATIONS = 64, /* how far up the ancestors are followed */
	TRIES = 3,	  /* an ancestor may end while we look at it */
};

enum name { DIR_NAME, ASAN, UBSAN, LSAN, TSAN, MSAN, NAMES };

static const char *const names[NAMES] = {
	"SANMATRIX_DIR=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=",
	"LSAN_OPTIONS=",  "TSAN_OPTIONS=", "MSAN_OPTIONS=",
};
static char values[NAMES][VALUE_MAX_LEN];

#ifdef __x86_64__
static long call4(long n, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}
#else
static long call4(long n, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#endif

static int open_file(const char *path)
{
	return (int)call4(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
}

static long read_some(int fd, char *buf, long size)
{
	return call4(__NR_read, fd, (long)buf, size, 0);
}

static void close_file(int fd)
{
	call4(__NR_close, fd, 0, 0, 0);
}

/* Appends TEXT at position AT of a path; the new end. A path that is too long becomes empty. */
static int path_add(char *path, int at, const char *text)
{
	for (; *text && at < PATH_LEN - 1; text++) {
		__asm__ volatile("" ::: "memory");
		path[at++] = *text;
	}
	path[at] = 0;
	if (*text)
		path[0] = 0;
	return at;
}

static int path_add_pid(char *path, int at, long pid)
{
	char digits[24];
	int i = sizeof(digits) - 1;

	digits[i] = 0;
	do {
		digits[--i] = (char)('0' + pid % 10);
		pid /= 10;
	} while (pid && i);
	return path_add(path, at, digits + i);
}

static void proc_path(char *path, long pid, const char *name)
{
	int at = path_add(path, 0, "/proc/");

	at = path_add_pid(path, at, pid);
	at = path_add(path, at, "/");
	path_add(path, at, name);
}

static void values_clear(void)
{
	for (int i = 0; i < NAMES; i++)
		values[i][0] = 0;
}

/* One entry NAME=VALUE is being read: which of our names it may still be, and how far. */
struct entry {
	unsigned candidates; /* bit i: names[i] fits so far */
	int at;		     /* bytes of the entry seen */
	int name, start;     /* once the name is complete: which, and where its value began */
};

static void entry_begin(struct entry *e)
{
	e->candidates = (1u << NAMES) - 1;
	e->at = 0;
	e->name = -1;
	e->start = 0;
}

static void entry_end(struct entry *e)
{
	if (e->name >= 0)
		values[e->name][e->at - e->start] = 0;
	entry_begin(e);
}

static void entry_byte(struct entry *e, char c)
{
	int at = e->at++;

	if (e->name >= 0) {
		if (at - e->start < VALUE_MAX_LEN - 1) {
			values[e->name][at - e->start] = c;
			return;
		}
		values[e->name][0] = 0;
		e->name = -1;
		e->candidates = 0;
		return;
	}
	for (int i = 0; i < NAMES && e->candidates; i++) {
		if (!(e->candidates & (1u << i)))
			continue;
		if (names[i][at] != c) {
			e->candidates &= ~(1u << i);
		} else if (c == '=') {
			e->name = i;
			e->start = at + 1;
			return;
		}
	}
}

/* Fills values[] from a list of entries that end with SEPARATOR; 0 if PATH could not be opened. */
static int read_entries(const char *path, char separator)
{
	static char buf[4096];
	struct entry e;
	int fd = open_file(path);
	long n;

	if (fd < 0)
		return 0;
	values_clear();
	entry_begin(&e);
	while ((n = read_some(fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i++) {
			if (buf[i] == separator)
				entry_end(&e);
			else
				entry_byte(&e, buf[i]);
		}
	}
	entry_end(&e);
	close_file(fd);
	return 1;
}

static int has_log_path(const char *text)
{
	static const char wanted[] = "log_path=";
	int at = 0;

	for (; *text; text++) {
		at = *text == wanted[at] ? at + 1 : *text == wanted[0];
		if (!wanted[at])
			return 1;
	}
	return 0;
}

/* Does process PID belong to a unit? Then values[] holds what it says. */
static int read_process(long pid)
{
	static char path[PATH_LEN];
	int at;

	proc_path(path, pid, "environ");
	if (read_entries(path, 0) && values[DIR_NAME][0]) {
		at = path_add(path, 0, values[DIR_NAME]);
		path_add(path, at, "/.sanmatrix");
		if (read_entries(path, '\n'))
			return 1;
		for (int i = ASAN; i < NAMES; i++) {
			if (has_log_path(values[i]))
				return 1;
		}
	}
	proc_path(path, pid, "cwd/.sanmatrix");
	return read_entries(path, '\n');
}

/* The parent of PID, or 0. The name before it in `stat` may hold anything, parentheses too. */
static long parent_of(long pid)
{
	static char path[PATH_LEN], stat[512];
	long n, parent = 0;
	int fd;

	proc_path(path, pid, "stat");
	fd = open_file(path);
	if (fd < 0)
		return 0;
	n = read_some(fd, stat, sizeof(stat) - 1);
	close_file(fd);
	while (n > 0 && stat[n - 1] != ')')
		n--;
	if (n <= 0)
		return 0;
	for (n += 3; stat[n] >= '0' && stat[n] <= '9'; n++) /* ") S 123 " */
		parent = parent * 10 + (stat[n] - '0');
	return parent;
}

static void find_unit(void)
{
	for (int attempt = 0; attempt < TRIES; attempt++) {
		long pid = call4(__NR_getpid, 0, 0, 0, 0);

		for (int i = 0; i < GENERATIONS && pid > 0; i++) {
			if (read_process(pid))
				return;
			if (pid == 1)
				break;
			pid = parent_of(pid);
		}
		values_clear();
		if (pid == 1)
			return;
	}
}

static const char *options(enum name name)
{
	static int done;

	if (!done) {
		done = 1;
		find_unit();
	}
	return values[name];
}

#else

enum name { ASAN, UBSAN, LSAN, TSAN, MSAN };

static const char *options(enum name name)
{
	(void)name;
	return "";
}

#endif

#define EXPORTED __attribute__((visibility("default"), used))

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);
const char *__tsan_default_options(void);
const char *__msan_default_options(void);

EXPORTED const char *__asan_default_options(void)
{
	return options(ASAN);
}

EXPORTED const char *__ubsan_default_options(void)
{
	return options(UBSAN);
}

EXPORTED const char *__lsan_default_options(void)
{
	return options(LSAN);
}

EXPORTED const char *__tsan_default_options(void)
{
	return options(TSAN);
}

EXPORTED const char *__msan_default_options(void)
{
	return options(MSAN);
}
