#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "matrix/memory.h"

/* The number after KEY at the start of a line of PATH, in its own unit; -1 when there is none. */
static long long read_value(const char *path, const char *key)
{
	struct buf text = { 0 };
	long long value = -1;
	size_t len = strlen(key);

	if (file_read(path, &text, 0, NULL) == 0)
		for (char *s = text.data; s && *s && value < 0; s = strchr(s, '\n')) {
			s += *s == '\n';
			if (strncmp(s, key, len) == 0 && s[len] != 'm') /* "max": no limit */
				value = strtoll(s + len, NULL, 10);
		}
	buf_release(&text);
	return value;
}

/* A container's own view: its control group is mounted at the root. */
static long long group_left(const char *folder, const char *limit, const char *usage,
	const char *cache)
{
	char path[100];

	snprintf(path, sizeof path, "%s/%s", folder, limit);
	long long most = read_value(path, "");
	snprintf(path, sizeof path, "%s/%s", folder, usage);
	long long used = read_value(path, "");
	if (most < 0 || used < 0)
		return -1;
	snprintf(path, sizeof path, "%s/memory.stat", folder);
	long long back = read_value(path, cache); /* given back when it is needed */
	used -= back > 0 && back < used ? back : 0;
	return most > used ? most - used : 0;
}

static size_t smaller(size_t a, long long b)
{
	return b >= 0 && (unsigned long long)b < a ? (size_t)b : a;
}

size_t memory_available(void)
{
	long long kb = read_value("/proc/meminfo", "MemAvailable:");
	size_t least = kb >= 0 ? (size_t)kb * 1024 : SIZE_MAX;

	least = smaller(least, group_left("/sys/fs/cgroup", "memory.max", "memory.current",
		"inactive_file "));
	return smaller(least, group_left("/sys/fs/cgroup/memory", "memory.limit_in_bytes",
		"memory.usage_in_bytes", "total_inactive_file "));
}
