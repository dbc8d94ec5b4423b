#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/mem.h"
#include "reports/memo.h"

const struct memo_value *memo_get(struct memo *m, const char *key)
{
	size_t len = strlen(key);
	uint64_t hash = XXH3_64bits(key, len);
	struct memo_entry *e = len > MEMO_KEY_MAX ? &m->odd : &m->slots[hash % MEMO_SLOTS];

	if (e->key && e->hash == hash && e->len == len && !memcmp(e->key, key, len))
		return &e->value;
	free(e->key);
	free(e->value.text);
	*e = (struct memo_entry){ .hash = hash, .key = xstrndup(key, len), .len = len };
	m->compute(e->key, &e->value);
	return &e->value;
}
