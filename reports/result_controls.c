#include <string.h>

#include "reports/reports.h"

void results_control_names(const struct results *r, struct strv *names)
{
	for (size_t i = 0; i < r->cell_count; i++)
		for (size_t j = 0; j < r->cells[i].control_count; j++)
			if (!strv_has(names, r->cells[i].controls[j].name))
				strv_push(names, r->cells[i].controls[j].name);
	strv_sort(names);
}

const struct control_result *cell_control(const struct cell_result *c, const char *name)
{
	for (size_t i = 0; i < c->control_count; i++)
		if (!strcmp(c->controls[i].name, name))
			return &c->controls[i];
	return NULL;
}
