/* Bugs, one for each word that it is called with. Compiled by reports/tests/keys.t. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *next;
	int value;
	char name[8];
};

static volatile int sink;
static int shared;
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

/* Whatever the optimisation: a function that is inlined away has no frame anywhere. */
#ifdef __clang__
#define FUNCTION __attribute__((noinline))
#else
#define FUNCTION __attribute__((noipa))
#endif

FUNCTION struct node *node_new(int value)
{
	struct node *n = malloc(sizeof *n);

	n->value = value;
	return n;
}

FUNCTION void node_drop(struct node *n)
{
	free(n);
	sink++;
}

FUNCTION int peek(const struct node *n)
{
	return n->value + 1;
}

FUNCTION int walk(struct node *n, int depth)
{
	return depth ? walk(n, depth - 1) + 1 : peek(n) + 2;
}

FUNCTION int even(struct node *n, int depth);

FUNCTION int odd(struct node *n, int depth)
{
	return depth ? even(n, depth - 1) + 1 : peek(n) + 2;
}

FUNCTION int even(struct node *n, int depth)
{
	return depth ? odd(n, depth - 1) + 1 : peek(n) + 2;
}

FUNCTION void poke(struct node *n)
{
	n[1].value = 3;
}

FUNCTION void build(void)
{
	struct node *n = node_new(1);

	n->next = NULL;
	sink = n->value;
}

FUNCTION int follow(const struct node *n)
{
	return n->next->value;
}

FUNCTION void *bump(void *argument)
{
	for (int i = 0; i < 1000; i++)
		shared++;
	return argument;
}

FUNCTION void *look(void *argument)
{
	for (int i = 0; i < 1000; i++)
		sink = shared;
	return argument;
}

FUNCTION void one_way(void)
{
	pthread_mutex_lock(&first);
	pthread_mutex_lock(&second);
	sink++;
	pthread_mutex_unlock(&second);
	pthread_mutex_unlock(&first);
	sink++;
}

FUNCTION void other_way(void)
{
	pthread_mutex_lock(&second);
	pthread_mutex_lock(&first);
	sink++;
	pthread_mutex_unlock(&first);
	pthread_mutex_unlock(&second);
	sink++;
}

static void race(void)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, bump, NULL);
	pthread_create(&threads[1], NULL, look, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int depth = argc > 2 ? atoi(argv[2]) : 0;
	struct node *n = node_new(7), empty = { 0 };

	if (!strcmp(what, "over"))
		poke(n);
	node_drop(n);
	if (!strcmp(what, "uaf"))
		sink = peek(n);
	else if (!strcmp(what, "walk"))
		sink = walk(n, depth);
	else if (!strcmp(what, "mutual"))
		sink = even(n, depth);
	else if (!strcmp(what, "double"))
		node_drop(n);
	else if (!strcmp(what, "leak"))
		build();
	else if (!strcmp(what, "null"))
		sink = follow(&empty);
	else if (!strcmp(what, "race"))
		race();
	else if (!strcmp(what, "order")) {
		one_way();
		other_way();
	}
	return 0;
}
