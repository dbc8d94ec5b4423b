/*
 * The wrappers of mem and obj under Memcheck. An instruction costs as much as thirty there, if it reads
 * or writes memory or calls a function a hundred, so most blocks take a short way: small ones of
 * pymalloc, in the main interpreter. All others go on to cpython_domains.c.
 *
 * The raw block is as there: a fence, the block, a fence. There is no record in it. What is known is a
 * mark for each 16 bytes of memory: whether a block of ours begins there, whose, and how large it is.
 *
 * A block that leaves quarantine goes to a stack of its size, where the next of that size is taken from:
 * all around it is as it should be. Only what is too much there goes back to pymalloc. The quarantine is
 * turned over for many blocks at once, by a function that Valgrind runs on the real processor.
 */
#include <stdlib.h>
#include <string.h>

#include "cpython.h"
#include "hot.h"
#include "memcheck.h"

enum {
	LOG = 512,     /* freed blocks are noted here before they go to the ring */
	LARGEST = 479, /* whose raw block has 512 bytes: pymalloc has no larger ones (3.8 to 3.13) */
	KEEP = 8 << 20, /* bytes on all stacks, more or less, at most */
	BATCH = 64,
};

/* A mark: the size, by which number the block's struct py_short is found, and: */
enum {
	SIZE_BITS = 9,
	OWNERS = 8,
	LIVE = OWNERS << SIZE_BITS,
	BEGINS = 2 * LIVE, /* a block began here, be it freed */
	CLOSED = 2 * BEGINS, /* in no mark: a domain's that has no such blocks */
};

struct py_place {
	uintptr_t raw; /* 0 below the first of a stack */
	ps_mark_word *mark;
};

/* The quarantine. Used by whoever holds the main interpreter's GIL. */
static struct {
	uintptr_t *raw;
	uint32_t head, tail, mask; /* the first two only grow */
	size_t bytes;
	size_t reusable; /* bytes on stacks, at the last count */
	uintptr_t out[2 * LOG]; /* to go back to pymalloc */
} ring;

static struct py_short *shorts[OWNERS];

/*
 * Before 3.12 only a call tells whether the thread holds the GIL: the state that it held it with the last
 * time.
 */
static __thread const void *attached __attribute__((tls_model("initial-exec")));

/* Where in a thread's own memory its state is; 0: only py.thread_state() knows. */
static intptr_t state_offset;

static unsigned mark_size(unsigned mark)
{
	return mark & ((1 << SIZE_BITS) - 1);
}

static struct py_short *mark_owner(unsigned mark)
{
	return shorts[mark >> SIZE_BITS & (OWNERS - 1)];
}

static size_t raw_size(unsigned class)
{
	return ((size_t)class + 3) * PS_GRAIN;
}

static size_t capacity(unsigned class)
{
	return KEEP / raw_size(class);
}

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

	if (PS_UNLIKELY(raw >> PS_TOP_SHIFT || raw & (PS_GRAIN - 1)))
		return NULL;
	ps_word *leaf = ps_leaves[raw >> PS_LEAF_SHIFT];
	return PS_UNLIKELY(!leaf) ? NULL : ps_mark_of(leaf, raw);
}

/* --- what Valgrind runs natively: no calls, nothing thread-local */

#define NATIVE PS_NOINLINE __attribute__((no_stack_protector))

PS_INLINE void put(struct py_short *s, unsigned class, uintptr_t raw, ps_mark_word *mark)
{
	struct py_place *top = ++s->reusable[class];

	top->raw = raw;
	top->mark = mark;
}

/* The oldest block leaves the ring. 0, or its raw block: to go back. */
PS_INLINE uintptr_t evict(void)
{
	uintptr_t raw = ring.raw[ring.head++ & ring.mask];

	if (!raw)
		return 0;
	ps_mark_word *mark = ps_mark_of(ps_leaf(raw), raw);
	unsigned class = mark_size(*mark) >> 4;
	struct py_short *s = mark_owner(*mark);
	ring.bytes -= mark_size(*mark);
	if (s->live == CLOSED || ring.reusable >= KEEP ||
	        s->reusable[class] == s->stacks[class] + capacity(class))
		return raw;
	ring.reusable += raw_size(class);
	put(s, class, raw, mark);
	return 0;
}

PS_INLINE void count_reusable(void)
{
	ring.reusable = 0;
	for (unsigned k = 0; k < OWNERS && shorts[k]; k++)
		for (unsigned i = 0; i < PY_CLASSES && shorts[k]->live != CLOSED; i++)
			ring.reusable += raw_size(i) *
			                 (size_t)(shorts[k]->reusable[i] - shorts[k]->stacks[i]);
}

static uintptr_t *log_of(const struct py_short *s, size_t less)
{
	return (uintptr_t *)((ps_address(s->freed) - less) & ~(uintptr_t)(LOG * sizeof *s->freed - 1));
}

