/*
 * Each interpreter has a slot, and pools of its own.
 */
#include "cpython.h"

const void *_Atomic py_interpreters[PY_SLOTS];
_Atomic int py_unwatched;
_Atomic int py_subs;
static char owners[PY_SLOTS];

const void *py_owner(int slot)
{
	return &owners[slot];
}

int py_slot_find(const void *interpreter)
{
	for (int i = 0; i < PY_SLOTS; i++) {
		const void *there = atomic_load_explicit(&py_interpreters[i], memory_order_acquire);
		if (there == interpreter)
			return i;
		if (!there && atomic_compare_exchange_strong(&py_interpreters[i], &there, interpreter)) {
			py_subs += i > 0;
			return i;
		}
	}
	py_unwatched = 1;
	return -1;
}

void py_interpreter_ends(const void *p)
{
	for (int i = 1; i < PY_SLOTS; i++)
		if (atomic_load_explicit(&py_interpreters[i], memory_order_relaxed) == p) {
			atomic_store_explicit(&py_interpreters[i], NULL, memory_order_release);
			py_subs--;
		}
}

int py_slot(void)
{
	return py_slot_of(py_thread_state());
}
