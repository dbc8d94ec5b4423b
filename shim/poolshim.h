/*
 * poolshim: one vocabulary by which an allocator that keeps its own pools tells the memory checkers
 * of its blocks: AddressSanitizer, MemorySanitizer, ThreadSanitizer and Valgrind's Memcheck.
 *
 * One binary finds out at run time which of them is there. With none, poolshim_create() returns NULL,
 * and every call below with a NULL pool is one comparison. With POOLSHIM_DISABLED defined before this
 * header is included, the calls are not even compiled: the same object code as without them.
 *
 *     pool = poolshim_create(&(struct poolshim_config){ .name = "nodes", .release = give_back });
 *     raw = take_from_pool(poolshim_size(pool, n));           allocate: ask for more ...
 *     p = raw ? poolshim_alloc(pool, raw, n, 0) : NULL;       ... and hand out what this returns
 *
 *     raw = poolshim_free(pool, p);                           free: what may be reused now,
 *     if (raw)                                                or NULL: it comes to release later
 *             give_back(NULL, raw);
 *
 * Words: a _block_ is what the allocator's caller gets, SIZE bytes that he asked for. The _raw block_
 * is what the allocator sets aside for it, poolshim_size(pool, SIZE) bytes or more, on a multiple of
 * 16. A _region_ is memory that raw blocks are cut from. All sizes are in bytes.
 *
 * For all functions, unless said otherwise:
 * - Threads: may be called from any thread at any time, but calls on one block are the caller's to
 *   order. With POOLSHIM_SERIAL the caller orders all calls on all pools of one owner (a lock that he
 *   holds anyway, such as an interpreter's), and they are cheaper.
 * - No function calls malloc, takes a lock of the caller's, or changes errno.
 * - A NULL pool: nothing is done, and a block is its own raw block.
 * - Faults are reported on standard error or where the checker writes, and end the process as that
 *   checker would (POOLSHIM_OPTIONS=help=1 lists what can be set). When they do not end it, the
 *   function returns as if the call had not been made.
 * - Memory of our own that cannot be had makes reports poorer (no stacks), never calls fail.
 *
 * C11; needs libc alone.
 */
#ifndef POOLSHIM_H
#define POOLSHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POOLSHIM_VERSION 1

struct poolshim_pool; /* opaque */

enum poolshim_layout {
	/* 16 bytes before the block belong to the shim: the block is not at the raw block's start */
	POOLSHIM_HEADER,
	/* the block is the raw block's start; what the shim needs is behind it */
	POOLSHIM_TAIL,
};

enum poolshim_flag {
	/* poolshim_config.flags */
	POOLSHIM_SERIAL = 1, /* the caller orders all calls on pools of this owner */
	POOLSHIM_NO_QUARANTINE = 2,
	/*
	 * Raw blocks are in regions of other pools of this owner. Otherwise those of a pool
	 * without regions are wholly accessible, and forgotten, when they are released: their
	 * memory may go anywhere then. With this what was freed stays fenced until it is
	 * reused, but for its first LINK bytes.
	 */
	POOLSHIM_IN_REGIONS = 16,
	/* poolshim_alloc */
	POOLSHIM_ZEROED = 4, /* the block's bytes are zero, and may be read */
	/* poolshim_region_add */
	POOLSHIM_OPEN = 8, /* the region stays accessible where no block is: headers of the allocator's */
};

struct poolshim_config {
	const char *name; /* shown in reports; copied, at most 47 bytes. NULL: "pool" */
	enum poolshim_layout layout;
	unsigned flags;
	/*
	 * The first LINK bytes of a raw block are the allocator's own while it is free (its list of
	 * free blocks) and are left accessible then. With more than 8 and POOLSHIM_HEADER, reports on
	 * blocks that are back with the allocator have no stacks.
	 */
	unsigned link;
	/*
	 * The first KEEP bytes of a block stay accessible after it was freed: what lock-free readers
	 * may still look at. A multiple of 8.
	 */
	unsigned keep;
	/* Pools of one owner share a quarantine. Only compared. NULL: the pool has its own. */
	const void *owner;
	/*
	 * Takes RAW back, which poolshim_free() or poolshim_reset() kept earlier. Called inside a later
	 * call of poolshim_free(), poolshim_flush() or poolshim_destroy() on a pool of the same owner,
	 * in that call's thread, with no lock of ours held; may not call into the shim. NULL: nothing is
	 * kept, poolshim_free() always returns the raw block.
	 */
	void (*release)(void *context, void *raw);
	void *context;
};