/* The freed blocks that S noted go to the ring, the oldest leave it. How many are to go back. */
static NATIVE uintptr_t turn_over(uintptr_t thread, struct py_short *s)
{
	uintptr_t *log = log_of(s, 1), n = 0;

	(void)thread;
	for (uintptr_t *p = log; p < s->freed; p++) {
		ring.raw[ring.tail++ & ring.mask] = *p;
		ring.bytes += mark_size(*ps_mark_of(ps_leaf(*p), *p));
	}
	s->freed = log;
	count_reusable();
	while (n < 2 * LOG && ring.head != ring.tail &&
	        (ring.bytes > ps_options.quarantine || ring.tail - ring.head > ring.mask - LOG)) {
		ring.out[n] = evict();
		n += ring.out[n] != 0;
	}
	return n;
}

/* Raw blocks from pymalloc. */
struct batch {
	struct py_short *owner;
	unsigned class, count;
	unsigned runs; /* of blocks side by side */
	uintptr_t raw[BATCH];
	uintptr_t start[BATCH], end[BATCH]; /* of the runs */
};

/* They may be used. 0, or -1: there is no leaf for some of them. */
static NATIVE uintptr_t take_in(uintptr_t thread, struct batch *b)
{
	size_t size = raw_size(b->class);

	(void)thread;
	for (unsigned i = 0; i < b->count; i++)
		if (!ps_leaf(b->raw[i]))
			return (uintptr_t)-1;
	for (unsigned i = 0; i < b->count; i++) {
		uintptr_t raw = b->raw[i];
		ps_mark_word *mark = ps_mark_of(ps_leaf(raw), raw);
		*mark = (ps_mark_word)((b->owner->live & ~(uintptr_t)LIVE) | b->class << 4);
		put(b->owner, b->class, raw, mark);
		if (!b->runs || b->end[b->runs - 1] != raw) {
			b->start[b->runs] = raw;
			b->runs++;
		}
		b->end[b->runs - 1] = raw + size;
	}
	return 0;
}

/* --- */

static uintptr_t call_natively(uintptr_t function, void *argument)
{
	return ps_request(NATIVE_CALL, function, ps_address(argument), 0, 0);
}

static void give_back(uintptr_t raw)
{
	ps_mark_word *mark = ps_mark_of(ps_leaf(raw), raw);
	unsigned was = *mark;

	*mark = 0;
	ps_request(UNDEFINED, raw, sizeof(void *), 0, 0); /* pymalloc's link */
	py_arena_block_freed((void *)raw);
	poolshim_py_under_free(mark_owner(was), (void *)raw);
}

static PS_NOINLINE void settle(struct py_short *s)
{
	uintptr_t n = call_natively((uintptr_t)turn_over, s);

	for (uintptr_t i = 0; i < n; i++)
		give_back(ring.out[i]);
}

/* Gets raw blocks from pymalloc, at first a few, then more. */
static PS_NOINLINE void refill(struct py_short *s, unsigned class)
{
	struct batch b;
	unsigned wanted = s->batch[class] ? s->batch[class] : 4;

	b.owner = s;
	b.class = class;
	b.count = b.runs = 0;
	s->batch[class] = (unsigned char)(wanted < BATCH ? 2 * wanted : BATCH);
	while (b.count < wanted) {
		void *raw = poolshim_py_under_malloc(s, raw_size(class));
		if (!raw)
			break;
		b.raw[b.count++] = ps_address(raw);
	}
	while (call_natively((uintptr_t)take_in, &b))
		for (unsigned i = 0; i < b.count; i++)
			if (!ps_leaf(b.raw[i]) && !ps_leaf_make(b.raw[i])) {
				poolshim_py_under_free(s, (void *)b.raw[i]);
				b.raw[i] = b.raw[--b.count];
				i--;
			}
	for (unsigned i = 0; i < b.runs; i++)
		ps_request(NOACCESS, b.start[i], b.end[i] - b.start[i], 0, 0);
}

static void *poolshim_py_short_malloc(void *ctx, size_t size);
static void *poolshim_py_call_malloc(void *ctx, size_t size);

