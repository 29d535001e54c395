/*
 * The list of harmless functions: found whatever the case, from the first to the last, and
 * nothing that writes, locks or notifies is on it.
 */
#include "diffengine/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"

static void test_harmless(void **state)
{
	/* The ends of the table, its middle, and names that are the beginning of another. */
	static const char *const names[] = {"abs", "acos", "xpath", "xmlagg", "json_agg",
		"jsonb_agg", "atan", "atan2", "int4", "int4range", "int8", "int8range", "log",
		"log10", "bool", "bool_and", "count", "sum", "min", "max", "avg", "now", "random",
		"lower", "lower_inc", "to_char", "to_tsquery", "coalesce", "nullif", "extract",
		"array_agg", "string_agg", "row_number", "version", "pg_sleep", "ts_rank",
		"ts_rank_cd", "float4", "current_setting", "has_table_privilege", "currval"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!function_is_harmless(bytes_str(names[i])))
			fail_msg("not found: %s", names[i]);
	assert_true(function_is_harmless(bytes_str("CoUnT")));
	assert_true(function_is_harmless(bytes_str("JSONB_Build_Object")));
}

static void test_not_harmless(void **state)
{
	static const char *const names[] = {"nextval", "setval", "set_config", "pg_notify",
		"pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_unlock",
		"pg_advisory_xact_lock", "txid_current", "pg_current_xact_id", "lo_create",
		"lo_unlink", "lowrite", "pg_terminate_backend", "pg_cancel_backend",
		"pg_reload_conf", "pg_switch_wal", "query_to_xml", "dblink", "dblink_exec",
		"pg_export_snapshot", "pg_logical_emit_message", "pg_create_restore_point",
		"pg_stat_reset", "xpath_exists_", "cursor_to_xml", "my_function"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (function_is_harmless(bytes_str(names[i])))
			fail_msg("taken for harmless: %s", names[i]);
}

static void test_only_whole_names(void **state)
{
	char name[200];

	(void)state;
	assert_false(function_is_harmless(bytes_str("")));
	assert_false(function_is_harmless(bytes_of(NULL, 0)));
	assert_false(function_is_harmless(bytes_str("coun")));
	assert_false(function_is_harmless(bytes_str("counts")));
	assert_false(function_is_harmless(bytes_str("count ")));
	assert_false(function_is_harmless(bytes_str("a")));
	assert_false(function_is_harmless(bytes_str("zzz")));
	assert_false(function_is_harmless(bytes_of("count\0x", 7)));
	memset(name, 'a', sizeof(name));
	for (size_t n = 1; n < sizeof(name); n++)
		assert_false(function_is_harmless(bytes_of(name, n)));
}

/* The view need not end in NUL, and nothing behind it is read. */
static void test_view(void **state)
{
	unsigned char *name = malloc(5);

	(void)state;
	assert_non_null(name);
	memcpy(name, "count", 5);
	assert_true(function_is_harmless(bytes_of(name, 5)));
	assert_false(function_is_harmless(bytes_of(name, 4)));
	assert_true(function_is_harmless(bytes_of("lowercase", 5)));
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_not_harmless),
		cmocka_unit_test(test_only_whole_names),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