/*
 * Text for reports on what the program was doing in a runtime's own terms.
 *
 * CAPTURE is called in every allocation and free, and writes at most MAX words that identify where
 * the runtime is now, innermost first; it returns how many. It must be quick, may not allocate from a
 * pool, and equal places should give equal words (stacks are stored once for equal words).
 * DESCRIBE turns one word into a line of text without newline, at most SIZE bytes with the ending 0,
 * for a report; the place may be long gone. Returns 0, or -1 if there is nothing to say.
 * A stack that has words ends with the first frame whose code is in the LOOP_SIZE bytes at LOOP, the
 * runtime's interpreter: its callers are told by the words, and looking at them costs time. LOOP may be NULL.
 */
struct poolshim_frame_hook {
	unsigned (*capture)(uintptr_t *words, unsigned max);
	int (*describe)(uintptr_t word, char *text, size_t size);
	const void *loop;
	size_t loop_size;
};

#ifndef POOLSHIM_DISABLED

/* The functions behind the macros and inline functions below; not to be called directly. */
size_t poolshim_do_size(const struct poolshim_pool *pool, size_t size);
void *poolshim_do_alloc(struct poolshim_pool *pool, void *raw, size_t size, unsigned flags);
void *poolshim_do_free(struct poolshim_pool *pool, void *block);
int poolshim_do_resize(struct poolshim_pool *pool, void *block, size_t size);
size_t poolshim_do_block_size(const struct poolshim_pool *pool, const void *block);
int poolshim_do_owns(const struct poolshim_pool *pool, const void *block);
void poolshim_do_reset(struct poolshim_pool *pool);
void poolshim_do_free_range(struct poolshim_pool *pool, void *start, size_t size);
void poolshim_do_flush(struct poolshim_pool *pool);
void poolshim_do_destroy(struct poolshim_pool *pool);
int poolshim_do_region_add(struct poolshim_pool *pool, void *start, size_t size, unsigned flags);
void poolshim_do_region_remove(struct poolshim_pool *pool, void *start, size_t size);
void poolshim_do_access_begin(struct poolshim_pool *pool, const void *start, size_t size);
void poolshim_do_access_end(struct poolshim_pool *pool, const void *start, size_t size);

/*
 * The checker that was found: "asan", "msan", "tsan", "memcheck", "none" (only with
 * POOLSHIM_OPTIONS=check=1: canaries and the checks at free, without a checker), or NULL: nothing is
 * checked, and every pool is NULL. Static.
 */
const char *poolshim_checker(void);

/*
 * A new pool, before its first block is allocated. CONFIG is only read. NULL when there is no checker,
 * or already 4,094 pools: such a pool works, unchecked. Ends with poolshim_destroy().
 */
struct poolshim_pool *poolshim_create(const struct poolshim_config *config);

/*
 * Gives the quarantine's blocks of POOL back, forgets its regions (their memory becomes accessible)
 * and all of its blocks. POOL must not be used by anyone any more. With regions, do this before they
 * are unmapped.
 */
static inline void poolshim_destroy(struct poolshim_pool *pool)
{
	if (pool)
		poolshim_do_destroy(pool);
}

/*
 * Blocks of POOL will be cut from SIZE bytes at START, both multiples of 16. Until then all of it is
 * inaccessible (POOLSHIM_OPEN: stays as it is). Also tells LeakSanitizer to look for pointers there.
 * Under Memcheck a region of a pool with headers should be what one call of malloc returned, all of it:
 * leaks that only leaked blocks of a pool point to are found only then, and its blocks are known by their
 * own stacks. A pool without regions is fine too (each raw block from malloc,
 * say), but cannot be reset. 0, or -1: not aligned, overlaps another region, or no memory; then the
 * region is not watched as a whole, but blocks in it are.
 */
