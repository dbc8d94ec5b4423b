/* Code that no checker instruments, as a library that somebody else built. */
#include "plain.h"

void plain_write(void *p, long offset, int value)
{
	((volatile unsigned char *)p)[offset] ^= (unsigned char)value;
}
