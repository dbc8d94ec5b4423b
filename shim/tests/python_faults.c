/*
 * Planted faults in blocks of CPython's allocators, for interpreters that nobody rebuilt: called
 * through ctypes. None of CPython's headers, so that one object serves every version.
 */
#include <stddef.h>
#include <string.h>

extern void *PyMem_Malloc(size_t size), *PyObject_Malloc(size_t size), *PyMem_RawMalloc(size_t size);
extern void PyMem_Free(void *p), PyObject_Free(void *p), PyMem_RawFree(void *p);

enum { SMALL = 40, MIDDLE = 512, LARGE = 5000 };

static volatile int sink;
static char *volatile kept;

/* Nothing is known to the optimiser of what this returns. */
static char *opaque(void *p)
{
	kept = p;
	p = kept;
	kept = NULL;
	return p;
}

void overflow(void)
{
	char *p = opaque(PyMem_Malloc(SMALL));

	p[SMALL] = 1;
	PyMem_Free(p);
}

void underflow(void)
{
	char *p = opaque(PyObject_Malloc(SMALL));

	p[-1] = 1;
	PyObject_Free(p);
}

void overflow_large(void)
{
	char *p = opaque(PyMem_Malloc(LARGE));

	p[LARGE] = 1;
	PyMem_Free(p);
}

void overflow_middle(void)
{
	char *p = opaque(PyObject_Malloc(MIDDLE));

	p[MIDDLE] = 1;
	PyObject_Free(p);
}

void underflow_large(void)
{
	char *p = opaque(PyMem_Malloc(LARGE));

	p[-1] = 1;
	PyMem_Free(p);
}

/* Blocks of its size come and go until it has been reused: then that one is overflowed. */
void overflow_reused(void)
{
	char *first = opaque(PyObject_Malloc(SMALL)), *p;

	PyObject_Free(first);
	p = opaque(PyObject_Malloc(SMALL));
	for (int i = 0; i < 1000000 && p != first; i++) {
		PyObject_Free(p);
		p = opaque(PyObject_Malloc(SMALL));
	}
	if (p && p == first)
		p[SMALL] = 1;
	PyObject_Free(p);
}

void overflow_raw(void)
{
	char *p = opaque(PyMem_RawMalloc(SMALL));

	p[SMALL] = 1;
	PyMem_RawFree(p);
}

void use_after_free(void)
{
	char *p = opaque(PyObject_Malloc(SMALL));

	memset(p, 0, SMALL);
	PyObject_Free(p);
	sink = opaque(p)[SMALL / 2];
}

void double_free(void)
{
	char *p = opaque(PyObject_Malloc(SMALL));

	PyObject_Free(p);
	PyObject_Free(opaque(p));
}

void wrong_domain(void)
{
	PyObject_Free(opaque(PyMem_Malloc(SMALL)));
}

void foreign_pointer(void)
{
	static char foreign[256] __attribute__((aligned(16)));

	PyObject_Free(opaque(foreign + 64));
}

void uninitialised(void)
{
	char *p = opaque(PyObject_Malloc(SMALL));

	if (p[SMALL / 2])
		sink = 1;
	PyObject_Free(p);
}

void leak(void)
{
	memset(opaque(PyObject_Malloc(SMALL)), 0, SMALL);
}
