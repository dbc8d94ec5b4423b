/*
 * Who called: by frame pointers, within the bounds of the stack that the thread runs on. Those are
 * looked up in /proc/self/maps, once for each thread and for a few stacks that it switches to:
 * pthread_getattr_np() calls malloc.
 *
 * Most calls come from where an earlier one came from. A memo of that says where the frames were and
 * what the stack's number was; whether each frame still is what it was is then looked up at all of
 * them at once, where a walk would have to wait for one to find the next.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
enum { WALKS = 1 };
#else
enum { WALKS = 0 };
#endif

struct bounds {
	uintptr_t low, high;
};

static __thread struct {
	struct bounds own, other; /* the thread's stack, and one that it switched to */
	uint8_t known, looked, late;
	uint16_t number;
} thread __attribute__((tls_model("initial-exec")));

struct poolshim_frame_hook ps_hook;

static struct bounds bounds_of(uintptr_t address)
{
	struct ps_mapping m;

	if (ps_mapping_of(address, &m))
		return (struct bounds){ 0, 0 };
	return (struct bounds){ m.low, m.high };
}

PS_WEAK size_t __asan_get_alloc_stack(void *p, void **trace, size_t size, int *thread_id);

/* As ASan counts threads, which it only tells of a block of malloc's; else by order of appearance. */
static unsigned number_of_thread(void)
{
	static _Atomic unsigned threads = 1;
	void *trace[1];
	int id = -1;

	if (getpid() == (pid_t)syscall(SYS_gettid))
		return 0;
	if (ps_backend == &ps_asan && __asan_get_alloc_stack) {
		void *volatile p = malloc(1);
		if (p)
			__asan_get_alloc_stack(p, trace, 1, &id);
		free(p);
	}
	return id >= 0 ? (unsigned)id : atomic_fetch_add(&threads, 1);
}

static PS_NOINLINE void thread_start(uintptr_t frame)
{
	struct rlimit limit;

	thread.known = 1;
	thread.number = (uint16_t)number_of_thread();
	thread.own = bounds_of(frame);
	/* the first thread's grows */
	if (thread.number == 0 && thread.own.high && getrlimit(RLIMIT_STACK, &limit) == 0) {
		uintptr_t most = (uintptr_t)64 << 20;
		if (limit.rlim_cur < most)
			most = limit.rlim_cur;
		if (thread.own.high - thread.own.low < most)
			thread.own.low = thread.own.high - most;
	}
}

unsigned ps_thread_number(void)
{
	if (!thread.known)
		thread_start(ps_address(__builtin_frame_address(0)));
	return thread.number;
}

/* The end of the stack that FRAME is on; 0: not known. */
static PS_NOINLINE uintptr_t stack_end_slow(uintptr_t frame)
{
	if (!thread.known)
		thread_start(frame);
	if (frame - thread.own.low < thread.own.high - thread.own.low)
		return thread.own.high;
	if (frame - thread.other.low < thread.other.high - thread.other.low)
		return thread.other.high;
	if (thread.looked == 16)
		return 0;
	thread.looked++;
	thread.other = bounds_of(frame);
	return thread.other.high;
}

static inline uintptr_t stack_end(uintptr_t frame)
{
	if (frame - thread.own.low < thread.own.high - thread.own.low)
		return thread.own.high;
	return stack_end_slow(frame);
}

static inline int in_loop(uintptr_t pc)
{
	return pc - ps_address(ps_hook.loop) < ps_hook.loop_size;
}

/* --- the memo */

enum {
	MEMO_BITS = 10,
	MEMO_WAYS = 4,
	MEMO_CALLERS = 2,
	MEMO_FRAMES = 30,
	FRAMES_BITS = 5,
	FRAMES_MASK = (1 << FRAMES_BITS) - 1,
};

/* What is at a frame pointer: that of the next frame, and where its function goes on. */
typedef uintptr_t linked __attribute__((vector_size(2 * sizeof(uintptr_t)), aligned(sizeof(uintptr_t))));

/*
 * Shared by all threads, without a lock. It belongs to one frame's address, so to one thread; who takes
 * it over writes FRAME and the links first, and KEY last: who reads a new KEY reads new links after it.
 */
static struct memo {
	_Atomic uintptr_t frame;
	_Atomic uint64_t key; /* key_of(), the stack's number, how many frames it has */
	volatile linked words[PS_CONTEXT / 2]; /* of the frame hook, 0 behind the last */
	volatile linked links[MEMO_FRAMES];
} memos[1 << MEMO_BITS] __attribute__((aligned(64)));

/* What a stack depends on that is not on the stack, in the upper half. */
static inline uint64_t key_of(unsigned depth)
{
	return ((uint64_t)thread.number << 8 | depth) << 32;
}

/*
 * By FRAME, the first of the stack, by the words, and by who called its function and that one's caller:
 * next to an allocator there are often the same few wrappers. The upper bits are the place of the memo
 * that is looked at first; in the other three of its four it can be too.
 */
PS_INLINE unsigned place_of(uintptr_t frame, uintptr_t end, const linked *words, int hooked)
{
	const linked *here = (const linked *)frame;
	uint64_t h = frame ^ (*here)[1] << 17;

	if (hooked)
		h ^= words[0][0] << 7 ^ words[0][1] << 13;
	for (unsigned i = 0; hooked && i < MEMO_CALLERS; i++) {
		uintptr_t next = (*here)[0];
		if (PS_UNLIKELY(next <= frame || next >= end - sizeof *here))
			break;
		here = (const linked *)next;
		h = (h << 11 | h >> 53) ^ (*here)[1];
	}
	return (unsigned)(h * 0x9e3779b97f4a7c15u >> (64 - MEMO_BITS));
}

