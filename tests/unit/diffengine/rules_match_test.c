/*
 * What a rule selects and allows: each selector by itself, the first rule that fits, what is
 * kept per statement.
 */
#include "diffengine/rules.h"

#include "tests/unit/diffengine/rules_testing.h"

#define RULE(members)   "{ name = a, reason = r, " members " }"
#define THIRD(members)  "\n{ name = c, reason = r, " members " }"
#define SECOND(members) "\n{ name = b, reason = r, " members " }"

static const struct rules_difference value_difference = {
	.kind = DIFF_VALUE, .column_name = "price", .type_oid = 20, .truth = "1", .candidate = "2"};

/* Does the one rule select the statement? */
static bool selects(const char *rule, const char *statement, const struct analysis *analysis)
{
	struct rules *rules = rules_of(rule);

	(void)select_text(rules, statement, analysis);
	bool is_selected = rules_at(rules, 0)->use.statements == 1;
	rules_free(rules);
	return is_selected;
}

/* The name of the rule that allows it. */
static void assert_allowed(
	const char *list, const struct rules_difference *difference, const char *expected)
{
	struct rules *rules = rules_of(list);
	const struct rules_scope *scope = select_text(rules, "SELECT 1", NULL);
	const char *name = name_of(rules_allow(scope, difference));

	if (strcmp(name, expected) != 0)
		fail_msg("%s: %s", list, name);
	rules_free(rules);
}

static void test_statement(void **state)
{
	static const char rule[] =
		RULE("action = ignore, statement = \"^select\\\\s.*from t\\\\b\"");

	(void)state;
	assert_true(selects(rule, "SELECT a FROM t", NULL));
	assert_true(
		selects(rule, " -- one\n /* two /* three */ */ select\n1 from T where 1", NULL));
	assert_false(selects(rule, "SELECT a FROM tt", NULL));
	assert_false(selects(rule, "DELETE FROM t /* select 1 from t */", NULL));
	assert_false(selects(rule, "-- select 1 from t", NULL));
	assert_false(selects(rule, "", NULL));
}

static void test_tables(void **state)
{
	static const struct analysis_table bare[] = {{NULL, "item", false}};
	static const struct analysis_table some[] = {
		{"shop", "basket", true}, {"public", "Audit_Log", false}};
	struct analysis one = {.tables = bare, .table_count = 1};
	struct analysis two = {.tables = some, .table_count = 2};

	(void)state;
	assert_true(selects(RULE("action = ignore, tables = item"), "x", &one));
	assert_true(selects(RULE("action = ignore, tables = public.item"), "x", &one));
	assert_true(selects(RULE("action = ignore, tables = [ no, \"audit_*\" ]"), "x", &two));
	assert_true(selects(RULE("action = ignore, tables = \"sh?p.*\""), "x", &two));
	assert_false(selects(RULE("action = ignore, tables = \"public.basket\""), "x", &two));
	assert_false(selects(RULE("action = ignore, tables = ite"), "x", &one));
	assert_false(selects(RULE("action = ignore, tables = \"audit_?\""), "x", &two));
	assert_false(selects(RULE("action = ignore, tables = item"), "item", NULL));
	assert_true(selects(RULE("action = ignore, tables = \"*a*a*a*g\""), "x",
		&(struct analysis){.tables = (struct analysis_table[]){{NULL, "aaaaag", false}},
			.table_count = 1}));
}

static void test_class(void **state)
{
	struct analysis plan = {.class = ANALYSIS_EXPLAIN};
	struct analysis catalog = {.class = ANALYSIS_QUERY, .is_metadata = true};
	struct analysis sum = {.class = ANALYSIS_QUERY, .is_aggregating = true};

	(void)state;
	assert_true(selects(RULE("action = ignore, class = explain"), "x", &plan));
	assert_false(selects(RULE("action = ignore, class = explain"), "x", &catalog));
	assert_false(selects(RULE("action = ignore, class = explain"), "explain", NULL));
	assert_true(selects(RULE("action = ignore, class = [ ddl, metadata ]"), "x", &catalog));
	assert_false(selects(RULE("action = ignore, class = metadata"), "x", &sum));
	assert_true(selects(RULE("action = ignore, class = aggregate"), "x", &sum));
	assert_true(selects(RULE("action = ignore, class = query, statement = \"^x\""), "x", &sum));
	assert_true(selects(RULE("action = ignore, class = other"), "x",
		&(struct analysis){.class = ANALYSIS_OTHER}));
}

