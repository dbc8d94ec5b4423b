/*
 * Freed blocks that are not reused yet, oldest first out. A serial owner has one ring, which needs no
 * lock. Others have a few, so that threads seldom meet; what the threads in use may keep together is
 * bounded. Blocks are given back inside a call on a pool of the same owner, with no lock held.
 */
#include "hot.h"
#include "reuse.h"

enum { OWNERS = PS_POOLS, BATCH = 8, AHEAD = 6, SHOWN = 1024 };

struct entry {
	unsigned char *user;
	uint64_t size_pool; /* pool in the upper 16 bits */
};

struct ps_shard {
	_Atomic int lock;
	uint32_t head, tail, mask; /* the first two only grow */
	size_t bytes;		   /* with `around` for each block */
	size_t around;
	struct entry *ring;
};

static struct ps_owner owners[OWNERS];
static _Atomic int owners_lock;

struct ps_owner *ps_owner_get(const void *key, int serial)
{
	struct ps_owner *found = NULL;

	ps_lock(&owners_lock);
	for (unsigned i = 0; i < OWNERS; i++) {
		struct ps_owner *o = &owners[i];
		if (o->pools && key && o->key == key) {
			found = o;
			break;
		}
		if (!o->pools && !found)
			found = o;
	}
	if (found && !found->pools) {
		found->key = key;
		found->serial = serial;
	}
	if (found) {
		found->pools++;
		found->serial &= serial;
	}
	ps_unlock(&owners_lock);
	return found;
}

void ps_owner_put(struct ps_owner *owner)
{
	ps_lock(&owners_lock);
	owner->pools--;
	ps_unlock(&owners_lock);
}

static PS_NOINLINE struct ps_shard *shard_make(struct ps_owner *owner, unsigned i)
{
	/* Memcheck counts what it remembers of freed blocks so: their sizes alone */
	size_t around = ps_backend == &ps_memcheck ? 0 : (size_t)2 * PS_GRAIN, entries = 1024;
	struct ps_shard *none = NULL, *made = ps_meta(sizeof *made);

	while (entries < ps_options.quarantine / (around ? around : PS_GRAIN))
		entries *= 2;
	if (!made || !(made->ring = ps_map(entries * sizeof *made->ring)))
		return NULL;
	PS_CALL(hide, made->ring, entries * sizeof *made->ring, 1);
	made->mask = (uint32_t)entries - 1;
	made->around = around;
	if (!atomic_compare_exchange_strong(&owner->shards[i], &none, made)) {
		ps_unmap(made->ring, entries * sizeof *made->ring);
		return none;
	}
	PS_CALL(root, made->ring, entries * sizeof *made->ring);
	owner->limit = ps_options.quarantine / (atomic_fetch_add(&owner->shards_used, 1) + 1);
	return made;
}

/* A locked shard for this thread; NULL: no memory. */
static struct ps_shard *shard_take(struct ps_owner *owner)
{
	unsigned i = owner->serial ? 0 : ps_thread_number() % PS_SHARDS;

	for (;; i = (i + 1) % PS_SHARDS) {
		struct ps_shard *s = atomic_load_explicit(&owner->shards[i], memory_order_acquire);
		if (PS_UNLIKELY(!s) && !(s = shard_make(owner, i)))
			return NULL;
		if (owner->serial || ps_trylock(&s->lock))
			return s;
	}
}

static void shard_leave(struct ps_owner *owner, struct ps_shard *s)
{
	if (!owner->serial)
		ps_unlock(&s->lock);
}

static inline unsigned char *take_oldest(struct ps_shard *s, uint64_t *size_pool)
{
	struct entry *e = &s->ring[s->head & s->mask];
	unsigned char *user = e->user;

	e->user = NULL; /* nobody's any more, for a search for leaks */
	s->head++;
	*size_pool = e->size_pool;
	s->bytes -= s->around + (e->size_pool & (PS_SIZE_MAX - 1));
	return user;
}

static inline void give_back(unsigned char *user, uint64_t size_pool)
{
	struct poolshim_pool *pool = &ps_pools[size_pool >> 48];

	pool->release(pool->context, ps_give_back(pool, user, size_pool & (PS_SIZE_MAX - 1)));
}

