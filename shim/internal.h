/*
 * What the parts of the shim share. Names that could meet others' when the files are compiled into a
 * program begin with ps_.
 *
 * pool.c      pools, regions; core.c allocation and free; hot.h what is inline in them
 * records.c   what is known of an address: start bits, headers and tails
 * stack.c     who called; depot.c stacks by number
 * quarantine.c, region.c, leak.c, options.c, meta.c and maps.c (our memory, the process's)
 * report.c, describe.c, print.c what is said
 * asan.c msan.c tsan.c memcheck.c none.c: one checker each
 * reach.c, suppress.c: which blocks are lost, and which of those to be silent about
 */
#ifndef POOLSHIM_INTERNAL_H
#define POOLSHIM_INTERNAL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "poolshim.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#error "poolshim's own files look at memory that is fenced off: compile them with -fno-sanitize=all"
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                        \
        __has_feature(thread_sanitizer)
#error "poolshim's own files look at memory that is fenced off: compile them with -fno-sanitize=all"
#endif
#endif

#define PS_API __attribute__((visibility("default")))
#define PS_WEAK __attribute__((weak))
#define PS_NOINLINE __attribute__((noinline))
#define PS_INLINE static inline __attribute__((always_inline))
#define PS_LIKELY(x) __builtin_expect(!!(x), 1)
#define PS_UNLIKELY(x) __builtin_expect(!!(x), 0)

enum {
	PS_GRAIN = 16,	   /* raw blocks begin and end on multiples of this */
	PS_POOLS = 4096,   /* number 0 is none, the last one stays free */
	PS_NAME = 48,
	PS_DEPTH = 64,	   /* frames of a stack at most */
	PS_CONTEXT = 4,	   /* words of the frame hook at most */
	PS_SHARDS = 16,
	PS_SIZE_SHORT = 2047,
};

#define PS_SIZE_MAX ((uint64_t)1 << 36)
#define PS_CANARY 0xcbcbcbcbcbcbcbcbu

typedef uint32_t ps_stack; /* a number of the depot; 0: none, 1: there was no room for it */

enum ps_fault {
	PS_DOUBLE_FREE,
	PS_FOREIGN,
	PS_WRONG_POOL,
	PS_OVERRUN,  /* the bytes behind a block were overwritten */
	PS_UNDERRUN, /* its header was */
	PS_OVERRUN_RECORD, /* its record behind it was */
};

enum ps_state { PS_FREE = 0, PS_ALIVE = 1, PS_KEPT = 2 };

/*
 * A record is 16 bytes for each block, before it or behind it. The allocator may overwrite WHAT of a
 * block with a header while the raw block is free; STACKS still tells the stacks and the size then.
 *   what:   size:36 pool:12 state:2 check:14
 *   stacks: alloc:26 free (of a live block: the checkpoint that it came after):26 alive:1 size:11
 */

struct ps_region {
	struct ps_region *next;
	uintptr_t start, end;
};

struct ps_shard;
struct ps_reuse;

/* Pools whose quarantine is one. */
struct ps_owner {
	const void *key;
	_Atomic unsigned pools; /* 0: free */
	int serial;
	_Atomic unsigned shards_used;
	_Atomic size_t limit; /* bytes, for each shard */
	struct ps_shard *_Atomic shards[PS_SHARDS];
};

struct poolshim_pool {
	void *(*alloc)(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags);
	void *(*free)(struct poolshim_pool *pool, void *block);
	char name[PS_NAME];
	unsigned number;
	uint64_t seal; /* what a record of a live block of size 0 says, but for the check */
	enum poolshim_layout layout;
	unsigned link, keep;
	/* Bytes behind a raw block. Memcheck sees half of a record only as a fence; and it takes what is
	   up to 24 bytes off a block it freed for that block's, though it is in the next one. */
	unsigned extra;
	int plain; /* a raw block goes back as it is; only with a header */
	int keeps; /* has a quarantine */
	int brief; /* see ps_is_brief() */
	struct ps_owner *owner;
	void (*release)(void *context, void *raw);
	void *context;
	struct ps_reuse *reuse; /* NULL: what leaves quarantine is released */
	struct ps_region *_Atomic regions;
	int tracked; /* its raw blocks are in regions of other pools */
	_Atomic int used; /* 0: the slot is free */
};

/* A block as it is known from its record. */
struct ps_block {
	unsigned char *raw, *user;
	size_t size, raw_size;
	struct poolshim_pool *pool; /* NULL: not known any more */
	int alive;
	ps_stack alloc, freed; /* FREED is the checkpoint where ALIVE */
};