static void test_columns_and_types(void **state)
{
	struct rules_difference mood = {.kind = DIFF_VALUE,
		.column_name = "m",
		.type_oid = 17000,
		.type_name = "mood",
		.truth = "a",
		.candidate = "b"};

	(void)state;
	assert_allowed(RULE("action = ignore, column = PRICE"), &value_difference, "a");
	assert_allowed(RULE("action = ignore, column = [ x, \"p*e\" ]"), &value_difference, "a");
	assert_allowed(RULE("action = ignore, column = \"p?e\""), &value_difference, "none");
	assert_allowed(RULE("action = ignore, type = bigint"), &value_difference, "a");
	assert_allowed(RULE("action = ignore, type = [ int4, 20 ]"), &value_difference, "a");
	assert_allowed(RULE("action = ignore, type = \"int8[]\""), &value_difference, "none");
	assert_allowed(RULE("action = ignore, type = int8, column = x"), &value_difference, "none");
	assert_allowed(RULE("action = ignore, type = public.mood"), &mood, "a");
	mood.type_name = "public.mood";
	assert_allowed(RULE("action = ignore, type = public.mood"), &mood, "a");
	assert_allowed(RULE("action = ignore, type = shop.mood"), &mood, "none");
	mood.type_name = NULL;
	assert_allowed(RULE("action = ignore, type = public.mood"), &mood, "none");
	/* What is not about a column no rule about columns allows. */
	assert_allowed(RULE("action = ignore, column = price"),
		&(struct rules_difference){.kind = DIFF_ROW_COUNT, .truth = "1", .candidate = "2"},
		"none");
}

static void test_kinds_and_null(void **state)
{
	struct rules_difference null = value_difference;

	(void)state;
	null.candidate = NULL;
	assert_allowed(RULE("action = ignore, column = price, kinds = [ type, value ]"),
		&value_difference, "a");
	assert_allowed(
		RULE("action = ignore, column = price, kinds = type"), &value_difference, "none");
	assert_allowed(RULE("action = ignore, column = price"), &null, "none");
	assert_allowed(RULE("action = ignore, column = price, null = true"), &null, "a");
	assert_allowed(RULE("action = ignore, kinds = slow"),
		&(struct rules_difference){.kind = DIFF_SLOW}, "a");
}

static void test_sqlstates(void **state)
{
	struct rules_difference both = {.kind = DIFF_SQLSTATE,
		.truth_error = error_of("23505", "duplicate key"),
		.candidate_error = error_of("23502", "null value")};
	struct rules_difference one = {
		.kind = DIFF_ERROR_SUCCESS, .candidate_error = error_of("0A000", "no such thing")};

	(void)state;
	assert_allowed(RULE("action = equivalent, sqlstate = [ 23505, 23502 ]"), &both, "a");
	assert_allowed(RULE("action = equivalent, sqlstate = \"23*\""), &both, "a");
	assert_allowed(RULE("action = equivalent, sqlstate = [ 23505, 23503 ]"), &both, "none");
	assert_allowed(
		RULE("action = equivalent, postgresql = 23505, yugabytedb = 23502"), &both, "a");
	assert_allowed(
		RULE("action = equivalent, postgresql = 23502, yugabytedb = 23505"), &both, "none");
	assert_allowed(RULE("action = equivalent, sqlstate = 0A000"), &one, "none");
	assert_allowed(RULE("action = ignore, sqlstate = 0A000"), &one, "a");
	assert_allowed(RULE("action = ignore, yugabytedb = \"0A*\""), &one, "a");
	assert_allowed(RULE("action = ignore, postgresql = \"0A*\""), &one, "none");
	assert_allowed(RULE("action = ignore, sqlstate = 0A000"), &value_difference, "none");
	/* A body that is no ErrorResponse is no error. */
	one.candidate_error = bytes_of("C0A000", 6);
	assert_allowed(RULE("action = ignore, sqlstate = 0A000"), &one, "none");
}

static void test_message(void **state)
{
	struct rules_difference both = {.kind = DIFF_SQLSTATE,
		.truth_error = error_of("XX000", "of PostgreSQL"),
		.candidate_error = error_of("0A000", "LISTEN not supported yet")};

	(void)state;
	assert_allowed(RULE("action = ignore, message = \"not supported\""), &both, "a");
	assert_allowed(RULE("action = ignore, message = \"^not supported\""), &both, "none");
	assert_allowed(
		RULE("action = ignore, message = postgresql, side = yugabytedb"), &both, "none");
	assert_allowed(
		RULE("action = ignore, message = \"listen\", side = yugabytedb"), &both, "a");
	assert_allowed(RULE("action = ignore, sqlstate = 0A000, side = yugabytedb"), &both, "a");
	assert_allowed(RULE("action = ignore, sqlstate = 0A000"), &both, "none");
	assert_allowed(RULE("action = ignore, message = x"), &value_difference, "none");
}

