/*
 * One side's answer then and now: what counts as the same, and what does not.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/drift.h"
#include "wire/message.h"

#define MAX 1000000

struct answer {
	struct buf bytes;
	struct fixture_side side;
};

static void begin_answer(struct answer *a, uint32_t type, uint32_t table)
{
	struct wire_column column = {.name = LITERAL("n"),
		.type_oid = type,
		.table_oid = table,
		.typlen = -1,
		.typmod = -1};

	buf_init(&a->bytes, MAX);
	assert_true(encode_row_description(&a->bytes, &column, 1));
}

static void row(struct answer *a, const char *text)
{
	struct wire_value value = {.data = bytes_str(text)};

	assert_true(encode_data_row(&a->bytes, &value, 1));
}

static void end_answer(struct answer *a, const char *tag)
{
	assert_true(encode_command_complete(&a->bytes, tag));
	assert_true(encode_ready(&a->bytes, 'I'));
	a->side = (struct fixture_side){.bytes = buf_bytes(&a->bytes), .status = 'I'};
}

static bool has_drifted(struct answer *before, struct answer *now, bool is_ordered)
{
	struct compare_command command = {.is_ordered = is_ordered};
	struct drift_input input = {
		.before = before->side, .now = now->side, .commands = &command, .command_count = 1};
	struct comparison result;
	struct arena arena;
	bool drifted;

	arena_init(&arena, MAX);
	assert_true(drift_compare(&input, &arena, &result, &drifted));
	arena_fini(&arena);
	buf_fini(&before->bytes);
	buf_fini(&now->bytes);
	return drifted;
}

static bool rows_drift(const char *const *before, const char *const *now, bool is_ordered)
{
	struct answer a, b;

	/* Another number of a type of the user's, and of the table. */
	begin_answer(&a, 16400, 16390);
	begin_answer(&b, 17777, 17000);
	for (int i = 0; i < 2; i++) {
		row(&a, before[i]);
		row(&b, now[i]);
	}
	end_answer(&a, "SELECT 2");
	end_answer(&b, "SELECT 2");
	return has_drifted(&a, &b, is_ordered);
}

static void test_rows(void **state)
{
	const char *const one[] = {"x", "y"}, *const other[] = {"y", "x"},
			  *const third[] = {"x", "z"};

	(void)state;
	assert_false(rows_drift(one, one, true));
	assert_false(rows_drift(one, other, false));
	assert_true(rows_drift(one, other, true));
	assert_true(rows_drift(one, third, false));
}

static void fail_answer(struct answer *a, const char *sqlstate, const char *message)
{
	struct encode_error error = {.severity = "ERROR", .sqlstate = sqlstate, .message = message};

	buf_init(&a->bytes, MAX);
	assert_true(encode_error(&a->bytes, BACKEND_ERROR_RESPONSE, &error));
	assert_true(encode_ready(&a->bytes, 'I'));
	a->side = (struct fixture_side){.bytes = buf_bytes(&a->bytes), .status = 'I'};
}

static bool errors_drift(const char *before, const char *now, const char *message)
{
	struct answer a, b;

	fail_answer(&a, before, "the words");
	fail_answer(&b, now, message);
	return has_drifted(&a, &b, true);
}

static void test_errors(void **state)
{
	(void)state;
	assert_false(errors_drift("23505", "23505", "the words"));
	assert_false(errors_drift("23505", "23505", "other words"));
	assert_true(errors_drift("23505", "23503", "the words"));
}

/* As far as it is known. */
static void test_what_was_cut(void **state)
{
	struct answer a, b;

	(void)state;
	begin_answer(&a, 25, 0);
	begin_answer(&b, 25, 0);
	row(&a, "x");
	row(&b, "x");
	a.side = (struct fixture_side){.bytes = buf_bytes(&a.bytes), .is_cut = true, .status = 'I'};
	row(&b, "y");
	end_answer(&b, "SELECT 2");
	assert_false(has_drifted(&a, &b, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_what_was_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
