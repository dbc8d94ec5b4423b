/*
 * The wrappers around CPython's three allocator domains.
 *
 * A domain whose allocator was exchanged has a new generation: blocks of the old one go back to the
 * allocator that they are from. Blocks that were allocated while no wrapper was in are not ours, and pass.
 * pymalloc asks the raw domain for what is larger than 512 bytes: such calls pass too, for the block
 * is the outer one.
 */
#include <limits.h>
#include <string.h>

#include "begin_end.h"
#include "cpython.h"
#include "reuse.h"

enum { GENERATIONS = 8, PROBE = 600 };

/*
 * SMALL blocks are in arenas. MIDDLE ones would be, were they not larger by what is around them: they come
 * from malloc, but go round like small ones, as malloc costs so much more under a checker.
 */
enum size { SMALL, MIDDLE, LARGE, SIZES };

struct domain {
	struct py_short quick; /* the first: cpython_memcheck.c */
	enum py_domain kind;
	struct py_allocator under;
	int debug; /* the debug hooks are underneath */
	int pymalloc; /* pymalloc is */
	size_t largest_small, largest_middle; /* of raw blocks, in bytes */
	struct poolshim_pool *pools[SIZES][PY_SLOTS];
	_Atomic int made[SIZES][PY_SLOTS]; /* pools[i] is final, even if it is NULL */
};

static const char *const names[PY_DOMAINS] = { "PyMem_Raw", "PyMem", "PyObject" };
static struct domain domains[GENERATIONS][PY_DOMAINS];
static int generations[PY_DOMAINS]; /* how many there are */
static int wraps[PY_DOMAINS];	    /* and how often one of them was put in */

static _Atomic int making;
/* a bit for each domain whose wrapper was called */
static __thread int probed __attribute__((tls_model("initial-exec")));

void py_forget_kept(void)
{
	for (int i = 0; i < GENERATIONS; i++)
		for (int kind = PY_MEM; kind < PY_DOMAINS; kind++) {
			struct poolshim_pool *pool = domains[i][kind].pools[SMALL][0];
			if (pool)
				ps_quarantine_forget(pool->owner, 0, UINTPTR_MAX);
			if (pool && pool->reuse)
				ps_reuse_forget(pool->reuse);
		}
	py_short_forget(0, UINTPTR_MAX);
}

void poolshim_py_under_free(void *context, void *raw)
{
	struct domain *d = context;

	py_depth++;
	d->under.free(d->under.ctx, raw);
	py_depth--;
}

/* RAW is pymalloc's. */
static void poolshim_py_small_free(void *context, void *raw)
{
	py_arena_block_freed(raw);
	poolshim_py_under_free(context, raw);
}

static enum poolshim_layout layout_of(const struct domain *d)
{
	return py.free_threaded && d->kind == PY_OBJ ? POOLSHIM_TAIL : POOLSHIM_HEADER;
}

/* pymalloc's arenas are for requests of up to 512 bytes (SMALL_REQUEST_THRESHOLD, 3.8 to 3.13). */
static inline enum size size_of(const struct domain *d, size_t size)
{
	if (PS_UNLIKELY(d->kind == PY_RAW))
		return LARGE;
	size_t raw = ps_raw_size(layout_of(d), size);
	if (PS_LIKELY(raw <= d->largest_small) || py.free_threaded)
		return SMALL;
	return raw <= d->largest_middle ? MIDDLE : LARGE;
}

/*
 * Raw blocks and large ones come from malloc, which has a quarantine of its own under a checker. Small
 * ones are in arenas, where the debug hooks, if they are underneath, write over all of a free one.
 *
 * A subinterpreter with a pymalloc of its own (3.12) lets its arenas leak if they have blocks at its end
 * (_PyInterpreterState_FinalizeAllocatedBlocks, Objects/obmalloc.c), so nothing of it is kept.
 */
static struct poolshim_pool *make_pool(struct domain *d, enum size of, int slot)
{
	struct poolshim_config config = {
		.name = names[d->kind],
		.link = d->debug ? UINT_MAX : sizeof(void *),
		.owner = d->kind == PY_RAW ? NULL : py_owner(slot),
		.release = poolshim_py_under_free,
		.context = d,
	};

