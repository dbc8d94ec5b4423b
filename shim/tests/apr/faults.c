/* Faults planted in users of APR's pools: faults NUMBER; 0 has none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"
#include "apr_hash.h"
#include "apr_pools.h"
#include "apr_strings.h"
#include "apr_tables.h"

static __attribute__((noinline)) char *make(apr_pool_t *pool, size_t n)
{
	char *p = apr_palloc(pool, n);

	memset(p, 'x', n);
	return p;
}

static __attribute__((noinline)) void touch(volatile char *p, size_t i)
{
	p[i]++;
}

/* A good deal of correct use. */
static void work(apr_pool_t *parent)
{
	apr_pool_t *pool, *sub;

	apr_pool_create(&pool, parent);
	for (int round = 0; round < 50; round++) {
		apr_hash_t *hash = apr_hash_make(pool);
		apr_array_header_t *array = apr_array_make(pool, 1, sizeof(char *));
		for (int i = 0; i < 300; i++) {
			if (i % 7 == 0)
				make(pool, 9);
			char *key = apr_psprintf(pool, "key %d", i);
			apr_hash_set(hash, key, APR_HASH_KEY_STRING, apr_pstrdup(pool, key));
			*(char **)apr_array_push(array) = key;
		}
		char *all = apr_array_pstrcat(pool, array, ',');
		if (strlen(all) < 300 || apr_hash_count(hash) != 300)
			abort();
		apr_psprintf(pool, "%s%s%s", all, all, all);
		apr_pool_create(&sub, pool);
		make(sub, 100000);
		if (round % 2)
			apr_pool_destroy(sub);
		apr_pool_clear(pool);
	}
	apr_pool_destroy(pool);
}

int main(int argc, char **argv)
{
	apr_pool_t *pool, *sub;

	apr_initialize();
	apr_pool_create(&pool, NULL);
	apr_pool_create(&sub, pool);
	char *a = make(sub, 24), *b = make(sub, 32);
	make(sub, 8);
	switch (argc > 1 ? atoi(argv[1]) : 0) {
	case 1: /* behind the end, inside of the node */
		touch(a, 24);
		break;
	case 2: /* of a full block */
		touch(b, 32);
		break;
	case 3: /* before the start */
		touch(b, (size_t)-1);
		break;
	case 4:
		apr_pool_clear(sub);
		touch(a, 3);
		break;
	case 5:
		apr_pool_destroy(sub);
		touch(a, 3);
		break;
	case 6: /* never written */
		if (((volatile char *)apr_palloc(sub, 40))[5])
			touch(a, 0);
		break;
	default:
		work(pool);
	}
	apr_pool_destroy(pool);
	apr_terminate();
	return 0;
}
