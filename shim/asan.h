/*
 * AddressSanitizer's shadow, written directly: one byte says of 8 bytes how many of them may be used.
 */
#ifndef POOLSHIM_ASAN_H
#define POOLSHIM_ASAN_H

#include "internal.h"

enum { PS_ASAN_FENCE = 0xfa, PS_ASAN_FREED = 0xfd, PS_ASAN_OPEN = 0 };

extern int ps_asan_direct; /* 0: there is no ASan, or its shadow is of another scale */
extern uintptr_t ps_asan_offset;

PS_INLINE unsigned char *ps_shadow(const void *p)
{
	return (unsigned char *)((ps_address(p) >> 3) + ps_asan_offset);
}

/* volatile: gcc would make memset of it, which the runtime intercepts */
PS_INLINE void ps_shadow_fill(unsigned char *shadow, size_t n, unsigned char value)
{
	uint64_t wide = value * 0x0101010101010101u;
	volatile unsigned char *s = shadow;

	for (; n >= 8; n -= 8, s += 8)
		*(volatile uint64_t *)(volatile void *)s = wide;
	if (n & 4) {
		*(volatile uint32_t *)(volatile void *)s = (uint32_t)wide;
		s += 4;
	}
	if (n & 2) {
		*(volatile uint16_t *)(volatile void *)s = (uint16_t)wide;
		s += 2;
	}
	if (n & 1)
		*s = value;
}

PS_INLINE void ps_asan_live(const struct ps_block *b)
{
	unsigned char *s = ps_shadow(b->raw), *end = s + (b->raw_size >> 3);

	if (b->user != b->raw) {
		*(volatile uint16_t *)(volatile void *)s = PS_ASAN_FENCE << 8 | PS_ASAN_FENCE;
		s += 2;
	}
	if (!ps_is_brief(b))
		ps_shadow_fill(s, b->size >> 3, PS_ASAN_OPEN);
	s += b->size >> 3;
	if (b->size & 7)
		*(volatile unsigned char *)s++ = b->size & 7;
	ps_shadow_fill(s, (size_t)(end - s), PS_ASAN_FENCE);
}

PS_INLINE void ps_asan_dead(const struct ps_block *b)
{
	size_t keep = b->pool->keep;

	if (PS_UNLIKELY(keep >= b->size) || ps_is_brief(b))
		return;
	ps_shadow_fill(ps_shadow(b->user) + (keep >> 3), ((b->size + 7) >> 3) - (keep >> 3),
	        PS_ASAN_FREED);
}

PS_INLINE void ps_asan_released(const struct ps_block *b, int untracked)
{
	size_t n = untracked ? b->raw_size : ps_link(b);

	if (ps_is_brief(b)) {
		unsigned char *end = ps_shadow(b->user) + (b->size >> 3);
		ps_shadow_fill(ps_shadow(b->raw), PS_GRAIN >> 3, PS_ASAN_OPEN);
		ps_shadow_fill(end, (size_t)(ps_shadow(b->raw + b->raw_size) - end), PS_ASAN_OPEN);
	} else if (n == sizeof(void *)) /* the usual: one link of a list */
		*(volatile unsigned char *)ps_shadow(b->raw) = PS_ASAN_OPEN;
	else
		ps_shadow_fill(ps_shadow(b->raw), (n + 7) >> 3, PS_ASAN_OPEN);
}

#endif