static inline int poolshim_region_add(
        struct poolshim_pool *pool, void *start, size_t size, unsigned flags)
{
	return pool ? poolshim_do_region_add(pool, start, size, flags) : 0;
}

/*
 * Before a region, or a part of one, is unmapped or used for something else: its memory becomes
 * accessible, its blocks are forgotten, those in quarantine too (they are not released).
 */
static inline void poolshim_region_remove(struct poolshim_pool *pool, void *start, size_t size)
{
	if (pool)
		poolshim_do_region_remove(pool, start, size);
}

/*
 * How large the raw block for a block of SIZE bytes has to be; a multiple of 16. SIZE itself for a
 * NULL pool. 0: there can be no such block (64 GiB and more). Always the same for a pool and a size.
 */
static inline size_t poolshim_size(const struct poolshim_pool *pool, size_t size)
{
	return pool ? poolshim_do_size(pool, size) : size;
}

/*
 * RAW, of poolshim_size(pool, size) bytes or more on a multiple of 16, becomes a block of SIZE bytes,
 * 0 allowed: the return value, never NULL. RAW itself for a NULL pool. What is in it may not be read
 * before it was written unless FLAGS has POOLSHIM_ZEROED. RAW may not be NULL.
 */
static inline void *poolshim_alloc(
        struct poolshim_pool *pool, void *raw, size_t size, unsigned flags)
{
	return pool ? poolshim_do_alloc(pool, raw, size, flags) : raw;
}

/*
 * BLOCK is freed. Returns the raw block that the allocator may reuse now, which may be BLOCK's; NULL:
 * none (it is kept in quarantine, or BLOCK is no block of this pool, which was reported). BLOCK itself
 * for a NULL pool. A NULL block: returns NULL.
 */
static inline void *poolshim_free(struct poolshim_pool *pool, void *block)
{
	return pool ? poolshim_do_free(pool, block) : block;
}

/*
 * BLOCK, where it is, has SIZE bytes from now on; its raw block must be large enough for that. New
 * bytes may not be read before they were written. 0, or -1: not a block of POOL, which was reported.
 */
static inline int poolshim_resize(struct poolshim_pool *pool, void *block, size_t size)
{
	return pool ? poolshim_do_resize(pool, block, size) : 0;
}

/* The size that BLOCK was allocated with; SIZE_MAX if it is no live block of POOL, or POOL is NULL. */
static inline size_t poolshim_block_size(const struct poolshim_pool *pool, const void *block)
{
	return pool ? poolshim_do_block_size(pool, block) : SIZE_MAX;
}

/* Is BLOCK a live block of POOL? Any pointer may be given. 1 for a NULL pool. Reports nothing. */
static inline int poolshim_owns(const struct poolshim_pool *pool, const void *block)
{
	return pool ? poolshim_do_owns(pool, block) : 1;
}

/*
 * The blocks of POOL in the SIZE bytes at START are freed at once, which are in a region of it: an arena
 * is cut anew. Their raw blocks are the allocator's, as with poolshim_reset().
 */
static inline void poolshim_free_range(struct poolshim_pool *pool, void *start, size_t size)
{
	if (pool)
		poolshim_do_free_range(pool, start, size);
}

/*
 * All blocks of POOL are freed at once, and their raw blocks are the allocator's, those in quarantine
 * too: release is not called for them. Only of pools whose blocks are all in regions.
 */
static inline void poolshim_reset(struct poolshim_pool *pool)
{
	if (pool)
		poolshim_do_reset(pool);
}

/* Gives all blocks in POOL's quarantine back, those of other pools of its owner too. */
static inline void poolshim_flush(struct poolshim_pool *pool)
{
	if (pool)
		poolshim_do_flush(pool);
}

/*
 * The allocator itself reads or writes SIZE bytes at START, in free memory of a region of its own,
 * between these two. For code that the checker instruments: lists in free blocks, boundary tags.
 * Not for live blocks, whose bytes may be used anyway.
 */
