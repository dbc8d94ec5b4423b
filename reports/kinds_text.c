/* Kinds of tools that print prose: UBSan's messages, Valgrind's text output. The first match
 * counts. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/kinds.h"

/* Both texts must occur, the first at the start where START is set. */
struct phrase {
	const char *text, *also; /* ALSO may be NULL */
	const char *kind;        /* NULL: it is no error's first line */
	int start;
};

static const struct phrase ubsan[] = {
	{ "unsigned integer overflow", NULL, "unsigned-integer-overflow", 1 },
	{ "signed integer overflow", NULL, "signed-integer-overflow", 1 },
	{ "negation of ", "type 'unsigned", "unsigned-integer-overflow", 1 },
	{ "negation of ", "aka 'unsigned", "unsigned-integer-overflow", 1 },
	{ "negation of ", NULL, "signed-integer-overflow", 1 },
	{ "division of ", "cannot be represented", "signed-integer-overflow", 1 },
	{ "division by zero", "double", "float-divide-by-zero", 1 },
	{ "division by zero", "float", "float-divide-by-zero", 1 },
	{ "division by zero", NULL, "integer-divide-by-zero", 1 },
	{ "shift exponent ", NULL, "invalid-shift-exponent", 1 },
	{ "left shift of ", NULL, "invalid-shift-base", 1 },
	{ "index ", "out of bounds", "out-of-bounds-index", 1 },
	{ "assumption of ", "alignment", "alignment-assumption", 1 },
	{ "applying zero offset to null pointer", NULL, "nullptr-with-offset", 1 },
	{ "applying non-zero offset ", "to null pointer", "nullptr-with-nonzero-offset", 1 },
	{ "applying non-zero offset ", "produced null pointer", "nullptr-after-nonzero-offset", 1 },
	{ "addition of unsigned offset", NULL, "pointer-overflow", 1 },
	{ "subtraction of unsigned offset", NULL, "pointer-overflow", 1 },
	{ "pointer index expression", NULL, "pointer-overflow", 1 },
	{ "pointer arithmetic", NULL, "pointer-overflow", 1 },
	{ "outside the range of representable values", NULL, "float-cast-overflow", 0 },
	{ "which is not a valid value for type", "'bool'", "invalid-bool-load", 0 },
	{ "which is not a valid value for type", "'_Bool'", "invalid-bool-load", 0 },
	{ "which is not a valid value for type", NULL, "invalid-enum-load", 0 },
	{ "variable length array bound", NULL, "non-positive-vla-index", 1 },
	{ "execution reached an unreachable", NULL, "unreachable-call", 1 },
	{ "execution reached a __builtin_unreachable", NULL, "unreachable-call", 1 },
	{ "execution reached the end", NULL, "missing-return", 1 },
	{ "null pointer passed as", NULL, "invalid-null-argument", 1 },
	{ "null pointer returned from", NULL, "invalid-null-return", 1 },
	{ "passing zero to", NULL, "invalid-builtin-use", 1 },
	{ "assumption is violated", NULL, "invalid-builtin-use", 0 },
	{ "call to function", "incorrect function type", "function-type-mismatch", 1 },
	{ "does not point to an object of type", NULL, "dynamic-type-mismatch", 0 },
	{ "control flow integrity check", NULL, "cfi-bad-type", 1 },
	{ "invalid ObjC cast", NULL, "invalid-objc-cast", 1 },
	{ "misaligned address", NULL, "misaligned-pointer-use", 0 },
	{ "null pointer", NULL, "null-pointer-use", 0 },
	{ "insufficient space", NULL, "insufficient-object-size", 0 },
};

static const struct phrase memcheck[] = {
	{ "Conditional jump or move depends on", NULL, "UninitCondition", 1 },
	{ "Use of uninitialised value of size", NULL, "UninitValue", 1 },
	{ "Invalid read of size", NULL, "InvalidRead", 1 },
	{ "Invalid write of size", NULL, "InvalidWrite", 1 },
	{ "Jump to the invalid address", NULL, "InvalidJump", 1 },
	{ "Invalid free()", NULL, "InvalidFree", 1 },
	{ "Mismatched free()", NULL, "MismatchedFree", 1 },
	{ "Mismatched ", "size", "MismatchedAllocateDeallocateSize", 1 },
	{ "Mismatched ", "alignment", "MismatchedAllocateDeallocateAlignment", 1 },
	{ "Source and destination overlap in", NULL, "Overlap", 1 },
	{ "Syscall param ", NULL, "SyscallParam", 1 },
	{ "found during client check request", NULL, "ClientCheck", 0 },
	{ "contains unaddressable byte(s)", NULL, "CoreMemError", 0 },
	{ "Illegal memory pool address", NULL, "InvalidMemPool", 1 },
	{ "has a fishy (possibly negative) value", NULL, "FishyValue", 0 },
	{ "() with size 0", NULL, "ReallocSizeZero", 0 },
	{ "Unsafe allocation with size of zero", NULL, "InvalidSize", 1 },
	{ "Invalid alignment value", NULL, "InvalidAlignment", 1 },
	{ "Invalid size and alignment", NULL, "InvalidSizeAndAlignment", 1 },
	{ "Invalid size value", NULL, "InvalidSizeAndAlignment", 1 },
	{ " invalid size value: ", NULL, "InvalidSize", 0 },
	{ "are definitely lost in ", NULL, "Leak_DefinitelyLost", 0 },
	{ "are indirectly lost in ", NULL, "Leak_IndirectlyLost", 0 },
	{ "are possibly lost in ", NULL, "Leak_PossiblyLost", 0 },
	{ "are still reachable in ", NULL, "Leak_StillReachable", 0 },
};

