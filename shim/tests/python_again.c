/*
 * Preloaded into a python3: instead of what it would do, its interpreter is started and ended once for
 * each argument, which is code for it. "sub:CODE" runs in a subinterpreter of that run, "own:CODE" in one
 * with a GIL of its own, "both:CODE" in two subinterpreters, in turn, and then in the main one, "all:CODE"
 * so in forty, "each:CODE" in forty, one after the other, with GILs of their own if they can have them.
 * None of CPython's headers, so that one object serves every version; a program that is no interpreter is
 * left alone.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int main_function(int argc, char **argv, char **envp);

#define WEAK __attribute__((weak))
WEAK void Py_Initialize(void);
WEAK int Py_FinalizeEx(void);
WEAK int PyRun_SimpleString(const char *code);
WEAK void *Py_NewInterpreter(void);
WEAK void Py_EndInterpreter(void *state);
WEAK void *PyThreadState_Swap(void *state);

/* PyInterpreterConfig and PyStatus, 3.12 and 3.13 */
struct config {
	int use_main_obmalloc, allow_fork, allow_exec, allow_threads, allow_daemon_threads,
	        check_multi_interp_extensions, gil;
};
struct status {
	int type;
	const char *function, *message;
	int exitcode;
};
enum { OWN_GIL = 2, MANY = 40 };
WEAK struct status Py_NewInterpreterFromConfig(void **state, const struct config *config);

static main_function *real_main;

static void *new_interpreter(int own)
{
	void *state = NULL;

	if (!own)
		return Py_NewInterpreter();
	if (Py_NewInterpreterFromConfig)
		Py_NewInterpreterFromConfig(&state,
		        &(struct config){ .allow_threads = 1, .check_multi_interp_extensions = 1,
		                .gil = OWN_GIL });
	return state;
}

static int run_in_new(void *main_state, int own, const char *code)
{
	void *state = new_interpreter(own);
	int failed = !state || PyRun_SimpleString(code);

	if (state)
		Py_EndInterpreter(state);
	PyThreadState_Swap(main_state);
	return failed;
}

/* COUNT at once: what each has is freed while the others live. */
static int run_in_several(void *main_state, int count, const char *code)
{
	void *states[MANY] = { NULL };
	int failed = 0;

	for (int i = 0; i < count; i++) {
		PyThreadState_Swap(main_state);
		states[i] = new_interpreter(0);
		failed |= !states[i];
	}
	for (int turn = 0; turn < 2 * count && !failed; turn++) {
		PyThreadState_Swap(states[turn % count]);
		failed |= PyRun_SimpleString(code);
	}
	for (int i = 0; i < count; i++)
		if (states[i]) {
			PyThreadState_Swap(states[i]);
			Py_EndInterpreter(states[i]);
		}
	PyThreadState_Swap(main_state);
	return failed | PyRun_SimpleString(code);
}

static int run(const char *argument)
{
	int failed;

	Py_Initialize();
	void *state = PyThreadState_Swap(NULL);
	PyThreadState_Swap(state);
	if (!strncmp(argument, "sub:", 4))
		failed = run_in_new(state, 0, argument + 4);
	else if (!strncmp(argument, "own:", 4))
		failed = run_in_new(state, 1, argument + 4);
	else if (!strncmp(argument, "each:", 5))
		for (int i = failed = 0; i < MANY && !failed; i++)
			failed = run_in_new(state, Py_NewInterpreterFromConfig != NULL, argument + 5);
	else if (!strncmp(argument, "both:", 5))
		failed = run_in_several(state, 2, argument + 5);
	else if (!strncmp(argument, "all:", 4))
		failed = run_in_several(state, MANY, argument + 4);
	else
		failed = PyRun_SimpleString(argument);
	return (Py_FinalizeEx() != 0) | failed;
}

static int again(int argc, char **argv, char **envp)
{
	if (!Py_Initialize)
		return real_main(argc, argv, envp);
	for (int i = 1; i < argc; i++)
		if (run(argv[i])) {
			fprintf(stderr, "run %d failed\n", i);
			return 3;
		}
	puts("all runs ended");
	return 0;
}

__attribute__((visibility("default"))) int __libc_start_main(main_function *main, int argc, char **argv,
        void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*next)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
	void *symbol = dlsym(RTLD_NEXT, "__libc_start_main");

	memcpy(&next, &symbol, sizeof next);
	real_main = main;
	return next(again, argc, argv, init, fini, rtld_fini, stack_end);
}