	if (of == LARGE || slot > 0)
		config.flags = POOLSHIM_NO_QUARANTINE;
	/* under Memcheck what goes back to pymalloc is opened: py_arenas_open() */
	if (of == SMALL && d->pymalloc && ps_backend != &ps_memcheck) {
		config.flags |= POOLSHIM_IN_REGIONS;
		config.release = poolshim_py_small_free;
	}
	if (d->kind != PY_RAW && !py.free_threaded)
		config.flags |= POOLSHIM_SERIAL;
	/* mimalloc finds objects by their blocks' start, and readers without a lock look at freed ones:
	   ob_tid, flags, and both reference counts, 24 bytes (Include/object.h 3.13); before an object with
	   a managed dict there are 16 bytes more, and the collector looks at blocks in quarantine too */
	if (py.free_threaded && d->kind == PY_OBJ) {
		config.layout = POOLSHIM_TAIL;
		config.keep = 40;
	}
	struct poolshim_pool *pool = poolshim_create(&config);
	if (pool)
		pool->brief = of == LARGE && !ps_backend->alloc;
	if (pool && slot == 0 && (of == MIDDLE || config.release == poolshim_py_small_free))
		pool->reuse = ps_map(sizeof *pool->reuse);
	if (of == MIDDLE && pool && pool->reuse)
		PS_CALL(root, pool->reuse, sizeof *pool->reuse);
	return pool;
}

static PS_NOINLINE struct poolshim_pool *first_pool(struct domain *d, enum size of, int slot)
{
	ps_lock(&making);
	if (!d->made[of][slot]) {
		d->pools[of][slot] = make_pool(d, of, slot);
		atomic_store_explicit(&d->made[of][slot], 1, memory_order_release);
	}
	ps_unlock(&making);
	return d->pools[of][slot];
}

PS_NOINLINE void py_check_gil(void)
{
	if (py.is_initialized() && !py.holds_gil() && py.fatal_error)
		py.fatal_error("Python memory allocator called without holding the GIL");
}

/* Where the blocks of py_state belong; NULL: they are not watched. */
static inline struct poolshim_pool *pool_of(struct domain *d, enum size of)
{
	int slot = 0;

	if (d->kind != PY_RAW) {
		/* before 3.12 another thread's state is as good as our own */
		if (PS_UNLIKELY(py.minor < 12 || !py_state))
			py_check_gil();
		slot = py_slot_of(py_state);
		if (PS_UNLIKELY(slot < 0))
			return NULL;
	}
	if (PS_UNLIKELY(!atomic_load_explicit(&d->made[of][slot], memory_order_acquire)))
		return first_pool(d, of, slot);
	return d->pools[of][slot];
}

/*
 * The allocator underneath, for blocks of ours and for those that pass: what it asks of another domain
 * passes as well.
 */
static void *poolshim_py_under_malloc(struct domain *d, size_t size)
{
	py_depth++;
	void *p = d->under.malloc(d->under.ctx, size);
	py_depth--;
	return p;
}

static void *poolshim_py_under_calloc(struct domain *d, size_t count, size_t size)
{
	py_depth++;
	void *p = d->under.calloc(d->under.ctx, count, size);
	py_depth--;
	return p;
}

static void *poolshim_py_under_realloc(struct domain *d, void *p, size_t size)
{
	py_depth++;
	p = d->under.realloc(d->under.ctx, p, size);
	py_depth--;
	return p;
}

static enum py_domain kind_of(const struct poolshim_pool *pool)
{
	return ((const struct domain *)pool->context)->kind;
}

static inline void *poolshim_py_watch(
        struct poolshim_pool *pool, void *raw, size_t size, const void *frame)
{
	void *p = PS_UNLIKELY(ps_backend->alloc != NULL) ? pool->alloc(pool, raw, size, 0)
	                                                  : ps_begin(pool, raw, size, 0, frame);

	if (PS_UNLIKELY(p == py_freed_state))
		py_freed_state = NULL;
	if (PS_UNLIKELY(py.free_threaded) && kind_of(pool) != PY_RAW)
		py_segment_used(raw);
	return p;
}

/* How much is to be asked for; 0: SIZE, past us. */
static inline size_t size_in(const struct poolshim_pool *pool, size_t size)
{
	size_t raw = pool ? ps_raw_size(pool->layout, size) : 0;

	return raw ? raw + pool->extra : 0;
}

/* For a block of POOL, or NULL. */
static inline void *raw_block(struct domain *d, struct poolshim_pool *pool, size_t size)
{
	void *raw = pool->reuse ? ps_reuse_take(pool->reuse, size) : NULL;

	return raw ? raw : poolshim_py_under_malloc(d, size);
}

void *poolshim_py_malloc(void *ctx, size_t size)
{
	struct domain *d = ctx;

	probed |= 1 << d->kind;
	if (PS_UNLIKELY(py_depth))
		return d->under.malloc(d->under.ctx, size);
	py_state = py_thread_state();
	struct poolshim_pool *pool = pool_of(d, size_of(d, size));
	size_t raw_size = size_in(pool, size);
	void *raw = raw_size ? raw_block(d, pool, raw_size) : poolshim_py_under_malloc(d, size);
	void *p = raw && raw_size ? poolshim_py_watch(pool, raw, size, __builtin_frame_address(0)) : raw;
	py_state = NULL;
	return p;
}

