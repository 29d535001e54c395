/*
 * The packs that come with the program: each rule allows what it is for, on the releases it is
 * for, and none ever allows what would be wrong data.
 */
#include "diffengine/rules.h"

#include "tests/unit/diffengine/rules_testing.h"

#define YB11 "11.2-YB-2024.2.11.0-b0"
#define YB15 "15.12-YB-2025.1.4.0-b0"
#define YB26 "15.12-YB-2025.2.6.0-b0"

static const struct analysis query = {.class = ANALYSIS_QUERY};
static const struct analysis metadata = {.class = ANALYSIS_QUERY, .is_metadata = true};
static const struct analysis explain = {.class = ANALYSIS_EXPLAIN};
static const struct analysis show = {.class = ANALYSIS_SHOW, .is_metadata = true};
static const struct analysis aggregate = {.class = ANALYSIS_QUERY, .is_aggregating = true};
static const struct analysis other = {.class = ANALYSIS_OTHER};

static struct rules *rules_between(const char *postgresql, const char *yugabytedb)
{
	struct rules *rules = rules_of(NULL);

	set_versions(rules, postgresql, yugabytedb);
	return rules;
}

struct row {
	const char *statement;
	const struct analysis *analysis;
	struct rules_difference difference;
	const char *expected;
};

static void assert_rows(
	const char *postgresql, const char *yugabytedb, const struct row *rows, size_t count)
{
	struct rules *rules = rules_between(postgresql, yugabytedb);

	for (size_t i = 0; i < count; i++) {
		const struct rules_scope *scope =
			select_text(rules, rows[i].statement, rows[i].analysis);
		const char *name = name_of(rules_allow(scope, &rows[i].difference));
		if (strcmp(name, rows[i].expected) != 0)
			fail_msg("%s, %s: %s, not %s", rows[i].statement,
				diff_kind_info(rows[i].difference.kind)->name, name,
				rows[i].expected);
	}
	rules_free(rules);
}

#define VALUE(column)                                                                      \
	{                                                                                  \
		.kind = DIFF_VALUE, .column_name = (column), .type_oid = 25, .truth = "a", \
		.candidate = "b"                                                           \
	}
#define OF_KIND(name)                                               \
	{                                                           \
		.kind = DIFF_##name, .truth = "1", .candidate = "2" \
	}

static void test_server_descriptions(void **state)
{
	const struct row rows[] = {
		{"EXPLAIN SELECT 1", &explain, VALUE("QUERY PLAN"), "yugabytedb:explain"},
		{"EXPLAIN SELECT 1", &explain, OF_KIND(ROW_COUNT), "yugabytedb:explain"},
		{"EXPLAIN SELECT 1", &explain, OF_KIND(COLUMNS), "none"},
		{"EXPLAIN SELECT 1", &explain, OF_KIND(ERROR_SUCCESS), "none"},
		{"SELECT amname FROM pg_am", &metadata, VALUE("amname"), "yugabytedb:catalog"},
		{"SELECT amname FROM pg_am", &metadata, OF_KIND(ROW_COUNT), "yugabytedb:catalog"},
		{"SELECT c.relname FROM pg_class c WHERE EXISTS (SELECT 1)", &metadata,
			VALUE("relname"), "yugabytedb:catalog"},
		{"SELECT * FROM pg_class", &metadata, OF_KIND(COLUMNS), "none"},
		{"SELECT * FROM pg_class", &metadata, OF_KIND(TRANSACTION_STATUS), "none"},
		{"SELECT amname FROM item", &query, VALUE("amname"), "none"},
		{"SHOW work_mem", &show, VALUE("work_mem"), "yugabytedb:show"},
		{"SHOW timezone", &show, VALUE("TimeZone"), "none"},
		{"show TIME  ZONE", &show, VALUE("TimeZone"), "none"},
		{"SHOW transaction_isolation", &show, VALUE("transaction_isolation"), "none"},
		{"SELECT current_setting('work_mem')", &metadata, VALUE("current_setting"),
			"yugabytedb:catalog"},
		{"SELECT current_setting( 'timezone' )", &metadata, VALUE("current_setting"),
			"none"},
		{"SHOW search_path", &show, VALUE("search_path"), "none"},
	};

	(void)state;
	assert_rows("15.18", YB15, rows, ARRAY_LEN(rows));
	assert_rows("11.22", YB11, rows, ARRAY_LEN(rows));
}

/* One-sided failures of the YugabyteDB side, `kind` as the comparison names them. */
static void assert_failure(
	const char *statement, enum diff_kind kind, const char *yugabytedb, const char *expected)
{
	struct row row = {statement, &other,
		{.kind = kind, .candidate_error = error_of("0A000", "this is not supported yet")},
		expected};

	assert_rows("15.18", yugabytedb, &row, 1);
}

