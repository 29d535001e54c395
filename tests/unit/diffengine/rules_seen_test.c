/*
 * What rules did, by name: counted, idle, sorted and bounded.
 */
#include "diffengine/rules_seen.h"

#include "diffengine/compare.h"
#include "tests/unit/diffengine/rules_testing.h"

static void note(struct rules_seen *seen, const char *rule, enum verdict verdict)
{
	struct difference difference = {.rule = rule, .verdict = verdict};
	struct comparison result = {.differences = &difference, .count = 1};

	rules_seen_note(seen, &result);
}

static void test_counted_and_sorted(void **state)
{
	struct rules_seen *seen = rules_seen_new();
	const struct rules_seen_row *rows;
	size_t count;

	(void)state;
	note(seen, "builtin:clock", VERDICT_ALLOWED);
	note(seen, "mine", VERDICT_ALLOWED);
	note(seen, "mine", VERDICT_ALLOWED);
	note(seen, NULL, VERDICT_MISMATCH);
	note(seen, "builtin:retry", VERDICT_INCONCLUSIVE);
	rows = rules_seen_sorted(seen, &count);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].name, "mine");
	assert_int_equal(rows[0].comparisons, 2);
	assert_string_equal(rows[1].name, "builtin:clock");
	rules_seen_free(seen);
	rules_seen_free(NULL);
}

static void test_own_rules_that_did_nothing(void **state)
{
	struct rules *rules = rules_of(
		"\"yugabytedb\", { name = a, reason = r, action = ignore, column = [ x ] }, "
		"{ name = b, reason = r, action = unordered, statement = \"from t\" }");
	struct rules_seen *seen = rules_seen_new();
	const struct rules_seen_row *rows;
	size_t count;

	(void)state;
	set_versions(rules, "15.6", "15.12-YB-2025.1.4.0-b0");
	rules_seen_take(seen, rules);
	rows = rules_seen_sorted(seen, &count);
	assert_int_equal(count, 2); /* none of the pack */
	assert_true(rows[0].is_idle && rows[1].is_idle);
	select_text(rules, "select 1 from t", NULL);
	rules_seen_take(seen, rules);
	rows = rules_seen_sorted(seen, &count);
	assert_string_equal(rows[0].name, "a");
	assert_true(rows[0].is_idle); /* it selected the statement, and allowed nothing */
	assert_false(rows[1].is_idle);
	rules_free(rules);
	rules_seen_free(seen);
}

static void test_bounded(void **state)
{
	struct rules_seen *seen = rules_seen_new();
	const struct rules_seen_row *rows;
	char name[32];
	size_t count;

	(void)state;
	for (int i = 0; i < RULES_SEEN_MAX + 5; i++) {
		snprintf(name, sizeof(name), "rule-%d", i);
		note(seen, name, VERDICT_ALLOWED);
	}
	rows = rules_seen_sorted(seen, &count);
	assert_int_equal(count, RULES_SEEN_MAX);
	assert_string_equal(rows[count - 1].name, "others");
	assert_int_equal(rows[count - 1].comparisons, 6);
	rules_seen_free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counted_and_sorted),
		cmocka_unit_test(test_own_rules_that_did_nothing),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
