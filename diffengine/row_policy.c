/*
 * From a statement and the rules to the columns of its result.
 */
#include "diffengine/row_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "diffengine/compare.h"
#include "diffengine/rules.h"
#include "wire/decode.h"

#define FLOAT_TOLERANCE 1e-9 /* relative; sums of doubles in another order */

enum { /* OIDs of pg_type.dat that need no catalog */
	TYPE_BOOL = 16,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_FLOAT4_ARRAY = 1021,
	TYPE_FLOAT8_ARRAY = 1022
};

/* Types whose bytes alone decide, whatever the policy of the run: sorted. */
static const uint32_t plain_types[] = {16 /* bool */, 17 /* bytea */, 18 /* char */, 19 /* name */,
	20 /* int8 */, 21 /* int2 */, 23 /* int4 */, 114 /* json */, 650 /* cidr */,
	790 /* money */, 829 /* macaddr */, 869 /* inet */, 1560 /* bit */, 1562 /* varbit */,
	1700 /* numeric */, 2950 /* uuid */, 3802 /* jsonb */};

static int compare_oids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_plain(uint32_t type)
{
	return bsearch(&type, plain_types, ARRAY_LEN(plain_types), sizeof(type), compare_oids);
}

static bool is_float(uint32_t type)
{
	return type == TYPE_FLOAT4 || type == TYPE_FLOAT8 || type == TYPE_FLOAT4_ARRAY ||
	       type == TYPE_FLOAT8_ARRAY;
}

static bool is_time(uint32_t type)
{
	static const uint32_t types[] = {
		1082, 1083, 1114, 1115, 1182, 1183, 1184, 1185, 1266, 1270};

	return bsearch(&type, types, ARRAY_LEN(types), sizeof(type), compare_oids);
}

static size_t count_columns(const struct row_policy_input *input)
{
	struct wire_items items;
	struct msg_copy copy;

	if (input->copy.ptr && decode_copy(input->copy, &copy))
		return copy.column_formats.count;
	return input->columns.ptr && decode_row_description(input->columns, &items) ? items.count
										    : 0;
}

/* --- columns ---------------------------------------------------------------------------------- */

static void apply_target(struct column_policy *column, const struct analysis_target *target,
	const struct wire_column *described)
{
	/* `now() > x` and `count(*) filter (where t < now())` are not clocks. */
	bool is_clock =
		target->is_clock && described->type_oid != TYPE_BOOL && !target->is_aggregate;

	column->value.is_volatile = target->is_volatile || is_clock;
	column->value.is_unordered = target->is_unordered;
	column->value.delimiter = target->delimiter;
	column->is_undetermined = target->is_window_undetermined;
}

static void apply_rules(struct column_policy *column, const struct rules_scope *scope,
	const char *name, uint32_t type)
{
	struct rule *rule = rules_for_column(scope, RULE_TOLERANCE, name, type);

	if (rule) {
		column->value.relative = rule->relative;
		column->value.absolute = rule->absolute;
		column->value.covers_exact = true;
		if (is_time(type) && rule->absolute > 0) {
			column->value.clock_us = (int64_t)(rule->absolute * 1e6);
			column->value.clock_from_us = column->value.clock_until_us = 0;
		}
		column->tolerance = rule;
	}
	if (rules_for_column(scope, RULE_UNORDERED, name, type))
		column->value.is_unordered = true;
	column->map = rules_for_column(scope, RULE_MAP, name, type);
}

/* Where rows are too many to be paired, only what is known to differ by nature is left out. */
static bool is_masked(const struct column_policy *column, uint32_t type)
{
	static const uint32_t server_types[] = {
		26, 27, 28, 29, 1011, 1012, 1028, 2949, 2970, 3220, 3221, 5038, 5039, 5069};
	const struct value_policy *v = &column->value;

	return v->is_volatile || v->is_unordered || v->relative > 0 || v->absolute > 0 ||
	       column->map || column->is_undetermined || (v->clock_us > 0 && is_time(type)) ||
	       (v->is_major_different && is_float(type)) ||
	       bsearch(&type, server_types, ARRAY_LEN(server_types), sizeof(type), compare_oids);
}

static bool is_soft(const struct column_policy *column, uint32_t type)
{
	const struct value_policy *v = &column->value;

	return v->is_volatile || v->is_unordered || v->relative > 0 || v->absolute > 0 ||
	       column->map || !is_plain(type);
}

static bool make_columns(
	struct row_policy *policy, const struct row_policy_input *input, struct arena *arena)
{
	const struct analysis *a = input->analysis;
	struct wire_items items;
	struct wire_column described;

	policy->column_count = count_columns(input);
	policy->columns = arena_alloc(arena, (policy->column_count + 1) * sizeof(*policy->columns));
	if (!policy->columns)
		return false;
	for (size_t i = 0; a && i < a->target_count; i++) {
		int at = analysis_column(a, i, policy->column_count);

		if (at > 0 && (size_t)at <= policy->column_count)
			policy->columns[at - 1].target = &a->targets[i];
	}
	if (!input->columns.ptr || !decode_row_description(input->columns, &items))
		return true;
	for (size_t i = 0; wire_column_next(&items, &described); i++) {
		struct column_policy *column = &policy->columns[i];
		const char *name = arena_copy_str(arena, described.name);

		if (!name)
			return false;
		column->value.clock_us = input->run->clock_us;
		column->value.clock_from_us = input->run->clock_from_us;
		column->value.clock_until_us = input->run->clock_until_us;
		column->value.is_major_different = input->run->is_major_different;
		if (a && a->is_aggregating && is_float(described.type_oid))
			column->value.relative = FLOAT_TOLERANCE;
		if (column->target)
			apply_target(column, column->target, &described);
		if (input->scope)
			apply_rules(column, input->scope, name, described.type_oid);
		column->is_soft = is_soft(column, described.type_oid) || column->is_undetermined;
		column->is_masked = is_masked(column, described.type_oid);
		policy->has_soft = policy->has_soft || column->is_soft;
		policy->has_mask = policy->has_mask || column->is_masked;
	}
	return true;
}

