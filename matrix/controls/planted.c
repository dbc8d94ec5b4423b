/*
 * Planted faults: one function each, called by the script of that name. Nobody may mend them.
 *
 * Blocks are small enough for an interpreter's pools and come from its own allocators, so that a
 * cell is blind to them where pools hide them. Pointers are read back through a volatile variable:
 * neither compiler may see, warn of, or remove what is wrong here.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <assert.h>
#include <limits.h>
#include <sched.h>

#define PLANTED __attribute__((noinline))
#define FAULT(name) static PLANTED PyObject *name(PyObject *module, PyObject *unused)

enum { SMALL = 40, MANY = 512 };

static char *volatile block; /* whatever is stored here is unknown to the optimiser */
static volatile int sink;

static PLANTED char *opaque(char *p)
{
	char *result;

	block = p;
	result = block;
	block = NULL;
	return result;
}

FAULT(heap_use_after_free)
{
	char *p = opaque(PyObject_Malloc(SMALL));

	p[8] = 1;
	PyObject_Free(p);
	sink = opaque(p)[8];
	Py_RETURN_NONE;
}

FAULT(heap_overflow)
{
	char *p = opaque(PyMem_Malloc(SMALL));

	p[SMALL] = 1;
	PyMem_Free(p);
	Py_RETURN_NONE;
}

FAULT(heap_underflow)
{
	char *p = opaque(PyMem_Malloc(SMALL));

	p[-1] = 1;
	PyMem_Free(p);
	Py_RETURN_NONE;
}

/*
 * The first of many, so that its pool is full: a freed block in it is not linked to another one, and
 * the debug hooks can read the size that they print.
 */
FAULT(double_free)
{
	char *p[MANY];

	for (int i = 0; i < MANY; i++)
		p[i] = opaque(PyObject_Malloc(SMALL));
	PyObject_Free(p[0]);
	for (int i = 0; i < MANY; i++)
		PyObject_Free(opaque(p[i]));
	Py_RETURN_NONE;
}

/* Memory that no allocator gave. */
FAULT(foreign_free)
{
	static char foreign[256];

	PyMem_Free(opaque(foreign + 128));
	Py_RETURN_NONE;
}

FAULT(wrong_domain_free)
{
	PyObject_Free(opaque(PyMem_RawMalloc(SMALL)));
	Py_RETURN_NONE;
}

static PLANTED void taken(void)
{
	sink = 1;
}

FAULT(uninitialised_branch)
{
	char *p = opaque(PyMem_Malloc(SMALL));

	if (p[5] > 3)
		taken();
	PyMem_Free(p);
	Py_RETURN_NONE;
}

FAULT(signed_overflow)
{
	volatile int value = INT_MAX;

	value = value + 1;
	sink = value;
	Py_RETURN_NONE;
}

static long counter;
static int arrived;

/* Waits for a second thread, a while at most, in a way that orders nothing between them. */
static void meet(void)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 100000 && __atomic_load_n(&arrived, __ATOMIC_RELAXED) < 2; i++)
		sched_yield();
}

/* To be called by two threads at once; the GIL, where there is one, is not held. */
FAULT(data_race)
{
	Py_BEGIN_ALLOW_THREADS
	meet();
	for (int i = 0; i < 1000; i++) {
		counter++;
		__asm__ volatile("" ::: "memory");
	}
	Py_END_ALLOW_THREADS
	Py_RETURN_NONE;
}

FAULT(leak)
{
	memset(opaque(PyMem_Malloc(SMALL)), 1, SMALL);
	Py_RETURN_NONE;
}

FAULT(refcount_extra)
{
	PyObject *object = PyBytes_FromStringAndSize(NULL, SMALL);

	Py_INCREF(object);
	Py_DECREF(object); /* the reference of its creation stays behind */
	Py_RETURN_NONE;
}

FAULT(refcount_missing)
{
	PyObject *object = (PyObject *)opaque((char *)PyBytes_FromStringAndSize(NULL, SMALL));

	Py_DECREF(object);
	object = (PyObject *)opaque((char *)object);
	Py_DECREF(object);
	Py_RETURN_NONE;
}

FAULT(null_without_exception)
{
	return NULL;
}

FAULT(assertion)
{
	sink = 0;
	assert(sink == 1);
	Py_RETURN_NONE;
}

FAULT(crash)
{
	opaque(NULL)[0] = 1;
	Py_RETURN_NONE;
}

#define METHOD(name) {#name, name, METH_NOARGS, NULL}

static PyMethodDef methods[] = {
	METHOD(heap_use_after_free),
	METHOD(heap_overflow),
	METHOD(heap_underflow),
	METHOD(double_free),
	METHOD(foreign_free),
	METHOD(wrong_domain_free),
	METHOD(uninitialised_branch),
	METHOD(signed_overflow),
	METHOD(data_race),
	METHOD(leak),
	METHOD(refcount_extra),
	METHOD(refcount_missing),
	METHOD(null_without_exception),
	METHOD(assertion),
	METHOD(crash),
	{NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
	{Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
	{0, NULL},
};

static PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "planted",
	.m_methods = methods,
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit_planted(void)
{
	return PyModuleDef_Init(&definition);
}
