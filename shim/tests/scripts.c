/*
 * An interpreter as far as a report knows it: the frame hook tells lines of a script. scripts FAULT
 * commits one of: after (a read after free), twice (a double free), leak.
 */
#include "heap.h"

static unsigned now; /* the line that is run */

static unsigned capture(uintptr_t *words, unsigned max)
{
	unsigned n = max < 2 ? max : 2;

	for (unsigned i = 0; i < n; i++)
		words[i] = now + i;
	return now ? n : 0;
}

static int describe(uintptr_t word, char *text, size_t size)
{
	snprintf(text, size, "File \"/srv/script.py\", line %u in line_%u", (unsigned)word,
	        (unsigned)word);
	return 0;
}

int main(int argc, char **argv)
{
	static struct heap heap;

	poolshim_set_frame_hook(&(struct poolshim_frame_hook){ capture, describe });
	heap_open(&heap, "scripts", POOLSHIM_HEADER, POOLSHIM_SERIAL, heap_memory(1 << 16), 1 << 16);
	now = 10;
	volatile char *p = heap_alloc(&heap, 10, 0);
	now = 20;
	if (argc < 2 || !strcmp(argv[1], "leak")) {
		poolshim_leaks(heap.pool, 0);
		return 0;
	}
	heap_free(&heap, (void *)p);
	now = 30;
	if (!strcmp(argv[1], "twice"))
		heap_free(&heap, (void *)p);
	else
		return p[1];
	return 0;
}