void *poolshim_py_calloc(void *ctx, size_t count, size_t size)
{
	struct domain *d = ctx;
	size_t total;

	if (PS_UNLIKELY(py_depth))
		return d->under.calloc(d->under.ctx, count, size);
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	py_state = py_thread_state();
	struct poolshim_pool *pool = pool_of(d, size_of(d, total));
	size_t raw_size = size_in(pool, total);
	void *raw = raw_size ? raw_block(d, pool, raw_size)
	                     : poolshim_py_under_calloc(d, count, size);
	if (!raw || !raw_size) {
		py_state = NULL;
		return raw;
	}
	void *p = poolshim_py_watch(pool, raw, total, __builtin_frame_address(0));
	py_state = NULL;
	return p ? memset(p, 0, total) : NULL;
}

/* The block whose user address is P, if we ever made it: live, or freed since. */
static int known(const struct domain *d, const void *p, struct ps_block *b)
{
	uintptr_t start = ps_address(p) - (layout_of(d) == POOLSHIM_HEADER ? PS_GRAIN : 0);
	int yes = 0;

	if (ps_address(p) % PS_GRAIN || !ps_bit(start))
		return 0;
	/* what is left of a freed block may be fenced off */
	if (ps_backend->quiet)
		ps_backend->quiet(1);
	yes = !ps_block_from_bit(b, start) && b->user == p;
	if (ps_backend->quiet)
		ps_backend->quiet(0);
	return yes;
}

/*
 * P is no live block of D. The pool that is to say so; NULL: it was allocated past us, and goes back the
 * same way.
 */
static PS_NOINLINE struct poolshim_pool *pool_of_other(struct domain *d, const void *p)
{
	struct poolshim_pool *pool = pool_of(d, SMALL);
	struct ps_block b;

	if (!pool || known(d, p, &b))
		return pool;
	/* The raw allocator is exchanged for moments (_PyMem_SetDefaultAllocator). */
	return d->kind == PY_RAW || wraps[d->kind] > 1 || py_unwatched ? NULL : pool;
}

/* Fills B with the live block at P of the kind of D. Its record, or NULL: it is none. */
static inline void *find_live(struct ps_block *b, const struct domain *d,
        const struct poolshim_pool *any, void *p)
{
	void *record = any ? ps_find_record(any, p) : NULL;

	if (PS_UNLIKELY(!record))
		return NULL;
	uint64_t what = ps_load(ps_what(record, any->layout));
	struct poolshim_pool *pool = &ps_pools[what >> PS_POOL_SHIFT & (PS_POOLS - 1)];
	if (PS_UNLIKELY(!pool->context || kind_of(pool) != d->kind))
		return NULL;
	what = ps_live_what(pool, p, record);
	if (PS_UNLIKELY(!what))
		return NULL;
	ps_block_at(b, pool, p, what & (PS_SIZE_MAX - 1));
	return record;
}

/* Frees B, a live block whose record is at RECORD. */
static inline void poolshim_py_end(struct ps_block *b, void *record, const void *frame)
{
	struct domain *d = b->pool->context;
	void *raw = PS_UNLIKELY(ps_backend->free != NULL) ? b->pool->free(b->pool, b->user)
	                                                   : ps_end(b, record, frame);

	if (raw)
		b->pool->release(d, raw);
}

/* Frees P, which is no live block of D: that is reported, or P goes back past us. */
static PS_NOINLINE void poolshim_py_free_other(struct domain *d, void *p)
{
	struct poolshim_pool *pool = pool_of_other(d, p);
	void *raw = pool ? poolshim_free(pool, p) : p;

	if (raw)
		poolshim_py_under_free(pool ? pool->context : d, raw);
}

void poolshim_py_free(void *ctx, void *p)
{
	struct domain *d = ctx;
	struct ps_block b;

	if (!p)
		return;
	if (PS_UNLIKELY(py_depth)) {
		d->under.free(d->under.ctx, p);
		return;
	}
	if (PS_UNLIKELY(d->kind == PY_RAW && p == py.thread_state()))
		py_freed_state = p;
	if (PS_UNLIKELY(d->kind == PY_RAW && atomic_load_explicit(&py_subs, memory_order_relaxed) > 0))
		py_interpreter_ends(p);
	py_state = py_thread_state();
	void *record = find_live(&b, d, pool_of(d, d->kind == PY_RAW ? LARGE : SMALL), p);
	if (PS_UNLIKELY(!record))
		poolshim_py_free_other(d, p);
	else
		poolshim_py_end(&b, record, __builtin_frame_address(0));
	py_state = NULL;
}