static void test_side(void **state)
{
	struct rules_difference failed = {
		.kind = DIFF_ERROR_SUCCESS, .candidate_error = error_of("0A000", "x")};
	struct rules_difference rows = {.kind = DIFF_ROW_COUNT, .truth = "9", .candidate = "10"};

	(void)state;
	/* The truth is PostgreSQL until told otherwise. */
	assert_allowed(
		RULE("action = ignore, statement = select, side = yugabytedb"), &failed, "a");
	assert_allowed(
		RULE("action = ignore, statement = select, side = postgresql"), &failed, "none");
	assert_allowed(RULE("action = ignore, statement = select, side = yugabytedb"), &rows, "a");
	assert_allowed(
		RULE("action = ignore, statement = select, side = postgresql"), &rows, "none");
	rows.candidate = "9";
	assert_allowed(
		RULE("action = ignore, statement = select, side = postgresql"), &rows, "none");
	rows.candidate = NULL;
	assert_allowed(RULE("action = ignore, statement = select, side = postgresql"), &rows, "a");
	assert_allowed(RULE("action = ignore, statement = select, side = yugabytedb"),
		&value_difference, "none");
}

static void test_side_follows_the_truth(void **state)
{
	struct rules *rules =
		rules_of(RULE("action = ignore, statement = select, side = yugabytedb"));
	struct rules_versions versions = {"15", "15", false, ""};
	struct rules_difference failed = {
		.kind = DIFF_ERROR_SUCCESS, .truth_error = error_of("0A000", "x")};

	(void)state;
	assert_null(rules_allow(select_text(rules, "SELECT 1", NULL), &failed));
	rules_set_versions(rules, &versions);
	assert_non_null(rules_allow(select_text(rules, "SELECT 1", NULL), &failed));
	rules_free(rules);
}

static bool serves(const char *rule, const char *postgresql, const char *yugabytedb)
{
	struct rules *rules = rules_of(rule);

	set_versions(rules, postgresql, yugabytedb);
	bool is_serving = rules_at(rules, 0)->is_serving;
	(void)select_text(rules, "x", NULL);
	assert_int_equal(rules_at(rules, 0)->use.statements, is_serving);
	rules_free(rules);
	return is_serving;
}

static void test_versions(void **state)
{
	static const char yb[] = "15.12-YB-2025.1.4.0-b0";

	(void)state;
	assert_true(serves(RULE("action = exclude, statement = x, yugabytedb-version = \"2025.1\""),
		"15", yb));
	assert_false(serves(
		RULE("action = exclude, statement = x, yugabytedb-version = \"15\""), "15", yb));
	assert_true(
		serves(RULE("action = exclude, statement = x, base-version = \"15\""), "15", yb));
	assert_false(serves(
		RULE("action = exclude, statement = x, postgresql-version = \">15\""), "15", yb));
	assert_true(serves(RULE("action = ignore, statement = x, side = yugabytedb, "
				"version = \">=2025\""),
		"15", yb));
	assert_false(serves(RULE("action = ignore, statement = x, side = postgresql, "
				 "version = \">=2025\""),
		"15", yb));
	assert_false(
		serves(RULE("action = exclude, statement = x, base-version = \">1\""), "15", ""));
	assert_true(serves(RULE("action = exclude, statement = x"), "", ""));
}

static void test_first_rule_wins(void **state)
{
	struct rules *rules = rules_of(RULE("action = ignore, column = other") SECOND(
		"action = ignore, column = price") THIRD("action = ignore, column = \"pri*\""));
	struct rule *rule = rules_allow(select_text(rules, "SELECT 1", NULL), &value_difference);

	(void)state;
	assert_string_equal(name_of(rule), "b");
	assert_string_equal(rule->reason, "r");
	assert_string_equal(rule->place, "t.conf:2:1");
	assert_null(rule->pack);
	assert_int_equal(rule->use.fired, 0);
	rules_free(rules);
}

static void test_for_column(void **state)
{
	struct rules *rules = rules_of(RULE("action = tolerance, type = float8, relative = 1e-9")
			SECOND("action = unordered, column = tags")
				THIRD("action = exclude, statement = \"^x\""));
	const struct rules_scope *scope = select_text(rules, "SELECT 1", NULL);

	(void)state;
	struct rule *rule = rules_for_column(scope, RULE_TOLERANCE, "x", 701);
	assert_true(rule->relative == 1e-9);
	assert_null(rules_for_column(scope, RULE_TOLERANCE, "x", 700));
	assert_null(rules_for_column(scope, RULE_TOLERANCE, NULL, 0));
	assert_string_equal(name_of(rules_for_column(scope, RULE_UNORDERED, "tags", 1009)), "b");
	assert_null(rules_for_column(scope, RULE_UNORDERED, "other", 1009));
	assert_string_equal(name_of(rules_for_column(scope, RULE_UNORDERED, NULL, 0)), "b");
	assert_null(rules_for_column(scope, RULE_EXCLUDE, NULL, 0));
	scope = select_text(rules, "x", NULL);
	assert_string_equal(name_of(rules_for_column(scope, RULE_EXCLUDE, NULL, 0)), "c");
	rules_free(rules);
	/* Rows without a sequence are not elements without one. */
	rules = rules_of(RULE("action = unordered, statement = x"));
	scope = select_text(rules, "x", NULL);
	assert_non_null(rules_for_column(scope, RULE_UNORDERED, NULL, 0));
	assert_null(rules_for_column(scope, RULE_UNORDERED, "tags", 1009));
	rules_free(rules);
}

