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
	uint8_t known, looked;
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

/* --- the memo */

enum { MEMOS = 1024, MEMO_FRAMES = 20 };

/* 64 bytes, read and written by words: halves of two memos in one are found out, as all else is */
struct memo {
	uintptr_t frame, last; /* of the caller; the link where the walk ended */
	ps_stack stack;
	uint16_t depth, frames;
	uint16_t distance[MEMO_FRAMES]; /* of each frame from the first, in words */
};

union slot {
	struct memo memo;
	uint64_t words[sizeof(struct memo) / 8];
};

enum { WORDS = sizeof(union slot) / 8, HEAD = offsetof(struct memo, distance) / 8 };

static _Atomic uint64_t memos[MEMOS][WORDS] __attribute__((aligned(64)));

_Static_assert(sizeof(union slot) == 64, "a memo is a cache line");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || !WALKS, "distances are taken from words");

static inline _Atomic uint64_t *memo_at(uintptr_t frame, uintptr_t pc, uintptr_t word)
{
	uint64_t h = (frame ^ (uint64_t)pc << 20 ^ (uint64_t)word << 7) * 0x9e3779b97f4a7c15u;

	return memos[h >> 54];
}

static inline uint64_t word(const _Atomic uint64_t *slot, unsigned i)
{
	return atomic_load_explicit(&slot[i], memory_order_relaxed);
}

/* Does the stack whose first frame is at FRAME look as SLOT says, with N frames and these pcs? */
static inline int looks_the_same(const _Atomic uint64_t *slot, unsigned n, uintptr_t frame,
        uintptr_t end, const uintptr_t *pcs)
{
	uintptr_t differs = 0, next = frame;
	uint64_t distances = 0;

	for (unsigned i = 0; i < n; i++) {
		if (i % 4 == 0)
			distances = word(slot, HEAD + i / 4);
		uintptr_t at = frame + (distances & UINT16_MAX) * sizeof at;
		distances >>= 16;
		if (PS_UNLIKELY(end - at < 2 * sizeof at || at > end))
			return 0;
		const uintptr_t *link = (const uintptr_t *)at;
		differs |= (link[1] ^ pcs[i]) | (at ^ next);
		next = link[0];
	}
	return !differs && next == word(slot, 1);
}

static inline ps_stack recall(const _Atomic uint64_t *slot, uintptr_t frame, uintptr_t end,
        unsigned depth, const uintptr_t *words, unsigned count)
{
	union slot s;

	s.words[0] = word(slot, 0);
	s.words[2] = word(slot, 2);
	if (s.memo.frame != frame || s.memo.depth != depth || s.memo.frames > MEMO_FRAMES)
		return 0;
	const struct ps_node *node = ps_depot_node(s.memo.stack);
	if (!node || node->pcs != s.memo.frames || node->words != count ||
	        node->thread != thread.number)
		return 0;
	for (unsigned i = 0; i < count; i++)
		if (node->values[node->pcs + i] != words[i])
			return 0;
	return looks_the_same(slot, node->pcs, frame, end, node->values) ? s.memo.stack : 0;
}

static PS_NOINLINE ps_stack walk(_Atomic uint64_t *slot, uintptr_t frame, uintptr_t end,
        unsigned depth, const uintptr_t *words, unsigned count)
{
	uintptr_t values[PS_DEPTH + PS_CONTEXT], f = frame;
	union slot s = { .memo = { .frame = frame, .depth = (uint16_t)depth } };
	unsigned n = 0;

	/* F may be anything where code was compiled without frame pointers */
	while (WALKS && n < depth && f < end && end - f >= 2 * sizeof(uintptr_t)) {
		const uintptr_t *link = (const uintptr_t *)f;
		uintptr_t distance = (f - frame) / sizeof *link;
		if (link[1] < 4096)
			break;
		if (n < MEMO_FRAMES && distance <= UINT16_MAX)
			s.memo.distance[n] = (uint16_t)distance;
		else
			slot = NULL;
		values[n++] = link[1];
		s.memo.last = link[0];
		if (link[0] <= f || link[0] & (sizeof(uintptr_t) - 1))
			break;
		f = link[0];
	}
	for (unsigned i = 0; i < count; i++)
		values[n + i] = words[i];
	s.memo.frames = (uint16_t)n;
	s.memo.stack = ps_depot_put(values, n, count, thread.number);
	if (slot && s.memo.stack > 1)
		for (unsigned i = 0; i < WORDS; i++)
			atomic_store_explicit(&slot[i], s.words[i], memory_order_relaxed);
	return s.memo.stack;
}

ps_stack ps_stack_here(const void *first, unsigned depth)
{
	uintptr_t words[PS_CONTEXT], frame = ps_address(first), end = stack_end(frame);
	unsigned count = 0;

	if (!depth)
		return 1;
	if (ps_hook.capture)
		count = ps_hook.capture(words, PS_CONTEXT);
	_Atomic uint64_t *slot =
	        memo_at(frame, ((const uintptr_t *)first)[1], count ? words[0] : 0);
	ps_stack known = WALKS ? recall(slot, frame, end, depth, words, count) : 0;
	return known ? known : walk(slot, frame, end, depth, words, count);
}
