/*
 * What configure runs under each checker. Without an argument it is clean; with one it commits that
 * fault, in a function of that name.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noinline))

static int shared;
static void *volatile sink;
APART int planted_address(void)
{
	volatile char *p = malloc(10);
	free((void *)p);
	return p[5];
}

APART int planted_undefined(int i)
{
	return i + 0x7fffffff;
}

APART void planted_leak(void)
{
	sink = malloc(77);
	sink = NULL;
}

APART void *planted_thread(void *p)
{
	for (int i = 0; i < 1000; i++)
		shared++;
	return p;
}

APART int planted_memory(void)
{
	volatile int *p = malloc(sizeof *p);
	if (*p & 1)
		sink = &shared;
	free((void *)p);
	return sink != NULL;
}

APART void wipe(void)
{
	volatile char stack[4096];
	for (size_t i = 0; i < sizeof stack; i++)
		stack[i] = 0;
}

int main(int argc, char **argv)
{
	const char *fault = argc > 1 ? argv[1] : "";
	pthread_t t;
	int n = 0;
	if (strcmp(fault, "address") == 0)
		n = planted_address();
	else if (strcmp(fault, "undefined") == 0)
		n = planted_undefined(argc);
	else if (strcmp(fault, "leak") == 0)
		planted_leak();
	else if (strcmp(fault, "memory") == 0)
		n = planted_memory();
	if (pthread_create(&t, NULL, planted_thread, NULL) != 0)
		return 3;
	if (strcmp(fault, "thread") == 0)
		planted_thread(NULL);
	pthread_join(t, NULL);
	wipe();
	printf("ended %s\n", n == 42 ? "oddly" : "well");
	return 0;
}
