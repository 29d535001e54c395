/*
 * Grouping, and that its memory is bounded.
 */
#include "report/groups.h"

#include "report/text.h"
#include "tests/unit/report/trace_sample.h"

static struct groups new_groups(size_t limit)
{
	struct groups g;
	struct err err;

	assert_true(groups_init(&g, limit, &err));
	return g;
}

static void add(struct groups *g, const char *statement, int kind, int64_t exchange)
{
	struct group_key key = {
		.verdict = VERDICT_MISMATCH, .kind = kind, .statement = bytes_str(statement)};
	struct group_example example = {.session = 1, .exchange = exchange};

	groups_add(g, &key, &example);
}

static void test_statement_and_kind_make_a_group(void **state)
{
	struct groups g = new_groups(10);

	(void)state;
	add(&g, "select 1", DIFF_VALUE, 1);
	add(&g, "select b", DIFF_VALUE, 1);
	add(&g, "select 1", DIFF_TAG, 2);
	add(&g, "select 1", DIFF_VALUE, 3);
	assert_int_equal(g.count, 3);
	assert_int_equal(g.items[0].count, 2);
	assert_int_equal(g.items[0].exchanges, 2);
	assert_true(bytes_equal_str(g.items[1].key.statement, "select b"));
	assert_int_equal(g.items[2].key.kind, DIFF_TAG);
	assert_int_equal(g.dropped, 0);
	groups_fini(&g);
}

static void add_caused(struct groups *g, const char *statement, int64_t exchange, int64_t cause)
{
	struct group_key key = {.verdict = VERDICT_MISMATCH, .statement = bytes_str(statement)};
	struct group_example example = {.session = 1, .exchange = exchange, .cause = cause};

	groups_add(g, &key, &example);
}

static void test_consequences_come_last(void **state)
{
	struct groups g = new_groups(10);

	(void)state;
	add_caused(&g, "follows", 2, 1);
	add_caused(&g, "in part", 3, 2);
	add_caused(&g, "follows, too", 4, 3);
	add_caused(&g, "root", 5, 0);
	add_caused(&g, "in part", 6, 0);
	add_caused(&g, "follows", 7, 4);
	groups_order(&g);
	assert_int_equal(g.count, 4);
	assert_true(bytes_equal_str(g.items[0].key.statement, "in part"));
	assert_false(group_is_consequence(&g.items[0]));
	assert_int_equal(g.items[0].cause, 2);
	assert_true(bytes_equal_str(g.items[1].key.statement, "root"));
	assert_int_equal(g.items[1].cause, 0);
	assert_true(bytes_equal_str(g.items[2].key.statement, "follows"));
	assert_true(group_is_consequence(&g.items[2]));
	assert_int_equal(g.items[2].cause, 1);
	assert_int_equal(g.items[2].count, 2);
	assert_true(bytes_equal_str(g.items[3].key.statement, "follows, too"));
	groups_fini(&g);
}

static void test_statements_of_one_shape_are_one_group(void **state)
{
	struct groups g = new_groups(10);

	(void)state;
	add(&g, "select a from t where b in (1, 2)", DIFF_VALUE, 1);
	add(&g, "SELECT a FROM t /* c */ WHERE b IN ($1, 'x', 3)", DIFF_VALUE, 2);
	assert_int_equal(g.count, 1);
	assert_true(bytes_equal_str(
		g.items[0].examples[0].statement, "select a from t where b in (1, 2)"));
	assert_true(bytes_equal_str(g.items[0].examples[1].statement,
		"SELECT a FROM t /* c */ WHERE b IN ($1, 'x', 3)"));
	groups_fini(&g);
}

static void test_sessions_are_remembered_by_slot(void **state)
{
	struct groups g = new_groups(10);
	struct group_key key = {.kind = DIFF_VALUE, .statement = LITERAL("select 1")};
	struct group_example example = {.exchange = 1, .session_slot = 3};

	(void)state;
	groups_add(&g, &key, &example);
	example.session_slot = 70;
	groups_add(&g, &key, &example);
	assert_int_equal(g.items[0].sessions[0], 1 << 3);
	assert_int_equal(g.items[0].sessions[1], 1 << 6);
	assert_false(g.items[0].has_more_sessions);
	example.session_slot = GROUP_SESSIONS;
	groups_add(&g, &key, &example);
	assert_true(g.items[0].has_more_sessions);
	groups_fini(&g);
}

static void test_verdict_and_reason_make_a_group(void **state)
{
	struct groups g = new_groups(10);
	struct group_key key = {.verdict = VERDICT_EXCLUDED, .kind = DIFF_KIND_COUNT};
	struct group_example example = {.exchange = 1};

	(void)state;
	groups_add(&g, &key, &example);
	key.reason = LITERAL("a rule");
	groups_add(&g, &key, &example);
	key.verdict = VERDICT_ALLOWED;
	groups_add(&g, &key, &example);
	groups_add(&g, &key, &example);
	assert_int_equal(g.count, 3);
	assert_int_equal(g.items[2].count, 2);
	assert_true(bytes_equal_str(g.items[2].key.reason, "a rule"));
	groups_fini(&g);
}

