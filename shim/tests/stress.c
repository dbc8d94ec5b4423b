/*
 * No false report: threads allocate, fill, check, resize and free blocks of two pools that all share
 * and of one that each has alone, some leave a process by fork meanwhile and go on there.
 *
 *     stress [THREADS [OPERATIONS]]
 */
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"

enum { SLOTS = 400, SPACE = 16 << 20, SIZE_MOST = 700 };

struct block {
	unsigned char *p;
	size_t size;
	struct heap *heap;
	unsigned char mark;
};

struct worker {
	pthread_t thread;
	unsigned seed;
	long operations;
	struct heap own;
	struct block slots[SLOTS];
};

static struct heap shared[2];
static int failed;

static unsigned roll(struct worker *w)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return w->seed >> 8;
}

static void look(struct block *b)
{
	for (size_t i = 0; i < b->size; i++)
		if (b->p[i] != b->mark)
			__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	if (poolshim_block_size(b->heap->pool, b->p) != b->size && b->heap->pool)
		__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
}

static void fill(struct block *b, unsigned char mark)
{
	b->mark = mark;
	memset(b->p, mark, b->size);
}

static void make(struct worker *w, struct block *b)
{
	unsigned which = roll(w) % 3;
	int zeroed = roll(w) % 4 == 0;

	b->heap = which < 2 ? &shared[which] : &w->own;
	b->size = roll(w) % 8 ? roll(w) % 100 : roll(w) % SIZE_MOST;
	b->p = heap_alloc(b->heap, b->size, zeroed ? POOLSHIM_ZEROED : 0);
	if (!b->p)
		return;
	if (zeroed) {
		b->mark = 0;
		look(b);
	}
	fill(b, (unsigned char)(1 + roll(w) % 250));
}

static void step(struct worker *w)
{
	struct block *b = &w->slots[roll(w) % SLOTS];

	if (!b->p) {
		make(w, b);
		return;
	}
	look(b);
	/* in place, within what the raw block surely holds */
	if (roll(w) % 4 == 0 && b->size > 1) {
		if (poolshim_resize(b->heap->pool, b->p, b->size - 1))
			failed = 1;
		b->size--;
		fill(b, b->mark);
		return;
	}
	heap_free(b->heap, b->p);
	b->p = NULL;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (long i = 0; i < w->operations; i++)
		step(w);
	for (int i = 0; i < SLOTS; i++)
		if (w->slots[i].p) {
			look(&w->slots[i]);
			heap_free(w->slots[i].heap, w->slots[i].p);
			w->slots[i].p = NULL;
		}
	return NULL;
}

/* A child that goes on with blocks of its parent's and with new ones. 0: all is well there. */
static int branch(struct worker *w)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid) {
		w->operations = 2000;
		work(w);
		_exit(failed ? 3 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static void before_fork(void)
{
	pthread_mutex_lock(&shared[0].lock);
	pthread_mutex_lock(&shared[1].lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&shared[1].lock);
	pthread_mutex_unlock(&shared[0].lock);
}

static void open_all(struct worker *workers, int n)
{
	heap_open(&shared[0], "shared", POOLSHIM_HEADER, 0, heap_memory(SPACE), SPACE);
	heap_open(&shared[1], "shared tail", POOLSHIM_TAIL, 0, heap_memory(SPACE), SPACE);
	for (int i = 0; i < n; i++)
		heap_open(&workers[i].own, "own", i % 2 ? POOLSHIM_TAIL : POOLSHIM_HEADER,
		        POOLSHIM_SERIAL, heap_memory(SPACE / 4), SPACE / 4);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 8;
	long operations = argc > 2 ? atol(argv[2]) : 200000;
	struct worker *workers = calloc((size_t)n, sizeof *workers);
	struct worker *mine = calloc(1, sizeof *mine);

	open_all(workers, n);
	pthread_atfork(before_fork, after_fork, after_fork);
	*mine = (struct worker){ .seed = 99, .operations = operations / n };
	heap_open(&mine->own, "first", POOLSHIM_HEADER, POOLSHIM_SERIAL, heap_memory(SPACE / 4), SPACE / 4);
	for (int i = 0; i < n; i++) {
		workers[i].seed = (unsigned)i + 1;
		workers[i].operations = operations / n;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 2;
	}
	int lost = 0;
	for (int i = 0; i < 3; i++) {
		for (long k = 0; k < mine->operations; k++)
			step(mine);
		lost |= branch(mine);
	}
	work(mine);
	for (int i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	for (int i = 0; i < n; i++)
		poolshim_destroy(workers[i].own.pool);
	printf("%sok 1 - what was written is there\n", failed ? "not " : "");
	printf("%sok 2 - the same after a fork\n1..2\n", lost ? "not " : "");
	free(workers);
	free(mine);
	return failed || lost;
}
