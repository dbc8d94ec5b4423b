/* Frees a block twice, and says so if it is still there. */
#include "heap.h"

int main(void)
{
	static struct heap heap;

	heap_open(&heap, "twice", POOLSHIM_HEADER, POOLSHIM_SERIAL, heap_memory(1 << 16), 1 << 16);
	void *p = heap_alloc(&heap, 10, 0);
	heap_free(&heap, p);
	if (heap.pool)
		heap_free(&heap, p);
	puts("still there");
	return 0;
}
