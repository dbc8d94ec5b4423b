/*
 * libpoolshim-cpython: preloaded, or linked into the interpreter, it wraps CPython's allocators before
 * main() and keeps them wrapped.
 *
 * PYTHONMALLOC, -X dev and a second Py_Initialize() put other allocators in the place of what is
 * installed (_PyMem_SetupAllocators, Objects/obmalloc.c 3.13). All of them end in _PyPreConfig_Write
 * (Python/preconfig.c), which sets the locale right afterwards: so setlocale() is where we look. The
 * arena allocator stays what it is, so that a new arena is a second place; an audit hook the third. But a
 * second Py_Initialize() of 3.12 and later sets the arena allocator back too, and linked in we do not see
 * setlocale(): there the audit hook is all, and is put in again when the interpreter has ended.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cpython.h"

struct py_api py;
__thread int py_depth;
__thread void *py_state;
__thread const void *py_freed_state;
static int started;

/* The first of two copies, one linked in and one preloaded, does the work. */
PS_API int poolshim_cpython_copy;

static void find(void *to, const char *name)
{
	void *symbol = dlsym(RTLD_DEFAULT, name);

	memcpy(to, &symbol, sizeof symbol);
}

/* "3.13.1 (main, ...)", "3.13.1 experimental free-threading build (...)" */
static void read_version(void)
{
	const char *(*get_version)(void);
	const char *version;

	find(&get_version, "Py_GetVersion");
	version = get_version ? get_version() : "";
	if (version[0] == '3' && version[1] == '.')
		py.minor = atoi(version + 2);
	py.free_threaded = strstr(version, "free-threading") != NULL;
}

/* 0, or -1: this program is no CPython that we know. */
static int find_interpreter(void)
{
	find(&py.get_allocator, "PyMem_GetAllocator");
	find(&py.set_allocator, "PyMem_SetAllocator");
	find(&py.setup_debug_hooks, "PyMem_SetupDebugHooks");
	find(&py.get_arenas, "PyObject_GetArenaAllocator");
	find(&py.set_arenas, "PyObject_SetArenaAllocator");
	find(&py.is_initialized, "Py_IsInitialized");
	find(&py.holds_gil, "PyGILState_Check");
	find(&py.add_audit_hook, "PySys_AddAuditHook");
	find(&py.at_exit, "Py_AtExit");
	find(&py.fatal_error, "Py_FatalError");
	find(&py.thread_state, "_PyThreadState_UncheckedGet");
	if (!py.thread_state) /* its name from 3.13 on */
		find(&py.thread_state, "PyThreadState_GetUnchecked");
	find(&py.code_line, "PyCode_Addr2Line");
	find(&py.code_type, "PyCode_Type");
	find(&py.loop, "_PyEval_EvalFrameDefault");
	find(&py.utf8, "PyUnicode_AsUTF8");
	find(&py.runtime, "_PyRuntime");
	read_version();
	if (!py.get_allocator || !py.set_allocator || !py.setup_debug_hooks ||
	        !py.get_arenas || !py.set_arenas || !py.is_initialized || !py.holds_gil || !py.thread_state)
		return -1;
	return py.minor >= 8 ? 0 : -1;
}

void py_install(void)
{
	if (!started || py_depth)
		return;
	/* A probe needs the GIL: allocations of other threads may be on their way. */
	if (py.is_initialized() && !py.holds_gil())
		return;
	int wrapped[PY_DOMAINS];
	for (int domain = PY_RAW; domain < PY_DOMAINS; domain++)
		wrapped[domain] = py_domain_wrapped(domain);
	for (int domain = PY_RAW; domain < PY_DOMAINS; domain++)
		if (!wrapped[domain])
			py_domain_wrap(domain);
	py_arenas_wrap();
}

#ifndef POOLSHIM_LINKED_IN
/* Not when linked in: there the sanitizers' own setlocale() would be replaced. */
PS_API char *setlocale(int category, const char *locale)
{
	static char *(*next)(int category, const char *locale);

	if (!next) {
		void *symbol = dlsym(RTLD_NEXT, "setlocale");
		memcpy(&next, &symbol, sizeof symbol);
	}
	if (!next)
		return NULL;
	char *result = next(category, locale);
	if (locale)
		py_install();
	return result;
}
#endif

static int watching; /* in this run of the interpreter, from Py_Initialize() to its end */

static void add_hook(void);

/*
 * The last thing of Py_Finalize(): the hooks of audits are gone, those added now are in the next run's. What
 * that allocates before its first audit may be past us.
 */
static void at_end(void)
{
	watching = 0;
	py_arenas_open();
	add_hook();
}

static int on_audit(const char *event, void *args, void *data)
{
	(void)args;
	(void)data;
	if (watching && strcmp(event, "import") != 0)
		return 0;
	py_install();
	if (!watching && py.at_exit)
		watching = !py.at_exit(at_end);
	return 0;
}

static void add_hook(void)
{
	if (py.add_audit_hook)
		py.add_audit_hook(on_audit, NULL);
}

__attribute__((constructor)) static void start(void)
{
	if (dlsym(RTLD_DEFAULT, "poolshim_cpython_copy") != (void *)&poolshim_cpython_copy)
		return;
	if (find_interpreter() || !poolshim_checker())
		return;
	started = 1;
	py_frames_start();
	py_hooks_start();
	/* without asking: what pymalloc allocates first has to come from the allocator that stays */
	for (int domain = PY_RAW; domain < PY_DOMAINS; domain++)
		py_domain_wrap(domain);
	py_arenas_wrap();
#ifdef POOLSHIM_LINKED_IN
	add_hook();
#else
	(void)add_hook;
#endif
}
