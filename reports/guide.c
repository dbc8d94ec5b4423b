#include <string.h>

#include "reports/guide.h"

static const struct guide guides[] = {
	{ "use-after-free", "Use after free",
	  "A block was read, written or freed after it had been given back. With reference counts this "
	  "is nearly always an object whose count reached zero while something still used it: a "
	  "borrowed reference that was kept too long, an incref that is missing, or a decref too many. "
	  "Pools and free lists hide it, because the memory stays mapped and soon holds another object.",
	  { "The freeing stack: is its decref one too many, or should the function that accesses the "
	    "object have owned a reference across that call?",
	    "In the accessing function: a borrowed reference (from PyList_GET_ITEM, PyTuple_GET_ITEM, "
	    "PyDict_GetItem, a member of a struct) kept across a call that can run Python code, such as "
	    "__eq__, __hash__, __del__, a callback, or a collection.",
	    "A freeing stack that ends in a resize: a pointer into the old storage of a list, dict or "
	    "buffer was kept. Read it again after every call that may change the container.",
	    "Without a freeing stack: the object is of a pool. Run the unit in a cell without pools." },
	  "https://docs.python.org/3/extending/extending.html#thin-ice" },
	{ "out-of-bounds", "Access out of bounds",
	  "Memory before, behind or between blocks was read or written. A block of a pool has "
	  "neighbours of its own size directly beside it, so that an overflow damages another object, "
	  "and what breaks later is that one.",
	  { "The distance from the block: one element too far is a loop's bound or a forgotten "
	    "terminating null; far away is an index that nobody checked, or a size that overflowed.",
	    "The allocation stack: was the size computed from the same length that the loop uses?",
	    "A length that was checked before a call that can run Python code: a list, bytearray or "
	    "buffer may have been resized in it.",
	    "Damaged pads of the debug allocator are noticed when the block is freed or resized, not "
	    "when it was written: run the unit in the asan or the valgrind cell, which show the write." },
	  "https://clang.llvm.org/docs/AddressSanitizer.html" },
	{ "invalid-free", "Invalid free",
	  "A block was freed twice, or a pointer was freed that no allocator gave. The allocator's own "
	  "lists are damaged by it: a pool then hands the same block to two owners.",
	  { "Freed twice: compare the two freeing stacks. Often an error path frees what the "
	    "deallocator of the object frees again; set the pointer to NULL before it is released "
	    "(Py_CLEAR).",
	    "Never allocated: a pointer into the middle of a block, an object of static storage or of "
	    "the stack that is released as if it were owned, or a pointer that was changed after the "
	    "allocation.",
	    "An object that is freed twice had a decref too many: the first freeing stack need not be "
	    "the wrong one." },
	  "https://valgrind.org/docs/manual/mc-manual.html#mc-manual.badfrees" },
	{ "uninitialised", "Use of an uninitialised value",
	  "A branch, an address or a system call depends on bytes that nobody wrote. Memory that a pool "
	  "hands out again holds what its last owner left, so that the value mostly looks plausible.",
	  { "The origin stack: it says which allocation, or which local variable, the bytes come from.",
	    "Members that the constructor sets late: anything that can see the object before (a "
	    "collection that traverses it, an error path that deallocates it) reads them. "
	    "PyObject_New does not clear memory; tp_alloc does.",
	    "Values that are filled in only on success: is the result checked before they are used?",
	    "Padding between members of a struct that is compared, hashed or written as a whole." },
	  "https://valgrind.org/docs/manual/mc-manual.html#mc-manual.uninitvals" },
	{ "leak", "Memory leak",
	  "A block was still allocated at the end, and nothing pointed to it any more. If it is an "
	  "object, its count never reached zero: somebody did not give back a reference. Blocks of a "
	  "pool are seen one by one only in cells without pools.",
	  { "The allocation stack names the object; then look for who owned the last reference.",
	    "Error paths of the functions in that stack: a return or goto between the allocation and "
	    "the release.",
	    "A new reference that is treated as borrowed: the result of a call that is used and "
	    "dropped, or given to a function that does not steal it.",
	    "A type that takes part in reference cycles: does tp_traverse visit every member, and does "
	    "tp_clear release it?" },
	  "https://docs.python.org/3/extending/extending.html#reference-counts" },
	{ "refleak", "Reference leak",
	  "The total of all reference counts grew each time the same tests were run: a reference is "
	  "taken and never given back. The objects stay reachable for the allocator, so that leak "
	  "checkers of memory may say nothing.",
	  { "The sequence of numbers: the same every time is a leak; one that shrinks to zero is a "
	    "cache that fills.",
	    "Which test it is: python -m test.bisect_cmd with the same -R option and module.",
	    "An incref without its decref on an error path, and results of functions that return new "
	    "references. If only memory blocks grow, it is memory rather than references." },
	  "https://docs.python.org/3/c-api/intro.html#reference-counts" },
	{ "race", "Data race",
	  "Two threads accessed the same memory, at least one of them wrote, and nothing put the two "
	  "accesses in order. On a reference count this loses or invents references, which shows later "
	  "as a leak or a use after free.",
	  { "Both stacks: which lock should both have held? The report lists those that each did.",
	    "Without a global lock: a member of an object needs its critical section or an atomic "
	    "access on both sides, reading included.",
	    "With a global lock: one side ran without it, in a region that released it or in a thread "
	    "that never took it.",
	    "The stack that allocated the object: may it be shared at all before it is complete?" },
	  "https://docs.python.org/3/howto/free-threading-extensions.html" },
	{ "deadlock", "Deadlock, or locks in both orders",
	  "Two locks were taken in one order here and in the other there: two threads that do both at "
	  "once wait for ever. A global interpreter lock is one of these locks too.",
	  { "The stacks of the two orders: choose one of them for both places, or release the first "
	    "lock before the second is taken.",
	    "A lock that is waited for with the interpreter lock held: its owner may need the "
	    "interpreter lock to go on. Release it around the wait.",
	    "Code that runs under the lock: a decref can run __del__, which can take any lock." },
	  "https://github.com/google/sanitizers/wiki/ThreadSanitizerDeadlockDetector" },
	{ "undefined", "Undefined behaviour",
	  "The C language says nothing about what this does. It may work with this compiler; the next "
	  "one may assume that it never happens, and remove the check that was to catch it.",
	  { "The values in the message: they mostly say which case was not thought of.",
	    "Overflow of signed integers and shifts: compute in an unsigned type, or check before.",
	    "Null with a length of zero (memcpy, pointer arithmetic): skip the call when there is "
	    "nothing to do. Misaligned access: use memcpy.",
	    "A function called through another type of pointer: give it the type of the slot and cast "
	    "inside." },
	  "https://clang.llvm.org/docs/UndefinedBehaviorSanitizer.html" },
	{ "crash", "Crash",
	  "The process was ended by a signal or a fatal error, and no checker said more. In a cell with "
	  "a memory checker this is the first wrong access; elsewhere it may be late damage by another "
	  "one.",
	  { "The address: close to 0 is a null pointer, mostly the unchecked result of a call that "
	    "failed. Bytes of 0xDD are memory that was freed, 0xCD fresh memory, 0xFD a pad of the debug "
	    "allocator.",
	    "A very deep stack: recursion in C without a check of its depth.",
	    "The Python stack, where there is one: it names the test and the call.",
	    "The same unit in the asan or the valgrind cell: what damaged the memory is reported there." },
	  "https://docs.python.org/3/howto/gdb_helpers.html" },
	{ "assertion", "Failed assertion",
	  "An invariant that builds for debugging check did not hold. Builds without assertions go on "
	  "with the wrong state. Who broke it is often not the function that notices.",
	  { "The condition, and under gdb the values in it.",
	    "If it is about an object (its count, type, members): who changed it last? A watchpoint on "
	    "the member answers that when addresses repeat (--seed is fixed, gdb switches off ASLR).",
	    "An exception that is set where none may be, or the other way round: an earlier call failed "
	    "and its result was not looked at." },
	  "https://docs.python.org/3/using/configure.html#python-debug-build" },
	{ "allocator-misuse", "Wrong allocator",
	  "Memory of one allocator was given to another, or an allocator was used where it may not be. "
	  "With pools the two keep different books: it works as long as both end in malloc, and not in "
	  "a build where they do not.",
	  { "The allocation stack against the freeing one: PyMem_RawMalloc, PyMem_Malloc, "
	    "PyObject_Malloc and malloc each have a free of their own.",
	    "An object that is freed by another way than its type's tp_free, or allocated for the "
	    "collector and freed without it (PyObject_GC_Del).",
	    "An allocation without the interpreter lock, or without an attached thread state: only the "
	    "raw domain allows that." },
	  "https://docs.python.org/3/c-api/memory.html#allocator-domains" },
	{ "api-misuse", "Function used against its contract",
	  "A function was called with arguments or in a state that it forbids, or broke its own promise "
	  "to its caller.",
	  { "A result without an exception, or an exception with a result: look for an error path that "
	    "forgets to set one, or for an earlier call whose failure was not looked at.",
	    "A call into the runtime from a thread that holds no interpreter lock or has no attached "
	    "thread state.",
	    "Overlapping copies need memmove; a negative size is a subtraction that nobody checked.",
	    "Locks: released by another thread than the owner, or destroyed while they are held." },
	  "https://docs.python.org/3/c-api/exceptions.html" },
	{ "timeout", "Timeout",
	  "The unit did not end within its limit, and was ended. Checkers are slow, and what waits for "
	  "a time rather than for an event breaks under them.",
	  { "The stack at the end: a lock or a wait there means a deadlock; anything else a loop, or a "
	    "test that is too slow for this checker.",
	    "The seconds of the same unit in other cells: is it slower than the checker's usual factor?",
	    "Children and threads that were left behind: a pipe that one of them holds open makes its "
	    "reader wait.",
	    "If it is only slow: --timeout, or time-factor in the cell's file." },
	  "https://docs.python.org/3/library/faulthandler.html" },
	{ "out-of-memory", "Out of memory",
	  "An allocation was refused, or the process was ended because it had too much. Checkers need "
	  "several times the memory of a plain build.",
	  { "The size that was asked for: an absurd one is a negative or overflowing length that became "
	    "unsigned.",
	    "A size that makes sense: a test for large memory, or recursion without a bound.",
	    "The error path behind the failed allocation, if something else was reported after it: it "
	    "is rarely run." },
	  "https://docs.python.org/3/c-api/memory.html" },
	{ "resource", "Resource not released",
	  "A file, socket, thread or other resource of the system was still held at the end. Closing it "
	  "was left to the collector, or forgotten on an error path.",
	  { "The stack that opened it, and then every way out of that function.",
	    "Objects that close what they own only in __del__: with a cycle that is late, or never.",
	    "Descriptors that a child inherits without need." },
	  "https://docs.python.org/3/library/devmode.html#resourcewarning-example" },
	{ "other", "Other",
	  "The tool reported something that fits no other category.",
	  { "The text of the report, and the tool's manual for its word." }, NULL },
};

