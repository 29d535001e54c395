/*
 * The vocabulary: names are unique and complete, numbers are frozen (traces store them), ranks
 * give a total order, numbers out of range are harmless.
 */
#include "diffengine/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"

static void test_verdict_numbers_are_frozen(void **state)
{
	static const char *const names[] = {"equal", "allowed", "mismatch", "retried",
		"inconclusive", "undecidable", "excluded", "not-compared"};

	(void)state;
	assert_true(VERDICT_COUNT >= ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(verdict_name((enum verdict)i), names[i]);
}

static void test_kind_numbers_are_frozen(void **state)
{
	static const char *const names[] = {"row-count", "value", "order", "columns", "type",
		"format", "tag", "error-success", "sqlstate", "unsupported", "transaction-status",
		"grammar", "copy-data", "portal", "slow", "infrastructure", "retry",
		"cross-database-deadlock", "function-result"};

	(void)state;
	assert_true(DIFF_KIND_COUNT >= ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(diff_kind_info((enum diff_kind)i)->name, names[i]);
}

static void test_every_row_is_complete(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++)
		assert_true(strlen(verdict_meaning((enum verdict)i)) > 10);
	for (int i = 0; i < DIFF_KIND_COUNT; i++) {
		const struct diff_kind_info *info = diff_kind_info((enum diff_kind)i);

		assert_true(strlen(info->meaning) > 10);
		assert_true(strlen(info->advice) > 10);
		assert_string_not_equal(severity_name(info->severity), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				info->name, diff_kind_info((enum diff_kind)j)->name);
	}
}

static void test_severities(void **state)
{
	(void)state;
	assert_string_equal(severity_name(SEVERITY_DATA), "data");
	assert_string_equal(severity_name(SEVERITY_BEHAVIOUR), "behaviour");
	assert_string_equal(severity_name(SEVERITY_SHAPE), "shape");
	assert_string_equal(severity_name(SEVERITY_OPERATION), "operation");
	assert_string_equal(severity_name((enum severity)99), "unknown");
	assert_int_equal(diff_kind_info(DIFF_ROW_COUNT)->severity, SEVERITY_DATA);
	assert_int_equal(diff_kind_info(DIFF_COLUMNS)->severity, SEVERITY_SHAPE);
	assert_int_equal(diff_kind_info(DIFF_SQLSTATE)->severity, SEVERITY_BEHAVIOUR);
	assert_int_equal(diff_kind_info(DIFF_SLOW)->severity, SEVERITY_OPERATION);
}

static void test_worst(void **state)
{
	/* From the best to the worst. */
	static const enum verdict order[] = {VERDICT_EQUAL, VERDICT_RETRIED, VERDICT_ALLOWED,
		VERDICT_EXCLUDED, VERDICT_NOT_COMPARED, VERDICT_UNDECIDABLE, VERDICT_INCONCLUSIVE,
		VERDICT_MISMATCH};

	(void)state;
	assert_int_equal(ARRAY_LEN(order), VERDICT_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t j = 0; j < ARRAY_LEN(order); j++)
			assert_int_equal(verdict_worst(order[i], order[j]), order[i > j ? i : j]);
}

static void test_numbers_of_a_newer_trace(void **state)
{
	const enum verdict newer = (enum verdict)VERDICT_COUNT;

	(void)state;
	assert_string_equal(verdict_name(newer), "unknown");
	assert_string_equal(verdict_name((enum verdict) - 1), "unknown");
	assert_string_equal(verdict_meaning(newer), "");
	assert_string_equal(diff_kind_info((enum diff_kind)DIFF_KIND_COUNT)->name, "unknown");
	assert_string_equal(diff_kind_info((enum diff_kind) - 1)->name, "unknown");
	assert_int_equal(verdict_worst(newer, VERDICT_EQUAL), VERDICT_EQUAL);
	assert_int_equal(verdict_worst(VERDICT_MISMATCH, (enum verdict)1000000), VERDICT_MISMATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict_numbers_are_frozen),
		cmocka_unit_test(test_kind_numbers_are_frozen),
		cmocka_unit_test(test_every_row_is_complete),
		cmocka_unit_test(test_severities),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_numbers_of_a_newer_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
