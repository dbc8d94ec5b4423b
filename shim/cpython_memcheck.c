/*
 * The wrappers of mem and obj under Memcheck. An instruction costs some 9 ns there, so most blocks take a
 * short way: small ones of pymalloc, in the main interpreter. All others go on to cpython_domains.c.
 *
 * The raw block is as there: a fence, the block, a fence. There is no record in it. What is known is a
 * mark for each 16 bytes of memory: whether a block of ours begins there, whose, and how large it is.
 */
#include <stdlib.h>
#include <string.h>

#include "cpython_short.h"

/*
 * Before 3.12 only a call tells whether the thread holds the GIL: the state that it held it with the last
 * time.
 */
static __thread const void *attached __attribute__((tls_model("initial-exec")));

/* Where in a thread's own memory its state is; 0: only py.thread_state() knows. */
static intptr_t state_offset;

PS_INLINE const void **state_in_thread(intptr_t offset)
{
	const void **state = NULL;

#if defined(__x86_64__)
	__asm__ volatile("movq %%fs:(%1), %0" : "=r"(state) : "r"(offset));
#else
	(void)offset;
#endif
	return state;
}

/* mov %fs:OFFSET, %rax; ret: is that all that py.thread_state() does? */
static void find_state(void)
{
#if defined(__x86_64__)
	static const unsigned char load[] = { 0x64, 0x48, 0x8b, 0x04, 0x25 };
	unsigned char code[sizeof load + 5];
	int32_t offset;

	memcpy(code, (const void *)py.thread_state, sizeof code);
	memcpy(&offset, code + sizeof load, sizeof offset);
	if (py.minor >= 12 && !memcmp(code, load, sizeof load) && code[sizeof code - 1] == 0xc3)
		state_offset = offset;
#endif
}

static PS_NOINLINE int usual_by_call(void)
{
	const void **state = py.thread_state();

	if (!state || py.minor >= 12)
		return state && state[2] == py_interpreters[0];
	if (state != attached && (state == py_freed_state || !py.holds_gil()))
		return 0;
	attached = state;
	return 1;
}

/*
 * Does the thread hold the main interpreter's GIL? A call, and a frame of the caller's for it, would cost
 * as much as the rest of an allocation: where none is needed functions of their own make none.
 */
PS_INLINE int usual(int by_call)
{
	if (by_call)
		return usual_by_call();
	const void **state = state_in_thread(state_offset);
	return state &&
	       state[2] == atomic_load_explicit(&py_interpreters[0], memory_order_relaxed);
}

/* Blocks may be freed by who holds another interpreter's, if that is the same GIL. */
PS_INLINE int may_free(int by_call)
{
	return by_call ? usual_by_call() : state_in_thread(state_offset) != NULL;
}

/* The mark of the block at P; NULL: there has been none of anybody's near. */
PS_INLINE ps_mark_word *mark_at(const void *p)
{
	uintptr_t raw = ps_address(p) - PS_GRAIN;

	/* on no multiple of 16, or too high: so is NULL */
	if (PS_UNLIKELY((raw >> 4 | raw << 60) >> (PS_CLIENT_SHIFT - 4)))
		return NULL;
	ps_word *leaf = ps_leaves[raw >> PS_LEAF_SHIFT];
	return PS_UNLIKELY(!leaf) ? NULL : ps_mark_of(leaf, raw);
}

static void *poolshim_py_short_malloc(void *ctx, size_t size);
static void *poolshim_py_call_malloc(void *ctx, size_t size);

static PS_NOINLINE void *poolshim_py_long_malloc(void *ctx, size_t size)
{
	struct py_short *s = ctx;

	if (size > LARGEST || s->live == CLOSED || py_depth ||
	        !usual(!state_offset))
		return poolshim_py_malloc(ctx, size);
	py_short_refill(s, (unsigned)(size >> 4));
	if (!s->reusable[size >> 4]->raw)
		return NULL;
	return (state_offset ? poolshim_py_short_malloc : poolshim_py_call_malloc)(ctx, size);
}

PS_INLINE void *short_malloc(void *ctx, size_t size, int by_call)
{
	struct py_short *s = ctx;

	if (PS_UNLIKELY(size > LARGEST || !usual(by_call)))
		return poolshim_py_long_malloc(ctx, size);
	struct py_place *top = s->reusable[size >> 4];
	uintptr_t raw = top->raw;
	if (PS_UNLIKELY(!raw))
		return poolshim_py_long_malloc(ctx, size);
	s->reusable[size >> 4] = top - 1;
	*top->mark = (ps_mark_word)(s->live | size);
	s->alloc[1] = raw + PS_GRAIN;
	s->alloc[2] = size;
	ps_send(s->alloc);
	return (void *)(raw + PS_GRAIN);
}

static void *poolshim_py_short_malloc(void *ctx, size_t size)
{
	return short_malloc(ctx, size, 0);
}

static void *poolshim_py_call_malloc(void *ctx, size_t size)
{
	return short_malloc(ctx, size, 1);
}

static void *poolshim_py_short_calloc(void *ctx, size_t count, size_t size)
{
	size_t total, i = 0;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	if (total > LARGEST)
		return poolshim_py_calloc(ctx, count, size);
	char *p = short_malloc(ctx, total, !state_offset);
	if (!p)
		return NULL;
	for (; i + 8 <= total; i += 8)
		*(volatile uint64_t *)(p + i) = 0;
	for (; i < total; i++)
		*(volatile char *)(p + i) = 0;
	return p;
}

