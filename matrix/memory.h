#ifndef SM_MATRIX_MEMORY_H
#define SM_MATRIX_MEMORY_H

#include <stddef.h>

/*
 * Bytes that may still be used without swapping: MemAvailable of the machine, or what the control
 * group leaves us if that is less. (size_t)-1 when nobody says.
 */
size_t memory_available(void);

#endif
