#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/kinds.h"
#include "reports/memo.h"
#include "reports/scan.h"

struct meaning {
	const char *tool; /* NULL: any */
	const char *kind; /* a prefix where it ends in '*' */
	const char *category;
	int cwe;          /* 0: that of the category */
	const char *said; /* what the message must contain, or NULL */
};

/* The first match counts. */
static const struct meaning meanings[] = {
	{ "process", "timeout", "timeout", 0, NULL },
	{ "process", "out-of-memory", "out-of-memory", 0, NULL },
	{ "process", "SIG*", "crash", 0, NULL },
	{ "process", "exit", "other", 0, NULL },
	{ "cpython", "SIG*", "crash", 0, NULL },
	{ "cpython", "fatal-error", "crash", 0, NULL },
	{ "cpython", "windows-crash", "crash", 674, "stack overflow" },
	{ "cpython", "windows-crash", "crash", 0, NULL },
	{ "cpython", "stack-overflow", "crash", 674, NULL },
	{ "cpython", "out-of-memory", "out-of-memory", 0, NULL },
	{ "cpython", "shutdown-lock", "deadlock", 0, NULL },
	{ "cpython", "init-error", "other", 0, NULL },
	{ "cpython", "assertion", "use-after-free", 911, "refcount is too small" },
	{ "cpython", "assertion", "assertion", 0, NULL },
	{ "cpython", "negative-refcount", "use-after-free", 911, NULL },
	{ "cpython", "immortal-dealloc", "use-after-free", 911, NULL },
	{ "cpython", "refleak", "refleak", 0, NULL },
	{ "cpython", "blockleak", "leak", 0, NULL },
	{ "cpython", "fdleak", "resource", 0, NULL },
	{ "cpython", "uncollectable", "leak", 0, NULL },
	{ "cpython", "timeout", "timeout", 0, NULL },
	{ "cpython", "gil", "api-misuse", 0, NULL },
	{ "cpython", "mutex", "api-misuse", 667, NULL },
	{ "cpython", "check-result", "api-misuse", 0, NULL },
	{ "cpython", "bad-internal-call", "api-misuse", 0, NULL },
	{ "cpython", "never-awaited", "api-misuse", 0, NULL },
	{ "cpython", "ResourceWarning", "resource", 0, NULL },
	{ "cpython", "task-destroyed", "resource", 0, NULL },
	{ "cpython", "env-changed", "resource", 0, NULL },
	{ "cpython", "dumprefs", "refleak", 0, NULL },
	{ "cpython", "showrefcount", "refleak", 0, NULL },
	{ "cpython", "debug-allocator", "out-of-bounds", 787, "pad byte" },
	{ "cpython", "debug-allocator", "invalid-free", 415, "freed before" },
	{ "cpython", "debug-allocator", "invalid-free", 0, "not allocated here" },
	{ "cpython", "debug-allocator", "allocator-misuse", 0, NULL },
	{ "lsan", "Direct leak", "leak", 0, NULL },
	{ "lsan", "Indirect leak", "leak", 0, NULL },
	{ "ubsan", "out-of-bounds-index", "out-of-bounds", 0, NULL },
	{ "ubsan", "out-of-bounds", "out-of-bounds", 0, NULL },
	{ "ubsan", "local-out-of-bounds", "out-of-bounds", 0, NULL },
	{ "ubsan", "divrem-overflow", "undefined", 369, NULL },
	{ "ubsan", "add-overflow", "undefined", 190, NULL },
	{ "ubsan", "sub-overflow", "undefined", 190, NULL },
	{ "ubsan", "mul-overflow", "undefined", 190, NULL },
	{ "ubsan", "negate-overflow", "undefined", 190, NULL },
	{ "ubsan", "nonnull-*", "undefined", 476, NULL },
	{ "ubsan", "nullability-*", "undefined", 476, NULL },
	{ "ubsan", "cfi-*", "undefined", 843, NULL },
	{ "ubsan", "dynamic-type-mismatch", "undefined", 843, NULL },
	{ "ubsan", "SEGV", "crash", 0, NULL },
	{ "ubsan", "BUS", "crash", 0, NULL },
	{ "ubsan", "FPE", "crash", 369, NULL },
	{ "ubsan", "ILL", "crash", 0, NULL },
	{ "ubsan", "TRAP", "crash", 0, NULL },
	{ "ubsan", "ABRT", "crash", 0, NULL },
	{ "ubsan", "stack-overflow", "crash", 674, NULL },
	{ "ubsan", "DEADLYSIGNAL", "crash", 0, NULL },
	{ "ubsan", "CHECK failed", "crash", 0, NULL },
	{ "ubsan", "nested-bug", "crash", 0, NULL },
	{ "ubsan", "insufficient-object-size", "out-of-bounds", 0, NULL },
	{ "ubsan", "signed-integer-overflow", "undefined", 190, NULL },
	{ "ubsan", "unsigned-integer-overflow", "undefined", 190, NULL },
	{ "ubsan", "*-divide-by-zero", "undefined", 369, NULL },
	{ "ubsan", "null-pointer-use", "undefined", 476, NULL },
	{ "ubsan", "invalid-null-*", "undefined", 476, NULL },
	{ "tsan", "data race*", "race", 0, NULL },
	{ "tsan", "race on*", "race", 0, NULL },
	{ "tsan", "lock-order*", "deadlock", 0, NULL },
	{ "tsan", "heap-use-after-free*", "use-after-free", 0, NULL },
	{ "tsan", "thread leak", "resource", 0, NULL },
	{ "tsan", "signal-unsafe*", "api-misuse", 479, NULL },
	{ "tsan", "signal handler*", "api-misuse", 0, NULL },
	{ "tsan", "*mutex*", "api-misuse", 667, NULL },
	{ "tsan", "thread finished with ignores*", "api-misuse", 0, NULL },
	{ "tsan", "starting new threads*", "api-misuse", 0, NULL },
	{ "memcheck", "Uninit*", "uninitialised", 0, NULL },
	{ "memcheck", "InvalidFree", "invalid-free", 0, NULL },
	{ "memcheck", "InvalidMemPool", "allocator-misuse", 0, NULL },
	{ "memcheck", "InvalidJump", "crash", 0, NULL },
	{ "memcheck", "Mismatched*", "allocator-misuse", 762, NULL },
	{ "memcheck", "Overlap", "api-misuse", 0, NULL },
	{ "memcheck", "CoreMemError", "out-of-bounds", 0, NULL },
	{ "memcheck", "FishyValue", "api-misuse", 0, NULL },
	{ "memcheck", "ReallocSizeZero", "api-misuse", 0, NULL },
	{ "memcheck", "SyscallParam", "uninitialised", 0, "uninitialised" },
	{ "memcheck", "SyscallParam", "out-of-bounds", 0, NULL },
	{ "memcheck", "ClientCheck", "uninitialised", 0, "nitialised" },
	{ "memcheck", "ClientCheck", "out-of-bounds", 0, NULL },
	{ "memcheck", "InvalidRead", "out-of-bounds", 0, NULL },
	{ "memcheck", "InvalidWrite", "out-of-bounds", 0, NULL },
	{ "memcheck", "Invalid*", "api-misuse", 0, NULL },
	{ "memcheck", "SorG", "out-of-bounds", 0, NULL }, /* of the former exp-sgcheck */
	{ "memcheck", "Heap", "out-of-bounds", 0, NULL },
	{ "memcheck", "Leak_*", "leak", 0, NULL },
	{ NULL, "Fd*", "resource", 0, NULL },
	{ "gdb", "SIGKILL", "other", 0, NULL },
	{ "gdb", "SIGTERM", "other", 0, NULL },
	{ "gdb", "EXC_*", "crash", 0, NULL },
	{ NULL, "SIG*", "crash", 0, NULL },
	{ NULL, "fatal_signal", "crash", 0, NULL },
	{ "helgrind", "Race", "race", 0, NULL },
	{ "helgrind", "LockOrder", "deadlock", 0, NULL },
	{ "helgrind", "*", "api-misuse", 0, NULL },
	{ "drd", "ConflictingAccess", "race", 0, NULL },
	{ "drd", "CondRaceErr", "race", 0, NULL },
	{ "drd", "HoldtimeErr", "other", 0, NULL },
	{ "drd", "*", "api-misuse", 0, NULL },
	{ "ubsan", "*", "undefined", 0, NULL },
	{ NULL, "use-of-uninitialized-value", "uninitialised", 0, NULL },
	{ NULL, "heap-use-after-free", "use-after-free", 0, NULL },
	{ NULL, "stack-use-after-*", "use-after-free", 0, NULL },
	{ NULL, "use-after-poison", "use-after-free", 0, NULL },
	{ NULL, "double-free", "invalid-free", 415, NULL },
	{ NULL, "bad-free", "invalid-free", 0, NULL },
	{ NULL, "*-buffer-overflow", "out-of-bounds", 0, NULL },
	{ NULL, "*-buffer-underflow", "out-of-bounds", 0, NULL },
	{ NULL, "container-overflow", "out-of-bounds", 0, NULL },
	{ NULL, "intra-object-overflow", "out-of-bounds", 0, NULL },
	{ NULL, "unknown-crash", "out-of-bounds", 0, NULL },
	{ NULL, "alloc-dealloc-mismatch", "allocator-misuse", 762, NULL },
	{ NULL, "new-delete-type-mismatch", "allocator-misuse", 762, NULL },
	{ NULL, "free-size-mismatch", "allocator-misuse", 0, NULL },
	{ NULL, "bad-malloc_usable_size", "allocator-misuse", 0, NULL },
	{ NULL, "bad-__sanitizer_get_allocated_size", "allocator-misuse", 0, NULL },
	{ NULL, "*-param-overlap", "api-misuse", 0, NULL },
	{ NULL, "negative-size-param", "api-misuse", 0, NULL },
	{ NULL, "bad-__sanitizer_*container*", "api-misuse", 0, NULL },
	{ NULL, "tag-mismatch", "use-after-free", 0, "use-after-free" },
	{ NULL, "tag-mismatch", "out-of-bounds", 0, NULL },
	{ NULL, "allocation-tail-overwritten", "out-of-bounds", 787, NULL },
	{ NULL, "invalid-free", "invalid-free", 0, NULL },
	{ NULL, "*alloc-overflow", "api-misuse", 190, NULL },
	{ NULL, "reallocarray-overflow", "api-misuse", 190, NULL },
	{ NULL, "invalid-*align*", "api-misuse", 0, NULL },
	{ NULL, "invalid-pointer-pair", "undefined", 0, NULL },
	{ NULL, "initialization-order-fiasco", "undefined", 0, NULL },
	{ NULL, "odr-violation", "undefined", 0, NULL },
	{ NULL, "allocation-size-too-big", "out-of-memory", 789, NULL },
	{ NULL, "out-of-memory", "out-of-memory", 0, NULL },
	{ NULL, "rss-limit-exceeded", "out-of-memory", 0, NULL },
	{ NULL, "CHECK failed", "crash", 0, NULL },
	{ NULL, "nested-bug", "crash", 0, NULL },
	{ NULL, "stack-overflow", "crash", 674, NULL },
	{ NULL, "SEGV", "crash", 0, NULL },
	{ NULL, "BUS", "crash", 0, NULL },
	{ NULL, "FPE", "crash", 369, NULL },
	{ NULL, "ILL", "crash", 0, NULL },
	{ NULL, "ABRT", "crash", 0, NULL },
	{ NULL, "DEADLYSIGNAL", "crash", 0, NULL },
	{ NULL, "access-violation", "crash", 0, NULL }, /* these are Windows' */
	{ NULL, "in-page-error", "crash", 0, NULL },
	{ NULL, "illegal-instruction", "crash", 0, NULL },
	{ NULL, "privileged-instruction", "crash", 0, NULL },
	{ NULL, "breakpoint", "crash", 0, NULL },
	{ NULL, "int-*", "crash", 0, NULL },
	{ NULL, "flt-*", "crash", 0, NULL },
	{ NULL, "TRAP", "crash", 0, NULL },
};

