/*
 * The calls of poolshim.h one by one, under the checker that is there: what they return, what is and
 * what is not accessible, what reports say.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"

static int tests, failures;

static void ok(int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
}

/* Runs F in a child; what it printed is in TEXT. Did it end well? */
static int survives(void (*f)(void), char *text, size_t size)
{
	int out[2], status = -1;
	size_t n = 0;
	ssize_t got;

	fflush(stdout);
	if (pipe(out))
		exit(2);
	pid_t pid = fork();
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		f();
		_exit(0);
	}
	close(out[1]);
	while (n < size - 1 && (got = read(out[0], text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(out[0]);
	waitpid(pid, &status, 0);
	return status == 0;
}

static const char *use_after_free(void)
{
	return told_by_calls() ? "use-after-poison" : "heap-use-after-free";
}

static char text[1 << 16];
static struct heap heap;
static volatile unsigned char *block;

static void read_block(void)
{
	if (block[0] > 100)
		text[0]++;
}

static void in_thread_free(void)
{
	heap_free(&heap, (void *)block);
}

static struct heap *other;

static void in_other_pool(void)
{
	heap_free(other, (void *)block);
}

/* Memcheck has its own words. */
static int own_reports(void)
{
	return strcmp(poolshim_checker(), "memcheck") != 0;
}

static void *freeing(void *arg)
{
	(void)arg;
	in_thread_free();
	return NULL;
}

static void free_in_thread_and_read(void)
{
	pthread_t t;

	pthread_create(&t, NULL, freeing, NULL);
	pthread_join(t, NULL);
	read_block();
}

static unsigned capture(uintptr_t *words, unsigned max)
{
	(void)max;
	words[0] = 4711;
	return 1;
}

static int describe(uintptr_t word, char *out, size_t size)
{
	snprintf(out, size, "  frame %lu of the runtime", (unsigned long)word);
	return 0;
}

static void describe_block(void)
{
	poolshim_describe((const void *)block);
}

static void test_sizes(struct poolshim_pool *pool)
{
	int good = 1;

	for (size_t n = 0; n < 5000; n++)
		good &= poolshim_size(pool, n) >= n && poolshim_size(pool, n) % 16 == 0;
	ok(good, "raw blocks are large enough, and multiples of 16");
	ok(poolshim_size(pool, SIZE_MAX) == 0 && poolshim_size(pool, SIZE_MAX - 40) == 0,
	        "no raw block for a size that cannot be");
	ok(poolshim_free(pool, NULL) == NULL, "NULL may be freed");
}

static void test_null(void)
{
	char raw[16];

	ok(poolshim_size(NULL, 5) == 5 && poolshim_alloc(NULL, raw, 5, 0) == raw &&
	                poolshim_free(NULL, raw) == raw && poolshim_resize(NULL, raw, 6) == 0 &&
	                poolshim_owns(NULL, raw) && poolshim_block_size(NULL, raw) == SIZE_MAX,
	        "no pool: blocks are raw blocks");
	poolshim_reset(NULL);
	poolshim_flush(NULL);
	poolshim_destroy(NULL);
}

static void test_owns(void)
{
	unsigned char *a = heap_alloc(&heap, 40, 0);

	ok(poolshim_owns(heap.pool, a) && poolshim_block_size(heap.pool, a) == 40, "a block is owned");
	ok(!poolshim_owns(heap.pool, a + 16) && !poolshim_owns(heap.pool, &heap) &&
	                !poolshim_owns(heap.pool, (void *)~(uintptr_t)15) &&
	                !poolshim_owns(heap.pool, NULL),
	        "other pointers are not");
	ok(poolshim_resize(heap.pool, a, 20) == 0 && poolshim_block_size(heap.pool, a) == 20,
	        "a resized block has its new size");
	memset(a, 1, 20);
	heap_free(&heap, a);
	ok(!poolshim_owns(heap.pool, a), "a freed block is not owned");
}

static void test_quarantine(void)
{
	poolshim_flush(heap.pool);
	unsigned char *a = heap_alloc(&heap, 40, 0), *b;
	size_t before = heap.taken;

	heap_free(&heap, a);
	b = heap_alloc(&heap, 40, 0);
	ok(a != b, "a freed block is not reused at once");
	poolshim_flush(heap.pool);
	ok(heap.taken == before, "a flush gives back");
	heap_free(&heap, b);
	for (int i = 0; i < 100000; i++)
		heap_free(&heap, heap_alloc(&heap, 100, 0));
	ok((size_t)(heap.top - heap.start) < (size_t)3 << 20, "what is kept is bounded");
}

static void test_regions(const char *checker)
{
	char *memory = heap_memory(1 << 16);

	block = (unsigned char *)memory;
	memset(memory, 1, 1 << 16);
	ok(poolshim_region_add(heap.pool, memory, 1 << 16, 0) == 0, "a second region");
	ok(poolshim_region_add(heap.pool, memory + 4096, 4096, 0) == -1, "not one in it");
	ok(poolshim_region_add(heap.pool, memory + 1, 16, 0) == -1, "not one off the grain");
	if (!strcmp(checker, "asan")) {
		ok(!survives(read_block, text, sizeof text), "a region is fenced");
		ok(strstr(text, "in free memory of pool 'calls'") != NULL, "and reports say so");
	}
	poolshim_access_begin(heap.pool, memory, 16);
	ok(survives(read_block, text, sizeof text), "the allocator's own access");
	poolshim_access_end(heap.pool, memory, 16);
	poolshim_region_remove(heap.pool, memory, 1 << 16);
	ok(survives(read_block, text, sizeof text), "a removed region is open");
	munmap(memory, 1 << 16);
}

static void test_reset(const char *checker)
{
	static struct heap arena;
	char *memory = heap_memory(1 << 16);

	heap_open(&arena, "arena", POOLSHIM_TAIL, POOLSHIM_NO_QUARANTINE, memory, 1 << 16);
	other = &arena;
	block = heap_alloc(&heap, 40, 0);
	ok(!survives(in_other_pool, text, sizeof text) &&
	                (!own_reports() || strstr(text, "alloc-dealloc-mismatch")),
	        "a block with a header is none of a pool with tails");
	heap_free(&heap, (void *)block);
	block = heap_alloc(&arena, 33, POOLSHIM_ZEROED);
	ok((char *)block == memory, "a block with a tail is where the raw block is");
	ok(survives(read_block, text, sizeof text), "zeroed bytes may be read");
	poolshim_reset(arena.pool);
	ok(!poolshim_owns(arena.pool, (void *)block), "a reset frees");
	if (!strcmp(checker, "asan"))
		ok(!survives(read_block, text, sizeof text) && strstr(text, use_after_free()),
		        "what a reset freed is fenced");
	arena.top = arena.start;
	void *again = heap_alloc(&arena, 100, POOLSHIM_ZEROED);
	ok(again == (void *)block && survives(read_block, text, sizeof text), "and reused");
	poolshim_destroy(arena.pool);
	ok(survives(read_block, text, sizeof text), "a destroyed pool's memory is open");
}

static void test_describe(const char *checker)
{
	static const struct poolshim_frame_hook hook = { .capture = capture, .describe = describe };

	if (!strcmp(checker, "memcheck"))
		return;
	poolshim_set_frame_hook(&hook);
	block = heap_alloc(&heap, 50, POOLSHIM_ZEROED);
	poolshim_set_frame_hook(NULL);
	static const struct poolshim_frame_hook only = { .describe = describe };
	poolshim_set_frame_hook(&only);
	survives(describe_block, text, sizeof text);
	ok(strstr(text, "inside of 50-byte region") && strstr(text, "of pool 'calls'") &&
	                strstr(text, "allocated by thread T0 here:"),
	        "a description names the pool, the size and the thread");
	ok(strstr(text, "frame 4711 of the runtime") != NULL, "and the runtime's frame");
	poolshim_set_frame_hook(NULL);
	if (strcmp(checker, "asan"))
		return;
	survives(free_in_thread_and_read, text, sizeof text);
	ok(strstr(text, "freed by thread T1 here:") && strstr(text, "previously allocated by thread T0"),
	        "stacks name their threads");
}

__attribute__((noinline)) static void interpret(void)
{
	block = heap_alloc(&heap, 51, POOLSHIM_ZEROED);
	__asm__ volatile(""); /* a frame of its own */
}

/* How many frames the description of a block has that interpret() allocated. */
static unsigned frames_with(const struct poolshim_frame_hook *hook)
{
	unsigned n = 0;

	poolshim_set_frame_hook(hook);
	interpret();
	survives(describe_block, text, sizeof text);
	poolshim_set_frame_hook(NULL);
	for (const char *s = text; (s = strchr(s, '#')); s++)
		n++;
	return n;
}

static void test_loop(const char *checker)
{
	struct poolshim_frame_hook hook = { .capture = capture, .describe = describe };

	if (!strcmp(checker, "memcheck"))
		return;
	unsigned all = frames_with(&hook);
	hook.loop = (const void *)(uintptr_t)interpret;
	hook.loop_size = 256; /* more than it has up to the call */
	unsigned most = frames_with(&hook);
	hook.capture = NULL;
	ok(most > 0 && most < all && frames_with(&hook) == all, "a stack with words ends at the loop");
}

static void test_in_regions(const char *checker)
{
	struct poolshim_pool *of_region = heap.pool;

	if (strcmp(checker, "asan"))
		return;
	heap.pool = poolshim_create(&(struct poolshim_config){ .name = "other", .link = 8,
	        .flags = POOLSHIM_SERIAL | POOLSHIM_IN_REGIONS, .owner = &heap,
	        .release = heap_give_back, .context = &heap });
	block = heap_alloc(&heap, 72, POOLSHIM_ZEROED);
	heap_free(&heap, (void *)block);
	poolshim_flush(heap.pool);
	ok(!survives(read_block, text, sizeof text) && strstr(text, use_after_free()),
	        "fenced after its release, in a region of another pool");
	poolshim_destroy(heap.pool);
	heap.pool = of_region;
}

static void test_leaks(const char *checker)
{
	void *before = heap_alloc(&heap, 24, 0);
	uint64_t since = poolshim_checkpoint();
	ok(poolshim_leaks(heap.pool, since) == 0, "nothing has leaked since");
	void *a = heap_alloc(&heap, 24, 0), *b = heap_alloc(&heap, 24, 0);
	if (!strcmp(checker, "memcheck")) {
		heap_free(&heap, a);
		heap_free(&heap, b);
		heap_free(&heap, before);
		return;
	}
	heap_free(&heap, a);
	fflush(stdout);
	ok(poolshim_leaks(heap.pool, since) == 1, "one block has");
	heap_free(&heap, b);
	ok(poolshim_leaks(heap.pool, since) == 0, "none any more");
	heap_free(&heap, before);
}

int main(void)
{
	const char *checker = poolshim_checker();

	heap_open(&heap, "calls", POOLSHIM_HEADER, POOLSHIM_SERIAL, heap_memory(8 << 20), 8 << 20);
	ok(!checker == !heap.pool, "there is a pool if there is a checker");
	test_null();
	if (!checker) {
		void *p = heap_alloc(&heap, 40, 0);
		ok(p == heap.start, "without a checker nothing is added");
		heap_free(&heap, p);
	} else {
		test_sizes(heap.pool);
		test_owns();
		test_quarantine();
		test_regions(checker);
		test_reset(checker);
		test_describe(checker);
		test_leaks(checker);
		test_loop(checker);
	test_in_regions(checker);
	}
	printf("1..%d\n", tests);
	return failures != 0;
}
