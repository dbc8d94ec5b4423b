/*
 * What the parts of libpoolshim-cpython share. Nothing of CPython's headers is used: one object serves
 * 3.8 to 3.13. Facts about CPython are from its sources, of the version that is named with them.
 *
 *   cpython.c          finds the interpreter, puts the wrappers in, and in again when they were lost
 *   cpython_domains.c  the wrappers: raw, mem, obj; one set of pools for each interpreter
 *   cpython_memcheck.c the same under Memcheck, short, for most blocks; cpython_recycle.c, which are
 *                      used again and again
 *   cpython_hooks.c    which functions are its debug hooks
 *   cpython_slots.c    which interpreter
 *   cpython_arena.c    pymalloc's arenas as regions
 *   cpython_frame.c    where the Python program is
 */
#ifndef POOLSHIM_CPYTHON_H
#define POOLSHIM_CPYTHON_H

#include <stddef.h>

#include "internal.h"

/* PyMemAllocatorDomain, PyMemAllocatorEx, PyObjectArenaAllocator: Include/cpython/pymem.h, objimpl.h. */
enum py_domain { PY_RAW, PY_MEM, PY_OBJ, PY_DOMAINS };

struct py_allocator {
	void *ctx;
	void *(*malloc)(void *ctx, size_t size);
	void *(*calloc)(void *ctx, size_t count, size_t size);
	void *(*realloc)(void *ctx, void *p, size_t size);
	void (*free)(void *ctx, void *p);
};

struct py_arenas {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
};

/* What the interpreter exports; NULL where it does not. */
struct py_api {
	int minor; /* 13 of 3.13 */
	int free_threaded;
	void (*get_allocator)(int domain, struct py_allocator *a);
	void (*set_allocator)(int domain, struct py_allocator *a);
	void (*setup_debug_hooks)(void);
	void (*get_arenas)(struct py_arenas *a);
	void (*set_arenas)(struct py_arenas *a);
	void *(*thread_state)(void); /* the caller's, or before 3.12 that of who holds the GIL */
	int (*is_initialized)(void);
	int (*holds_gil)(void);
	int (*add_audit_hook)(int (*hook)(const char *event, void *args, void *data), void *data);
	int (*at_exit)(void (*function)(void)); /* Py_AtExit: called by Py_Finalize() */
	void (*fatal_error)(const char *message) __attribute__((noreturn));
	int (*code_line)(void *code, int offset); /* PyCode_Addr2Line: offset in bytes */
	const char *(*utf8)(void *str);
	void *code_type;
	const void *loop; /* _PyEval_EvalFrameDefault, which runs bytecode */
	const char *runtime; /* _PyRuntime, for its table of offsets */
};
extern struct py_api py;

/* Above 0 in calls that our own wrappers make: what they ask of another domain is not a block. */
extern __thread int py_depth __attribute__((tls_model("initial-exec")));

/* The end of an interpreter frees the thread's state while that is still the current one (3.8 to 3.11). */
extern __thread const void *py_freed_state __attribute__((tls_model("initial-exec")));

/* In calls of our wrappers: the thread's state then, so that it is asked for once. */
extern __thread void *py_state __attribute__((tls_model("initial-exec")));

/* py.thread_state(), or NULL if it was freed. */
static inline void *py_thread_state(void)
{
	void *state = py.thread_state();

	return state == py_freed_state ? NULL : state;
}

/* --- cpython.c */

/* Puts the wrappers of those domains in whose allocator no longer leads to them. */
void py_install(void);

/* --- cpython_hooks.c */

extern struct py_allocator py_initial[PY_DOMAINS]; /* before anything was configured */
extern struct py_allocator py_debug_hooks[PY_DOMAINS];
void py_hooks_start(void); /* fills both; before the first domain is wrapped */

/* --- cpython_slots.c */

enum { PY_SLOTS = 32 }; /* interpreters alive at once; blocks of further ones are not watched */

/* The pools of one interpreter have one quarantine: it gives back in calls of that interpreter only. */
int py_slot(void); /* of the calling thread; -1: there are too many interpreters */
const void *py_owner(int slot);
int py_slot_find(const void *interpreter);
/*
 * The raw block P is freed. If it is an interpreter's state, its slot is free: the next interpreter may
 * have the same address.
 */
