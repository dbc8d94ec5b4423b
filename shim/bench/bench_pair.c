/*
 * What a pair of allocation and free costs, in nanoseconds of CPU time: the shim's on a free list,
 * malloc's, and the free list alone. Medians of ROUNDS rounds, all kinds in turn in each round. The
 * calls come from DEPTH nested functions.
 *
 *     bench_pair [SIZE [DEPTH]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "poolshim.h"

enum { ROUNDS = 9, SPACE = 64 << 20, MOST = 4096 };

static struct poolshim_pool *header, *tail;
static char *arena;
static char *tops[3]; /* where the next raw block is cut: for the list alone, the two pools */
static void *lists[3];
static size_t size = 64;

struct raw {
	struct raw *next;
};

static void give_back(void *context, void *raw)
{
	struct raw *r = raw;
	void **list = context;

	r->next = *list;
	*list = r;
}

static inline void *take(void **list, char **top, size_t n)
{
	struct raw *r = *list;

	if (r) {
		*list = r->next;
		return r;
	}
	r = (void *)*top;
	*top += (n + 15) & ~(size_t)15;
	return r;
}

/* KIND 0: malloc, 1: the list alone, 2: shim with a header, 3: with a tail */
static __attribute__((noinline)) void *get(int kind)
{
	struct poolshim_pool *pool = kind == 2 ? header : tail;

	if (kind == 0)
		return malloc(size);
	if (kind == 1)
		return take(&lists[0], &tops[0], size);
	void *raw = take(&lists[kind - 1], &tops[kind - 1], poolshim_size(pool, size));
	return poolshim_alloc(pool, raw, size, 0);
}

static __attribute__((noinline)) void put(int kind, void *p)
{
	struct poolshim_pool *pool = kind == 2 ? header : tail;

	if (kind == 0) {
		free(p);
	} else if (kind == 1) {
		give_back(&lists[0], p);
	} else {
		void *raw = poolshim_free(pool, p);
		if (raw)
			give_back(&lists[kind - 1], raw);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *volatile sink;

static __attribute__((noinline)) double run(int kind, long pairs)
{
	double start = now();

	for (long i = 0; i < pairs; i++) {
		void *p = get(kind);
		sink = p;
		put(kind, p);
	}
	return (now() - start) / (double)pairs;
}

static __attribute__((noinline)) double nest(int depth, int kind, long pairs)
{
	volatile double cost = depth > 0 ? nest(depth - 1, kind, pairs) : run(kind, pairs);

	return cost;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "malloc", "list", "header", "tail" };
	double cost[4][ROUNDS];
	int depth = argc > 2 ? atoi(argv[2]) : 10;
	long pairs = argc > 3 ? atol(argv[3]) : 1000000;

	if (argc > 1)
		size = strtoul(argv[1], NULL, 10);
	arena = mmap(NULL, (size_t)SPACE * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED || size > MOST)
		return 2;
	header = poolshim_create(&(struct poolshim_config){ .name = "header", .link = 8,
	        .flags = POOLSHIM_SERIAL, .release = give_back, .context = &lists[1] });
	tail = poolshim_create(&(struct poolshim_config){ .name = "tail", .layout = POOLSHIM_TAIL,
	        .link = 8, .flags = POOLSHIM_SERIAL, .release = give_back, .context = &lists[2] });
	for (int k = 0; k < 3; k++)
		tops[k] = arena + k * (size_t)SPACE;
	poolshim_region_add(header, tops[1], SPACE, POOLSHIM_OPEN);
	poolshim_region_add(tail, tops[2], SPACE, POOLSHIM_OPEN);
	for (int r = 0; r < ROUNDS; r++)
		for (int kind = 0; kind < 4; kind++)
			cost[kind][r] = nest(depth, kind, pairs);
	const char *checker = poolshim_checker();
	printf("%s, %zu bytes, depth %d:", checker ? checker : "none", size, depth);
	for (int kind = 0; kind < 4; kind++) {
		qsort(cost[kind], ROUNDS, sizeof **cost, by_value);
		printf(" %s %.1f", names[kind], cost[kind][ROUNDS / 2]);
	}
	printf(" ns\n");
	return 0;
}