static void test_map(void **state)
{
	struct rules *rules = rules_of(
		RULE("action = map, column = def, pattern = \"USING (lsm|btree)\", replacement = "
		     "\"<$1>\"") SECOND("action = map, column = \"d*\", pattern = \"<lsm>\""));
	const struct rules_scope *scope = select_text(rules, "SELECT 1", NULL);
	struct bytes value = bytes_str("a USING LSM b"), out;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	out = rules_map(scope, "def", value, &arena);
	assert_true(bytes_equal_str(out, "a  b"));
	out = rules_map(scope, "other", value, &arena);
	assert_ptr_equal(out.ptr, value.ptr);
	out = rules_map(scope, NULL, value, &arena);
	assert_ptr_equal(out.ptr, value.ptr);
	arena_fini(&arena);
	rules_free(rules);
}

static void test_retry(void **state)
{
	struct rules *rules =
		rules_of(RULE("action = retry, side = yugabytedb, sqlstate = [ XX000, \"40*\" ], "
			      "message = \"try again\""));
	const struct rules_scope *scope = select_text(rules, "SELECT 1", NULL);
	struct rules_difference d = {
		.kind = DIFF_ERROR_SUCCESS, .candidate_error = error_of("40P01", "Try again")};

	(void)state;
	assert_non_null(rules_retry(scope, &d));
	assert_null(rules_allow(scope, &d));
	d.candidate_error = error_of("40P01", "do not");
	assert_null(rules_retry(scope, &d));
	d.candidate_error = error_of("42P01", "try again");
	assert_null(rules_retry(scope, &d));
	d.truth_error = error_of("40P01", "try again");
	d.candidate_error = bytes_of(NULL, 0);
	assert_null(rules_retry(scope, &d));
	rules_free(rules);
}

/* More statements than are kept, each found again or made anew. */
static void test_scopes_are_bounded(void **state)
{
	struct rules *rules = rules_of(RULE("action = ignore, statement = \"7$\""));
	char text[32];

	(void)state;
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < RULES_SCOPES_MAX + 1000; i++) {
			snprintf(text, sizeof(text), "SELECT %d", i);
			const struct rules_scope *scope = select_text(rules, text, NULL);
			assert_int_equal(
				rules_allow(scope, &value_difference) != NULL, i % 10 == 7);
			assert_ptr_equal(select_text(rules, text, NULL), scope);
		}
	rules_free(rules);
}

static void test_scopes_know_the_analysis(void **state)
{
	struct rules *rules = rules_of(RULE("action = ignore, tables = item"));
	struct analysis_table table = {NULL, "item", false};
	struct analysis analysis = {.tables = &table, .table_count = 1};

	(void)state;
	assert_null(rules_allow(select_text(rules, "EXECUTE p", NULL), &value_difference));
	assert_non_null(rules_allow(select_text(rules, "EXECUTE p", &analysis), &value_difference));
	table.name = "other";
	assert_null(rules_allow(select_text(rules, "EXECUTE p", &analysis), &value_difference));
	assert_int_equal(rules_at(rules, 0)->use.statements, 1);
	rules_free(rules);
}

static void test_timeouts_are_counted(void **state)
{
	struct rules *rules = rules_of(RULE("action = ignore, statement = \"(a+)+$\""));
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 2, "-", 2);
	assert_null(rules_allow(select_text(rules, text, NULL), &value_difference));
	assert_int_equal(rules_at(rules, 0)->use.timeouts, 1);
	/* The outcome is kept. */
	assert_null(rules_allow(select_text(rules, text, NULL), &value_difference));
	assert_int_equal(rules_at(rules, 0)->use.timeouts, 1);
	rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_columns_and_types),
		cmocka_unit_test(test_kinds_and_null),
		cmocka_unit_test(test_sqlstates),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_side),
		cmocka_unit_test(test_side_follows_the_truth),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_first_rule_wins),
		cmocka_unit_test(test_for_column),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_scopes_are_bounded),
		cmocka_unit_test(test_scopes_know_the_analysis),
		cmocka_unit_test(test_timeouts_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
