/*
 * Log text as JSON values, and numbers from such as came from elsewhere.
 */
#ifndef SM_REPORTS_JSON_TEXT_H
#define SM_REPORTS_JSON_TEXT_H

#include <stdio.h>

#include <jansson.h>

/* S cleaned, cut at about MAX bytes (clean.h); null for NULL. A new reference. */
json_t *json_cleaned(const char *s, size_t max);

/* The same on one line, and a string ("") for NULL. */
json_t *json_line(const char *s, size_t max);

/* The integer NAME of OBJECT; 0 if it is absent, negative, or more than MAX. */
long json_number(const json_t *object, const char *name, long max);

/* Writes O as element I (from 0) of a list, each on a line of its own, and gives it up; 0 or -1. */
int json_element(FILE *f, size_t i, json_t *o);

#endif