static inline void poolshim_access_begin(
        struct poolshim_pool *pool, const void *start, size_t size)
{
	if (pool)
		poolshim_do_access_begin(pool, start, size);
}

static inline void poolshim_access_end(struct poolshim_pool *pool, const void *start, size_t size)
{
	if (pool)
		poolshim_do_access_end(pool, start, size);
}

/*
 * Leaks of pool blocks: blocks allocated after a checkpoint and still alive at poolshim_leaks(), by
 * the stack of their allocation. A checkpoint is a number, never 0; 0 stands for the start.
 * poolshim_leaks() writes a report unless there are none, and returns how many blocks there are; POOL
 * NULL: of all pools. It does not end the process. Blocks that other threads allocate or free
 * meanwhile may be missing or too many. Under Memcheck only it counts: Memcheck reports leaks itself.
 */
uint64_t poolshim_checkpoint(void);
size_t poolshim_leaks(const struct poolshim_pool *pool, uint64_t since);

/* HOOK is copied; NULL: none. To be set before other threads use pools. */
void poolshim_set_frame_hook(const struct poolshim_frame_hook *hook);

/*
 * Writes to standard error, or where the checker writes, what is known of the block at or near
 * ADDRESS: pool, size, stacks. 0, or -1: nothing is. Async-signal-safe but for names of functions,
 * which the checker's symbolizer finds.
 */
int poolshim_describe(const void *address);

#else /* POOLSHIM_DISABLED: nothing is evaluated but what is returned */

/* VALUE, of which no compiler says that nobody uses it; clang makes code for braces at -O0 */
#if defined(__GNUC__) && !defined(__clang__)
#define POOLSHIM_VALUE(type, value) __extension__({ value; })
#else
#define POOLSHIM_VALUE(type, value) ((type)__builtin_expect((value), 0))
#endif

#define poolshim_checker() ((const char *)0)
#define poolshim_create(...) ((struct poolshim_pool *)0)
#define poolshim_destroy(pool) ((void)sizeof(pool))
#define poolshim_region_add(pool, start, size, flags)                                             \
	POOLSHIM_VALUE(int, ((void)sizeof(pool), (void)sizeof(start), (void)sizeof(size),               \
	        (void)sizeof(flags), 0))
#define poolshim_region_remove(pool, start, size)                                                 \
	((void)sizeof(pool), (void)sizeof(start), (void)sizeof(size))
#define poolshim_size(pool, size) ((void)sizeof(pool), (size_t)(size))
#define poolshim_alloc(pool, raw, size, flags)                                                    \
	((void)sizeof(pool), (void)sizeof(size), (void)sizeof(flags), (void *)(raw))
#define poolshim_free(pool, block) ((void)sizeof(pool), (void *)(block))
#define poolshim_resize(pool, block, size)                                                        \
	POOLSHIM_VALUE(int, ((void)sizeof(pool), (void)sizeof(block), (void)sizeof(size), 0))
#define poolshim_block_size(pool, block)                                                          \
	((void)sizeof(pool), (void)sizeof(block), (size_t)SIZE_MAX)
#define poolshim_owns(pool, block) ((void)sizeof(pool), (void)sizeof(block), 1)
#define poolshim_reset(pool) ((void)sizeof(pool))
#define poolshim_flush(pool) ((void)sizeof(pool))
#define poolshim_free_range(pool, start, size)                                                    \
	((void)sizeof(pool), (void)sizeof(start), (void)sizeof(size))
#define poolshim_access_begin(pool, start, size)                                                  \
	((void)sizeof(pool), (void)sizeof(start), (void)sizeof(size))
#define poolshim_access_end(pool, start, size) poolshim_access_begin(pool, start, size)
#define poolshim_checkpoint() ((uint64_t)0)
#define poolshim_leaks(pool, since)                                                              \
	POOLSHIM_VALUE(size_t, ((void)sizeof(pool), (void)sizeof(since), (size_t)0))
#define poolshim_set_frame_hook(...) ((void)0)
#define poolshim_describe(address) POOLSHIM_VALUE(int, ((void)sizeof(address), -1))

#endif

#ifdef __cplusplus
}
#endif

#endif
