/*
 * Which blocks of regions does nothing point to? LeakSanitizer looks for that among blocks of malloc, and
 * takes our regions for roots; this is the same search among the blocks in them.
 *
 * Roots: all memory that may be written but regions, our own, and where nothing may be accessed (freed
 * blocks of malloc, redzones). A word that is an address in a block, or its end, reaches it: pointers to
 * the middle count too, as objects may begin behind a head of the runtime's.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asan.h"
#include "internal.h"

enum { SHADOW_BITS = 47 - 3, PAGES = 1024, ANSWERS = 4096 };

struct range {
	uintptr_t low, high;
	int region;
};

/* One live block. Open addressing, by START. */
struct node {
	uintptr_t start, user;
	size_t size;
	enum ps_reached how;
	ps_stack alloc;
};

struct ps_reach {
	struct node *nodes;
	size_t mask, count;
	struct node **todo; /* reached, not searched yet */
	size_t todo_count;
	enum ps_reached how; /* what is found now */
	uintptr_t low, high; /* of all blocks */
	uintptr_t stack; /* the calling thread's, what is in use of it */
	size_t size;
	struct range *ranges; /* regions and our own memory, sorted */
	size_t range_count, range_limit;
	int regions; /* those that are added now are */
	/* whether a stack is suppressed, for the one that was asked for last in each place */
	struct {
		ps_stack stack;
		int suppressed;
	} answers[ANSWERS];
};

static void count_range(uintptr_t low, uintptr_t high, void *arg)
{
	(void)low, (void)high;
	++*(size_t *)arg;
}

static void add_range(uintptr_t low, uintptr_t high, void *arg)
{
	struct ps_reach *r = arg;

	if (r->range_count < r->range_limit)
		r->ranges[r->range_count++] = (struct range){ low, high, r->regions };
}

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