PS_INLINE void short_free(struct py_short *s, void *p, ps_mark_word *mark, unsigned known)
{
	uintptr_t *freed = s->freed;

	*mark = (ps_mark_word)(known ^ LIVE);
	s->free[1] = ps_address(p);
	ps_send(s->free);
	*freed++ = ps_address(p) - PS_GRAIN; /* not P, which a search for leaks would find here */
	s->freed = freed;
	if (PS_UNLIKELY(!(ps_address(freed) & (LOG * sizeof *freed - 1))))
		py_short_settle(s);
}

/* Is P a block with a mark, live or freed, that S cannot free? Then that was reported: 1. */
PS_INLINE int reported(const struct py_short *s, void *p, unsigned known)
{
	if (!(known & BEGINS))
		return 0;
	/* here: Memcheck takes errors whose first four frames are the same for one error */
	if (!(known & LIVE))
		ps_request(FREELIKE, ps_address(p), 0, 0, 0);
	else if (mark_owner(known)->kind != s->kind)
		free(p);
	else
		return 0;
	return 1;
}

static PS_NOINLINE void poolshim_py_long_free(void *ctx, void *p)
{
	ps_mark_word *mark = mark_at(p);
	unsigned known = mark ? *mark : 0;

	if (reported(ctx, p, known))
		return;
	if (ps_address(p) >> PS_CLIENT_SHIFT) {
		ps_request(FREELIKE, ps_address(p), 0, 0, 0);
		return;
	}
	if (!(known & BEGINS)) {
		poolshim_py_free(ctx, p);
		return;
	}
	if (py.minor < 12 || !py.thread_state())
		py_check_gil();
	short_free(mark_owner(known), p, mark, known);
}

PS_INLINE void free_short(void *ctx, void *p, int by_call)
{
	struct py_short *s = ctx;
	ps_mark_word *mark = mark_at(p);
	unsigned known = mark ? *mark : 0;

	if (PS_UNLIKELY((known ^ s->live) >> SIZE_BITS || !may_free(by_call)))
		poolshim_py_long_free(ctx, p);
	else
		short_free(s, p, mark, known);
}

static void poolshim_py_short_free(void *ctx, void *p)
{
	free_short(ctx, p, 0);
}

static void poolshim_py_call_free(void *ctx, void *p)
{
	free_short(ctx, p, 1);
}

/* In few instructions: not memcpy(), which Valgrind replaces. Both are on multiples of 16. */
PS_INLINE void copy(void *to, const void *from, size_t n)
{
	volatile uint64_t *t = to;
	const volatile uint64_t *f = from, *end = f + n / 8;

	for (; end - f >= 4; f += 4, t += 4) {
		t[0] = f[0];
		t[1] = f[1];
		t[2] = f[2];
		t[3] = f[3];
	}
	for (; f < end; f++, t++)
		*t = *f;
	if (n & 4)
		*(volatile uint32_t *)t = *(const volatile uint32_t *)f;
	if (n & 2)
		((volatile uint16_t *)t)[n >> 1 & 2] = ((const volatile uint16_t *)f)[n >> 1 & 2];
	if (n & 1)
		((volatile char *)t)[n & 6] = ((const volatile char *)f)[n & 6];
}

/* Always moves: pointers to the old place are stale, and are seen to be. */
static void *poolshim_py_short_realloc(void *ctx, void *p, size_t size)
{
	ps_mark_word *mark = mark_at(p);
	unsigned known = mark ? *mark : 0;
	size_t n = mark_size(known) < size ? mark_size(known) : size;

	if (!p || reported(ctx, p, known))
		return short_malloc(ctx, size, !state_offset);
	if (!(known & BEGINS))
		return poolshim_py_realloc(ctx, p, size);
	char *moved = short_malloc(ctx, size, !state_offset);
	if (!moved)
		return NULL;
	copy(moved, p, n);
	short_free(mark_owner(known), p, mark, known);
	return moved;
}

static void no_places(struct py_short *s)
{
	static struct py_place nothing;

	for (unsigned i = 0; i < PY_CLASSES; i++)
		s->reusable[i] = &nothing;
	s->live = CLOSED;
}

void py_short_start(
        struct py_short *s, enum py_domain kind, const struct py_allocator *under, int pymalloc,
        struct py_allocator *functions)
{
	no_places(s);
	s->alloc[0] = MALLOCLIKE;
	s->free[0] = FREELIKE;
	s->kind = kind;
	s->under = under;
	find_state();
	functions->malloc = state_offset ? poolshim_py_short_malloc : poolshim_py_call_malloc;
	functions->calloc = poolshim_py_short_calloc;
	functions->realloc = poolshim_py_short_realloc;
	functions->free = state_offset ? poolshim_py_short_free : poolshim_py_call_free;
	if (!pymalloc || (!s->number && py_short_number(s)))
		return;
	for (unsigned i = 0; i < PY_CLASSES; i++)
		s->reusable[i] = s->stacks[i];
	s->live = BEGINS | LIVE | (s->number - 1) << SIZE_BITS;
}

/* What is on its stacks stays pymalloc's: that may have begun anew, and would not know it. */
void py_short_close(struct py_short *s)
{
	no_places(s);
}