/* --- order ------------------------------------------------------------------------------------ */

/* The one column of this name that a star stands for; -1: none, or several. */
static int find_named(
	const struct row_policy *policy, const struct row_policy_input *input, const char *name)
{
	struct wire_items items;
	struct wire_column column;
	int found = -1;

	if (!input->columns.ptr || !decode_row_description(input->columns, &items))
		return -1;
	for (int i = 0; wire_column_next(&items, &column); i++) {
		if (policy->columns[i].target || !bytes_equal_str(column.name, name))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

/* Keys up to the first that is not projected: the sequence is determined so far. */
static void make_keys(struct row_policy *policy, const struct row_policy_input *input)
{
	const struct analysis *a = input->analysis;

	for (size_t i = 0; i < a->key_count && i < ANALYSIS_KEYS_MAX; i++) {
		const struct analysis_key *key = &a->keys[i];
		int at = -1;

		if (key->column > 0)
			at = key->column - 1;
		else if (key->target > 0)
			at = analysis_column(a, (size_t)key->target - 1, policy->column_count) - 1;
		else if (key->name)
			at = find_named(policy, input, key->name);
		if (at < 0 || (policy->column_count > 0 && (size_t)at >= policy->column_count))
			break;
		policy->keys[policy->key_count++] = at;
	}
	policy->are_keys_unknown = a->key_count == 0;
	policy->order = policy->key_count > 0 ? ROWS_HAVE_KEYS : ROWS_ARE_A_SET;
}

/* The integer that a Bind gives to $number; -1: none. */
static int64_t parameter_value(struct bytes bind, int number)
{
	struct msg_bind msg;
	struct wire_value value = {0};
	int16_t format = 0;
	int64_t result = 0;

	if (!bind.ptr || !decode_bind(bind, &msg) || number < 1 || number > msg.parameters.count)
		return -1;
	if (msg.formats.count == 1)
		(void)wire_int16_next(&msg.formats, &format);
	else
		for (int i = 0; i < number && wire_int16_next(&msg.formats, &format); i++)
			;
	for (int i = 0; i < number && wire_value_next(&msg.parameters, &value); i++)
		;
	if (value.is_null || value.data.len == 0 || value.data.len > 18)
		return -1;
	for (size_t i = 0; i < value.data.len; i++) {
		if (format)
			result = result << 8 | value.data.ptr[i];
		else if (value.data.ptr[i] >= '0' && value.data.ptr[i] <= '9')
			result = result * 10 + (value.data.ptr[i] - '0');
		else
			return -1;
	}
	return format && value.data.len > 8 ? -1 : result;
}

static void make_limit(struct row_policy *policy, const struct row_policy_input *input)
{
	const struct analysis *a = input->analysis;

	policy->limit = -1;
	if (input->command->is_partial) {
		policy->has_limit = policy->has_offset = true;
		return;
	}
	if (a->is_single_row)
		return;
	policy->has_limit = a->has_limit && !a->has_ties;
	policy->has_offset = a->has_offset;
	policy->limit = a->limit;
	if (policy->has_limit && a->limit_parameter > 0)
		policy->limit = parameter_value(input->command->bind, a->limit_parameter);
}

static void make_order(struct row_policy *policy, const struct row_policy_input *input)
{
	const struct analysis *a = input->analysis;

	if (!a) {
		policy->order = input->command->is_ordered ? ROWS_IN_SEQUENCE : ROWS_ARE_A_SET;
		return;
	}
	if (input->command->is_total) {
		policy->order = a->has_order ? ROWS_IN_SEQUENCE : ROWS_ARE_A_SET;
		return;
	}
	make_limit(policy, input);
	if (a->has_order)
		make_keys(policy, input);
	if (a->has_inner_limit)
		policy->undetermined = "a LIMIT or DISTINCT ON inside the statement cuts rows "
				       "whose order is not determined";
	else if (a->is_distinct_on)
		policy->undetermined = "DISTINCT ON keeps one of several rows";
	else if (a->class == ANALYSIS_FETCH || a->class == ANALYSIS_EXECUTE)
		policy->undetermined = "the statement behind the name is not known";
}

bool row_policy_make(
	struct row_policy *policy, const struct row_policy_input *input, struct arena *arena)
{
	*policy = (struct row_policy){.limit = -1};
	if (!make_columns(policy, input, arena))
		return false;
	make_order(policy, input);
	policy->is_plan = input->analysis && input->analysis->class == ANALYSIS_EXPLAIN;
	if (input->scope && policy->order != ROWS_ARE_A_SET &&
		rules_for_column(input->scope, RULE_UNORDERED, NULL, 0))
		policy->order = ROWS_ARE_A_SET;
	return true;
}
