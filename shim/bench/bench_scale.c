/*
 * How cost and memory grow with live blocks: N blocks of 1 to 128 bytes are allocated, all of their bytes
 * written, every second one is freed and allocated again, then all are freed. Prints nanoseconds of CPU
 * time a call, and resident bytes a block. With "without" as a second argument the shim is not called.
 *
 *     bench_scale N [without]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "poolshim.h"

struct raw {
	struct raw *next;
};

static struct poolshim_pool *pool;
static struct raw *lists[64];
static char *top;
static unsigned seed = 1;
static unsigned char *sizes; /* of each block: what a raw block's list is found by */
static char *arena;

static size_t roll(void)
{
	seed = seed * 1664525u + 1013904223u;
	return 1 + (seed >> 10) % 128;
}

static size_t raw_size(size_t n)
{
	return (poolshim_size(pool, n) + 15) & ~(size_t)15;
}

static void give_back(void *context, void *raw)
{
	struct raw *r = raw;
	size_t class = sizes[(size_t)((char *)raw - arena) / 16];

	(void)context;
	r->next = lists[class];
	lists[class] = r;
}

static void *get(size_t n)
{
	size_t size = raw_size(n);
	struct raw *r = lists[size / 16];

	if (r) {
		lists[size / 16] = r->next;
	} else {
		r = (void *)top;
		top += size;
		sizes[(size_t)((char *)r - arena) / 16] = (unsigned char)(size / 16);
	}
	return poolshim_alloc(pool, r, n, 0);
}

static void put(void *p)
{
	void *raw = poolshim_free(pool, p);

	if (raw)
		give_back(NULL, raw);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static long resident(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		exit(2);
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000;
	size_t space = (size_t)n * 176 + (8 << 20);
	void **blocks = calloc((size_t)n, sizeof *blocks);

	arena = mmap(NULL, space, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	sizes = mmap(NULL, space / 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!blocks || arena == MAP_FAILED || sizes == MAP_FAILED)
		exit(2);
	memset(blocks, 1, (size_t)n * sizeof *blocks);
	memset(sizes, 1, space / 16);
	top = arena;
	if (argc < 3)
		pool = poolshim_create(&(struct poolshim_config){ .name = "scale", .link = 8,
		        .flags = POOLSHIM_SERIAL, .release = give_back });
	poolshim_region_add(pool, arena, space, POOLSHIM_OPEN);
	long before = resident();
	double start = now();
	for (long i = 0; i < n; i++) {
		size_t size = roll();
		blocks[i] = get(size);
		memset(blocks[i], 1, size);
	}
	double filled = now();
	long grown = resident() - before;
	for (long i = 0; i < n; i += 2) {
		put(blocks[i]);
		blocks[i] = get(roll());
	}
	double again = now();
	for (long i = 0; i < n; i++)
		put(blocks[i]);
	double end = now();
	free(blocks);
	const char *checker = poolshim_checker();
	printf("%s%s, %ld blocks: allocate %.0f, free and allocate %.0f, free %.0f ns; %.1f bytes a block\n",
	        checker ? checker : "none", argc < 3 ? "" : " (without)", n, (filled - start) / (double)n,
	        (again - filled) / (double)(n / 2), (end - again) / (double)n, (double)grown / (double)n);
	return 0;
}