static void test_unsupported_without_effect(void **state)
{
	static const struct {
		const char *statement, *expected;
	} rows[] = {
		{"REINDEX TABLE t", "yugabytedb:reindex"},
		{"/* nightly */ reindex index i", "yugabytedb:reindex"},
		{"CLUSTER t USING i", "yugabytedb:cluster"},
		{"VACUUM FULL t", "yugabytedb:vacuum-full"},
		{"VACUUM (ANALYZE, FULL) t", "yugabytedb:vacuum-full"},
		{"VACUUM t", "none"},
		{"ALTER TABLE t ALTER COLUMN c SET STORAGE PLAIN", "yugabytedb:storage"},
		{"ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = off);",
			"yugabytedb:storage"},
		{"ALTER INDEX i RESET (fillfactor)", "yugabytedb:storage"},
		{"ALTER TABLE t ADD COLUMN c int, SET (fillfactor = 70)", "none"},
		{"ALTER TABLE t ADD COLUMN c int", "none"},
		{"ALTER TABLE t ALTER c SET DEFAULT 1", "none"},
		{"ALTER TABLE t ALTER c SET NOT NULL", "none"},
		{"CREATE TABLESPACE s LOCATION '/x'", "yugabytedb:tablespace"},
		{"CREATE TABLE t (a int) TABLESPACE s", "none"},
		{"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", "none"},
		{"SELECT 1 AS reindex", "none"},
		{"CREATE UNIQUE INDEX i ON t (a) WITH (fillfactor = 70)", "none"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_failure(rows[i].statement, DIFF_UNSUPPORTED, YB15, rows[i].expected);
		assert_failure(rows[i].statement, DIFF_ERROR_SUCCESS, YB15, rows[i].expected);
		assert_failure(rows[i].statement, DIFF_TRANSACTION_STATUS, YB15, "none");
	}
}

static void test_only_yugabytedb_may_fail(void **state)
{
	struct row row = {"REINDEX TABLE t", &other,
		{.kind = DIFF_ERROR_SUCCESS, .truth_error = error_of("0A000", "not supported")},
		"none"};

	(void)state;
	assert_rows("15.18", YB15, &row, 1);
}

static void test_features_by_release(void **state)
{
	(void)state;
	assert_failure("LISTEN c", DIFF_UNSUPPORTED, YB11, "yugabytedb:listen-notify-11");
	assert_failure("NOTIFY c, 'x'", DIFF_UNSUPPORTED, "15.2-YB-2.25.1.0-b0",
		"yugabytedb:listen-notify-15");
	assert_failure("LISTEN c", DIFF_UNSUPPORTED, YB15, "yugabytedb:listen-notify-15");
	assert_failure("LISTEN c", DIFF_UNSUPPORTED, YB26, "none");
	assert_failure("LISTEN c", DIFF_UNSUPPORTED, "15.17", "none");
}

/* Inside a block YugabyteDB may see another error first: that is told, unless a rule of the
 * user's allows it. */
static void test_errors(void **state)
{
	static const char own[] = "\"default\", { name = late, reason = r, action = equivalent, "
				  "statement = \"^(DO|CALL)\\\\b\", sqlstate = \"23*\" }";
	struct rules_difference d = {.kind = DIFF_SQLSTATE,
		.truth_error = error_of("23505", "x"),
		.candidate_error = error_of("23502", "y")};
	struct rules *rules = rules_between("15.18", YB15);

	(void)state;
	assert_null(rules_allow(select_text(rules, "DO $$ $$", &other), &d));
	rules_free(rules);
	rules = rules_of(own);
	set_versions(rules, "15.18", YB15);
	assert_string_equal(
		name_of(rules_allow(select_text(rules, "DO $$ $$", &other), &d)), "late");
	assert_null(rules_allow(select_text(rules, "INSERT INTO t SELECT 1", &query), &d));
	rules_free(rules);
}

static void test_index_definitions(void **state)
{
	struct rules *rules = rules_between("15.18", YB15);
	const struct rules_scope *scope =
		select_text(rules, "SELECT indexdef FROM pg_indexes", &metadata);
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	struct bytes lsm = rules_map(scope, "indexdef",
		bytes_str("CREATE INDEX i ON public.t USING lsm (a HASH, b ASC)"), &arena);
	struct bytes btree = rules_map(scope, "indexdef",
		bytes_str("CREATE INDEX i ON public.t USING btree (a, b)"), &arena);
	assert_true(bytes_equal(lsm, btree));
	struct bytes gin = rules_map(scope, "indexdef",
		bytes_str("CREATE INDEX i ON public.t USING gin (a, b)"), &arena);
	assert_false(bytes_equal(lsm, gin));
	arena_fini(&arena);
	rules_free(rules);
}

/* Packs are tried on every statement that differs, however long it is. */
static void test_long_statements(void **state)
{
	static const struct analysis *const all[] = {&query, &aggregate, &other};
	static const char unit[] = "SELECT last_value, a FROM item_seq ALTER TABLE t ";
	size_t size = 1 << 20;
	char *text = malloc(size);
	struct rules *rules = rules_between("15.18", YB15);

	(void)state;
	for (size_t i = 0; i < size - 1; i++)
		text[i] = unit[i % (sizeof(unit) - 1)];
	text[size - 1] = '\0';
	for (size_t skip = 0; skip < sizeof(unit); skip += 35)
		for (size_t i = 0; i < ARRAY_LEN(all); i++)
			(void)select_text(rules, text + skip, all[i]);
	for (size_t i = 0; i < rules_count(rules); i++)
		if (rules_at(rules, i)->use.timeouts > 0)
			fail_msg("%s gives up", rules_at(rules, i)->name);
	rules_free(rules);
	free(text);
}

/* D14, D15, D17, D18 and whatever else would be wrong data. */
static void test_never_allowed(void **state)
{
	static const struct row rows[] = {
		{"SELECT * FROM t", &query, OF_KIND(ROW_COUNT), "none"},
		{"SELECT a FROM t", &query, VALUE("a"), "none"},
		{"SELECT sum(a) FROM t", &aggregate, VALUE("sum"), "none"},
		{"SELECT a FROM t ORDER BY a", &query, OF_KIND(ORDER), "none"},
		{"INSERT INTO t VALUES (4), (4) ON CONFLICT DO NOTHING", &query, OF_KIND(TAG),
			"none"},
		{"FETCH ALL FROM c", &query, OF_KIND(ROW_COUNT), "none"},
		{"SELECT 1", &query, OF_KIND(GRAMMAR), "none"},
		{"COPY t TO STDOUT", &query, OF_KIND(COPY_DATA), "none"},
		{"ROLLBACK", &other, OF_KIND(TRANSACTION_STATUS), "none"},
		{"SELECT last_value FROM s", &query,
			{.kind = DIFF_VALUE,
				.column_name = "last_value",
				.type_oid = 20,
				.truth = "1",
				.candidate = "100"},
			"none"},
		{"SELECT to_regclass('x')", &metadata, VALUE("to_regclass"), "none"},
		{"SELECT EXISTS (SELECT FROM pg_tables)", &metadata, VALUE("exists"), "none"},
		{"SELECT obj_description(1)", &metadata,
			{.kind = DIFF_VALUE, .column_name = "d", .candidate = "x"}, "none"},
	};

	(void)state;
	assert_rows("15.18", YB15, rows, ARRAY_LEN(rows));
	assert_rows("15.18", YB11, rows, ARRAY_LEN(rows));
	assert_rows("15.18", "17.2", rows, ARRAY_LEN(rows));
}

#define COUNTER(column)                                                                     \
	{                                                                                   \
		.kind = DIFF_VALUE, .column_name = (column), .type_oid = 20, .truth = "32", \
		.candidate = "0"                                                            \
	}

static void test_sequences(void **state)
{
	static const char *const relations[] = {"select last_value, log_cnt, is_called from s",
		"SELECT last_value FROM public.\"Item_id_seq\";", "SELECT * FROM item_seq",
		"TABLE item_seq", "SELECT last_value,is_called FROM s"};
	static const char *const others[] = {"SELECT last_value FROM sensor",
		"SELECT last_value, price FROM item_seq", "SELECT * FROM item",
		"SELECT last_value FROM item_seq WHERE price > 1",
		"SELECT last_value(x) OVER () FROM item_seq",
		"SELECT last_value FROM item_seq, sensor"};
	struct row row = {NULL, &query, COUNTER("last_value"), "yugabytedb:sequence-cache"};
	struct row log = {"SELECT * FROM s", &query, COUNTER("log_cnt"), "yugabytedb:sequence-log"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		row.statement = relations[i];
		assert_rows("15.18", YB15, &row, 1);
	}
	row.expected = "none";
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		row.statement = others[i];
		assert_rows("15.18", YB15, &row, 1);
	}
	assert_rows("15.18", YB15, &log, 1);
	log.difference.column_name = "is_called";
	log.expected = "none";
	assert_rows("15.18", YB15, &log, 1);
}

static void test_catalogs_of_two_majors(void **state)
{
	static const struct row rows[] = {
		{"SELECT * FROM pg_class", &metadata, OF_KIND(COLUMNS), "postgresql-major:catalog"},
		{"SELECT * FROM t", &query, OF_KIND(COLUMNS), "none"},
		{"EXPLAIN SELECT 1", &explain, VALUE("QUERY PLAN"), "postgresql-major:explain"},
	};

	(void)state;
	assert_rows("15.18", "17.2", rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_descriptions),
		cmocka_unit_test(test_unsupported_without_effect),
		cmocka_unit_test(test_only_yugabytedb_may_fail),
		cmocka_unit_test(test_features_by_release),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_index_definitions),
		cmocka_unit_test(test_long_statements),
		cmocka_unit_test(test_never_allowed),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_catalogs_of_two_majors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
