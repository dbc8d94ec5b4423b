#include <string.h>

#include "reports/valgrind_pending.h"

static size_t slot_of(unsigned long long unique)
{
	return (size_t)((unique * 0x9e3779b97f4a7c15ULL) >> 52) % PENDING_SLOTS;
}

static void name_threads(struct valgrind_pending *p, struct finding *f,
			 const struct valgrind_element *e)
{
	for (size_t i = 0; i < e->thread_count; i++) {
		size_t at = (size_t)e->threads[i] % PENDING_THREADS;
		const struct finding *thread = p->threads[at];

		if (thread && p->ids[at] == e->threads[i] && f->stack_count < REPORT_STACKS_MAX)
			finding_copy_stacks(f, thread);
	}
}

void valgrind_pending_add(struct valgrind_pending *p, struct finding *f,
			  const struct valgrind_element *e)
{
	size_t slot = slot_of(e->unique);

	if (p->n == PENDING_MAX) {
		valgrind_pending_flush(p);
		slot = slot_of(e->unique);
	}
	name_threads(p, f, e);
	p->unique[p->n] = e->unique;
	p->v[p->n++] = f;
	while (p->slots[slot])
		slot = (slot + 1) % PENDING_SLOTS;
	p->slots[slot] = (unsigned short)p->n;
}

void valgrind_pending_count(struct valgrind_pending *p, unsigned long long unique,
			    unsigned long long count)
{
	for (size_t slot = slot_of(unique); p->slots[slot]; slot = (slot + 1) % PENDING_SLOTS) {
		size_t i = p->slots[slot] - 1U;

		if (p->unique[i] == unique && count)
			p->v[i]->count = (size_t)count;
	}
}

void valgrind_pending_announce(struct valgrind_pending *p, struct finding *f,
			       const struct valgrind_element *e)
{
	size_t at = e->thread_count ? (size_t)e->threads[0] % PENDING_THREADS : 0;

	finding_free(p->threads[at]);
	p->threads[at] = f;
	p->ids[at] = e->thread_count ? e->threads[0] : -1;
}

void valgrind_pending_flush(struct valgrind_pending *p)
{
	for (size_t i = 0; i < p->n; i++)
		scanner_emit(p->s, p->v[i]);
	if (p->n)
		memset(p->slots, 0, sizeof p->slots);
	p->n = 0;
}

void valgrind_pending_end(struct valgrind_pending *p)
{
	valgrind_pending_flush(p);
	for (size_t i = 0; i < PENDING_THREADS; i++) {
		finding_free(p->threads[i]);
		p->threads[i] = NULL;
	}
}
