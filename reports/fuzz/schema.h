/*
 * As much of JSON Schema as our own schema and SARIF's official one use of it, but for patterns and
 * formats: what is written must fit.
 */
#ifndef SM_REPORTS_FUZZ_SCHEMA_H
#define SM_REPORTS_FUZZ_SCHEMA_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int schema_fits(const json_t *root, const json_t *schema, const json_t *value);

static inline int schema_is_type(const json_t *value, const char *type)
{
	return (!strcmp(type, "object") && json_is_object(value)) ||
	       (!strcmp(type, "array") && json_is_array(value)) ||
	       (!strcmp(type, "string") && json_is_string(value)) ||
	       (!strcmp(type, "integer") && json_is_integer(value)) ||
	       (!strcmp(type, "number") && json_is_number(value)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(value)) ||
	       (!strcmp(type, "null") && json_is_null(value));
}

static inline int schema_type(const json_t *type, const json_t *value)
{
	json_t *one;
	size_t i;

	if (!type || json_is_string(type))
		return !type || schema_is_type(value, json_string_value(type));
	json_array_foreach(type, i, one)
		if (schema_is_type(value, json_string_value(one)))
			return 1;
	return 0;
}

static inline int schema_enum(const json_t *list, const json_t *value)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_equal(one, value))
			return 1;
	return !list;
}

/* How many of LIST's schemas VALUE fits. */
static inline size_t schema_count(const json_t *root, const json_t *list, const json_t *value)
{
	size_t i, n = 0;
	json_t *one;

	json_array_foreach(list, i, one)
		n += schema_fits(root, one, value) != 0;
	return n;
}

static inline int schema_object(const json_t *root, const json_t *schema, const json_t *value)
{
	json_t *properties = json_object_get(schema, "properties"), *one, *part;
	json_t *more = json_object_get(schema, "additionalProperties");
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, one)
		if (!json_object_get(value, json_string_value(one)))
			return 0;
	json_object_foreach((json_t *)value, name, one) {
		part = json_object_get(properties, name);
		part = part ? part : more;
		if (part && (json_is_false(part) || !schema_fits(root, part, one)))
			return 0;
	}
	return 1;
}

static inline int schema_array(const json_t *root, const json_t *schema, const json_t *value)
{
	json_t *items = json_object_get(schema, "items"), *one;
	json_t *least = json_object_get(schema, "minItems");
	size_t i;

	if (least && json_array_size(value) < (size_t)json_integer_value(least))
		return 0;
	json_array_foreach(value, i, one)
		if (items && !schema_fits(root, items, one))
			return 0;
	return 1;
}

static inline int schema_number(const json_t *schema, const json_t *value)
{
	json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");

	return (!least || json_number_value(value) >= json_number_value(least)) &&
	       (!most || json_number_value(value) <= json_number_value(most));
}

static inline int schema_fits_here(const json_t *root, const json_t *schema, const json_t *value)
{
	const json_t *constant = json_object_get(schema, "const");
	const json_t *any = json_object_get(schema, "anyOf"), *one = json_object_get(schema, "oneOf");

	return schema_type(json_object_get(schema, "type"), value) &&
	       schema_enum(json_object_get(schema, "enum"), value) &&
	       (!constant || json_equal(constant, value)) &&
	       (!any || schema_count(root, any, value)) &&
	       (!one || schema_count(root, one, value) == 1) &&
	       (!json_is_object(value) || schema_object(root, schema, value)) &&
	       (!json_is_array(value) || schema_array(root, schema, value)) &&
	       (!json_is_number(value) || schema_number(schema, value));
}

/* Nonzero if VALUE is valid under SCHEMA, a part of ROOT. */
static inline int schema_fits(const json_t *root, const json_t *schema, const json_t *value)
{
	const char *to = json_string_value(json_object_get(schema, "$ref"));

	if (!json_is_object(schema))
		return !json_is_false(schema);
	if (!to)
		return schema_fits_here(root, schema, value);
	if (strncmp(to, "#/definitions/", 14) != 0)
		abort(); /* of a schema that this was not made for */
	schema = json_object_get(json_object_get(root, "definitions"), to + 14);
	return schema_fits(root, schema, value);
}

#endif
