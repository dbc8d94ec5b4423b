#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "matrix/partition.h"

static int from_bazel(struct partition *p)
{
	const char *total = getenv("TEST_TOTAL_SHARDS"), *index = getenv("TEST_SHARD_INDEX");
	const char *status = getenv("TEST_SHARD_STATUS_FILE");

	*p = (struct partition){ 0 };
	if (!total || !index)
		return 0;
	p->parts = (unsigned)strtoul(total, NULL, 10);
	p->part = (unsigned)strtoul(index, NULL, 10) + 1;
	/* Bazel wants to see that somebody has understood it. */
	FILE *f = status ? fopen(status, "we") : NULL;
	if (f)
		fclose(f);
	return 0;
}

int partition_parse(struct partition *p, const char *text, struct err *e)
{
	char how[8];
	int end = 0;

	if (!text)
		return from_bazel(p);
	*p = (struct partition){ 0 };
	if (sscanf(text, "%7[a-z]:%u/%u%n", how, &p->part, &p->parts, &end) == 3 && !text[end] &&
		p->part >= 1 && p->part <= p->parts) {
		p->by_hash = strcmp(how, "hash") == 0;
		if (p->by_hash || strcmp(how, "slice") == 0)
			return 0;
	}
	return err_set(e, EXIT_USAGE,
		"'%s' is no partition: give hash:M/N or slice:M/N with 1 <= M <= N", text);
}

int partition_has(const struct partition *p, const char *name, size_t index)
{
	if (p->parts == 0)
		return 1;
	unsigned long long key = p->by_hash ? XXH3_64bits(name, strlen(name)) : index;
	return key % p->parts == p->part - 1;
}