/* One checker. All but NAME, TITLE and _start_ may be NULL. */
struct ps_backend {
	const char *name, *title; /* "asan", and what its reports call it */
	int own_stacks;		  /* the shim records stacks; else the checker does */
	int (*start)(void);	  /* -1: it is not there. Nothing else is called then */
	/* B's record is written next, where no block of its size was */
	void (*prepare)(const struct ps_block *b);
	/* B is a block from now on: its user bytes may be used, the rest of the raw block not */
	void (*live)(const struct ps_block *b, unsigned flags);
	/* instead of all that core.c does */
	void *(*alloc)(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags);
	void *(*free)(struct poolshim_pool *pool, void *block);
	void (*resized)(const struct ps_block *b, size_t old_size);
	void (*dead)(const struct ps_block *b); /* freed; the raw block is not reused yet */
	/* the raw block is the allocator's again. UNTRACKED: and none of our business any more */
	void (*released)(const struct ps_block *b, int untracked);
	void (*fence)(const void *start, size_t size, int freed); /* nobody may use it */
	void (*open)(const void *start, size_t size);		  /* all may be used */
	void (*region)(const void *start, size_t size, int added);
	/* what is kept at START is not lost, though that is no memory of the program's */
	void (*root)(const void *start, size_t size);
	/* memory of ours is not used (yet): its search for leaks need not look there */
	void (*hide)(const void *start, size_t size, int hidden);
	/* reports FAULT with P itself: 1; it cannot: 0 */
	int (*fault)(enum ps_fault fault, void *p);
	void (*quiet)(int on); /* no reports on what the shim itself reads */
};

/* Calls NAME of the checker, if it has one. */
#define PS_CALL(name, ...)                                                                        \
	do {                                                                                       \
		if (ps_backend->name)                                                              \
			ps_backend->name(__VA_ARGS__);                                             \
	} while (0)

extern const struct ps_backend ps_asan, ps_msan, ps_tsan, ps_memcheck, ps_none;
extern const struct ps_backend *ps_backend; /* NULL: not started, or nothing to do */
extern struct poolshim_pool *ps_pools;	    /* PS_POOLS of them */
extern _Atomic uint32_t ps_epoch;	    /* of the last checkpoint, from 1 */

/* --- options.c: read once by ps_options_read() */

struct ps_options {
	int enabled, check, halt_on_error, abort_on_error, exitcode, leaks, canaries, direct;
	unsigned alloc_depth, free_depth;
	size_t quarantine, depot; /* bytes */
	char log_path[256];
};
extern struct ps_options ps_options;
void ps_options_read(void);

/* --- meta.c */

/* SIZE zero bytes that take no memory until they are written; NULL: none. Keeps errno. */
void *ps_map(size_t size);
void ps_unmap(void *p, size_t size);
/* Calls F for all memory of ps_map(). */
void ps_maps_each(void (*f)(uintptr_t low, uintptr_t high, void *arg), void *arg);
/* The same for small things; never given back. NULL: none. */
void *ps_meta(size_t size);
void ps_lock(_Atomic int *lock);
int ps_trylock(_Atomic int *lock);
void ps_unlock(_Atomic int *lock);

/* --- records.c */

/* Bits say where blocks begin (and where the record of a block with a tail is). */
int ps_records_start(void);
void ps_bits_clear(uintptr_t start, uintptr_t end);
/* The last bit set at or before ADDRESS, the first one after it, within LIMIT bytes; 0: none. */
uintptr_t ps_bit_before(uintptr_t address, size_t limit);
uintptr_t ps_bit_after(uintptr_t address, size_t limit);
/* Calls F for all bits in [START, END) in order. */
void ps_bits_each(uintptr_t start, uintptr_t end, void (*f)(uintptr_t address, void *), void *arg);

/* The block that begins at the bit START, whole or what is left of it. 0, or -1: it is not one. */
int ps_block_from_bit(struct ps_block *b, uintptr_t start);
/* The block in or nearest to which ADDRESS is. 0, or -1. */
int ps_block_near(struct ps_block *b, uintptr_t address);

/* --- maps.c */

struct ps_mapping {
	uintptr_t low, high, base; /* BASE: where the first mapping of that file begins */
	int writable;
	char path[256];
};
/* The mapping that ADDRESS is in. 0, or -1: none. Async-signal-safe. */
int ps_mapping_of(uintptr_t address, struct ps_mapping *m);
/* The first mapping that WANTED says is it, in M. 0, or -1. */
int ps_mappings_find(int (*wanted)(const struct ps_mapping *m, void *arg), void *arg,
        struct ps_mapping *m);

/* --- stack.c, depot.c */

struct ps_trace {
	unsigned pcs, words; /* the latter: of the frame hook */
	unsigned thread;
	const uintptr_t *values; /* the pcs, then the words */
};
extern struct poolshim_frame_hook ps_hook;
/* The stack of the caller of the function whose frame is FRAME. */
ps_stack ps_stack_here(const void *frame, unsigned depth);
unsigned ps_thread_number(void); /* as the checker counts; 0: the first thread */
int ps_depot_start(void);
struct ps_node {
	uint32_t next; /* a number */
	uint32_t hash;
	uint8_t pcs, words;
	uint16_t thread;
	uint32_t magic;
	uintptr_t values[]; /* the pcs, then the words */
};
enum { PS_NODE_MAGIC = 0x5ac4de90 };
extern unsigned char *ps_depot; /* NULL: there is none */
extern _Atomic uint32_t ps_depot_used;