void py_interpreter_ends(const void *p);
extern const void *_Atomic py_interpreters[PY_SLOTS]; /* slot 0 is the main one's */
extern _Atomic int py_subs; /* how many others have a slot */
extern _Atomic int py_unwatched; /* there was once one too many: what it allocated passed us */

/* As py_slot(), for the thread with STATE, which may be NULL. */
static inline int py_slot_of(void *state)
{
	/* before 3.12 they have one pymalloc and one GIL */
	if (!state || py.minor < 12)
		return 0;
	const void *interpreter = ((const void **)state)[2]; /* PyThreadState.interp, 3.8 to 3.13 */
	if (interpreter == atomic_load_explicit(&py_interpreters[0], memory_order_relaxed))
		return 0;
	return interpreter ? py_slot_find(interpreter) : 0;
}

/* --- cpython_memcheck.c */

enum { PY_CLASSES = 30 };

struct py_place;

/* What the wrappers of mem and obj need under Memcheck. */
struct py_short {
	uintptr_t live; /* what marks of its blocks say but for the size */
	unsigned number; /* 0: none yet */
	uintptr_t alloc[6], free[6];  /* requests, made out but for the block */
	uintptr_t *freed;	      /* where the next freed block is noted */
	struct py_place *reusable[PY_CLASSES]; /* the tops of stacks, by size */
	struct py_place *stacks[PY_CLASSES], *ends[PY_CLASSES]; /* theirs */
	const struct py_allocator *under;
	unsigned char batch[PY_CLASSES]; /* so many raw blocks were taken from pymalloc the last time */
	enum py_domain kind;
};

/* Puts the wrappers for Memcheck into FUNCTIONS. PYMALLOC: that is UNDER, small blocks go the short way. */
void py_short_start(
        struct py_short *s, enum py_domain kind, const struct py_allocator *under, int pymalloc,
        struct py_allocator *functions);
/* New blocks do not go it any more. */
void py_short_close(struct py_short *s);
/* The memory from START to END is not pymalloc's any more; 0 to UINTPTR_MAX: what was freed is not. */
void py_short_forget(uintptr_t start, uintptr_t end);

/* --- cpython_domains.c */

/* The wrappers; CTX is a struct domain, which begins with a struct py_short. */
void *poolshim_py_malloc(void *ctx, size_t size);
void *poolshim_py_calloc(void *ctx, size_t count, size_t size);
void *poolshim_py_realloc(void *ctx, void *p, size_t size);
void poolshim_py_free(void *ctx, void *p);
/* of what is underneath */
void poolshim_py_under_free(void *ctx, void *raw);
void py_check_gil(void);

/* The main interpreter's pymalloc begins anew: what is in quarantine cannot go back to it. */
void py_forget_kept(void);
/* Wraps what is installed for DOMAIN now. */
void py_domain_wrap(enum py_domain domain);
/* Does an allocation of DOMAIN arrive at the wrapper? Allocates and frees one byte. */
int py_domain_wrapped(enum py_domain domain);
/* Is P a live block of the domain obj? */
int py_is_object(const void *p);

/* --- cpython_arena.c */

void py_arenas_wrap(void); /* unless they are */
/* Pymalloc may be used past us from now on: all of its arenas is opened, and what was freed is forgotten. */
void py_arenas_open(void);
/*
 * Free-threaded: RAW is mimalloc's, which tells nobody of its segments. Each becomes a region when its first
 * block is seen.
 */
enum { PY_SEGMENT_BITS = 25 }; /* MI_SEGMENT_SHIFT, Include/internal/mimalloc/mimalloc/types.h 3.13 */
extern _Atomic unsigned char py_segments[1 << (47 - PY_SEGMENT_BITS)]; /* 1: it is one */
void py_segment_found(const void *raw);
static inline void py_segment_used(const void *raw)
{
	uintptr_t i = (uintptr_t)raw >> PY_SEGMENT_BITS;

	if (i < sizeof py_segments &&
	        PS_UNLIKELY(!atomic_load_explicit(&py_segments[i], memory_order_relaxed)))
		py_segment_found(raw);
}

/* Before RAW, a raw block of pymalloc's that is watched, goes back to it. */
void py_arena_block_freed(const void *raw);

/* --- cpython_frame.c */

void py_frames_start(void);

#endif
