/*
 * Stacks by number. Append-only and lock-free: a stack once stored is never moved or changed, so that
 * a report may read it at any time. A number is the place in one large mapping, in units of 16 bytes.
 */
#include "internal.h"

enum { BUCKETS = 1 << 18, UNIT = PS_GRAIN };

unsigned char *ps_depot;
static _Atomic uint32_t *buckets;
_Atomic uint32_t ps_depot_used = 2; /* units; 0 and 1 mean something else */
static uint32_t limit;

int ps_depot_start(void)
{
	size_t most = (size_t)1 << 30;
	size_t size = ps_options.depot < most ? ps_options.depot : most;

	buckets = ps_map(BUCKETS * sizeof *buckets);
	ps_depot = buckets ? ps_map(size) : NULL;
	if (!ps_depot)
		return -1;
	limit = (uint32_t)(size / UNIT);
	return 0;
}

static inline int same(const struct ps_node *node, const uintptr_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (node->values[i] != values[i])
			return 0;
	return 1;
}

static ps_stack find(uint32_t first, uint32_t stop, const struct ps_node *key, const uintptr_t *values)
{
	for (ps_stack s = first; s && s != stop; s = ps_node_at(s)->next) {
		const struct ps_node *node = ps_node_at(s);
		if (node->hash == key->hash && node->pcs == key->pcs && node->words == key->words &&
		        node->thread == key->thread && same(node, values, key->pcs + key->words))
			return s;
	}
	return 0;
}

static PS_NOINLINE ps_stack put(
        _Atomic uint32_t *bucket, uint32_t head, const struct ps_node *key, const uintptr_t *values)
{
	unsigned n = key->pcs + key->words;
	uint32_t units = (uint32_t)((sizeof *key + n * sizeof *values + UNIT - 1) / UNIT);
	uint32_t s = atomic_load_explicit(&ps_depot_used, memory_order_relaxed);

	do {
		if (s + units > limit)
			return 1;
	} while (!atomic_compare_exchange_weak(&ps_depot_used, &s, s + units));
	struct ps_node *node = ps_node_at(s);
	*node = *key;
	for (unsigned i = 0; i < n; i++)
		node->values[i] = values[i];
	for (;;) {
		node->next = head;
		uint32_t seen = head;
		if (atomic_compare_exchange_strong(bucket, &seen, s))
			return s;
		/* somebody was quicker: perhaps with the same stack; then ours is a few lost bytes */
		ps_stack other = find(seen, head, key, values);
		if (other)
			return other;
		head = seen;
	}
}

ps_stack ps_depot_put(const uintptr_t *values, unsigned pcs, unsigned words, unsigned thread)
{
	uint64_t h = thread + 1;

	if (!ps_depot)
		return 1;
	for (unsigned i = 0; i < pcs + words; i++)
		h = (h ^ values[i]) * 0x9e3779b97f4a7c15u;
	h ^= h >> 32;
	struct ps_node key = { .hash = (uint32_t)h, .pcs = (uint8_t)pcs, .words = (uint8_t)words,
		.thread = (uint16_t)thread, .magic = PS_NODE_MAGIC };
	_Atomic uint32_t *bucket = &buckets[h & (BUCKETS - 1)];
	uint32_t head = atomic_load_explicit(bucket, memory_order_acquire);
	ps_stack found = find(head, 0, &key, values);
	return found ? found : put(bucket, head, &key, values);
}

int ps_depot_get(ps_stack stack, struct ps_trace *trace)
{
	*trace = (struct ps_trace){ 0 };
	if (stack == 1)
		return 0;
	const struct ps_node *node = ps_depot_node(stack);
	if (!node || node->pcs > PS_DEPTH || node->words > PS_CONTEXT)
		return -1;
	*trace = (struct ps_trace){ node->pcs, node->words, node->thread, node->values };
	return 0;
}
