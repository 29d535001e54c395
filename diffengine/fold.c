/*
 * Order-free hashing of rows.
 */
#include "diffengine/fold.h"

#include <stdlib.h>

#include "base/hash.h"
#include "diffengine/row_policy.h"
#include "wire/decode.h"

#define SEQUENCE_FACTOR UINT64_C(0x9e3779b97f4a7c15) /* odd, of random bits */

struct fold_plan {
	enum row_order order;
	bool is_undetermined, has_mask;
	int keys[ANALYSIS_KEYS_MAX];
	size_t key_count;
	size_t column_count;
	bool is_masked[]; /* by column */
};

struct fold_plan *fold_plan_new(const struct row_policy *policy)
{
	size_t columns = policy ? policy->column_count : 0;
	struct fold_plan *plan = calloc(1, sizeof(*plan) + columns * sizeof(bool));

	if (!plan)
		return NULL;
	plan->order = ROWS_IN_SEQUENCE;
	if (!policy)
		return plan;
	plan->order = policy->order;
	plan->is_undetermined = policy->undetermined != NULL || policy->has_limit ||
				policy->has_offset || policy->are_keys_unknown || policy->is_plan;
	plan->has_mask = policy->has_mask;
	plan->key_count = policy->key_count;
	plan->column_count = columns;
	for (size_t i = 0; i < policy->key_count; i++)
		plan->keys[i] = policy->keys[i];
	for (size_t i = 0; i < columns; i++)
		plan->is_masked[i] = policy->columns[i].is_masked;
	return plan;
}

void fold_plan_free(struct fold_plan *plan)
{
	free(plan);
}

static uint64_t hash_value(const struct wire_value *value)
{
	return value->is_null ? SEQUENCE_FACTOR : hash_bytes128(value->data).low;
}

static void add_masked(const struct fold_plan *plan, struct fold *fold, struct wire_items values)
{
	struct wire_value value;
	uint64_t low = 1, high = 1;

	for (size_t i = 0; wire_value_next(&values, &value); i++) {
		uint64_t hash;

		if (i < plan->column_count && plan->is_masked[i])
			continue;
		hash = hash_value(&value);
		low = low * SEQUENCE_FACTOR + hash;
		high = (high ^ hash) * (SEQUENCE_FACTOR + 2);
	}
	fold->masked_low += low;
	fold->masked_high += high;
}

static void add_keys(const struct fold_plan *plan, struct fold *fold, struct wire_items values)
{
	struct wire_value value;

	for (int i = 0; wire_value_next(&values, &value); i++)
		for (size_t k = 0; k < plan->key_count; k++)
			if (plan->keys[k] == i)
				fold->sequence =
					fold->sequence * SEQUENCE_FACTOR + hash_value(&value);
}

void fold_add(const struct fold_plan *plan, struct fold *fold, struct bytes row)
{
	struct hash128 hash = hash_bytes128(row);
	struct wire_items values;

	fold->rows++;
	fold->low += hash.low;
	fold->high += hash.high;
	if (plan->order == ROWS_IN_SEQUENCE)
		fold->sequence = fold->sequence * SEQUENCE_FACTOR + hash.low;
	if ((!plan->has_mask && plan->order != ROWS_HAVE_KEYS) || !decode_data_row(row, &values))
		return;
	if (plan->order == ROWS_HAVE_KEYS)
		add_keys(plan, fold, values);
	if (plan->has_mask)
		add_masked(plan, fold, values);
}

enum fold_result fold_compare(
	const struct fold_plan *plan, const struct fold *truth, const struct fold *candidate)
{
	bool is_same = truth->low == candidate->low && truth->high == candidate->high;
	bool is_masked_same = plan->has_mask && truth->masked_low == candidate->masked_low &&
			      truth->masked_high == candidate->masked_high;

	if (truth->rows != candidate->rows)
		return FOLD_COUNT;
	if (is_same && plan->order != ROWS_ARE_A_SET && truth->sequence != candidate->sequence)
		return FOLD_ORDER;
	if (is_same)
		return FOLD_EQUAL;
	if (plan->is_undetermined)
		return FOLD_UNDETERMINED;
	return is_masked_same ? FOLD_TOLERANT : FOLD_ROWS;
}
