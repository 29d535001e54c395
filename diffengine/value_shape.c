/*
 * Whether a value can be one of its type: what is asked of values that each server makes
 * itself. Types without a form of their own pass.
 */
#include <ctype.h>

#include "diffengine/value_impl.h"

static bool is_integer(const struct value_type *type, struct bytes text)
{
	bool is_negative = text.len > 0 && text.ptr[0] == '-', is_oid = type->kind == KIND_OID;
	unsigned bits = is_oid ? 32 : 8u * type->width - 1;
	uint64_t number = 0, most = (UINT64_C(1) << bits) - 1 + is_negative;

	if (is_negative)
		text = bytes_skip(text, 1);
	if (text.len == 0 || text.len > 19 || (is_negative && is_oid))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit(text.ptr[i]))
			return false;
		number = number * 10 + (text.ptr[i] - '0');
	}
	return number <= most;
}

static bool is_uuid(struct bytes text)
{
	if (text.len != 36)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? text.ptr[i] != '-' : !isxdigit(text.ptr[i]))
			return false;
	}
	return true;
}

static bool has_digit(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isdigit(text.ptr[i]))
			return true;
	return false;
}

static bool is_shaped_text(struct value_run *run, const struct value_type *type, struct bytes data)
{
	struct value_moment moment;
	double number;

	switch ((int)type->kind) {
	case KIND_BOOL:
		return bytes_equal_str(data, "t") || bytes_equal_str(data, "f");
	case KIND_INT:
	case KIND_OID:
		return is_integer(type, data);
	case KIND_FLOAT4:
	case KIND_FLOAT8:
		return value_float_read(false, type->kind == KIND_FLOAT4, data, &number);
	case KIND_NUMERIC:
		return value_is_decimal(data);
	case KIND_UUID:
		return is_uuid(data);
	case KIND_DATE:
	case KIND_TIME:
	case KIND_TIMETZ:
	case KIND_TIMESTAMP:
	case KIND_TIMESTAMPTZ:
		return value_moment_read(false, type->kind, data, &moment);
	case KIND_INTERVAL: /* each IntervalStyle has its own form */
		return has_digit(data);
	case KIND_JSON:
	case KIND_JSONB:
		return value_json_is_shaped(run, data);
	default:
		return true;
	}
}

static bool is_shaped_binary(
	struct value_run *run, const struct value_type *type, struct bytes data)
{
	if (type->width > 0 && data.len != type->width)
		return false;
	if (type->kind == KIND_JSON)
		return value_json_is_shaped(run, data);
	if (type->kind == KIND_JSONB)
		return data.len > 1 && value_json_is_shaped(run, bytes_skip(data, 1));
	if (type->kind == KIND_NUMERIC)
		return data.len >= 8 && data.len == 8 + 2 * value_load(bytes_of(data.ptr, 2));
	return true;
}

bool value_is_shaped(struct value_run *run, const struct value_type *type, struct bytes data)
{
	if (type->kind >= KIND_ARRAY)
		return value_list_is_shaped(run, type, data);
	return run->is_binary ? is_shaped_binary(run, type, data) : is_shaped_text(run, type, data);
}
