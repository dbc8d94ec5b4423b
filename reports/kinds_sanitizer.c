/* The names of the sanitizers, and the kinds that their headers say in prose. */
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/sanitizer.h"

static const struct {
	const char *name, *tool;
} runtimes[] = {
	{ "AddressSanitizer", "asan" },
	{ "LeakSanitizer", "lsan" },
	{ "MemorySanitizer", "msan" },
	{ "ThreadSanitizer", "tsan" },
	{ "UndefinedBehaviorSanitizer", "ubsan" },
	{ "HWAddressSanitizer", "asan" },
};

const char *sanitizer_tool(const char *s, const char **rest)
{
	for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
		*rest = text_after(s, runtimes[i].name);
		if (*rest)
			return runtimes[i].tool;
	}
	return NULL;
}

/* Headers that do not begin with their kind. */
static const struct {
	const char *text, *kind;
} headers[] = {
	{ "attempting double-free", "double-free" },
	{ "attempting free on address", "bad-free" },
	{ "attempting to call malloc_usable_size", "bad-malloc_usable_size" },
	{ "attempting to call __sanitizer_get_allocated_size",
	        "bad-__sanitizer_get_allocated_size" },
	{ "calloc parameters overflow", "calloc-overflow" },
	{ "reallocarray parameters overflow", "reallocarray-overflow" },
	{ "pvalloc parameters overflow", "pvalloc-overflow" },
	{ "invalid allocation alignment", "invalid-allocation-alignment" },
	{ "invalid alignment requested in aligned_alloc", "invalid-aligned-alloc-alignment" },
	{ "invalid alignment requested in posix_memalign", "invalid-posix-memalign-alignment" },
	{ "requested allocation size", "allocation-size-too-big" },
	{ "allocator is out of memory", "out-of-memory" },
	{ "out of memory", "out-of-memory" },
	{ "failed to allocate", "out-of-memory" },
	{ "failed to deallocate", "out-of-memory" },
	{ "specified RSS limit exceeded", "rss-limit-exceeded" },
	{ "hard rss limit exhausted", "rss-limit-exceeded" },
	{ "bad parameters to __sanitizer_annotate_contiguous_container",
	        "bad-__sanitizer_annotate_contiguous_container" },
	{ "bad parameters to __sanitizer_annotate_double_ended_contiguous_container",
	        "bad-__sanitizer_annotate_double_ended_contiguous_container" },
	{ "bad parameters to __sanitizer_copy_contiguous_container_annotations",
	        "bad-__sanitizer_copy_contiguous_container_annotations" },
	{ "CHECK failed", "CHECK failed" },
	{ "nested bug", "nested-bug" },
	{ "writable-executable page usage", "w-and-x-usage" },
	{ "starting new threads after multi-threaded fork",
	        "starting new threads after multi-threaded fork" },
	{ "main thread finished with ignores enabled", "thread finished with ignores enabled" },
};

char *sanitizer_kind(const char *text)
{
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (text_after(text, headers[i].text))
			return xstrdup(headers[i].kind);
	if (text_after(text, "thread T") && strstr(text, " finished with ignores enabled"))
		return xstrdup("thread finished with ignores enabled");
	size_t n = strcspn(text, " :;");
	return n ? xstrndup(text, n) : xstrdup("unknown");
}
