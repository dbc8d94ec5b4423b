/*
 * pymalloc's arenas are regions: leak checkers look for pointers in them, and what was freed there is
 * known as freed until it is used again.
 */
#include "cpython.h"

enum { PAGE_BITS_OLD = 12, PAGE_BITS = 14 }; /* POOL_BITS of 3.9 and of 3.10, Objects/obmalloc.c */

static struct py_arenas under;
static int without; /* pymalloc once got no arena: then a small block may be from malloc */
static struct poolshim_pool *pools[PY_SLOTS];

/* The pool whose regions are the arenas of SLOT; it has no blocks itself. */
static struct poolshim_pool *arena_pool(int slot)
{
	if (slot < 0)
		return NULL;
	if (!pools[slot])
		pools[slot] = poolshim_create(&(struct poolshim_config){
		        .name = "pymalloc's arenas",
		        .flags = POOLSHIM_SERIAL | POOLSHIM_NO_QUARANTINE,
		        .owner = py_owner(slot),
		});
	return pools[slot];
}

/*
 * What was freed stays fenced off until it is used again, but for the link of pymalloc's list. Once all
 * blocks of one of its pages are free, pymalloc may cut that page into blocks of another size, and writes
 * into it as it likes: then the page is opened. A page begins with the number of its blocks in use (struct
 * pool_header, ref.count, 3.8 to 3.13).
 */
void py_arena_block_freed(const void *raw)
{
	size_t size = (size_t)1 << (py.minor < 10 ? PAGE_BITS_OLD : PAGE_BITS);
	uintptr_t page = ps_address(raw) & ~(size - 1);

	if (!without && PS_UNLIKELY(*(const unsigned *)page <= 1)) {
		ps_bits_clear(page, page + size);
		PS_CALL(open, (const void *)page, size);
	}
}

_Atomic unsigned char py_segments[1 << (47 - PY_SEGMENT_BITS)];

/* mimalloc keeps what it once mapped, but for blocks that are larger than a segment. */
void py_segment_found(const void *raw)
{
	static struct poolshim_pool *segments;
	static _Atomic int lock;
	uintptr_t i = ps_address(raw) >> PY_SEGMENT_BITS;

	ps_lock(&lock);
	if (!segments)
		segments = poolshim_create(&(struct poolshim_config){
		        .name = "mimalloc's segments", .flags = POOLSHIM_NO_QUARANTINE });
	if (!atomic_exchange(&py_segments[i], 1))
		poolshim_region_add(segments, (void *)(i << PY_SEGMENT_BITS),
		        (size_t)1 << PY_SEGMENT_BITS, POOLSHIM_OPEN);
	ps_unlock(&lock);
}

static void forget_freed(uintptr_t start, void *arg)
{
	struct ps_block b;

	(void)arg;
	if (ps_block_from_bit(&b, start) || !b.alive)
		ps_bits_clear(start, start + PS_GRAIN);
}

void py_arenas_open(void)
{
	/* Its search for leaks is still to come, and must not look into what was freed. */
	if (ps_backend == &ps_memcheck)
		return;
	for (int slot = 0; slot < PY_SLOTS; slot++) {
		struct ps_region *g = pools[slot] ? atomic_load(&pools[slot]->regions) : NULL;
		for (; g; g = g->next) {
			PS_CALL(open, (void *)g->start, g->end - g->start);
			ps_bits_each(g->start, g->end, forget_freed, NULL);
		}
	}
}

static void *poolshim_py_arena_alloc(void *ctx, size_t size)
{
	(void)ctx;
	void *arena = under.alloc(under.ctx, size);

	if (!arena)
		without = 1;
	else
		poolshim_region_add(arena_pool(py_slot()), arena, size, POOLSHIM_OPEN);
	/* Pymalloc was not asked by our wrappers: they are gone, from all domains at once. Or it is not
	   pymalloc that asks: since 3.11 the frames' stack is from here too. Raw memory can be asked for
	   in the midst of pymalloc, so that tells. */
	if (!py_depth && !py_domain_wrapped(PY_RAW))
		for (int domain = PY_RAW; domain < PY_DOMAINS; domain++)
			py_domain_wrap(domain);
	return arena;
}

static void arena_free(void *ctx, void *arena, size_t size)
{
	(void)ctx;
	struct poolshim_pool *pool = ps_region_pool(ps_address(arena));

	if (pool)
		poolshim_region_remove(pool, arena, size);
	py_short_forget(ps_address(arena), ps_address(arena) + size);
	under.free(under.ctx, arena, size);
}

void py_arenas_wrap(void)
{
	struct py_arenas now;

	py.get_arenas(&now);
	if (now.alloc == poolshim_py_arena_alloc)
		return;
	/* A second Py_Initialize() of 3.12 sets all of _PyRuntime back: pymalloc knows its arenas no
	   more (Python/pystate.c, _PyRuntimeState_Init). */
	if (under.alloc && py.minor == 12)
		py_forget_kept();
	under = now;
	py.set_arenas(&(struct py_arenas){ NULL, poolshim_py_arena_alloc, arena_free });
}
