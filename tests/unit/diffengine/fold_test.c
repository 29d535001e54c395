/*
 * Folds of rows: what differs shows, and only what the order may not change does not.
 */
#include "diffengine/fold.h"

#include "diffengine/row_policy.h"
#include "tests/unit/diffengine/answers.h"

/* The rows of a script of DataRows (answers.h), each taken without its type and length. */
static struct fold folded(const struct fold_plan *plan, const char *script)
{
	struct fold fold = {0};
	struct buf out;

	buf_init(&out, ANSWER_CEILING);
	answer_write(&out, script);
	struct bytes rest = buf_bytes(&out);

	while (rest.len > 0) {
		size_t len = (size_t)rest.ptr[3] << 8 | rest.ptr[4];

		fold_add(plan, &fold, bytes_of(rest.ptr + 5, len - 4));
		rest = bytes_skip(rest, len + 1);
	}
	buf_fini(&out);
	return fold;
}

static enum fold_result compared(
	const struct row_policy *policy, const char *truth, const char *candidate)
{
	struct fold_plan *plan = fold_plan_new(policy);

	assert_non_null(plan);
	struct fold a = folded(plan, truth), b = folded(plan, candidate);
	enum fold_result result = fold_compare(plan, &a, &b);

	fold_plan_free(plan);
	return result;
}

static void test_in_sequence(void **state)
{
	(void)state;
	assert_int_equal(compared(NULL, "", ""), FOLD_EQUAL);
	assert_int_equal(compared(NULL, "D 1|a;D 2|b", "D 1|a;D 2|b"), FOLD_EQUAL);
	assert_int_equal(compared(NULL, "D 1|a;D 2|b", "D 1|a"), FOLD_COUNT);
	assert_int_equal(compared(NULL, "D 1|a;D 2|b", "D 1|a;D 2|c"), FOLD_ROWS);
	assert_int_equal(compared(NULL, "D 1|a;D 2|b", "D 2|b;D 1|a"), FOLD_ORDER);
}

static void test_a_set(void **state)
{
	struct column_policy columns[2] = {{.value = {0}}};
	struct row_policy policy = {.order = ROWS_ARE_A_SET, .columns = columns, .column_count = 2};

	(void)state;
	assert_int_equal(compared(&policy, "D 1|a;D 2|b", "D 2|b;D 1|a"), FOLD_EQUAL);
	assert_int_equal(compared(&policy, "D 1|a;D 1|a;D 2|b", "D 1|a;D 2|b;D 2|b"), FOLD_ROWS);
	assert_int_equal(compared(&policy, "D 1|\\N", "D 1|"), FOLD_ROWS);
}

/* The first column must come in its sequence; rows with the same key are a multiset. */
static void test_keys(void **state)
{
	struct column_policy columns[2] = {{.value = {0}}};
	struct row_policy policy = {
		.order = ROWS_HAVE_KEYS, .key_count = 1, .columns = columns, .column_count = 2};

	(void)state;
	assert_int_equal(compared(&policy, "D 1|a;D 1|b;D 2|c", "D 1|b;D 1|a;D 2|c"), FOLD_EQUAL);
	assert_int_equal(compared(&policy, "D 1|a;D 2|c", "D 2|c;D 1|a"), FOLD_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_sequence),
		cmocka_unit_test(test_a_set),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