/* Only in a call on a pool of a serial owner. */
static inline void reuse_or_give_back(unsigned char *user, uint64_t size_pool)
{
	struct poolshim_pool *pool = &ps_pools[size_pool >> 48];
	size_t size = ps_raw_size(POOLSHIM_HEADER, size_pool & (PS_SIZE_MAX - 1));

	if (!pool->reuse || !ps_reuse_put(pool->reuse, user - PS_GRAIN, size))
		give_back(user, size_pool);
}

/* The ring is not hidden any more, as far as it is used now. */
static void show_more(struct ps_shard *s)
{
	if (s->tail <= s->mask)
		PS_CALL(hide, &s->ring[s->tail], SHOWN * sizeof *s->ring, 0);
}

static inline void add(struct ps_shard *s, const struct poolshim_pool *pool, void *user, size_t size)
{
	struct entry *e = &s->ring[s->tail & s->mask];

	if (PS_UNLIKELY(!(s->tail & (SHOWN - 1))))
		show_more(s);
	e->user = user;
	e->size_pool = size | (uint64_t)pool->number << 48;
	s->tail++;
	s->bytes += s->around + size;
}

static PS_NOINLINE int put_shared(struct poolshim_pool *pool, unsigned char *user, size_t size)
{
	struct ps_owner *owner = pool->owner;
	struct ps_shard *s = shard_take(owner);
	struct entry out[BATCH];
	unsigned n = 0;

	if (!s)
		return 0;
	size_t limit = atomic_load_explicit(&owner->limit, memory_order_relaxed);
	add(s, pool, user, size);
	while (n < BATCH && (s->bytes > limit || s->tail - s->head > s->mask)) {
		out[n].user = take_oldest(s, &out[n].size_pool);
		n += out[n].user != NULL;
	}
	shard_leave(owner, s);
	for (unsigned i = 0; i < n; i++)
		give_back(out[i].user, out[i].size_pool);
	return 1;
}

int ps_quarantine_put(struct poolshim_pool *pool, unsigned char *user, size_t size)
{
	struct ps_owner *owner = pool->owner;
	struct ps_shard *s = atomic_load_explicit(&owner->shards[0], memory_order_relaxed);

	if (PS_UNLIKELY(size >= ps_options.quarantine / 2))
		return 0;
	if (!owner->serial)
		return put_shared(pool, user, size);
	if (PS_UNLIKELY(!s) && !(s = shard_make(owner, 0)))
		return 0;
	add(s, pool, user, size);
	while (s->bytes > ps_options.quarantine || s->tail - s->head > s->mask) {
		uint64_t size_pool;
		unsigned char *oldest = take_oldest(s, &size_pool);
		__builtin_prefetch(s->ring[(s->head + AHEAD) & s->mask].user - PS_GRAIN, 1);
		if (oldest)
			reuse_or_give_back(oldest, size_pool);
	}
	return 1;
}

void ps_quarantine_flush(struct ps_owner *owner)
{
	for (unsigned i = 0; i < PS_SHARDS; i++) {
		struct ps_shard *s = atomic_load(&owner->shards[i]);
		unsigned n = 1;
		while (s && n) {
			struct entry out[BATCH];
			n = 0;
			if (!owner->serial)
				ps_lock(&s->lock);
			while (s->head != s->tail && n < BATCH) {
				out[n].user = take_oldest(s, &out[n].size_pool);
				n += out[n].user != NULL;
			}
			unsigned more = s->head != s->tail;
			shard_leave(owner, s);
			for (unsigned k = 0; k < n; k++)
				give_back(out[k].user, out[k].size_pool);
			n |= more;
		}
	}
}

void ps_quarantine_forget(struct ps_owner *owner, uintptr_t start, uintptr_t end)
{
	for (unsigned i = 0; i < PS_SHARDS; i++) {
		struct ps_shard *s = atomic_load(&owner->shards[i]);
		if (!s)
			continue;
		if (!owner->serial)
			ps_lock(&s->lock);
		for (uint32_t k = s->head; k != s->tail; k++) {
			struct entry *e = &s->ring[k & s->mask];
			uintptr_t p = ps_address(e->user);
			if (e->user && p >= start && p < end)
				e->user = NULL;
		}
		shard_leave(owner, s);
	}
}

void ps_quarantine_fork(int stage)
{
	for (unsigned o = 0; o < OWNERS; o++)
		for (unsigned i = 0; owners[o].pools && i < PS_SHARDS; i++) {
			struct ps_shard *s = atomic_load(&owners[o].shards[i]);
			if (s && !stage)
				ps_lock(&s->lock);
			else if (s)
				ps_unlock(&s->lock);
		}
}
