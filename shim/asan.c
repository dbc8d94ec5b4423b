/*
 * AddressSanitizer: the shadow bytes are written here, not by the runtime's calls, which say
 * use-after-poison of everything and cost five times as much. Where the shadow is not one byte for
 * eight, the calls are used.
 */
#include "asan.h"

PS_WEAK void __asan_poison_memory_region(const volatile void *p, size_t size);
PS_WEAK void __asan_unpoison_memory_region(const volatile void *p, size_t size);
PS_WEAK void __asan_get_shadow_mapping(size_t *scale, size_t *offset);
PS_WEAK void __asan_set_error_report_callback(void (*callback)(const char *));
PS_WEAK void *__asan_get_report_address(void);
PS_WEAK int __asan_report_present(void);
PS_WEAK void __lsan_register_root_region(const void *p, size_t size);
PS_WEAK void __lsan_unregister_root_region(const void *p, size_t size);

int ps_asan_direct;
uintptr_t ps_asan_offset;

/* The next three: only where the shadow is not written directly. */
static void live(const struct ps_block *b, unsigned flags)
{
	(void)flags;
	__asan_poison_memory_region(b->raw, b->raw_size);
	__asan_unpoison_memory_region(b->user, b->size);
}

static void dead(const struct ps_block *b)
{
	size_t keep = b->pool->keep;

	if (keep < b->size)
		__asan_poison_memory_region(b->user + keep, b->size - keep);
}

static void released(const struct ps_block *b, int untracked)
{
	__asan_unpoison_memory_region(b->raw, untracked ? b->raw_size : ps_link(b));
}

static void resized(const struct ps_block *b, size_t old_size)
{
	(void)old_size;
	if (ps_asan_direct)
		ps_asan_live(b);
	else
		live(b, 0);
}

static void set(const void *start, size_t size, unsigned char value)
{
	unsigned char *from = ps_shadow(start);
	unsigned char *to = ps_shadow((const char *)start + size + 7);

	ps_shadow_fill(from, (size_t)(to - from), value);
}

static void fence(const void *start, size_t size, int freed)
{
	if (ps_asan_direct)
		set(start, size, freed ? PS_ASAN_FREED : PS_ASAN_FENCE);
	else
		__asan_poison_memory_region(start, size);
}

static void open(const void *start, size_t size)
{
	if (ps_asan_direct)
		set(start, size, PS_ASAN_OPEN);
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

static void root(const void *start, size_t size)
{
	region(start, size, 1);
}

/* Called when ASan has written its report of a bad access. */
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
	size_t scale = 0, offset = 0;

	if (!__asan_poison_memory_region || !__asan_unpoison_memory_region)
		return -1;
	if (__asan_get_shadow_mapping)
		__asan_get_shadow_mapping(&scale, &offset);
	ps_asan_direct = scale == 3;
	ps_asan_offset = offset;
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
	.root = root,
};