static const struct {
	const char *category;
	int cwe;
} cwes[] = {
	{ "use-after-free", 416 },
	{ "out-of-bounds", 119 },
	{ "invalid-free", 763 },
	{ "uninitialised", 457 },
	{ "leak", 401 },
	{ "refleak", 911 },
	{ "race", 362 },
	{ "deadlock", 833 },
	{ "undefined", 758 },
	{ "assertion", 617 },
	{ "out-of-memory", 400 },
	{ "resource", 772 },
	{ "allocator-misuse", 762 },
};

/* What is less than an error: it makes no test fail. */
static const struct {
	const char *tool, *kind, *severity;
} mild[] = {
	{ "cpython", "ResourceWarning", "warning" },
	{ "cpython", "never-awaited", "warning" },
	{ "cpython", "unraisable", "warning" },
	{ "cpython", "windows-code", "warning" },
	{ "cpython", "*-exception", "warning" }, /* of threads, tasks, callbacks */
	{ "cpython", "task-destroyed", "warning" },
	{ "cpython", "env-changed", "warning" },
	{ "cpython", "uncollectable", "warning" },
	{ "cpython", "dumprefs", "note" },
	{ "cpython", "mallocstats", "note" },
	{ "cpython", "showrefcount", "note" },
	{ "memcheck", "Leak_StillReachable", "warning" }, /* for Valgrind it is none, unless told so */
	{ "drd", "HoldtimeErr", "warning" },
};