ps_stack ps_depot_put(const uintptr_t *values, unsigned pcs, unsigned words, unsigned thread);
/* 0, or -1: STACK is no number of a stack. The trace stays valid for ever. */
int ps_depot_get(ps_stack stack, struct ps_trace *trace);

static inline struct ps_node *ps_node_at(ps_stack stack)
{
	return (struct ps_node *)(void *)(ps_depot + (size_t)stack * PS_GRAIN);
}

/* NULL: STACK is no number of a stack that was stored. */
static inline const struct ps_node *ps_depot_node(ps_stack stack)
{
	if (!ps_depot || stack < 2 ||
	        stack >= atomic_load_explicit(&ps_depot_used, memory_order_relaxed))
		return NULL;
	const struct ps_node *node = ps_node_at(stack);
	return node->magic == PS_NODE_MAGIC ? node : NULL;
}

/* --- quarantine.c */

struct ps_owner *ps_owner_get(const void *key, int serial); /* NULL: none free */
void ps_owner_put(struct ps_owner *owner);
/* Keeps a block. 0: it is not kept, the caller gives it back. */
int ps_quarantine_put(struct poolshim_pool *pool, unsigned char *user, size_t size);
void ps_quarantine_flush(struct ps_owner *owner);
/* Forgets the blocks in [START, END). */
void ps_quarantine_forget(struct ps_owner *owner, uintptr_t start, uintptr_t end);
void ps_quarantine_fork(int stage); /* 0: before, 1: after, in both processes */
/* core.c: a freed block is the allocator's again; returns its raw block */
void ps_pool_functions(struct poolshim_pool *pool); /* core.c */
void ps_memcheck_functions(struct poolshim_pool *pool); /* memcheck.c */
enum ps_fault ps_fault_of(struct poolshim_pool *pool, void *p); /* core.c: P cannot be freed; why? */
void ps_bad_free(struct poolshim_pool *pool, void *p, const void *frame); /* core.c: what is wrong? */
void *ps_give_back(struct poolshim_pool *pool, unsigned char *user, size_t size);
/* core.c: all blocks in POOL's regions are freed */
void ps_reset(struct poolshim_pool *pool, ps_stack stack);

/* --- reach.c: blocks of regions that nothing points to, but for suppressed ones and what those hold */

struct ps_reach;
/* Looks for them; 0, or NULL: no memory. Other threads should not run. */
struct ps_reach *ps_reach_new(void);
void ps_reach_free(struct ps_reach *r);
enum ps_reached { PS_LOST, PS_LOST_INDIRECTLY, PS_REACHED };
/* Of the live block whose raw block begins at START. */
enum ps_reached ps_reach_of(const struct ps_reach *r, uintptr_t start);
/* Nobody can use a lost block; LeakSanitizer, which comes next, looks for pointers where one may. */
void ps_reach_fence_lost(const struct ps_reach *r);

/* --- leak.c, suppress.c */

/* Does LSAN_OPTIONS=suppressions=FILE say that leaks of STACK are not to be told? */
int ps_suppressed(ps_stack stack);

void ps_leak_start(void);

/* --- region.c */

int ps_region_add(struct poolshim_pool *pool, uintptr_t start, uintptr_t end);
void ps_region_remove(struct poolshim_pool *pool, uintptr_t start, uintptr_t end);
struct poolshim_pool *ps_region_pool(uintptr_t address); /* NULL: in none */
void ps_regions_each(void (*f)(uintptr_t low, uintptr_t high, void *arg), void *arg);

/* --- report.c, describe.c, print.c: one report at a time, without malloc */

/* Reports FAULT with P, which was given for POOL; FRAME as for ps_stack_here(). May not return. */
void ps_fault(enum ps_fault fault, struct poolshim_pool *pool, void *p, const void *frame);

void ps_print(const char *text); /* lines */
void ps_printf(const char *format, ...);
void ps_print_stack(ps_stack stack);
/* The paragraph on what is at ADDRESS. 0, or -1: nothing is known. */
int ps_describe(uintptr_t address);
void ps_report_begin(void);
void ps_report_end(void);

/* Found at run time. */
PS_WEAK void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size);
PS_WEAK void __sanitizer_report_error_summary(const char *text);

static inline uintptr_t ps_address(const void *p)
{
	return (uintptr_t)p;
}

static inline size_t ps_round(size_t size)
{
	return (size + PS_GRAIN - 1) & ~(size_t)(PS_GRAIN - 1);
}

/* How much of the raw block is the allocator's own while it is free. */
static inline size_t ps_link(const struct ps_block *b)
{
	return b->pool->link < b->raw_size ? b->pool->link : b->raw_size;
}

/*
 * A large block, with a header, whose memory is open when it comes, has no bits in it, and goes back at
 * once: what the user has of it is left as it is, and what is around that is fenced off while it lives.
 * For checkers without functions of their own.
 */
static inline int ps_is_brief(const struct ps_block *b)
{
	return PS_UNLIKELY(b->size > 512) && b->pool->brief;
}

#endif