static PS_NOINLINE void *poolshim_py_long_malloc(void *ctx, size_t size)
{
	struct py_short *s = ctx;

	if (size > LARGEST || s->live == CLOSED || py_depth ||
	        !usual(!state_offset))
		return poolshim_py_malloc(ctx, size);
	refill(s, (unsigned)(size >> 4));
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
		settle(s);
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

/* Always moves: pointers to the old place are stale, and are seen to be. */
static void *poolshim_py_short_realloc(void *ctx, void *p, size_t size)
{
	ps_mark_word *mark = mark_at(p);
	unsigned known = mark ? *mark : 0;
	size_t i = 0, n = mark_size(known) < size ? mark_size(known) : size;

	if (!p || reported(ctx, p, known))
		return short_malloc(ctx, size, !state_offset);
	if (!(known & BEGINS))
		return poolshim_py_realloc(ctx, p, size);
	char *moved = short_malloc(ctx, size, !state_offset);
	if (!moved)
		return NULL;
	for (; i + 8 <= n; i += 8)
		*(volatile uint64_t *)(moved + i) = *(volatile uint64_t *)((char *)p + i);
	for (; i < n; i++)
		*(volatile char *)(moved + i) = *(volatile char *)((char *)p + i);
	short_free(mark_owner(known), p, mark, known);
	return moved;
}

/* --- */

static void no_places(struct py_short *s)
{
	static struct py_place nothing;

	for (unsigned i = 0; i < PY_CLASSES; i++)
		s->reusable[i] = &nothing;
	s->live = CLOSED;
}

static int make_ring(void)
{
	size_t entries = 4 * LOG;

	while (entries < ps_options.quarantine / PS_GRAIN)
		entries *= 2;
	if (!ring.raw)
		ring.raw = ps_map(entries * sizeof *ring.raw);
	ring.mask = (uint32_t)entries - 1;
	return ring.raw ? 0 : -1;
}

/* 0, or -1: it takes no short way. */
static int open_first(struct py_short *s)
{
	unsigned number = 0;
	size_t all = 0;

	while (number < OWNERS && shorts[number])
		number++;
	if (!ps_options.quarantine || number == OWNERS || make_ring())
		return -1;
	for (unsigned i = 0; i < PY_CLASSES; i++)
		all += capacity(i) + BATCH + 1;
	uintptr_t *log = ps_map(2 * LOG * sizeof *log);
	struct py_place *stack = ps_map(all * sizeof *stack);
	if (!log || !stack)
		return -1;
	for (unsigned i = 0; i < PY_CLASSES; i++) {
		s->stacks[i] = stack;
		stack += capacity(i) + BATCH + 1;
	}
	s->freed = log;
	s->number = number + 1;
	shorts[number] = s;
	return 0;
}

void py_short_start(
        struct py_short *s, enum py_domain kind, int pymalloc, struct py_allocator *functions)
{
	no_places(s);
	s->alloc[0] = MALLOCLIKE;
	s->free[0] = FREELIKE;
	s->kind = kind;
	find_state();
	functions->malloc = state_offset ? poolshim_py_short_malloc : poolshim_py_call_malloc;
	functions->calloc = poolshim_py_short_calloc;
	functions->realloc = poolshim_py_short_realloc;
	functions->free = state_offset ? poolshim_py_short_free : poolshim_py_call_free;
	if (!pymalloc || (!s->number && open_first(s)))
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

PS_INLINE int within(uintptr_t p, const uintptr_t *range)
{
	return p >= range[0] && p < range[1];
}

PS_INLINE void forget_in(struct py_short *s, const uintptr_t *range)
{
	uintptr_t *left = log_of(s, 0);

	for (uintptr_t *p = left; p < s->freed; p++)
		if (!within(*p, range))
			*left++ = *p;
	s->freed = left;
	for (unsigned i = 0; i < PY_CLASSES && s->live != CLOSED; i++) {
		struct py_place *top = s->stacks[i];
		for (struct py_place *p = top + 1; p <= s->reusable[i]; p++)
			if (!within(p->raw, range))
				*++top = *p;
		s->reusable[i] = top;
	}
}

/* Nor in the last requests. */
__attribute__((destructor)) static void clear_requests(void)
{
	for (unsigned i = 0; i < OWNERS && shorts[i]; i++)
		shorts[i]->alloc[1] = shorts[i]->free[1] = 0;
}

static NATIVE uintptr_t forget(uintptr_t thread, const uintptr_t *range)
{
	(void)thread;
	for (uint32_t i = ring.head; i != ring.tail; i++) {
		uintptr_t raw = ring.raw[i & ring.mask];
		if (raw && within(raw, range)) {
			ring.bytes -= mark_size(*ps_mark_of(ps_leaf(raw), raw));
			ring.raw[i & ring.mask] = 0;
		}
	}
	for (unsigned i = 0; i < OWNERS && shorts[i]; i++)
		forget_in(shorts[i], range);
	for (uintptr_t a = range[0]; a < range[1] && range[0]; a += PS_GRAIN)
		if (ps_leaf(a))
			*(volatile ps_mark_word *)ps_mark_of(ps_leaf(a), a) = 0;
	return 0;
}

void py_short_forget(uintptr_t start, uintptr_t end)
{
	if (ring.raw)
		call_natively((uintptr_t)forget, (uintptr_t[]){ start, end });
}
