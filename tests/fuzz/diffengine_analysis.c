/*
 * Statement analysis of any text: it ends, in bounded memory and stack, and what it says is
 * within its limits.
 */
#include "diffengine/analysis.h"

#include "tests/fuzz/fuzz.h"

static void check_keys(const struct analysis *a)
{
	fuzz_check(a->key_count <= ANALYSIS_KEYS_MAX);
	fuzz_check(a->has_order || a->key_count == 0);
	for (size_t i = 0; i < a->key_count; i++) {
		fuzz_check(a->keys[i].target >= 0 && a->keys[i].target <= (int)a->target_count);
		fuzz_check(a->keys[i].column >= 0);
	}
}

static void check_targets(const struct analysis *a)
{
	fuzz_check(a->target_count <= ANALYSIS_TARGETS_MAX);
	for (size_t i = 0; i < a->target_count; i++) {
		int column = analysis_column(a, i, 7);

		fuzz_check(column >= 0 && column <= (int)7);
		(void)strlen(a->targets[i].name ? a->targets[i].name : "");
		(void)strlen(a->targets[i].delimiter ? a->targets[i].delimiter : "");
	}
}

static void check_tables(const struct analysis *a)
{
	bool is_lone_there = !a->lone_table;

	fuzz_check(a->table_count <= ANALYSIS_TABLES_MAX);
	for (size_t i = 0; i < a->table_count; i++) {
		fuzz_check(a->tables[i].name != NULL);
		is_lone_there |= a->lone_table == &a->tables[i];
	}
	fuzz_check(is_lone_there);
	for (size_t i = 0; i < a->fixed_count; i++)
		fuzz_check(a->fixed_columns[i]);
	for (size_t i = 0; i < a->sorted_count; i++)
		fuzz_check(a->sorted_columns[i]);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct analysis *a = analysis_new(bytes_of(data ? data : (const uint8_t *)"", size));

	fuzz_check(a);
	check_keys(a);
	check_targets(a);
	check_tables(a);
	analysis_free(a);
	return 0;
}
