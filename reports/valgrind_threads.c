#include "reports/reader.h"
#include "reports/valgrind_threads.h"

void valgrind_threads_add(struct valgrind_threads *t, long id, struct finding *f)
{
	size_t at = (size_t)id % THREADS_KEPT;

	finding_free(t->v[at]);
	t->v[at] = f;
	t->ids[at] = id;
}

void valgrind_threads_name(
        const struct valgrind_threads *t, struct finding *f, const long *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)ids[i] % THREADS_KEPT;

		if (t->v[at] && t->ids[at] == ids[i] && f->stack_count < REPORT_STACKS_MAX)
			finding_copy_stacks(f, t->v[at]);
	}
}

void valgrind_threads_release(struct valgrind_threads *t)
{
	for (size_t i = 0; i < THREADS_KEPT; i++) {
		finding_free(t->v[i]);
		t->v[i] = NULL;
	}
}