int category_cwe(const char *category)
{
	for (size_t i = 0; i < sizeof cwes / sizeof *cwes; i++)
		if (text_is(cwes[i].category, category))
			return cwes[i].cwe;
	return 0;
}

/* In PATTERN '*' stands for any text. */
static int matches(const char *pattern, const char *s)
{
	for (; *pattern && *pattern != '*'; pattern++, s++)
		if (*pattern != *s)
			return 0;
	if (!*pattern)
		return !*s;
	for (;; s++) {
		if (matches(pattern + 1, s))
			return 1;
		if (!*s)
			return 0;
	}
}

/* Was the program ended by libc's assert(), as the stack shows? */
static int is_assertion(const struct finding *f)
{
	const struct stack *stack = finding_find(f, ROLE_ACCESS);

	for (size_t i = 0; stack && i < stack->frames.n && i < 10; i++) {
		const char *function = stack->frames.v[i].function;
		if (function && (strstr(function, "__assert_fail") || strstr(function, "__assert_rtn")))
			return 1;
	}
	return 0;
}

/* Nothing is ever mapped there: below the first pages, or beyond what a program may have. */
static int is_wild(const struct finding *f)
{
	unsigned long long at = f->access.address ? strtoull(f->access.address, NULL, 16) : 0x10000;

	return at < 0x10000 || at >= 1ULL << 47;
}

