/*
 * The wrappers around CPython's three allocator domains.
 *
 * A domain that was wrapped again has a new generation: blocks of the old one go back to the allocator
 * that they are from. Blocks that were allocated while no wrapper was in are not ours, and pass.
 * pymalloc asks the raw domain for what is larger than 512 bytes: such calls pass too, for the block
 * is the outer one.
 */
#include <string.h>

#include "cpython.h"
#include "hot.h"

enum { GENERATIONS = 8 };

struct domain {
	enum py_domain kind;
	struct py_allocator under;
	struct poolshim_pool *pools[PY_SLOTS];
	_Atomic int made[PY_SLOTS]; /* pools[i] is final, even if it is NULL */
};

static const char *const names[PY_DOMAINS] = { "PyMem_Raw", "PyMem", "PyObject" };
static struct domain domains[GENERATIONS][PY_DOMAINS];
static int generations[PY_DOMAINS]; /* how many there are */

static const void *_Atomic interpreters[PY_SLOTS]; /* slot 0 is the main one's */
static char owners[PY_SLOTS];
static _Atomic int making;
/* a bit for each domain whose wrapper was called */
static __thread int probed __attribute__((tls_model("initial-exec")));

const void *py_owner(int slot)
{
	return &owners[slot];
}

static int slot_of(const void *interpreter)
{
	for (int i = 0; i < PY_SLOTS; i++) {
		const void *there = atomic_load_explicit(&interpreters[i], memory_order_acquire);
		if (!there && !atomic_compare_exchange_strong(&interpreters[i], &there, interpreter) &&
		        there != interpreter)
			continue;
		if (!there || there == interpreter)
			return i;
	}
	return -1;
}

/* PyThreadState.interp is its third member, 3.8 to 3.13. */
static inline const void *interpreter_of(void *thread_state)
{
	return ((const void **)thread_state)[2];
}

int py_slot(void)
{
	void *thread_state = py.thread_state();

	if (!thread_state)
		return 0;
	const void *interpreter = interpreter_of(thread_state);
	if (interpreter == atomic_load_explicit(&interpreters[0], memory_order_relaxed))
		return 0;
	return interpreter ? slot_of(interpreter) : 0;
}

static void give_back(void *context, void *raw)
{
	struct domain *d = context;

	py_depth++;
	d->under.free(d->under.ctx, raw);
	py_depth--;
}

/*
 * The debug hooks write over all of a raw block that is free, so nothing of it can be fenced then.
 * Raw blocks come from malloc, which has a quarantine of its own under a checker.
 */
static struct poolshim_pool *make_pool(struct domain *d, int slot)
{
	struct poolshim_config config = {
		.name = names[d->kind],
		.link = sizeof(void *),
		.owner = d->kind == PY_RAW ? NULL : py_owner(slot),
		.release = give_back,
		.context = d,
	};

	if (d->kind == PY_RAW)
		config.flags = POOLSHIM_NO_QUARANTINE;
	else if (!py.free_threaded)
		config.flags = POOLSHIM_SERIAL;
	/* mimalloc finds objects by their blocks' start, and readers without a lock look at freed ones:
	   ob_tid, flags, and both reference counts (Include/object.h 3.13) */
	if (py.free_threaded && d->kind == PY_OBJ) {
		config.layout = POOLSHIM_TAIL;
		config.keep = 32;
	}
	return poolshim_create(&config);
}

static PS_NOINLINE struct poolshim_pool *first_pool(struct domain *d, int slot)
{
	ps_lock(&making);
	if (!d->made[slot]) {
		d->pools[slot] = make_pool(d, slot);
		atomic_store_explicit(&d->made[slot], 1, memory_order_release);
	}
	ps_unlock(&making);
	return d->pools[slot];
}

static PS_NOINLINE void check_gil(void)
{
	if (py.is_initialized() && !py.holds_gil() && py.fatal_error)
		py.fatal_error("Python memory allocator called without holding the GIL");
}

/* Where the caller's blocks belong; NULL: they are not watched. */
static inline struct poolshim_pool *pool_of(struct domain *d)
{
	int slot = 0;

	if (d->kind != PY_RAW) {
		/* before 3.12 another thread's state is as good as our own */
		if (PS_UNLIKELY(py.minor < 12 || !py.thread_state()))
			check_gil();
		slot = py_slot();
		if (PS_UNLIKELY(slot < 0))
			return NULL;
	}
	if (PS_UNLIKELY(!atomic_load_explicit(&d->made[slot], memory_order_acquire)))
		return first_pool(d, slot);
	return d->pools[slot];
}

/*
 * The allocator underneath, for blocks of ours and for those that pass: what it asks of another domain
 * passes as well.
 */
static void *under_malloc(struct domain *d, size_t size)
{
	py_depth++;
	void *p = d->under.malloc(d->under.ctx, size);
	py_depth--;
	return p;
}

static void *under_calloc(struct domain *d, size_t count, size_t size)
{
	py_depth++;
	void *p = d->under.calloc(d->under.ctx, count, size);
	py_depth--;
	return p;
}

