/*
 * Freed blocks that are not reused yet, oldest first out. A serial owner has one ring, which needs no
 * lock. Others have a few, so that threads seldom meet; what the threads in use may keep together is
 * bounded. Blocks are given back inside a call on a pool of the same owner, with no lock held.
 */
#include "internal.h"

enum { OWNERS = PS_POOLS, BATCH = 8, AHEAD = 6 };

struct entry {
	unsigned char *user;
	uint64_t size_pool; /* pool in the upper 16 bits */
};

struct ps_shard {
	_Atomic int lock;
	uint32_t head, count, mask;
	size_t bytes, limit;
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
	size_t entries = 1024;
	struct ps_shard *none = NULL, *made = ps_meta(sizeof *made);

	while (entries < ps_options.quarantine / (2 * PS_GRAIN))
		entries *= 2;
	if (!made || !(made->ring = ps_map(entries * sizeof *made->ring)))
		return NULL;
	made->mask = (uint32_t)entries - 1;
	if (!atomic_compare_exchange_strong(&owner->shards[i], &none, made)) {
		ps_unmap(made->ring, entries * sizeof *made->ring);
		return none;
	}
	atomic_fetch_add(&owner->shards_used, 1);
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

static inline unsigned take_oldest(struct ps_shard *s, struct entry *out)
{
	struct entry *e = &s->ring[s->head & s->mask];
	unsigned some = e->user != NULL;

	*out = *e;
	s->head++;
	s->count--;
	s->bytes -= e->size_pool & (PS_SIZE_MAX - 1);
	return some;
}

static inline void give_back(const struct entry *e)
{
	ps_released(&ps_pools[e->size_pool >> 48], e->user, e->size_pool & (PS_SIZE_MAX - 1));
}

int ps_quarantine_put(struct poolshim_pool *pool, unsigned char *user, size_t size)
{
	struct ps_owner *owner = pool->owner;
	struct entry out[BATCH];
	unsigned n = 0;

	if (size >= ps_options.quarantine / 2)
		return 0;
	struct ps_shard *s = shard_take(owner);
	if (!s)
		return 0;
	size_t limit = ps_options.quarantine;
	if (!owner->serial)
		limit /= atomic_load_explicit(&owner->shards_used, memory_order_relaxed);
	/* the fences count too, roughly */
	while (s->count && n < BATCH &&
	        (s->bytes + 2 * PS_GRAIN * s->count + size > limit || s->count > s->mask))
		n += take_oldest(s, &out[n]);
	s->ring[(s->head + s->count) & s->mask] =
	        (struct entry){ user, size | (uint64_t)pool->number << 48 };
	s->count++;
	s->bytes += size;
	if (n)
		__builtin_prefetch(s->ring[(s->head + AHEAD) & s->mask].user - PS_GRAIN, 1);
	shard_leave(owner, s);
	for (unsigned i = 0; i < n; i++)
		give_back(&out[i]);
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
			while (s->count && n < BATCH)
				n += take_oldest(s, &out[n]);
			unsigned more = s->count;
			shard_leave(owner, s);
			for (unsigned k = 0; k < n; k++)
				give_back(&out[k]);
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
		for (uint32_t k = 0; k < s->count; k++) {
			struct entry *e = &s->ring[(s->head + k) & s->mask];
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