/* Is each of N frames, from FRAME on, what MEMO says? Looks at nothing outside FRAME to END. */
static inline int looks_the_same(
        const struct memo *memo, unsigned n, uintptr_t frame, uintptr_t end)
{
	linked differs = { 0, 0 };
	uintptr_t at = frame;

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		linked expected = memo->links[i];
		if (PS_UNLIKELY(at - frame > end - frame - sizeof expected))
			return 0;
		differs |= *(const linked *)at ^ expected;
		at = expected[0];
	}
	return !(differs[0] | differs[1]);
}

PS_INLINE ps_stack recall(const struct memo *memo, uintptr_t frame, uintptr_t end, unsigned depth,
        const linked *words, int hooked)
{
	if (atomic_load_explicit(&memo->frame, memory_order_relaxed) != frame)
		return 0;
	uint64_t key = atomic_load_explicit(&memo->key, memory_order_acquire);
	linked differs = { 0, 0 };

#pragma GCC unroll 4
	for (unsigned i = 0; hooked && i < PS_CONTEXT / 2; i++)
		differs |= memo->words[i] ^ words[i];
	if (differs[0] | differs[1] | (key ^ key_of(depth)) >> 32)
		return 0;
	if (!looks_the_same(memo, key & FRAMES_MASK, frame, end))
		return 0;
	return (ps_stack)key >> FRAMES_BITS;
}

static void take_over(struct memo *memo, const struct memo *new)
{
	uint64_t key = atomic_load_explicit(&new->key, memory_order_acquire);

	atomic_store_explicit(&memo->frame, new->frame, memory_order_relaxed);
	atomic_store_explicit(&memo->key, 0, memory_order_release);
	for (unsigned i = 0; i < (key & FRAMES_MASK); i++)
		memo->links[i] = new->links[i];
	for (unsigned i = 0; i < PS_CONTEXT / 2; i++)
		memo->words[i] = new->words[i];
	atomic_store_explicit(&memo->key, key, memory_order_release);
}

/* COPY is of MEMO. 0: that is changing. */
static int copy_of(struct memo *copy, const struct memo *memo)
{
	take_over(copy, memo);
	atomic_thread_fence(memory_order_acquire);
	return copy->key && atomic_load_explicit(&memo->key, memory_order_relaxed) == copy->key;
}

/* Most stacks come once. So where it is looked first what comes more often stays: see found_late(). */
static void remember(unsigned place, const struct memo *new)
{
	static _Atomic unsigned turn;
	unsigned other = 1 + atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed) % (MEMO_WAYS - 1);

	if (!atomic_load_explicit(&memos[place].key, memory_order_relaxed))
		other = 0;
	take_over(&memos[place ^ other], new);
}

/* MEMO is in use, and not where it is looked first: it changes places with what is. */
static PS_NOINLINE void found_late(unsigned place, struct memo *memo)
{
	struct memo late, first;

	if (++thread.late % 16 || !copy_of(&late, memo) || !copy_of(&first, &memos[place]))
		return;
	take_over(memo, &first);
	take_over(&memos[place], &late);
}

/* COUNT of WORDS are the frame hook's. */
static PS_NOINLINE ps_stack walk(unsigned place, uintptr_t frame, uintptr_t end, unsigned depth,
        const linked *words, unsigned count)
{
	uintptr_t values[PS_DEPTH + PS_CONTEXT], f = frame;
	struct memo new = { .frame = frame };
	unsigned n = 0;

	/* F may be anything where code was compiled without frame pointers */
	while (WALKS && n < depth && f < end && end - f >= sizeof(linked)) {
		const linked *here = (const linked *)f;
		if ((*here)[1] < 4096)
			break;
		if (n < MEMO_FRAMES)
			new.links[n] = *here;
		values[n++] = (*here)[1];
		if (count && in_loop((*here)[1]))
			break;
		uintptr_t next = (*here)[0];
		if (next <= f || next & (sizeof(uintptr_t) - 1))
			break;
		f = next;
	}
	for (unsigned i = 0; i < count; i++)
		values[n + i] = words[i / 2][i % 2];
	ps_stack stack = ps_depot_put(values, n, count, thread.number);
	if (!n || n > MEMO_FRAMES || stack <= 1)
		return stack;
	for (unsigned i = 0; i < PS_CONTEXT / 2; i++)
		new.words[i] = words[i];
	new.key = key_of(depth) | (uint32_t)stack << FRAMES_BITS | n;
	remember(place, &new);
	return stack;
}

PS_INLINE ps_stack stack_here(uintptr_t frame, unsigned depth, int hooked)
{
	linked words[PS_CONTEXT / 2] = { { 0 } };
	uintptr_t end = stack_end(frame);
	unsigned count = hooked ? ps_hook.capture((uintptr_t *)words, PS_CONTEXT) : 0;

	if (PS_UNLIKELY(!WALKS || end < sizeof(linked) || frame > end - sizeof(linked)))
		return walk(0, frame, end, depth, words, count);
	unsigned place = place_of(frame, end, words, hooked);
	for (unsigned i = 0; i < MEMO_WAYS; i++) {
		struct memo *memo = &memos[place ^ i];
		ps_stack known = recall(memo, frame, end, depth, words, hooked);
		if (PS_LIKELY(known)) {
			if (PS_UNLIKELY(i))
				found_late(place, memo);
			return known;
		}
	}
	return walk(place, frame, end, depth, words, count);
}

ps_stack ps_stack_here(const void *first, unsigned depth)
{
	if (!depth)
		return 1;
	return ps_hook.capture ? stack_here(ps_address(first), depth, 1)
	                       : stack_here(ps_address(first), depth, 0);
}
