/*
 * Who called: by frame pointers, within the bounds of the stack that the thread runs on. Those are
 * looked up in /proc/self/maps, once for each thread and for a few stacks that it switches to:
 * pthread_getattr_np() calls malloc.
 */
#include <sys/syscall.h>
#include <unistd.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "internal.h"

struct bounds {
	uintptr_t low, high;
};

static __thread struct {
	struct bounds own, other; /* the thread's stack, and one that it switched to */
	uint8_t known, looked;
	uint16_t number;
} thread __attribute__((tls_model("initial-exec")));

struct poolshim_frame_hook ps_hook;

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

static struct bounds bounds_of(uintptr_t address)
{
	struct ps_mapping m;

	if (ps_mapping_of(address, &m))
		return (struct bounds){ 0, 0 };
	return (struct bounds){ m.low, m.high };
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

#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
enum { WALKS = 1 };
#else
enum { WALKS = 0 };
#endif

ps_stack ps_stack_here(const void *frame, unsigned depth)
{
	uintptr_t values[PS_DEPTH + PS_CONTEXT];
	uintptr_t f = ps_address(frame), end = stack_end(f);
	unsigned n = 0, words = 0;

	if (!depth)
		return 1;
	/* F may be anything where code was compiled without frame pointers */
	while (WALKS && n < depth && f < end && end - f >= 2 * sizeof(uintptr_t)) {
		const uintptr_t *link = (const uintptr_t *)f;
		if (link[1] < 4096)
			break;
		values[n++] = link[1];
		if (link[0] <= f || link[0] & (sizeof(uintptr_t) - 1))
			break;
		f = link[0];
	}
	if (ps_hook.capture)
		words = ps_hook.capture(values + n, PS_CONTEXT);
	return ps_depot_put(values, n, words, thread.number);
}
