/*
 * The packs on statements as they are analysed: what drivers, tools and people ask is put into
 * the class that its rule is for, and ordinary statements are not.
 */
#include "diffengine/rules.h"

#include "tests/unit/diffengine/rules_testing.h"

static const char *allowed_by(
	struct rules *rules, const char *statement, const struct rules_difference *difference)
{
	struct analysis *analysis = analysis_new(bytes_str(statement));

	assert_non_null(analysis);
	const char *name =
		name_of(rules_allow(select_text(rules, statement, analysis), difference));
	analysis_free(analysis);
	return name;
}

static void assert_all(const char *const *statements, enum diff_kind kind, const char *column,
	const char *expected)
{
	struct rules_difference d = {.kind = kind,
		.column_name = column,
		.type_oid = 25,
		.truth = "1",
		.candidate = "2"};
	struct rules *rules = rules_of(NULL);

	set_versions(rules, "15.18", "15.12-YB-2025.1.4.0-b0");
	for (; *statements; statements++) {
		const char *name = allowed_by(rules, *statements, &d);
		if (strcmp(name, expected) != 0)
			fail_msg("%s: %s, not %s", *statements, name, expected);
	}
	rules_free(rules);
}

static void test_catalogs(void **state)
{
	static const char *const statements[] = {"SELECT version()", "select * from pg_am",
		"SELECT current_setting('server_version')",
		"SELECT relname, reltuples FROM pg_catalog.pg_class WHERE relname = 't'",
		"SELECT table_name FROM information_schema.tables ORDER BY 1",
		"SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = "
		"c.relnamespace WHERE c.relkind IN ('r', 'v') AND n.nspname !~ '^pg_'",
		"SELECT seq_scan FROM pg_stat_user_tables",
		"SELECT pg_get_indexdef(indexrelid) FROM pg_index", NULL};

	(void)state;
	assert_all(statements, DIFF_VALUE, "c", "yugabytedb:catalog");
	assert_all(statements, DIFF_ROW_COUNT, NULL, "yugabytedb:catalog");
	assert_all(statements, DIFF_COLUMNS, NULL, "none");
}

static void test_explain_and_show(void **state)
{
	static const char *const plans[] = {"EXPLAIN SELECT * FROM t",
		"explain (format json) select 1", "EXPLAIN ANALYZE UPDATE t SET a = 1",
		"EXPLAIN (ANALYZE, DIST) SELECT 1", NULL};
	static const char *const shows[] = {"SHOW max_connections", "show all", NULL};
	static const char *const exact[] = {
		"SHOW TIME ZONE", "SHOW search_path", "SELECT current_setting('TimeZone')", NULL};

	(void)state;
	assert_all(plans, DIFF_VALUE, "QUERY PLAN", "yugabytedb:explain");
	assert_all(shows, DIFF_VALUE, "c", "yugabytedb:show");
	assert_all(exact, DIFF_VALUE, "c", "none");
}

static void test_ordinary_statements(void **state)
{
	static const char *const statements[] = {"SELECT v FROM t", "SELECT 1", "TABLE t",
		"SELECT t.v, c.relname FROM t, pg_class c", "SELECT count(*) FROM t",
		"WITH x AS (SELECT * FROM pg_class) SELECT * FROM x JOIN t ON true",
		"INSERT INTO t SELECT relname FROM pg_class RETURNING v",
		"SELECT (SELECT max(v) FROM t), version()", "VALUES (1)", "SELECT f(1)",
		"DELETE FROM t RETURNING v", "FETCH ALL FROM c", "EXECUTE p",
		"SELECT to_regclass('t')", "CALL p()", "SELECT nextval('s')",
		"CREATE TABLE x AS SELECT * FROM pg_class", NULL};

	(void)state;
	assert_all(statements, DIFF_VALUE, "v", "none");
	assert_all(statements, DIFF_ROW_COUNT, NULL, "none");
	assert_all(statements, DIFF_TAG, NULL, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogs),
		cmocka_unit_test(test_explain_and_show),
		cmocka_unit_test(test_ordinary_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
