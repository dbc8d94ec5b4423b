#include <string.h>

#include "reports/valgrind_pending.h"

static size_t slot_of(unsigned long long unique)
{
	return (size_t)((unique * 0x9e3779b97f4a7c15ULL) >> 52) % PENDING_SLOTS;
}

void valgrind_pending_add(
        struct valgrind_pending *p, struct finding *f, const struct valgrind_element *e)
{
	size_t slot = slot_of(e->unique);

	if (p->n == PENDING_MAX) {
		valgrind_pending_flush(p);
		slot = slot_of(e->unique);
	}
	valgrind_threads_name(&p->threads, f, e->threads, e->thread_count);
	p->unique[p->n] = e->unique;
	p->v[p->n++] = f;
	while (p->slots[slot])
		slot = (slot + 1) % PENDING_SLOTS;
	p->slots[slot] = (unsigned short)p->n;
}

void valgrind_pending_count(
        struct valgrind_pending *p, unsigned long long unique, int count)
{
	for (size_t slot = slot_of(unique); p->slots[slot]; slot = (slot + 1) % PENDING_SLOTS) {
		size_t i = p->slots[slot] - 1U;

		if (p->unique[i] == unique && count)
			p->v[i]->count = (size_t)count;
	}
}

void valgrind_pending_flush(struct valgrind_pending *p)
{
	for (size_t i = 0; i < p->n; i++)
		scanner_emit(p->s, p->v[i]);
	if (p->n)
		memset(p->slots, 0, sizeof p->slots);
	p->n = 0;
}
