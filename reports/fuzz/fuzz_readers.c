/*
 * libFuzzer's target for all that is read: $READER says which reader. What it must do with any bytes:
 * not break, hand over findings that are whole, and find the same in pieces of any size.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "reports/baseline.h"
#include "reports/junit_in.h"
#include "reports/merged.h"
#include "reports/reader.h"
#include "reports/symbolize.h"
#include "reports/tests/dump.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *reader; /* of scan.c's; NULL: all of them */

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_readers: it does not hold that %s\n", what);
	abort();
}

static void check_frames(const struct frames *frames)
{
	must(frames->n <= REPORT_FRAMES_MAX, "stacks are bounded");
	for (size_t i = 0; i < frames->n; i++)
		must(frames->v[i].line >= 0 && frames->v[i].column >= 0, "lines are numbers");
}

static void on_finding(void *context, struct finding *f)
{
	must(f->tool && *f->tool && f->kind && *f->kind, "findings have a tool and a kind");
	must(f->category && f->severity, "findings are classified");
	must(f->fingerprint && *f->fingerprint, "findings have a key");
	must(f->occurrence_count == 1 && f->occurrences->line > 0, "findings have a place");
	must(f->count >= 1 && f->occurrences->pid >= 0, "findings are counted");
	must(!f->message || !strpbrk(f->message, "\r\n"), "a message is one line");
	must(!f->text || strlen(f->text) <= 2 * REPORT_TEXT_MAX, "texts are bounded");
	must(f->stack_count <= REPORT_STACKS_MAX, "stacks are bounded in number");
	for (size_t i = 0; i < f->stack_count; i++) {
		check_frames(&f->stacks[i].frames);
		check_frames(&f->stacks[i].python);
	}
	check_frames(&f->python);
	dump_finding(context, f);
	if (f->text)
		buf_addstr(context, f->text);
	finding_free(f);
}

static void on_unparsed(void *context, struct unparsed *u)
{
	must(u->line > 0 && u->reason && u->text, "what is unparsed has a place and a reason");
	dump_on_unparsed(context, u);
}

/* In pieces of up to PIECE bytes. */
static void scan(struct buf *out, const uint8_t *data, size_t len, size_t piece)
{
	struct sink sink = { on_finding, on_unparsed, out };
	struct scanner *s = scanner_new("log", &sink);

	if (reader)
		must(!scanner_only(s, reader), "there is a reader of that name");
	for (size_t n; len; data += n, len -= n) {
		n = len < piece ? len : piece;
		scanner_feed(s, data, n);
	}
	scanner_finish(s);
}

static void scan_log(const uint8_t *data, size_t len)
{
	struct buf whole = { 0 }, pieces = { 0 };

	scan(&whole, data, len, len);
	scan(&pieces, data, len, len ? 1 + data[len - 1] % 64u : 1);
	must(whole.len == pieces.len && (!whole.len || !memcmp(whole.data, pieces.data, whole.len)),
	     "pieces make no difference");
	buf_release(&whole);
	buf_release(&pieces);
}

/* DATA as a file of its own, whose path lasts until the descriptor is closed. */
static int as_file(const uint8_t *data, size_t len, char path[32])
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len, "memory can be a file");
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void on_case(void *context, struct found_case *c)
{
	(void)context;
	must(c->classname && c->name && c->outcome <= OUTCOME_ERROR, "test cases are whole");
	free(c->classname);
	free(c->name);
	free(c->message);
	free(c->text);
}

/* What a test runner wrote: its XML, and its output. */
static void read_runner(const uint8_t *data, size_t len)
{
	char path[32];
	int fd = as_file(data, len, path);
	struct runner r;

	junit_read(path, "unit", on_case, NULL, NULL);
	close(fd);
	runner_init(&r, "test_x");
	r.collect = 1;
	for (const uint8_t *nl, *end = data + len; data < end; data = nl + 1) {
		nl = memchr(data, '\n', (size_t)(end - data));
		nl = nl ? nl : end;
		runner_line(&r, (const char *)data, (size_t)(nl - data));
	}
	for (size_t i = 0; i < r.case_count; i++)
		on_case(NULL, &r.cases[i]);
	free(r.cases);
	runner_release(&r);
}

/* What was merged, and what is known: files that come from elsewhere too. */
static void read_merged(const uint8_t *data, size_t len)
{
	char path[32];
	int fd = as_file(data, len, path);
	struct results r = { 0 };
	struct err e;

	must(!results_add(&r, "/dev/null", &e), "nothing can be read");
	merged_read(&r, path, &e);
	results_finish(&r);
	results_release(&r);
	close(fd);
}

static void read_baseline(const uint8_t *data, size_t len)
{
	char path[32];
	int fd = as_file(data, len, path);
	struct err e;

	baseline_free(baseline_read(path, &e));
	close(fd);
}

static const struct target {
	const char *name, *reader;
	void (*read)(const uint8_t *data, size_t len);
} targets[] = {
	{ "sanitizer", "sanitizer", scan_log },
	{ "valgrind", "valgrind", scan_log },
	{ "valgrind-xml", "valgrind-xml", scan_log },
	{ "cpython", "cpython", scan_log },
	{ "gdb", "gdb", scan_log },
	{ "logs", NULL, scan_log },
	{ "runner", NULL, read_runner },
	{ "merged", NULL, read_merged },
	{ "baseline", NULL, read_baseline },
};

static const struct target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("READER");

	(void)argc, (void)argv;
	for (size_t i = 0; name && i < sizeof targets / sizeof *targets; i++)
		if (!strcmp(targets[i].name, name))
			target = &targets[i];
	must(target != NULL, "READER names one of the table");
	reader = target->reader;
	symbolize_program(""); /* no children */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	target->read(data, len);
	return 0;
}