/* Always moves: pointers to the old place are stale, and are seen to be. */
void *poolshim_py_realloc(void *ctx, void *p, size_t size)
{
	struct domain *d = ctx;
	struct ps_block b;

	if (!p)
		return poolshim_py_malloc(ctx, size);
	if (PS_UNLIKELY(py_depth))
		return d->under.realloc(d->under.ctx, p, size);
	py_state = py_thread_state();
	void *record = find_live(&b, d, pool_of(d, d->kind == PY_RAW ? LARGE : SMALL), p);
	struct poolshim_pool *other = record ? NULL : pool_of_other(d, p);
	if (PS_UNLIKELY(!record && !other)) {
		py_state = NULL;
		return poolshim_py_under_realloc(d, p, size);
	}
	void *moved = poolshim_py_malloc(ctx, size);
	if (!moved)
		return NULL;
	py_state = py_thread_state();
	if (record) {
		memcpy(moved, p, b.size < size ? b.size : size);
		poolshim_py_end(&b, record, __builtin_frame_address(0));
	} else {
		poolshim_py_free_other(d, p);
	}
	py_state = NULL;
	return moved;
}

static int same(const struct py_allocator *a, const struct py_allocator *b)
{
	return a->ctx == b->ctx && a->malloc == b->malloc && a->calloc == b->calloc &&
	       a->realloc == b->realloc && a->free == b->free;
}

static int is_ours(const struct py_allocator *a)
{
	return a->ctx >= (void *)domains && a->ctx < (void *)(domains + GENERATIONS);
}

void py_domain_wrap(enum py_domain kind)
{
	struct py_allocator now;
	int i = 0;

	py.get_allocator((int)kind, &now);
	if (is_ours(&now))
		return;
	/* after a second Py_Initialize() it is what it was in the beginning */
	while (i < generations[kind] && !same(&now, &domains[i][kind].under))
		i++;
	if (i == GENERATIONS)
		return;
	struct domain *d = &domains[i][kind];
	if (i == generations[kind]) {
		d->kind = kind;
		d->debug = now.malloc == py_debug_hooks[kind].malloc;
		d->pymalloc = !py.free_threaded && !d->debug && now.malloc == py_initial[kind].malloc &&
		              now.malloc != py_initial[PY_RAW].malloc;
		d->largest_small = 512;
		if (d->debug) /* PYMEM_DEBUG_EXTRA_BYTES, Objects/obmalloc.c */
			d->largest_small -= 4 * sizeof(size_t);
		if (ps_backend->alloc)
			d->largest_small -= PS_GRAIN; /* struct poolshim_pool, extra */
		/* those of 3.12 would be forgotten: py_forget_kept() */
		if (d->pymalloc && !ps_backend->alloc && py.minor != 12)
			d->largest_middle = PS_REUSE_LARGEST;
		d->under = now;
		generations[kind]++;
	}
	wraps[kind]++;
	now = (struct py_allocator){ d, poolshim_py_malloc, poolshim_py_calloc, poolshim_py_realloc,
		                     poolshim_py_free };
	if (ps_backend == &ps_memcheck && kind != PY_RAW && !py.free_threaded) {
		for (int k = 0; k < generations[kind]; k++)
			py_short_close(&domains[k][kind].quick);
		py_short_start(&d->quick, kind, &d->under, d->pymalloc, &now);
	}
	py.set_allocator((int)kind, &now);
}

int py_domain_wrapped(enum py_domain kind)
{
	struct py_allocator now;

	py.get_allocator((int)kind, &now);
	if (is_ours(&now))
		return 1;
	/* The debug hooks of the other domains insist on the GIL, which nobody has before there is a
	   thread's state; pymalloc takes its pools from that state's interpreter since 3.12. Both come to
	   all domains at once, so that what is underneath is so in all. */
	if (!py.thread_state() || (now.malloc == py_debug_hooks[kind].malloc && !py.holds_gil())) {
		kind = PY_RAW;
		py.get_allocator((int)kind, &now);
	}
	probed = 0;
	py_depth++;
	void *p = now.malloc(now.ctx, PROBE);
	now.free(now.ctx, p);
	py_depth--;
	return probed >> kind & 1;
}

int py_is_object(const void *p)
{
	struct ps_block b;

	return known(&domains[0][PY_OBJ], p, &b) && b.alive;
}
