/*
 * Scalars of a configuration as numbers, and numbers as scalars again (private to
 * base/conf*.c). Texts are wholly used or refused; blanks may stand before a unit.
 */
#ifndef BASE_CONF_UNITS_H
#define BASE_CONF_UNITS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"

enum conf_unit_result {
	CONF_UNIT_OK,
	CONF_UNIT_MISSING, /* a number as it should be, but without a unit */
	CONF_UNIT_INVALID
};

bool conf_read_integer(const char *text, int64_t *value) ATTR_USE_RESULT;
bool conf_read_number(const char *text, double *value) ATTR_USE_RESULT;
bool conf_read_boolean(const char *text, bool *value) ATTR_USE_RESULT;
/* Microseconds; 0 needs no unit. */
enum conf_unit_result conf_read_duration(const char *text, int64_t *us) ATTR_USE_RESULT;
/* Bytes; a number without unit is in bytes. */
bool conf_read_size(const char *text, int64_t *bytes) ATTR_USE_RESULT;

/* In the largest unit that gives a whole number; read again, they give the same value. */
void conf_write_duration(FILE *out, int64_t us);
void conf_write_size(FILE *out, int64_t bytes);
void conf_write_number(FILE *out, double value);

#endif
