#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "matrix/cell.h"

void vars_set(struct vars *vars, const char *name, const char *value)
{
	env_set(&vars->v, name, value);
}

void vars_copy(struct vars *to, const struct vars *from)
{
	strv_extend(&to->v, &from->v);
}

void vars_release(struct vars *vars)
{
	strv_release(&vars->v);
}

/* The value of the placeholder at S ("{name}..."), with its length in *LEN; NULL if unknown. */
static const char *lookup(const struct vars *vars, const char *s, size_t *len)
{
	*len = strcspn(s, "}");
	if (s[*len] != '}')
		return NULL;
	char *name = xstrndup(s + 1, *len - 1);
	const char *value = *name && !strchr(name, '=') ? env_get(&vars->v, name) : NULL;
	free(name);
	(*len)++;
	return value;
}

/* Once, never again over what was put in: a unit's name may look like a placeholder. */
char *vars_expand(const struct vars *vars, const char *text)
{
	struct buf out = { 0 };

	while (*text) {
		size_t plain = strcspn(text, "{"), len;
		buf_add(&out, text, plain);
		text += plain;
		if (!*text)
			break;
		const char *value = lookup(vars, text, &len);
		if (value) {
			buf_addstr(&out, value);
			text += len;
		} else {
			buf_addch(&out, *text++);
		}
	}
	return buf_detach(&out);
}

void vars_expand_list(const struct vars *vars, const struct strv *list, struct strv *out)
{
	for (size_t i = 0; i < list->n; i++)
		strv_own(out, vars_expand(vars, list->v[i]));
}
