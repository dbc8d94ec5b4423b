/*
 * The shim's own memory: mapped, never from malloc, and touched only where it is used.
 */
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "internal.h"

/* What is mapped, so that a search for pointers passes it over. More than fit are searched. */
enum { MAPPINGS = 1024 };
static struct {
	_Atomic uintptr_t low, high;
} mappings[MAPPINGS];

static void remember(uintptr_t low, uintptr_t high)
{
	for (unsigned i = 0; i < MAPPINGS; i++) {
		uintptr_t none = 0;
		if (atomic_compare_exchange_strong(&mappings[i].low, &none, low)) {
			atomic_store(&mappings[i].high, high);
			return;
		}
	}
}

void ps_maps_each(void (*f)(uintptr_t low, uintptr_t high, void *arg), void *arg)
{
	for (unsigned i = 0; i < MAPPINGS; i++)
		if (mappings[i].high)
			f(mappings[i].low, mappings[i].high, arg);
}

void *ps_map(size_t size)
{
	int before = errno;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	errno = before;
	if (p == MAP_FAILED)
		return NULL;
	remember(ps_address(p), ps_address(p) + size);
	return p;
}

void ps_unmap(void *p, size_t size)
{
	int before = errno;

	for (unsigned i = 0; i < MAPPINGS; i++)
		if (mappings[i].low == ps_address(p)) {
			mappings[i].high = 0;
			mappings[i].low = 0;
			break;
		}
	munmap(p, size);
	errno = before;
}

void *ps_meta(size_t size)
{
	enum { CHUNK = 1 << 16 };
	static _Atomic int lock;
	static char *chunk;
	static size_t left;
	void *p = NULL;

	size = ps_round(size);
	if (size > CHUNK)
		return ps_map(size);
	ps_lock(&lock);
	if (left < size) {
		chunk = ps_map(CHUNK);
		left = chunk ? CHUNK : 0;
	}
	if (left >= size) {
		p = chunk;
		chunk += size;
		left -= size;
	}
	ps_unlock(&lock);
	return p;
}

int ps_trylock(_Atomic int *lock)
{
	return !atomic_exchange_explicit(lock, 1, memory_order_acquire);
}

void ps_lock(_Atomic int *lock)
{
	while (!ps_trylock(lock))
		for (unsigned i = 0; atomic_load_explicit(lock, memory_order_relaxed); i++)
			if (i > 100)
				sched_yield();
}

void ps_unlock(_Atomic int *lock)
{
	atomic_store_explicit(lock, 0, memory_order_release);
}
