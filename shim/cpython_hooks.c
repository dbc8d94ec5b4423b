/*
 * CPython's own allocators, and how its debug hooks are told from them.
 */
#include <dlfcn.h>
#include <link.h>

#include "cpython.h"

struct py_allocator py_initial[PY_DOMAINS], py_debug_hooks[PY_DOMAINS];

/*
 * All of _PyRuntime, which nobody uses yet: since 3.12 PyMem_SetupDebugHooks() also notes there that the
 * hooks are in, no function takes that back, and a collector without the GIL then looks for objects 16
 * bytes further on (gc_visit_heaps_lock_held, Python/gc_free_threading.c 3.13). Word by word: memcpy()
 * would stop at what ASan fences off behind it.
 */
struct runtime {
	volatile uint64_t *words, *copy;
	size_t n;
};

static void save_runtime(struct runtime *r)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	*r = (struct runtime){ (void *)(uintptr_t)py.runtime, NULL, 0 };
	if (!py.runtime || py.minor < 12 ||
	        !dladdr1(py.runtime, &info, (void **)(void *)&symbol, RTLD_DL_SYMENT) || !symbol)
		return;
	r->copy = ps_map(symbol->st_size);
	r->n = r->copy ? symbol->st_size / sizeof *r->copy : 0;
	for (size_t i = 0; i < r->n; i++)
		r->copy[i] = r->words[i];
}

static void restore_runtime(struct runtime *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->words[i] != r->copy[i])
			r->words[i] = r->copy[i];
	if (r->copy)
		ps_unmap((void *)r->copy, r->n * sizeof *r->copy);
}

/*
 * Which functions are the debug hooks. PyMem_SetupDebugHooks() wraps what is installed and remembers it
 * in one place, and only if it is not the hooks already: asked once one of us is in, they and we would
 * call each other for ever.
 */
void py_hooks_start(void)
{
	struct runtime runtime;

	save_runtime(&runtime);
	for (int i = PY_RAW; i < PY_DOMAINS; i++)
		py.get_allocator(i, &py_initial[i]);
	py.setup_debug_hooks();
	for (int i = PY_RAW; i < PY_DOMAINS; i++) {
		py.get_allocator(i, &py_debug_hooks[i]);
		py.set_allocator(i, &py_initial[i]);
	}
	restore_runtime(&runtime);
}
