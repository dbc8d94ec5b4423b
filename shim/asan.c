/*
 * AddressSanitizer: the shadow bytes are written here, not by the runtime's calls, which say
 * use-after-poison of everything and cost five times as much. Where the shadow is not one byte for
 * eight, the calls are used.
 */
#include "internal.h"

PS_WEAK void __asan_poison_memory_region(const volatile void *p, size_t size);
PS_WEAK void __asan_unpoison_memory_region(const volatile void *p, size_t size);
PS_WEAK void __asan_get_shadow_mapping(size_t *scale, size_t *offset);
PS_WEAK void __asan_set_error_report_callback(void (*callback)(const char *));
PS_WEAK void *__asan_get_report_address(void);
PS_WEAK int __asan_report_present(void);
PS_WEAK void __lsan_register_root_region(const void *p, size_t size);
PS_WEAK void __lsan_unregister_root_region(const void *p, size_t size);

enum { FENCE = 0xfa, FREED = 0xfd, OPEN = 0 };

static int direct;
static uintptr_t offset;

/* volatile: gcc would make memset of it, which the runtime intercepts */
static inline void fill(volatile unsigned char *s, size_t n, unsigned char value)
{
	uint64_t wide = value * 0x0101010101010101u;

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

static inline volatile unsigned char *shadow(const void *p)
{
	return (volatile unsigned char *)((ps_address(p) >> 3) + offset);
}

static PS_NOINLINE void live_by_calls(const struct ps_block *b)
{
	__asan_poison_memory_region(b->raw, b->raw_size);
	__asan_unpoison_memory_region(b->user, b->size);
}

static void live(const struct ps_block *b, unsigned flags)
{
	(void)flags;
	if (PS_UNLIKELY(!direct)) {
		live_by_calls(b);
		return;
	}
	volatile unsigned char *s = shadow(b->raw), *end = s + (b->raw_size >> 3);
	if (b->user != b->raw) {
		*(volatile uint16_t *)(volatile void *)s = FENCE << 8 | FENCE;
		s += 2;
	}
	fill(s, b->size >> 3, OPEN);
	s += b->size >> 3;
	if (b->size & 7)
		*s++ = b->size & 7;
	fill(s, (size_t)(end - s), FENCE);
}

static void resized(const struct ps_block *b, size_t old_size)
{
	(void)old_size;
	live(b, 0);
}

static void dead(const struct ps_block *b)
{
	size_t keep = b->pool->keep;

	if (keep >= b->size)
		return;
	if (PS_UNLIKELY(!direct)) {
		__asan_poison_memory_region(b->user + keep, b->size - keep);
		return;
	}
	fill(shadow(b->user) + (keep >> 3), ((b->size + 7) >> 3) - (keep >> 3), FREED);
}

static void released(const struct ps_block *b, int untracked)
{
	size_t n = untracked ? b->raw_size : (ps_link(b) + 7) & ~(size_t)7;

	if (PS_UNLIKELY(!direct))
		__asan_unpoison_memory_region(b->raw, n);
	else
		fill(shadow(b->raw), n >> 3, OPEN);
}

static void set(const void *start, size_t size, unsigned char value)
{
	volatile unsigned char *from = shadow(start);
	volatile unsigned char *to = shadow((const char *)start + size + 7);

	fill(from, (size_t)(to - from), value);
}

static void fence(const void *start, size_t size, int freed)
{
	if (direct)
		set(start, size, freed ? FREED : FENCE);
	else
		__asan_poison_memory_region(start, size);
}

static void open(const void *start, size_t size)
{
	if (direct)
		set(start, size, OPEN);
	else
		__asan_unpoison_memory_region(start, size);
}

/* LeakSanitizer does not look into memory that is mapped, and skips what is poisoned. */
static void region(const void *start, size_t size, int added)
{
	if (added && __lsan_register_root_region)
		__lsan_register_root_region(start, size);
	else if (!added && __lsan_unregister_root_region)
		__lsan_unregister_root_region(start, size);
}

static void describe(const char *text)
{
	(void)text;
	if (!__asan_report_present || !__asan_report_present())
		return;
	ps_report_begin();
	ps_describe(ps_address(__asan_get_report_address()));
	ps_report_end();
}

static int start(void)
{
	size_t scale = 0, at = 0;

	if (!__asan_poison_memory_region || !__asan_unpoison_memory_region)
		return -1;
	if (__asan_get_shadow_mapping)
		__asan_get_shadow_mapping(&scale, &at);
	direct = scale == 3;
	offset = at;
	if (__asan_set_error_report_callback)
		__asan_set_error_report_callback(describe);
	return 0;
}

const struct ps_backend ps_asan = {
	.name = "asan",
	.title = "AddressSanitizer",
	.own_stacks = 1,
	.start = start,
	.live = live,
	.resized = resized,
	.dead = dead,
	.released = released,
	.fence = fence,
	.open = open,
	.region = region,
};