static void test_differences_of_one_exchange_count_it_once(void **state)
{
	struct groups g = new_groups(10);

	(void)state;
	for (int i = 0; i < 5; i++)
		add(&g, "select 1", DIFF_VALUE, 7);
	assert_int_equal(g.items[0].count, 5);
	assert_int_equal(g.items[0].exchanges, 1);
	groups_fini(&g);
}

static void test_the_first_examples_are_kept_as_copies(void **state)
{
	struct groups g = new_groups(10);
	struct group_key key = {.kind = DIFF_VALUE, .statement = LITERAL("select 1")};
	char value[] = "0";

	(void)state;
	for (int i = 1; i <= 5; i++) {
		struct group_example example = {.exchange = i, .truth = bytes_str(value)};

		value[0] = (char)('0' + i);
		groups_add(&g, &key, &example);
	}
	assert_int_equal(g.items[0].example_count, GROUP_EXAMPLES);
	for (int i = 0; i < GROUP_EXAMPLES; i++) {
		assert_int_equal(g.items[0].examples[i].exchange, i + 1);
		assert_int_equal(g.items[0].examples[i].truth.ptr[0], '1' + i);
	}
	groups_fini(&g);
}

static void test_groups_beyond_the_limit_are_counted(void **state)
{
	struct groups g = new_groups(100);
	char statement[32];

	(void)state;
	for (int i = 0; i < 150; i++) {
		snprintf(statement, sizeof(statement), "select a%d", i);
		add(&g, statement, DIFF_VALUE, i + 1);
	}
	add(&g, "select a99", DIFF_VALUE, 200);
	assert_int_equal(g.count, 100);
	assert_int_equal(g.dropped, 50);
	assert_int_equal(g.items[99].count, 2);
	groups_fini(&g);
}

static void test_all_groups_up_to_the_highest_limit_are_found_again(void **state)
{
	struct groups g = new_groups(SIZE_MAX);
	char statement[32];

	(void)state;
	for (int round = 1; round <= 2; round++)
		for (int i = 0; i < GROUP_LIMIT_MAX; i++) {
			snprintf(statement, sizeof(statement), "select a%d", i);
			add(&g, statement, DIFF_VALUE, round);
		}
	assert_int_equal(g.count, GROUP_LIMIT_MAX);
	assert_int_equal(g.dropped, 0);
	for (size_t i = 0; i < g.count; i++)
		assert_int_equal(g.items[i].count, 2);
	groups_fini(&g);
}

static void test_huge_texts_do_not_make_it_grow(void **state)
{
	struct groups g = new_groups(GROUP_LIMIT_MAX);
	size_t size = (size_t)1 << 20;
	char *huge = malloc(size);
	int total = 3000;

	(void)state;
	assert_non_null(huge);
	memset(huge, 'x', size);
	for (int i = 0; i < total; i++) {
		struct bytes text = bytes_of(huge + i, size - (size_t)i);
		struct group_key key = {.kind = DIFF_VALUE,
			.statement = text_cut(text, 40000 - (size_t)i),
			.reason = bytes_of(text.ptr, 2000)};
		struct group_example example = {.exchange = i + 1,
			.truth = key.statement,
			.candidate = key.statement,
			.parameters = key.statement,
			.text = key.statement};

		groups_add(&g, &key, &example);
	}
	assert_true(g.arena.used <= (size_t)64 << 20);
	assert_int_equal(g.count + (size_t)g.dropped, total);
	assert_true(g.items[0].key.statement.len < GROUP_STATEMENT_MAX + 64);
	free(huge);
	groups_fini(&g);
}

/* Two statements that only differ behind the part that is kept are two groups. */
static void test_long_statements_are_told_apart_by_all_of_them(void **state)
{
	struct groups g = new_groups(10);
	char statement[GROUP_STATEMENT_MAX + 100];

	(void)state;
	memset(statement, 'x', sizeof(statement));
	statement[sizeof(statement) - 1] = '\0';
	add(&g, statement, DIFF_VALUE, 1);
	statement[sizeof(statement) - 2] = 'y';
	add(&g, statement, DIFF_VALUE, 2);
	assert_int_equal(g.count, 2);
	groups_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement_and_kind_make_a_group),
		cmocka_unit_test(test_consequences_come_last),
		cmocka_unit_test(test_statements_of_one_shape_are_one_group),
		cmocka_unit_test(test_sessions_are_remembered_by_slot),
		cmocka_unit_test(test_verdict_and_reason_make_a_group),
		cmocka_unit_test(test_differences_of_one_exchange_count_it_once),
		cmocka_unit_test(test_the_first_examples_are_kept_as_copies),
		cmocka_unit_test(test_groups_beyond_the_limit_are_counted),
		cmocka_unit_test(test_all_groups_up_to_the_highest_limit_are_found_again),
		cmocka_unit_test(test_huge_texts_do_not_make_it_grow),
		cmocka_unit_test(test_long_statements_are_told_apart_by_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