static void *under_realloc(struct domain *d, void *p, size_t size)
{
	py_depth++;
	p = d->under.realloc(d->under.ctx, p, size);
	py_depth--;
	return p;
}

static void *domain_malloc(void *ctx, size_t size)
{
	struct domain *d = ctx;

	probed |= 1 << d->kind;
	struct poolshim_pool *pool = py_depth ? NULL : pool_of(d);
	size_t raw_size = poolshim_size(pool, size);
	if (PS_UNLIKELY(!pool || !raw_size))
		return under_malloc(d, size);
	void *raw = under_malloc(d, raw_size);
	return raw ? poolshim_alloc(pool, raw, size, 0) : NULL;
}

static void *domain_calloc(void *ctx, size_t count, size_t size)
{
	struct domain *d = ctx;
	size_t total;

	if (py_depth)
		return under_calloc(d, count, size);
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	struct poolshim_pool *pool = pool_of(d);
	size_t raw_size = poolshim_size(pool, total);
	if (!pool || !raw_size)
		return under_calloc(d, count, size);
	void *raw = under_malloc(d, raw_size);
	if (!raw)
		return NULL;
	void *p = poolshim_alloc(pool, raw, total, 0);
	return memset(p, 0, total);
}

static enum poolshim_layout layout_of(const struct domain *d)
{
	return py.free_threaded && d->kind == PY_OBJ ? POOLSHIM_TAIL : POOLSHIM_HEADER;
}

/* The block whose user address is P, if we ever made it: live, or freed since. */
static int known(const struct domain *d, const void *p, struct ps_block *b)
{
	uintptr_t start = ps_address(p) - (layout_of(d) == POOLSHIM_HEADER ? PS_GRAIN : 0);

	return ps_address(p) % PS_GRAIN == 0 && ps_bit(start) && !ps_block_from_bit(b, start) &&
	       b->user == p;
}

static enum py_domain kind_of(const struct poolshim_pool *pool)
{
	return ((const struct domain *)pool->context)->kind;
}

/*
 * The pool that P is to be freed in, and its size: its own, or D's for what is not to be freed there.
 * NULL: it was allocated past us, and goes back the same way.
 */
static struct poolshim_pool *pool_of_block(struct domain *d, const void *p, size_t *size)
{
	struct poolshim_pool *pool = pool_of(d);
	struct ps_block b;

	if (!pool)
		return NULL;
	*size = 0;
	if (known(d, p, &b)) {
		if (!b.alive || !b.pool || !b.pool->context || kind_of(b.pool) != d->kind)
			return pool;
		*size = b.size;
		return b.pool;
	}
	/* The raw allocator is exchanged for moments (_PyMem_SetDefaultAllocator). */
	return d->kind == PY_RAW || generations[d->kind] > 1 ? NULL : pool;
}

static void free_in(struct poolshim_pool *pool, void *p)
{
	struct domain *d = pool->context;
	void *raw = poolshim_free(pool, p);

	if (raw)
		give_back(d, raw);
}

static void domain_free(void *ctx, void *p)
{
	struct domain *d = ctx;
	size_t size;

	if (!p)
		return;
	struct poolshim_pool *pool = py_depth ? NULL : pool_of_block(d, p, &size);
	if (pool)
		free_in(pool, p);
	else
		give_back(d, p);
}

/* Always moves: pointers to the old place are stale, and are seen to be. */
static void *domain_realloc(void *ctx, void *p, size_t size)
{
	struct domain *d = ctx;
	size_t old;

	if (!p)
		return domain_malloc(ctx, size);
	struct poolshim_pool *pool = py_depth ? NULL : pool_of_block(d, p, &old);
	if (!pool)
		return under_realloc(d, p, size);
	void *moved = domain_malloc(ctx, size);
	if (!moved)
		return NULL;
	memcpy(moved, p, old < size ? old : size);
	free_in(pool, p);
	return moved;
}

void py_domain_wrap(enum py_domain kind)
{
	struct domain *d = &domains[generations[kind]][kind];
	struct py_allocator now;

	py.get_allocator((int)kind, &now);
	if (now.malloc == domain_malloc || generations[kind] == GENERATIONS)
		return;
	d->kind = kind;
	d->under = now;
	generations[kind]++;
	py.set_allocator((int)kind, &(struct py_allocator){ d, domain_malloc, domain_calloc,
	                                                    domain_realloc, domain_free });
}

int py_domain_wrapped(enum py_domain kind)
{
	struct py_allocator now;

	py.get_allocator((int)kind, &now);
	if (now.malloc == domain_malloc)
		return 1;
	probed = 0;
	py_depth++;
	void *p = now.malloc(now.ctx, 1);
	now.free(now.ctx, p);
	py_depth--;
	return probed >> kind & 1;
}

int py_is_object(const void *p)
{
	struct ps_block b;

	return known(&domains[0][PY_OBJ], p, &b) && b.alive;
}
