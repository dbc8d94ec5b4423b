/*
 * Valgrind's client requests, as its headers have them: neither those nor Valgrind are needed to build.
 */
#ifndef POOLSHIM_MEMCHECK_H
#define POOLSHIM_MEMCHECK_H

#include <stdint.h>

#if defined(__x86_64__)
static inline uintptr_t ps_send(const uintptr_t *args)
{
	uintptr_t result = 0;

	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
	                 "xchgq %%rbx, %%rbx"
	                 : "+d"(result)
	                 : "a"(args)
	                 : "cc", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline uintptr_t ps_send(const uintptr_t *args)
{
	register uintptr_t result __asm__("x3") = 0;
	register const uintptr_t *where __asm__("x4") = args;

	__asm__ volatile("ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61\n\t"
	                 "orr x10, x10, x10"
	                 : "+r"(result)
	                 : "r"(where)
	                 : "cc", "memory");
	return result;
}
#else
static inline uintptr_t ps_send(const uintptr_t *args)
{
	(void)args;
	return 0;
}
#endif

static inline uintptr_t ps_request(uintptr_t code, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
	uintptr_t args[6]; /* as many as Valgrind may read */

	args[0] = code;
	args[1] = a;
	args[2] = b;
	args[3] = c;
	args[4] = d;
	return ps_send(args);
}

enum {
	REPORTING = 0x1801, /* 1: off, -1: on again */
	NATIVE_CALL = 0x1102, /* of a function with one argument; the first that it gets is the thread's */
	MALLOCLIKE = 0x1301,
	FREELIKE = 0x1302,
	RESIZE_IN_PLACE = 0x130b,
	RUNNING = 0x1001,
	NOACCESS = 'M' << 24 | 'C' << 16,
	UNDEFINED,
	DEFINED,
	CHECK_ADDRESSABLE = DEFINED + 2,
};

#endif