/* Where Memcheck's invalid access went: a block that was freed, nowhere, or something else. */
static const char *memcheck_category(const struct finding *f)
{
	if (!text_is(f->category, "out-of-bounds"))
		return f->category;
	if (finding_find(f, ROLE_FREE))
		return "use-after-free";
	return is_wild(f) && !finding_find(f, ROLE_ALLOC) ? "crash" : f->category;
}

static const char *refine(const struct finding *f)
{
	if (text_is(f->tool, "gdb") && text_is(f->kind, "SIGABRT") && is_assertion(f))
		return "assertion";
	return !text_is(f->tool, "memcheck") ? f->category : memcheck_category(f);
}

static int cwe_of(const struct finding *f, int cwe)
{
	if (cwe)
		return cwe;
	if (text_is(f->kind, "InvalidFree") && finding_find(f, ROLE_FREE))
		return 415;
	if (text_is(f->category, "crash") && !strncmp(f->kind, "Invalid", 7) && is_wild(f))
		return !text_is(f->kind, "InvalidJump") ? 476 : 0;
	if (text_is(f->category, "out-of-bounds") && f->access.op) {
		if (text_is(f->access.op, "read"))
			return 125;
		if (text_is(f->access.op, "write"))
			return 787;
	}
	return category_cwe(f->category);
}

enum {
	MEANINGS = sizeof meanings / sizeof *meanings,
	MILD = sizeof mild / sizeof *mild,
	MILD_SHIFT = 16, /* in what is remembered of a kind */
};

/* Index into mild[], or MILD. */
static unsigned find_mild(const char *tool, const char *kind)
{
	unsigned i = 0;

	while (i < MILD && (strcmp(mild[i].tool, tool) != 0 || !matches(mild[i].kind, kind)))
		i++;
	return i;
}

static int is_of(const struct meaning *m, const char *tool, const char *kind)
{
	return (!m->tool || text_is(m->tool, tool)) && matches(m->kind, kind);
}

/* KEY is the tool, a blank, the kind: their first meaning, and how mild they are. */
static void find_meaning(const char *key, struct memo_value *value)
{
	const char *kind = strchr(key, ' ') + 1;
	char *tool = xstrndup(key, (size_t)(kind - key) - 1);
	unsigned i = 0;

	while (i < MEANINGS && !is_of(&meanings[i], tool, kind))
		i++;
	value->flags = i | find_mild(tool, kind) << MILD_SHIFT;
	free(tool);
}

