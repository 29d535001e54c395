/*
 * The entry, and which comparison belongs to which type.
 */
#include "diffengine/value_compare.h"

#include <math.h>

#include "base/attr.h"
#include "diffengine/value_impl.h"

static const struct {
	const char *name, *meaning;
} allowances[] = {{"", ""},
#define VALUE_X_ROW(NAME, name, meaning) {name, meaning},
	VALUE_ALLOWANCES(VALUE_X_ROW)
#undef VALUE_X_ROW
};

const char *value_allowance_name(enum value_allowance allowance)
{
	return allowance < ALLOWANCE_COUNT ? allowances[allowance].name : "?";
}

const char *value_allowance_meaning(enum value_allowance allowance)
{
	return allowance < ALLOWANCE_COUNT ? allowances[allowance].meaning : "?";
}

void value_note(struct value_run *run, enum value_allowance why)
{
	if (run->why == ALLOWANCE_NONE)
		run->why = why;
}

/* An OID of a user's object; in text it may also be a name, of which that is no part. */
static bool is_user_oid(const struct value_run *run, struct bytes data)
{
	uint64_t oid = 0;

	if (run->is_binary)
		return data.len == 4 && value_load(data) >= VALUE_USER_OID;
	for (size_t i = 0; i < data.len; i++) {
		if (i > 9 || data.ptr[i] < '0' || data.ptr[i] > '9')
			return false;
		oid = oid * 10 + (data.ptr[i] - '0');
	}
	return oid >= VALUE_USER_OID && oid <= UINT32_MAX;
}

static bool oids_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	if (!is_user_oid(run, a) || !is_user_oid(run, b))
		return false;
	value_note(run, ALLOWANCE_SERVER_TYPE);
	return true;
}

static bool has_delimiter(const struct value_policy *policy)
{
	return policy->delimiter && *policy->delimiter;
}

static bool texts_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	if (value_clock_text_agree(run, a, b))
		return true;
	if (!run->policy->is_unordered || run->is_in_array)
		return false;
	if (has_delimiter(run->policy))
		return value_parts_agree(run, a, b);
	return run->depth == 0 && value_letters_agree(run, false, a, b);
}

/* bytea and xml: a collected one has no delimiter that could be told. */
static bool letters_agree(
	struct value_run *run, const struct value_type *type, struct bytes a, struct bytes b)
{
	bool is_hex = type->kind == KIND_BYTEA && !run->is_binary && a.len > 1 && b.len > 1 &&
		      memcmp(a.ptr, "\\x", 2) == 0 && memcmp(b.ptr, "\\x", 2) == 0;

	if (!run->policy->is_unordered || run->depth > 0)
		return false;
	return is_hex ? value_letters_agree(run, true, bytes_skip(a, 2), bytes_skip(b, 2))
		      : value_letters_agree(run, false, a, b);
}

/* In binary, one byte of version comes before the text. */
static bool jsonbs_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	if (run->is_binary) {
		if (a.len == 0 || b.len == 0 || a.ptr[0] != b.ptr[0])
			return false;
		a = bytes_skip(a, 1);
		b = bytes_skip(b, 1);
	}
	return value_json_agree(run, a, b);
}

static bool unknowns_agree(
	struct value_run *run, const struct value_type *type, struct bytes a, struct bytes b)
{
	if (value_list_agree(run, type, a, b))
		return true;
	return !run->is_binary &&
	       (value_clock_text_agree(run, a, b) || value_floatlike_agree(run, a, b));
}

static bool data_agree(
	struct value_run *run, const struct value_type *type, struct bytes a, struct bytes b)
{
	switch ((int)type->kind) {
	case KIND_UNKNOWN:
		return unknowns_agree(run, type, a, b);
	case KIND_SERVER:
		value_note(run, ALLOWANCE_SERVER_TYPE);
		return true;
	case KIND_OID:
	case KIND_REG:
		return oids_agree(run, a, b);
	case KIND_FLOAT4:
	case KIND_FLOAT8:
		return value_float_agree(run, type->kind == KIND_FLOAT4, a, b);
	case KIND_INT:
	case KIND_NUMERIC:
		return value_exact_agree(run, a, b);
	case KIND_DATE:
	case KIND_TIME:
	case KIND_TIMETZ:
	case KIND_TIMESTAMP:
	case KIND_TIMESTAMPTZ:
		return value_clock_agree(run, type->kind, a, b);
	case KIND_TEXT:
	case KIND_BPCHAR:
		return texts_agree(run, a, b);
	case KIND_BYTEA:
	case KIND_XML:
		return letters_agree(run, type, a, b);
	case KIND_JSON:
		return value_json_agree(run, a, b);
	case KIND_JSONB:
		return jsonbs_agree(run, a, b);
	case KIND_ARRAY:
	case KIND_RANGE:
	case KIND_MULTIRANGE:
	case KIND_RECORD:
		return value_list_agree(run, type, a, b);
	default:
		return false;
	}
}