static int in_region(const struct ps_reach *r, uintptr_t address)
{
	size_t low = 0, high = r->range_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (r->ranges[middle].high <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->range_count && r->ranges[low].low <= address && r->ranges[low].region;
}

static struct node *node_of(const struct ps_reach *r, uintptr_t start)
{
	size_t i = (size_t)((start >> 4) * 0x9e3779b97f4a7c15u) >> 20 & r->mask;

	while (r->nodes[i].start && r->nodes[i].start != start)
		i = (i + 1) & r->mask;
	return &r->nodes[i];
}

static void count(uintptr_t start, void *arg)
{
	(void)start;
	++*(size_t *)arg;
}

static void add(uintptr_t start, void *arg)
{
	struct ps_reach *r = arg;
	struct ps_block b;

	if (ps_block_from_bit(&b, start) || ps_address(b.raw) != start || !b.alive || !b.pool ||
	        r->count * 2 > r->mask || !in_region(r, start))
		return;
	struct node *n = node_of(r, start);
	r->count += !n->start;
	*n = (struct node){ start, ps_address(b.user), b.size, PS_LOST, b.alloc };
	if (start < r->low)
		r->low = start;
	if (n->user + n->size > r->high)
		r->high = n->user + n->size;
}

/* WORD was found: what it points to is reached, and to be searched itself. */
static inline void follow(struct ps_reach *r, uintptr_t word)
{
	if (word < r->low || word > r->high)
		return;
	uintptr_t start = ps_bit_before(word, 1 << 16);
	struct node *n = start ? node_of(r, start) : NULL;
	if (!n || n->start != start || word < n->user || word > n->user + n->size ||
	        n->how != PS_LOST)
		return;
	n->how = r->how;
	r->todo[r->todo_count++] = n;
}

static void search(struct ps_reach *r, uintptr_t low, uintptr_t high)
{
	low = (low + sizeof(uintptr_t) - 1) & ~(sizeof(uintptr_t) - 1);
	for (; low + sizeof(uintptr_t) <= high; low += sizeof(uintptr_t))
		if (!ps_asan_direct || !*ps_shadow((const void *)low))
			follow(r, *(const volatile uintptr_t *)low);
}

static void search_reached(struct ps_reach *r)
{
	while (r->todo_count) {
		const struct node *n = r->todo[--r->todo_count];
		search(r, n->user, n->user + n->size);
	}
}

/* What is mapped of a device may do anything when it is read. */
static int is_device(const char *path)
{
	return !strncmp(path, "/dev/", 5) && strncmp(path, "/dev/shm/", 9) != 0 &&
	       strncmp(path, "/dev/zero", 9) != 0;
}

static int is_shadow(uintptr_t address)
{
	return ps_asan_direct && address >= ps_asan_offset &&
	       address - ps_asan_offset < (uintptr_t)1 << SHADOW_BITS;
}

/* Only pages that are there: others are zero, and reading them would take memory. */
static void search_mapping(struct ps_reach *r, uintptr_t low, uintptr_t high)
{
	unsigned char there[PAGES];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	while (low < high) {
		size_t n = high - low < PAGES * page ? high - low : PAGES * page;
		int known = mincore((void *)low, n, there) == 0;
		for (size_t at = 0; at < n; at += page)
			if (!known || there[at / page] & 1)
				search(r, low + at, low + at + page);
		low += n;
	}
}

/* M but the ranges that are not to be searched. */
static int search_root(const struct ps_mapping *m, void *arg)
{
	struct ps_reach *r = arg;
	uintptr_t low = m->low;

	if (!m->writable || is_shadow(low) || is_device(m->path))
		return 0;
	if (r->stack > m->low && r->stack < m->high)
		low = r->stack & ~(uintptr_t)4095;
	for (size_t i = 0; i < r->range_count && low < m->high; i++) {
		const struct range *hole = &r->ranges[i];
		if (hole->high <= low)
			continue;
		if (hole->low >= m->high)
			break;
		if (low < hole->low)
			search_mapping(r, low, hole->low);
		low = hole->high;
	}
	if (low < m->high)
		search_mapping(r, low, m->high);
	return 0;
}

static int allocate(struct ps_reach *r)
{
	size_t blocks = 0, ranges = 0;

	ps_maps_each(count_range, &ranges);
	ps_regions_each(count_range, &ranges);
	r->range_limit = ranges + 16; /* our own that follow */
	r->ranges = ps_map(r->range_limit * sizeof *r->ranges);
	ps_bits_each(0, UINTPTR_MAX, count, &blocks);
	for (r->mask = 1023; r->mask < blocks * 2 + 2; r->mask = r->mask * 2 + 1)
		;
	r->size = (r->mask + 1) * sizeof *r->nodes;
	r->nodes = ps_map(r->size);
	r->todo = ps_map(r->size);
	r->low = UINTPTR_MAX;
	if (!r->nodes || !r->todo || !r->ranges)
		return -1;
	r->regions = 1;
	ps_regions_each(add_range, r);
	r->regions = 0;
	ps_maps_each(add_range, r);
	qsort(r->ranges, r->range_count, sizeof *r->ranges, compare);
	return 0;
}

/* Finds what N points to, in the end. */
static void search_from(struct ps_reach *r, struct node *n)
{
	n->how = PS_REACHED; /* not its own child */
	search(r, n->user, n->user + n->size);
	search_reached(r);
}

static int is_suppressed(struct ps_reach *r, ps_stack stack)
{
	size_t i = stack % ANSWERS;

	if (r->answers[i].stack != stack) {
		r->answers[i].stack = stack;
		r->answers[i].suppressed = ps_suppressed(stack);
	}
	return r->answers[i].suppressed;
}

/* What is suppressed is not to be told of, nor what only that holds. */
static void search_suppressed(struct ps_reach *r)
{
	for (size_t i = 0; i <= r->mask; i++) {
		struct node *n = &r->nodes[i];
		if (n->start && n->how == PS_LOST && is_suppressed(r, n->alloc))
			search_from(r, n);
	}
}

static void search_lost(struct ps_reach *r)
{
	for (size_t i = 0; i <= r->mask; i++) {
		struct node *n = &r->nodes[i];
		if (!n->start || n->how != PS_LOST)
			continue;
		search_from(r, n);
		n->how = PS_LOST;
	}
}

struct ps_reach *ps_reach_new(void)
{
	struct ps_reach *r = ps_map(sizeof *r);
	struct ps_mapping m;
	jmp_buf registers;

	if (!r)
		return NULL;
	setjmp(registers);
	r->stack = ps_address(&registers);
	if (allocate(r)) {
		ps_reach_free(r);
		return NULL;
	}
	ps_bits_each(0, UINTPTR_MAX, add, r);
	r->how = PS_REACHED;
	ps_mappings_find(search_root, r, &m);
	search_reached(r);
	search_suppressed(r);
	r->how = PS_LOST_INDIRECTLY; /* what is lost takes others with it */
	search_lost(r);
	return r;
}

enum ps_reached ps_reach_of(const struct ps_reach *r, uintptr_t start)
{
	const struct node *n = node_of(r, start);

	return n->start ? n->how : PS_REACHED;
}

void ps_reach_fence_lost(const struct ps_reach *r)
{
	for (size_t i = 0; i <= r->mask; i++) {
		const struct node *n = &r->nodes[i];
		if (n->start && n->how != PS_REACHED)
			PS_CALL(fence, (const void *)n->user, n->size, 0);
	}
}

void ps_reach_free(struct ps_reach *r)
{
	if (r->nodes)
		ps_unmap(r->nodes, r->size);
	if (r->todo)
		ps_unmap(r->todo, r->size);
	if (r->ranges)
		ps_unmap(r->ranges, r->range_limit * sizeof *r->ranges);
	ps_unmap(r, sizeof *r);
}
