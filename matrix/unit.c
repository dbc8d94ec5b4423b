#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/mem.h"
#include "matrix/unit.h"

/* Any bytes as JSON text: what is not UTF-8 is shown as [0xFF]. */
static json_t *text_json(const char *s)
{
	json_t *whole = json_string(s);
	struct buf b = { 0 };

	if (whole)
		return whole;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x80)
			buf_addch(&b, *s);
		else
			buf_addf(&b, "[0x%02X]", (unsigned char)*s);
	}
	whole = json_string(b.data);
	buf_release(&b);
	return whole;
}

static json_t *command_json(const struct strv *argv)
{
	json_t *list = json_array();

	for (size_t i = 0; i < argv->n; i++)
		json_array_append_new(list, text_json(argv->v[i]));
	return list;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static json_t *rounded(double seconds)
{
	return json_real((double)(long long)(seconds * 1e6 + 0.5) / 1e6);
}

static void set_end(json_t *o, const struct job_end *end)
{
	json_object_set_new(o, "seconds", rounded(end->seconds));
	json_object_set_new(o, "max_rss", json_integer((json_int_t)end->max_rss));
	if (end->signal)
		json_object_set_new(o, "signal", json_integer(end->signal));
	else
		json_object_set_new(o, "exit_code", json_integer(end->exit_code));
	json_object_set_new(o, "timed_out", json_boolean(end->timed_out));
	json_object_set_new(o, "out_of_memory", json_boolean(end->out_of_memory));
}

int unit_write(const struct job_spec *spec, const struct job_end *end, const struct unit_facts *f,
	struct err *e)
{
	char started[20], *path = xasprintf("%s/unit.json", spec->dir);
	json_t *o = json_object();

	clock_format(f->started, started);
	json_object_set_new(o, "schema", json_string("sanmatrix-unit/1"));
	json_object_set_new(o, "cell", text_json(spec->cell ? spec->cell : ""));
	json_object_set_new(o, "unit", text_json(spec->unit ? spec->unit : ""));
	json_object_set_new(o, "command", command_json(&spec->argv));
	json_object_set_new(o, "started", json_string(started));
	set_end(o, end);
	json_object_set_new(o, "user_seconds", rounded(seconds_of(f->usage.ru_utime)));
	json_object_set_new(o, "system_seconds", rounded(seconds_of(f->usage.ru_stime)));
	json_object_set_new(o, "time_limit", json_real(spec->time_limit));
	json_object_set_new(o, "output_dropped", json_integer((json_int_t)f->output_dropped));
	json_object_set_new(o, "left_behind", json_integer(f->left_behind));
	json_object_set_new(o, "attempt", json_integer(spec->attempt > 0 ? spec->attempt : 1));
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	int rc = text ? file_write(path, text, strlen(text), e)
		      : err_set(e, EXIT_INFRASTRUCTURE, "cannot encode '%s'", path);
	free(text);
	json_decref(o);
	free(path);
	return rc;
}

static int is_whole(const json_t *o)
{
	const char *schema = json_string_value(json_object_get(o, "schema"));
	const json_t *code = json_object_get(o, "exit_code"), *sig = json_object_get(o, "signal");

	return schema && strcmp(schema, "sanmatrix-unit/1") == 0 &&
		json_is_integer(code) != json_is_integer(sig);
}

int job_read(const char *dir, struct job_end *end, struct err *e)
{
	char *path = xasprintf("%s/unit.json", dir);
	struct buf text = { 0 };
	json_error_t je;
	json_t *o = NULL;
	int rc = -1;

	if (file_read(path, &text, 0, e) < 0)
		goto out;
	o = json_loadb(text.data ? text.data : "", text.len, 0, &je);
	if (!o) {
		err_set(e, EXIT_INFRASTRUCTURE, "'%s' line %d: %s", path, je.line, je.text);
		goto out;
	}
	if (!is_whole(o)) {
		err_set(e, EXIT_INFRASTRUCTURE, "'%s' is not a whole sanmatrix-unit/1", path);
		goto out;
	}
	*end = (struct job_end){ .exit_code = -1 };
	end->signal = (int)json_integer_value(json_object_get(o, "signal"));
	if (!end->signal)
		end->exit_code = (int)json_integer_value(json_object_get(o, "exit_code"));
	end->timed_out = json_is_true(json_object_get(o, "timed_out"));
	end->out_of_memory = json_is_true(json_object_get(o, "out_of_memory"));
	end->seconds = json_number_value(json_object_get(o, "seconds"));
	end->max_rss = (size_t)json_integer_value(json_object_get(o, "max_rss"));
	rc = 0;
out:
	json_decref(o);
	buf_release(&text);
	free(path);
	return rc;
}
