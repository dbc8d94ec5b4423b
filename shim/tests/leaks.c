/*
 * The checker's own search for leaks: leaks KIND, and what is to be reported. The pool's region is from
 * malloc with Memcheck (as poolshim.h says), mapped otherwise.
 *
 *   held      malloc's block is held by a live block of the pool only: no leak
 *   dropped   by a freed block of the pool only: a leak of 77 bytes
 *   kept      a raw block from malloc is in quarantine: no leak
 *   lost      by a block of the pool that nobody holds: both
 *   lots      of those: a pointer or two may be left somewhere, which Memcheck knows better
 */
#include "heap.h"

static struct heap heap;
static void **volatile keep; /* the only root */
static void *memory;

static __attribute__((noinline)) void plant(const char *kind)
{
	void **block = heap_alloc(&heap, 48, POOLSHIM_ZEROED);

	block[3] = malloc(77);
	if (!strcmp(kind, "held"))
		keep = block;
	else if (!strcmp(kind, "dropped"))
		heap_free(&heap, block);
}

static void give_back(void *context, void *raw)
{
	(void)context;
	free(raw);
}

static __attribute__((noinline)) void keep_one(void)
{
	struct poolshim_pool *pool =
	        poolshim_create(&(struct poolshim_config){ .name = "kept", .release = give_back });
	void *block = poolshim_alloc(pool, malloc(poolshim_size(pool, 90)), 90, 0);

	free(poolshim_free(pool, block));
}

/* What is left of pointers in registers and on the stack, where an instrumented function leaves gaps. */
static __attribute__((noinline, no_sanitize_address)) int scrub(void)
{
	volatile char a[8192];

	for (size_t i = 0; i < sizeof a; i++)
		a[i] = 0;
	return a[100];
}

int main(int argc, char **argv)
{
	size_t size = 1 << 20;
	const char *checker = poolshim_checker();
	memory = checker && !strcmp(checker, "memcheck") ? malloc(size) : heap_memory(size);

	if (argc < 2 || !memory)
		return 2;
	heap_open(&heap, "leaks", POOLSHIM_HEADER, POOLSHIM_SERIAL, memory, size);
	if (!strcmp(argv[1], "kept"))
		keep_one();
	else
		for (int i = 0; i < (strcmp(argv[1], "lots") ? 1 : 30); i++)
			plant(argv[1]);
	return scrub();
}