bool value_agree(struct value_run *run, const struct value_type *type, const struct wire_value *a,
	const struct wire_value *b)
{
	if (a->is_null || b->is_null)
		return a->is_null && b->is_null;
	return bytes_equal(a->data, b->data) || data_agree(run, type, a->data, b->data);
}

static bool is_one_type(uint32_t a, uint32_t b)
{
	return a == b || (a >= VALUE_USER_OID && b >= VALUE_USER_OID);
}

static bool run_agrees(struct value_run *run, const struct value_pair *pair)
{
	struct value_type type = value_type_of(pair->column.type_oid);

	if (type.kind == KIND_SERVER) {
		value_note(run, ALLOWANCE_SERVER_TYPE);
		return true;
	}
	if (run->policy->is_volatile) {
		value_note(run, ALLOWANCE_VOLATILE);
		return value_is_shaped(run, &type, pair->truth.data) &&
		       value_is_shaped(run, &type, pair->candidate.data);
	}
	return value_agree(run, &type, &pair->truth, &pair->candidate);
}

enum value_result value_compare(const struct value_policy *policy, const struct value_pair *pair,
	struct arena *arena, enum value_allowance *why)
{
	const struct wire_value *a = &pair->truth, *b = &pair->candidate;
	int16_t format = pair->column.format;
	struct value_run run = {.policy = policy, .arena = arena, .is_binary = format == 1};

	*why = ALLOWANCE_NONE;
	if (a->is_null || b->is_null)
		return a->is_null && b->is_null ? VALUE_SAME : VALUE_DIFFERENT;
	if (format != pair->candidate_column.format || format < 0 || format > 1)
		return VALUE_DIFFERENT;
	if (bytes_equal(a->data, b->data))
		return VALUE_SAME;
	if (!is_one_type(pair->column.type_oid, pair->candidate_column.type_oid) ||
		!run_agrees(&run, pair))
		return VALUE_DIFFERENT;
	/* What was found to be the same without a reason was merely written in another way. */
	if (run.why == ALLOWANCE_NONE)
		return run.is_equivalent ? VALUE_SAME : VALUE_DIFFERENT;
	*why = run.why;
	return VALUE_ALLOWED;
}

/* --- sort keys ------------------------------------------------------------------------------ */

static struct bytes without_blanks(struct bytes text)
{
	while (text.len > 0 && text.ptr[text.len - 1] == ' ')
		text.len--;
	return text;
}

static bool floats_tie(bool is_binary, bool is_narrow, struct bytes a, struct bytes b)
{
	double x, y;

	return value_float_read(is_binary, is_narrow, a, &x) &&
	       value_float_read(is_binary, is_narrow, b, &y) && (x == y || (isnan(x) && isnan(y)));
}

static bool intervals_tie(bool is_binary, struct bytes a, struct bytes b)
{
	int64_t days[2], us[2];

	return value_interval_read(is_binary, a, &days[0], &us[0]) &&
	       value_interval_read(is_binary, b, &days[1], &us[1]) && days[0] == days[1] &&
	       us[0] == us[1];
}

static bool data_tie(const struct wire_column *column, struct bytes a, struct bytes b)
{
	enum value_kind kind = value_type_of(column->type_oid).kind;
	bool is_binary = column->format == 1;

	switch ((int)kind) {
	case KIND_FLOAT4:
	case KIND_FLOAT8:
		return floats_tie(is_binary, kind == KIND_FLOAT4, a, b);
	case KIND_NUMERIC:
		return value_numeric_is_tie(is_binary, a, b);
	case KIND_BPCHAR:
		return bytes_equal(without_blanks(a), without_blanks(b));
	case KIND_DATE:
	case KIND_TIME:
	case KIND_TIMETZ:
	case KIND_TIMESTAMP:
	case KIND_TIMESTAMPTZ:
		return value_moment_is_tie(is_binary, kind, a, b);
	case KIND_INTERVAL:
		return intervals_tie(is_binary, a, b);
	default:
		return false;
	}
}

bool value_is_tie(
	const struct wire_value *a, const struct wire_value *b, const struct wire_column *column)
{
	if (a->is_null || b->is_null)
		return a->is_null && b->is_null;
	return bytes_equal(a->data, b->data) || data_tie(column, a->data, b->data);
}