static unsigned look_up_kind(const struct finding *f)
{
	static struct memo memo = { .compute = find_meaning };
	size_t tool = strlen(f->tool), kind = strlen(f->kind);
	char key[300];

	if (tool + kind + 2 > sizeof key)
		return MILD << MILD_SHIFT;
	memcpy(key, f->tool, tool);
	key[tool] = ' ';
	memcpy(key + tool + 1, f->kind, kind + 1);
	return memo_get(&memo, key)->flags;
}

void finding_classify(struct finding *f)
{
	unsigned known = look_up_kind(f), severity = known >> MILD_SHIFT;
	int cwe = 0;

	f->category = "other";
	for (size_t i = known & ((1U << MILD_SHIFT) - 1); i < MEANINGS; i++) {
		const struct meaning *m = &meanings[i];
		if (!is_of(m, f->tool, f->kind))
			continue;
		if (m->said && (!f->message || !strstr(f->message, m->said)))
			continue;
		f->category = m->category;
		cwe = m->cwe;
		break;
	}
	f->category = refine(f);
	f->cwe = cwe_of(f, cwe);
	f->severity = severity < MILD ? mild[severity].severity : "error";
}

struct finding *finding_process(const char *kind, const char *subject, const char *message)
{
	struct finding *f = finding_new("process", kind);

	f->message = subject;
	finding_classify(f);
	fingerprint(f);
	f->message = finding_strdup(f, message);
	f->text = finding_printf(f, "%s\n", message);
	return f;
}

/* Signals, as the runtime's own handler names them, for the kinds that end a process with them. */
static const struct {
	const char *kind, *signal;
} ends[] = {
	{ "SEGV", "SIGSEGV" },
	{ "stack-overflow", "SIGSEGV" },
	{ "BUS", "SIGBUS" },
	{ "FPE", "SIGFPE" },
	{ "ILL", "SIGILL" },
	{ "TRAP", "SIGTRAP" },
	{ "ABRT", "SIGABRT" },
	{ "timeout", "SIGABRT" },
	{ "fatal_signal", "SIGSEGV" },
	{ "fatal_signal", "SIGABRT" },
	{ "fatal_signal", "SIGBUS" },
	{ "fatal_signal", "SIGFPE" },
	{ "InvalidRead", "SIGSEGV" },
	{ "InvalidWrite", "SIGSEGV" },
	{ "assertion", "SIGABRT" },
};

int finding_repeats(const struct finding *cpython, const struct finding *f)
{
	if (!text_is(cpython->tool, "cpython") || strncmp(cpython->kind, "SIG", 3) != 0)
		return 0;
	if (f->python.n) /* its end has been told: this is another process's */
		return 0;
	if ((text_is(f->tool, "process") || text_is(f->tool, "gdb")) &&
	        text_is(f->kind, cpython->kind))
		return 1;
	/* abort_on_error: their reports end the process by SIGABRT */
	if ((text_is(f->tool, "asan") || text_is(f->tool, "msan")) &&
	        text_is(cpython->kind, "SIGABRT"))
		return 1;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (text_is(ends[i].kind, f->kind) && text_is(ends[i].signal, cpython->kind))
			return 1;
	return 0;
}

int finding_may_abort(const struct finding *f, const struct finding *cpython)
{
	return text_is(cpython->tool, "cpython") && text_is(cpython->kind, "SIGABRT") &&
	       (text_is(f->tool, "tsan") || text_is(f->tool, "ubsan")) && !f->python.n;
}

int finding_is_aftermath(const struct finding *f, const struct finding *fatal)
{
	if (!text_is(f->tool, "cpython") || !text_is(fatal->tool, "cpython") || !f->text)
		return 0;
	/* its own check of an object, which would end in a fatal error */
	if (!strstr(f->text, "\nobject ") && !strstr(f->text, "\n<object at "))
		return 0;
	return !strstr(f->text, "Fatal Python error") && fatal->text &&
	       strstr(fatal->text, "\nPython runtime state: ");
}

void finding_copy_python(struct finding *f, const struct finding *cpython)
{
	if (!f->python.n)
		frames_copy(f, &f->python, &cpython->python);
}
