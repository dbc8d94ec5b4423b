#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "reports/kinds.h"
#include "reports/scan.h"

struct meaning {
	const char *tool; /* NULL: any */
	const char *kind; /* a prefix where it ends in '*' */
	const char *category;
	int cwe; /* 0: that of the category */
};

/* The first match counts. */
static const struct meaning meanings[] = {
	{"process", "timeout", "timeout", 0},
	{"process", "out-of-memory", "out-of-memory", 0},
	{"process", "SIG*", "crash", 0},
	{"process", "exit", "crash", 0},
	{"cpython", "SIG*", "crash", 0},
	{"cpython", "fatal-error", "crash", 0},
	{"cpython", "assertion", "assertion", 0},
	{"cpython", "negative-refcount", "use-after-free", 0},
	{"cpython", "refleak", "refleak", 0},
	{"cpython", "blockleak", "leak", 0},
	{"cpython", "fdleak", "resource", 0},
	{"cpython", "timeout", "timeout", 0},
	{"cpython", "gil", "api-misuse", 0},
	{"cpython", "api-misuse", "api-misuse", 0},
	{"cpython", "debug-allocator", "allocator-misuse", 0},
	{"lsan", "Direct leak", "leak", 0},
	{"lsan", "Indirect leak", "leak", 0},
	{"ubsan", "out-of-bounds-index", "out-of-bounds", 0},
	{"ubsan", "insufficient-object-size", "out-of-bounds", 0},
	{"ubsan", "signed-integer-overflow", "undefined", 190},
	{"ubsan", "unsigned-integer-overflow", "undefined", 190},
	{"ubsan", "*-divide-by-zero", "undefined", 369},
	{"ubsan", "null-pointer-use", "undefined", 476},
	{"ubsan", "invalid-null-*", "undefined", 476},
	{"tsan", "data race*", "race", 0},
	{"tsan", "race on*", "race", 0},
	{"tsan", "lock-order*", "deadlock", 0},
	{"tsan", "heap-use-after-free*", "use-after-free", 0},
	{"tsan", "thread leak", "resource", 0},
	{"tsan", "signal-unsafe*", "api-misuse", 479},
	{"tsan", "signal handler*", "api-misuse", 0},
	{"tsan", "*mutex*", "api-misuse", 667},
	{"memcheck", "Uninit*", "uninitialised", 0},
	{"memcheck", "InvalidFree", "invalid-free", 0},
	{"memcheck", "InvalidMemPool", "allocator-misuse", 0},
	{"memcheck", "InvalidJump", "crash", 0},
	{"memcheck", "Mismatched*", "allocator-misuse", 762},
	{"memcheck", "Overlap", "api-misuse", 0},
	{"memcheck", "CoreMemError", "out-of-bounds", 0},
	{"memcheck", "FishyValue", "api-misuse", 0},
	{"memcheck", "ReallocSizeZero", "api-misuse", 0},
	{"memcheck", "Invalid*", "api-misuse", 0},
	{"memcheck", "ClientCheck", "uninitialised", 0},
	{"memcheck", "Leak_*", "leak", 0},
	{NULL, "Fd*", "resource", 0},
	{NULL, "SIG*", "crash", 0},
	{"helgrind", "Race", "race", 0},
	{"helgrind", "LockOrder", "deadlock", 0},
	{"helgrind", "*", "api-misuse", 0},
	{"drd", "ConflictingAccess", "race", 0},
	{"drd", "HoldtimeErr", "other", 0},
	{"drd", "*", "api-misuse", 0},
	{"ubsan", "*", "undefined", 0},
	{NULL, "use-of-uninitialized-value", "uninitialised", 0},
	{NULL, "heap-use-after-free", "use-after-free", 0},
	{NULL, "stack-use-after-*", "use-after-free", 0},
	{NULL, "use-after-poison", "use-after-free", 0},
	{NULL, "double-free", "invalid-free", 415},
	{NULL, "bad-free", "invalid-free", 0},
	{NULL, "*-buffer-overflow", "out-of-bounds", 0},
	{NULL, "*-buffer-underflow", "out-of-bounds", 0},
	{NULL, "container-overflow", "out-of-bounds", 0},
	{NULL, "intra-object-overflow", "out-of-bounds", 0},
	{NULL, "unknown-crash", "out-of-bounds", 0},
	{NULL, "alloc-dealloc-mismatch", "allocator-misuse", 762},
	{NULL, "new-delete-type-mismatch", "allocator-misuse", 762},
	{NULL, "free-size-mismatch", "allocator-misuse", 0},
	{NULL, "bad-malloc_usable_size", "allocator-misuse", 0},
	{NULL, "bad-__sanitizer_get_allocated_size", "allocator-misuse", 0},
	{NULL, "*-param-overlap", "api-misuse", 0},
	{NULL, "negative-size-param", "api-misuse", 0},
	{NULL, "bad-__sanitizer_annotate_*", "api-misuse", 0},
	{NULL, "*alloc-overflow", "api-misuse", 190},
	{NULL, "invalid-*align*", "api-misuse", 0},
	{NULL, "invalid-pointer-pair", "undefined", 0},
	{NULL, "initialization-order-fiasco", "undefined", 0},
	{NULL, "odr-violation", "undefined", 0},
	{NULL, "allocation-size-too-big", "out-of-memory", 789},
	{NULL, "out-of-memory", "out-of-memory", 0},
	{NULL, "rss-limit-exceeded", "out-of-memory", 0},
	{NULL, "CHECK failed", "crash", 0},
	{NULL, "nested-bug", "crash", 0},
	{NULL, "stack-overflow", "crash", 674},
	{NULL, "SEGV", "crash", 0},
	{NULL, "BUS", "crash", 0},
	{NULL, "FPE", "crash", 369},
	{NULL, "ILL", "crash", 0},
	{NULL, "ABRT", "crash", 0},
	{NULL, "TRAP", "crash", 0},
	{NULL, "fatal-signal", "crash", 0},
};