static const struct phrase valgrind_core[] = {
	{ "Process terminating with default action of signal", NULL, "fatal_signal", 1 },
	{ "File descriptor ", "is already closed", "FdBadClose", 1 },
	{ "File descriptor ", NULL, "FdBadUse", 1 },
	{ "Invalid file descriptor ", NULL, "FdBadUse", 1 },
	{ "Open file descriptor ", NULL, "FdNotClosed", 1 },
	{ "Open AF_", NULL, "FdNotClosed", 1 },
	{ "Open pf-", NULL, "FdNotClosed", 1 },
	{ "Open socket ", NULL, "FdNotClosed", 1 },
};

static const struct phrase helgrind[] = {
	{ "Possible data race during", NULL, "Race", 1 },
	{ "Thread #", "unlocked a not-locked lock", "UnlockUnlocked", 1 },
	{ "Thread #", "currently held by thread #", "UnlockForeign", 1 },
	{ "Thread #", "unlocked an invalid lock", "UnlockBogus", 1 },
	{ "Thread #", "'s call to ", "PthAPIerror", 1 },
	{ "Thread #", "violated", "LockOrder", 1 },
	{ "Thread #", ": lock order ", "LockOrder", 1 },
	{ "Thread #", " was created", NULL, 1 },
	{ "Thread #", " is the program's root thread", NULL, 1 },
	{ "Thread #", ": ", "Misc", 1 },
};

static const struct phrase drd[] = {
	{ "Conflicting load by thread", NULL, "ConflictingAccess", 1 },
	{ "Conflicting store by thread", NULL, "ConflictingAccess", 1 },
	{ "Probably a race condition", NULL, "CondRaceErr", 1 },
	{ "Lock on ", "was held during", "HoldtimeErr", 1 },
	{ "Acquired at", NULL, NULL, 1 },
	{ "first observed", NULL, NULL, 0 },
	{ "The object at address ", "is not a mutex", "MutexErr", 1 },
	{ ": mutex 0x", NULL, "MutexErr", 0 },
	{ ": condition variable 0x", "mutexes 0x", "CondWaitErr", 0 },
	{ ": cond 0x", "locked by thread ", "CondDestrErr", 0 },
	{ "condition variable is destroyed", NULL, "CondDestrErr", 0 },
	{ ": cond 0x", "condition variable has been destroyed", "CondErr", 0 },
	{ ": cond 0x", "waited upon", "CondDestrErr", 0 },
	{ ": cond 0x", "mutex", "CondWaitErr", 0 },
	{ ": cond 0x", NULL, "CondErr", 0 },
	{ ": semaphore 0x", NULL, "SemaphoreErr", 0 },
	{ ": barrier 0x", NULL, "BarrierErr", 0 },
	{ ": rwlock 0x", NULL, "RwlockErr", 0 },
	{ "invalid thread ID 0x", NULL, "InvalidThreadId", 0 },
	{ "The annotation macro ", "helgrind.h", "UnimpHgClReq", 1 },
	{ "The annotation macro ", "drd.h", "UnimpDrdClReq", 1 },
	{ "ot a reader-writer lock", NULL, "GenericErr", 0 },
	{ "user-defined rwlock", NULL, "GenericErr", 0 },
	{ "wrong type of synchronization object", NULL, "GenericErr", 0 },
};

static const char *look_up(const struct phrase *table, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = table[i].start ? text_after(s, table[i].text)
		                                : text_after_any(s, table[i].text);
		if (at && (!table[i].also || strstr(at, table[i].also)))
			return table[i].kind;
	}
	return NULL;
}

#define LOOK_UP(table, s) look_up(table, sizeof(table) / sizeof *(table), s)

/* "... of value 4 (32-bit, unsigned) to type 'T' changed the value to 4 (8-bit, signed)" */
static const char *conversion_kind(const char *message)
{
	int bits[2] = { 0 }, is_signed[2] = { 0 };
	const char *p = message;

	for (int i = 0; i < 2 && (p = strstr(p, "-bit, ")); i++) {
		const char *digits = p;
		while (digits > message && isdigit((unsigned char)digits[-1]))
			digits--;
		bits[i] = atoi(digits);
		p += strlen("-bit, ");
		is_signed[i] = *p == 's';
	}
	if (bits[0] <= bits[1])
		return "implicit-integer-sign-change";
	return is_signed[0] || is_signed[1] ? "implicit-signed-integer-truncation"
	                                    : "implicit-unsigned-integer-truncation";
}

const char *ubsan_kind(const char *message)
{
	if (text_after(message, "implicit conversion from type"))
		return conversion_kind(message);
	const char *kind = LOOK_UP(ubsan, message);

	return kind ? kind : "undefined-behavior";
}

const char *valgrind_kind(const char *tool, const char *message)
{
	const char *kind = LOOK_UP(valgrind_core, message);

	if (!kind && (!tool || !strcmp(tool, "memcheck")))
		kind = LOOK_UP(memcheck, message);
	if (!kind && (!tool || !strcmp(tool, "helgrind")))
		kind = LOOK_UP(helgrind, message);
	if (!kind && (!tool || !strcmp(tool, "drd")))
		kind = LOOK_UP(drd, message);
	return kind;
}

const char *valgrind_phrase(size_t i)
{
	static const struct {
		const struct phrase *v;
		size_t n;
	} tables[] = {
		{ memcheck, sizeof memcheck / sizeof *memcheck },
		{ valgrind_core, sizeof valgrind_core / sizeof *valgrind_core },
		{ helgrind, sizeof helgrind / sizeof *helgrind },
		{ drd, sizeof drd / sizeof *drd },
	};

	for (size_t k = 0; k < sizeof tables / sizeof *tables; i -= tables[k++].n)
		if (i < tables[k].n)
			return tables[k].v[i].text;
	return NULL;
}