const struct guide *guide_find(const char *category)
{
	size_t last = sizeof guides / sizeof *guides - 1;

	for (size_t i = 0; category && i < last; i++)
		if (!strcmp(guides[i].category, category))
			return &guides[i];
	return &guides[last];
}

static const struct {
	const char *tool, *kind, *hint;
} hints[] = {
	{ "cpython", "negative-refcount",
	  "A negative count is a decref too many, or one for a reference that was only borrowed. The "
	  "dump names the object's type; who took the reference away may have run long before." },
	{ "cpython", "immortal-dealloc",
	  "An immortal object was deallocated: its count was written directly, or by an extension that "
	  "was compiled without knowing of immortal objects." },
	{ "cpython", "check-result",
	  "A function written in C returned NULL without setting an exception, or a result with one "
	  "set. The exception in the message, if any, comes from an earlier call that failed unseen." },
	{ "cpython", "debug-allocator",
	  "Seen when the block was freed or resized. Bytes other than 0xFD in the pads are an overflow "
	  "or underflow of this block, or of its neighbour; the letter of the API in the dump names the "
	  "allocator that the block is of: r raw, m memory, o objects." },
	{ "cpython", "gil",
	  "The runtime was called without its lock or without a thread state: look for a callback from "
	  "a foreign thread, or a call inside a region that had released it." },
	{ "cpython", "refleak",
	  "An incref without its decref. Objects that are only cached show numbers that shrink." },
	{ "cpython", "blockleak",
	  "Memory blocks grew, not references: a buffer that is not freed with its object, or a cache." },
	{ "cpython", "fdleak",
	  "The test opened file descriptors that it did not close: run it with -X dev, which names each "
	  "object that was left open." },
	{ "cpython", "shutdown-lock",
	  "A daemon thread was stopped while it held the lock of a standard stream: wait for threads "
	  "before the interpreter ends." },
	{ "cpython", "bad-internal-call",
	  "A function of the C API was given an object of another type, or NULL; the file and line in "
	  "the message are of the function that noticed." },
	{ "cpython", "init-error",
	  "The interpreter did not start: mostly a wrong PYTHONHOME or an incomplete installation." },
	{ "cpython", "ResourceWarning",
	  "With -X tracemalloc=10 the warning has the stack where the object was made." },
	{ "cpython", "never-awaited",
	  "With PYTHONASYNCIODEBUG=1 the warning has the stack where the coroutine was made." },
	{ "cpython", "env-changed",
	  "Another test that runs after this one in the same process may fail because of it." },
	{ "cpython", "unraisable",
	  "Raised where nobody can catch it: in __del__, a callback of a weak reference, a collection." },
	{ "memcheck", "InvalidJump",
	  "A function pointer was wrong or null: the slot of a type that was freed, or never filled." },
	{ "asan", "stack-overflow",
	  "Recursion in C. Frames under a sanitizer are larger, so that a depth that is safe elsewhere "
	  "may be too much here: look whether the recursion is bounded at all." },
	{ "asan", "use-after-poison",
	  "Memory that the program itself had marked as not to be used, mostly a pool its free blocks." },
	{ "lsan", "Indirect leak",
	  "Only reachable from another leaked block: mend the direct leak first." },
	{ "memcheck", "Leak_PossiblyLost",
	  "Only a pointer into its middle was left. Objects with a header before them (for the "
	  "collector) look like this while they are still in use." },
	{ "memcheck", "Leak_StillReachable",
	  "Something still pointed to it at the end: mostly memory that is kept on purpose." },
};

const char *guide_hint(const char *tool, const char *kind)
{
	for (size_t i = 0; tool && kind && i < sizeof hints / sizeof *hints; i++)
		if (!strcmp(hints[i].tool, tool) && !strcmp(hints[i].kind, kind))
			return hints[i].hint;
	return NULL;
}
