/*
 * What of the machine itself bears on checkers.
 */
#ifndef SM_MATRIX_MACHINE_H
#define SM_MATRIX_MACHINE_H

#include "common/buf.h"

struct setting {
	char *name, *value; /* "vm.mmap_rnd_bits", "28"; "unknown" where it cannot be read */
	char *note;	    /* what is wrong with it and what to do; NULL: it is fine */
};

struct settings {
	struct setting *v;
	size_t n;
};

/*
 * Kernel, cores, memory, the disk under CACHE, and the kernel's settings that checkers trip over.
 * ROOT is put before /proc ("" but for tests).
 */
void machine_settings(struct settings *s, const char *root, const char *cache);
void settings_release(struct settings *s);

#endif
