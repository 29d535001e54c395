/*
 * Rows side by side: which belongs to which, and what is shown around a difference.
 */
#include "report/row_diff.h"

#include "tests/unit/report/answers.h"

struct results {
	struct buf truth, candidate;
	struct answer_rows truth_rows, candidate_rows;
	struct row_sides sides;
	struct arena arena;
	struct row_diff diff;
};

static void answer(struct buf *b, const char *const *rows)
{
	answer_begin(b);
	answer_columns(b, "id name");
	for (; *rows; rows++)
		answer_row(b, *rows);
	answer_complete(b, "SELECT");
	answer_ready(b, 'I');
}

static void compare(
	struct results *r, const char *const *truth, const char *const *candidate, bool is_ordered)
{
	*r = (struct results){.sides = {.is_ordered = is_ordered}};
	answer(&r->truth, truth);
	answer(&r->candidate, candidate);
	arena_init(&r->arena, (size_t)8 << 20);
	assert_true(answer_rows_read(&r->truth_rows, buf_bytes(&r->truth), 0, &r->arena));
	assert_true(answer_rows_read(&r->candidate_rows, buf_bytes(&r->candidate), 0, &r->arena));
	r->sides.truth = &r->truth_rows;
	r->sides.candidate = &r->candidate_rows;
	assert_true(row_diff_make(&r->diff, &r->sides, &r->arena));
}

static void finish(struct results *r)
{
	arena_fini(&r->arena);
	buf_fini(&r->truth);
	buf_fini(&r->candidate);
}

static void expect(const struct results *r, size_t at, int64_t truth, int64_t candidate, bool same)
{
	assert_true(at < r->diff.count);
	assert_int_equal(r->diff.pairs[at].truth, truth);
	assert_int_equal(r->diff.pairs[at].candidate, candidate);
	assert_int_equal(r->diff.pairs[at].is_equal, same);
}

#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_a_changed_row_has_context(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a", "2 b", "3 c", "4 d", "5 e", "6 f", "7 g"),
		ROWS("1 a", "2 b", "3 c", "4 X", "5 e", "6 f", "7 g"), true);
	assert_int_equal(r.diff.count, 5);
	assert_int_equal(r.diff.pairs[0].skipped, 1);
	expect(&r, 0, 1, 1, true);
	expect(&r, 2, 3, 3, false);
	expect(&r, 4, 5, 5, true);
	assert_int_equal(r.diff.rest, 1);
	finish(&r);
}

static void test_a_row_of_one_side_shifts_the_others(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a", "2 b", "3 c", "4 d"), ROWS("1 a", "3 c", "4 d"), true);
	expect(&r, 0, 0, 0, true);
	expect(&r, 1, 1, -1, false);
	expect(&r, 2, 2, 1, true);
	finish(&r);
}

static void test_changed_rows_are_paired_by_likeness(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a", "2 b", "9 z"), ROWS("2 X", "9 z"), true);
	expect(&r, 0, 0, -1, false);
	expect(&r, 1, 1, 0, false);
	expect(&r, 2, 2, 1, true);
	finish(&r);
}

static void test_open_order_leaves_equal_rows_out(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a", "2 b", "3 c"), ROWS("3 c", "2 X", "1 a"), false);
	assert_int_equal(r.diff.count, 1);
	expect(&r, 0, 1, 1, false);
	assert_true(r.diff.is_settled);
	finish(&r);
}

static void test_only_columns_that_count_make_a_difference(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a", "2 b"), ROWS("1 X", "3 b"), true);
	r.sides.has_counts = true;
	r.sides.counts[0] = true;
	assert_true(row_diff_make(&r.diff, &r.sides, &r.arena));
	expect(&r, 0, 0, 0, true);
	expect(&r, 1, 1, 1, false);
	finish(&r);
}

static void test_long_results_are_bounded(void **state)
{
	const char *truth[801], *candidate[601];
	static char texts[800][16];
	struct results r;

	(void)state;
	for (int i = 0; i < 800; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%d x", i);
		truth[i] = texts[i];
		if (i < 600)
			candidate[i] = i < 300 ? texts[i] : texts[799 - i];
	}
	truth[800] = candidate[600] = NULL;
	for (int is_ordered = 0; is_ordered < 2; is_ordered++) {
		compare(&r, truth, candidate, is_ordered);
		assert_true(r.diff.count > 0 && r.diff.count <= ROW_DIFF_SHOWN);
		finish(&r);
	}
}

static void test_empty_results(void **state)
{
	struct results r;

	(void)state;
	compare(&r, ROWS("1 a"), (const char *const[]){NULL}, true);
	assert_int_equal(r.diff.count, 1);
	expect(&r, 0, 0, -1, false);
	finish(&r);
	compare(&r, (const char *const[]){NULL}, (const char *const[]){NULL}, false);
	assert_int_equal(r.diff.count, 0);
	finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_changed_row_has_context),
		cmocka_unit_test(test_a_row_of_one_side_shifts_the_others),
		cmocka_unit_test(test_changed_rows_are_paired_by_likeness),
		cmocka_unit_test(test_open_order_leaves_equal_rows_out),
		cmocka_unit_test(test_only_columns_that_count_make_a_difference),
		cmocka_unit_test(test_long_results_are_bounded),
		cmocka_unit_test(test_empty_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
