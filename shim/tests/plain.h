#ifndef POOLSHIM_TESTS_PLAIN_H
#define POOLSHIM_TESTS_PLAIN_H

/* Changes the byte at P + OFFSET, by the bits of VALUE. */
void plain_write(void *p, long offset, int value);

#endif