static const struct { const char *category; int cwe; } cwes[] = {
	{"use-after-free", 416}, {"out-of-bounds", 119}, {"invalid-free", 763},
	{"uninitialised", 457},	 {"leak", 401},		 {"refleak", 911},
	{"race", 362},		 {"deadlock", 833},	 {"undefined", 758},
	{"assertion", 617},	 {"out-of-memory", 400}, {"resource", 772},
	{"allocator-misuse", 762},
};

int category_cwe(const char *category)
{
	for (size_t i = 0; i < sizeof cwes / sizeof *cwes; i++)
		if (!strcmp(cwes[i].category, category))
			return cwes[i].cwe;
	return 0;
}

/* PATTERN may have one '*', anywhere. */
static int matches(const char *pattern, const char *s)
{
	const char *star = strchr(pattern, '*');

	if (!star)
		return !strcmp(pattern, s);
	size_t head = (size_t)(star - pattern), tail = strlen(star + 1), len = strlen(s);
	if (tail && star[1] && pattern[0] == '*' && star[tail] == '*') { /* "*x*" */
		char *inner = xstrndup(pattern + 1, strlen(pattern) - 2);
		int found = strstr(s, inner) != NULL;
		free(inner);
		return found;
	}
	return len >= head + tail && !strncmp(pattern, s, head) &&
	       !strcmp(s + len - tail, star + 1);
}

/*
 * What the category depends on besides the kind: where an invalid access of Memcheck went, and
 * whether a parameter of a system call was unaddressable or only uninitialised.
 */
static const char *refine(const struct finding *f, const char *category)
{
	const char *message = f->message ? f->message : "";

	if (!strcmp(f->tool, "memcheck") && !strcmp(f->kind, "SyscallParam"))
		return strstr(message, "uninitialised") ? "uninitialised" : "out-of-bounds";
	if (!strcmp(f->tool, "memcheck") && !strcmp(f->kind, "ClientCheck"))
		return strstr(message, "nitialised") ? "uninitialised" : "out-of-bounds";
	if (!strcmp(f->tool, "memcheck") &&
	    (!strcmp(f->kind, "InvalidRead") || !strcmp(f->kind, "InvalidWrite"))) {
		if (finding_find(f, ROLE_FREE))
			return "use-after-free";
		return "out-of-bounds";
	}
	return category;
}

static int cwe_of(const struct finding *f, int cwe)
{
	if (cwe)
		return cwe;
	if (!strcmp(f->category, "out-of-bounds") && f->access.op) {
		if (!strcmp(f->access.op, "read"))
			return 125;
		if (!strcmp(f->access.op, "write"))
			return 787;
	}
	return category_cwe(f->category);
}

void finding_classify(struct finding *f)
{
	int cwe = 0;

	f->category = "other";
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		const struct meaning *m = &meanings[i];
		if ((m->tool && strcmp(m->tool, f->tool)) || !matches(m->kind, f->kind))
			continue;
		f->category = m->category;
		cwe = m->cwe;
		break;
	}
	f->category = refine(f, f->category);
	f->cwe = cwe_of(f, cwe);
	f->severity = "error";
}
