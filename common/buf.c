#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

char *buf_room(struct buf *b, size_t more)
{
	if (b->len + more + 1 <= b->cap)
		return b->data + b->len;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < b->len + more + 1)
		cap *= 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_room(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
}

void buf_addch(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_line(struct buf *b, const char *s, size_t len)
{
	buf_room(b, len + 1);
	char *end = mempcpy(b->data + b->len, s, len);
	end[0] = '\n';
	end[1] = 0;
	b->len += len + 1;
}

void buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n > 0) {
		buf_room(b, (size_t)n);
		vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = 0;
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

char *buf_detach(struct buf *b)
{
	buf_room(b, 0);
	b->data[b->len] = 0;
	char *s = b->data;
	*b = (struct buf){ 0 };
	return s;
}

void strv_own(struct strv *s, char *value)
{
	if (s->n + 2 > s->cap) {
		s->cap = s->cap ? 2 * s->cap : 8;
		s->v = xrealloc(s->v, s->cap * sizeof *s->v);
	}
	s->v[s->n++] = value;
	s->v[s->n] = NULL;
}

void strv_push(struct strv *s, const char *value)
{
	strv_own(s, xstrdup(value));
}

void strv_pushf(struct strv *s, const char *format, ...)
{
	va_list args;
	char *value;

	va_start(args, format);
	if (vasprintf(&value, format, args) < 0)
		value = xstrdup("");
	va_end(args);
	strv_own(s, value);
}

void strv_extend(struct strv *s, const struct strv *more)
{
	for (size_t i = 0; i < more->n; i++)
		strv_push(s, more->v[i]);
}

void strv_release(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){ 0 };
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, by_text);
}

int strv_has(const struct strv *s, const char *value)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], value) == 0)
			return 1;
	return 0;
}

void strv_split(struct strv *s, const char *text, const char *separators)
{
	while (*text) {
		size_t n = strcspn(text, separators);
		if (n)
			strv_own(s, xstrndup(text, n));
		text += n + (text[n] != 0);
	}
}

static size_t env_find(const struct strv *env, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			break;
	return i;
}

void env_set(struct strv *env, const char *name, const char *value)
{
	size_t i = env_find(env, name);

	if (i < env->n) {
		free(env->v[i]);
		memmove(env->v + i, env->v + i + 1, (env->n - i) * sizeof *env->v);
		env->n--;
	}
	if (value)
		strv_pushf(env, "%s=%s", name, value);
}

const char *env_get(const struct strv *env, const char *name)
{
	size_t i = env_find(env, name);

	return i < env->n ? env->v[i] + strlen(name) + 1 : NULL;
}

void env_put(struct strv *env, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char *name = xstrndup(assignment, equals ? (size_t)(equals - assignment) : strlen(assignment));

	env_set(env, name, equals ? equals + 1 : NULL);
	free(name);
}
