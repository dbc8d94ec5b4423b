/*
 * Raw blocks of pymalloc that go round under Memcheck: from quarantine to a stack of their size, where
 * the next block of that size is taken from. All around a block is as it should be then. Only what is too
 * much there goes back to pymalloc. The quarantine is turned over for many blocks at once, by a function
 * that Valgrind runs on the real processor.
 */
#include "cpython_short.h"

enum {
	KEEP = 8 << 20, /* bytes on all stacks, more or less, at most */
	BATCH = 64,
};

/* The quarantine. Used by whoever holds the main interpreter's GIL. */
static struct {
	uintptr_t *raw;
	uint32_t head, tail, mask; /* the first two only grow */
	size_t bytes;
	size_t reusable; /* bytes on stacks, at the last count */
	uintptr_t out[2 * LOG]; /* to go back to pymalloc */
} ring;

struct py_short *py_shorts[OWNERS];

static size_t capacity(unsigned class)
{
	return KEEP / raw_size(class);
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
	        s->reusable[class] == s->ends[class])
		return raw;
	ring.reusable += raw_size(class);
	put(s, class, raw, mark);
	return 0;
}

PS_INLINE void count_reusable(void)
{
	ring.reusable = 0;
	for (unsigned k = 0; k < OWNERS && py_shorts[k]; k++)
		for (unsigned i = 0; i < PY_CLASSES && py_shorts[k]->live != CLOSED; i++)
			ring.reusable += raw_size(i) *
			                 (size_t)(py_shorts[k]->reusable[i] - py_shorts[k]->stacks[i]);
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
	ps_request(UNDEFINED, raw, raw_size(mark_size(was) >> 4), 0, 0);
	poolshim_py_under_free(mark_owner(was), (void *)raw);
}

/* A stack may become twice as high. Nothing further up is accessible, nor searched for pointers. */
static void grow(struct py_short *s, unsigned class)
{
	struct py_place *bottom = s->stacks[class], *last = bottom + capacity(class);
	size_t height = (size_t)(s->ends[class] - bottom);
	size_t more = height ? height : 2 * BATCH;

	if (more > (size_t)(last - s->ends[class]))
		more = (size_t)(last - s->ends[class]);
	ps_request(DEFINED, ps_address(s->ends[class]), (more + 1) * sizeof *last, 0, 0);
	s->ends[class] += more;
}

PS_NOINLINE void py_short_settle(struct py_short *s)
{
	uintptr_t n = call_natively((uintptr_t)turn_over, s);

	for (uintptr_t i = 0; i < n; i++)
		give_back(ring.out[i]);
	for (unsigned i = 0; n && i < PY_CLASSES; i++)
		if (s->reusable[i] == s->ends[i])
			grow(s, i);
}

PS_NOINLINE void py_short_refill(struct py_short *s, unsigned class)
{
	struct batch b;
	void *raw;
	unsigned wanted = s->batch[class] ? s->batch[class] : 4;

	b.owner = s;
	b.class = class;
	b.count = b.runs = 0;
	s->batch[class] = (unsigned char)(wanted < BATCH ? 2 * wanted : BATCH);
	/* as poolshim_py_under_malloc() */
	py_depth++;
	while (b.count < wanted && (raw = s->under->malloc(s->under->ctx, raw_size(class))))
		b.raw[b.count++] = ps_address(raw);
	py_depth--;
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

static int make_ring(void)
{
	size_t entries = 4 * LOG;

	while (entries < ps_options.quarantine / PS_GRAIN)
		entries *= 2;
	if (!ring.raw)
		ring.raw = ps_map(entries * sizeof *ring.raw);
	if (ring.raw)
		ps_request(NOACCESS, ps_address(ring.raw), entries * sizeof *ring.raw, 0, 0);
	ring.mask = (uint32_t)entries - 1;
	return ring.raw ? 0 : -1;
}

int py_short_number(struct py_short *s)
{
	unsigned number = 0;
	size_t all = 0;

	while (number < OWNERS && py_shorts[number])
		number++;
	if (!ps_options.quarantine || number == OWNERS || make_ring())
		return -1;
	for (unsigned i = 0; i < PY_CLASSES; i++)
		all += capacity(i) + 1;
	uintptr_t *log = ps_map(2 * LOG * sizeof *log);
	struct py_place *stack = ps_map(all * sizeof *stack);
	if (!log || !stack)
		return -1;
	ps_request(NOACCESS, ps_address(stack), all * sizeof *stack, 0, 0);
	for (unsigned i = 0; i < PY_CLASSES; i++) {
		s->stacks[i] = s->ends[i] = stack;
		stack += capacity(i) + 1;
		grow(s, i);
	}
	s->freed = log;
	s->number = number + 1;
	py_shorts[number] = s;
	return 0;
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
	for (unsigned i = 0; i < OWNERS && py_shorts[i]; i++)
		py_shorts[i]->alloc[1] = py_shorts[i]->free[1] = 0;
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
	for (unsigned i = 0; i < OWNERS && py_shorts[i]; i++)
		forget_in(py_shorts[i], range);
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
