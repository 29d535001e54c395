/*
 * Values for people: text as it is, binary values of the common builtin types as PostgreSQL
 * would print them, anything else in hexadecimal; control characters escaped, long values cut.
 */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "diffengine/compare_impl.h"

enum { /* OIDs of pg_type.dat that need no catalog */
	TYPE_BOOL = 16,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_OID = 26,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_BPCHAR = 1042,
	TYPE_VARCHAR = 1043
};

static uint64_t big_endian(struct bytes data)
{
	uint64_t value = 0;

	for (size_t i = 0; i < data.len; i++)
		value = value << 8 | data.ptr[i];
	return value;
}

static double as_double(struct bytes data)
{
	uint64_t bits = big_endian(data);
	uint32_t bits32 = (uint32_t)bits;
	double wide;
	float narrow;

	if (data.len == 4) {
		memcpy(&narrow, &bits32, sizeof(narrow));
		return (double)narrow;
	}
	memcpy(&wide, &bits, sizeof(wide));
	return wide;
}

/* With as few digits as tell the value apart from its neighbours. */
static const char *floating(struct arena *arena, double value, bool is_narrow)
{
	char text[64];
	int digits = is_narrow ? FLT_DIG : DBL_DIG, most = is_narrow ? 9 : 17;

	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value < 0 ? "-Infinity" : "Infinity";
	for (; digits <= most; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (is_narrow ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
			break;
	}
	return arena_printf(arena, "%s", text);
}

static int64_t as_integer(struct bytes data)
{
	uint64_t value = big_endian(data);

	if (data.len == 2)
		return (int16_t)value;
	return data.len == 4 ? (int64_t)(int32_t)value : (int64_t)value;
}

static const char *escaped(struct arena *arena, struct bytes data)
{
	char text[4 * COMPARE_VALUE_MAX + 32];
	size_t len = 0, most = text_shown(data, COMPARE_VALUE_MAX);

	for (size_t i = 0; i < most; i++) {
		if (data.ptr[i] < 0x20 || data.ptr[i] == 0x7f)
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "\\x%02x", data.ptr[i]);
		else
			text[len++] = (char)data.ptr[i];
	}
	text[len] = '\0';
	if (most < data.len)
		return arena_printf(arena, "%s... (%zu bytes)", text, data.len);
	return arena_printf(arena, "%s", text);
}

static const char *hexadecimal(struct arena *arena, struct bytes data)
{
	char text[2 * COMPARE_VALUE_MAX + 1];
	size_t most = data.len < COMPARE_VALUE_MAX / 2 ? data.len : COMPARE_VALUE_MAX / 2;

	text[0] = '\0';
	for (size_t i = 0; i < most; i++)
		snprintf(text + 2 * i, 3, "%02x", data.ptr[i]);
	if (most < data.len)
		return arena_printf(arena, "hex:%s... (%zu bytes)", text, data.len);
	return arena_printf(arena, "hex:%s", text);
}

static const char *binary(struct arena *arena, struct bytes data, uint32_t type)
{
	switch (type) {
	case TYPE_BOOL:
		if (data.len == 1)
			return data.ptr[0] ? "true" : "false";
		break;
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		if (data.len == 2 || data.len == 4 || data.len == 8)
			return arena_printf(arena, "%" PRId64, as_integer(data));
		break;
	case TYPE_OID:
		if (data.len == 4)
			return arena_printf(arena, "%" PRIu64, big_endian(data));
		break;
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		if (data.len == 4 || data.len == 8)
			return floating(arena, as_double(data), data.len == 4);
		break;
	case TYPE_TEXT:
	case TYPE_VARCHAR:
	case TYPE_BPCHAR:
		return escaped(arena, data);
	default:
		break;
	}
	return hexadecimal(arena, data);
}

const char *value_readable(
	struct arena *arena, const struct wire_value *value, const struct wire_column *column)
{
	const char *text;

	if (value->is_null)
		return NULL;
	text = column->format ? binary(arena, value->data, column->type_oid)
			      : escaped(arena, value->data);
	return text ? text : "(no memory to show it)";
}
