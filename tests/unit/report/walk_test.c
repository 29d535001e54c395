/*
 * The pass over a trace: what is visited, in which order and with which verdict.
 */
#include "report/walk.h"

#include "tests/unit/report/trace_sample.h"

#define SEEN_MAX 16

struct seen {
	int64_t exchange;
	int ordinal, verdict;
	bool is_difference;
	bool has_statement;
};

struct log {
	struct seen rows[SEEN_MAX];
	size_t count, stop_after;
};

static void note(struct log *log, struct seen row)
{
	assert_true(log->count < SEEN_MAX);
	log->rows[log->count++] = row;
}

static void on_command(void *context, const struct trace_exchange *exchange,
	const struct trace_command *command, struct bytes statement)
{
	note(context, (struct seen){.exchange = exchange->id,
			      .ordinal = command->ordinal,
			      .verdict = command->verdict,
			      .has_statement = statement.len > 0});
}

static bool on_difference(void *context, const struct trace_exchange *exchange,
	const struct trace_difference_context *row, int verdict, struct err *err)
{
	struct log *log = context;

	note(log, (struct seen){.exchange = exchange->id,
			  .ordinal = row->difference->ordinal,
			  .verdict = verdict,
			  .is_difference = true,
			  .has_statement = row->statement.len > 0});
	return log->count != log->stop_after || err_set(err, "enough");
}

/* Reopens and walks with the counts of the trace. */
static bool walk(struct sample *s, struct log *log, struct err *err)
{
	struct trace_counts counts;
	struct walk_visitor visitor = {
		.context = log, .on_command = on_command, .on_difference = on_difference};

	sample_reopen(s);
	sample_check(s, trace_count(s->trace, &counts, &s->err));
	return walk_trace(s->trace, &counts, &visitor, err);
}

static void expect_row(const struct log *log, size_t i, struct seen want)
{
	const struct seen *row = &log->rows[i];

	assert_true(i < log->count);
	assert_int_equal(row->exchange, want.exchange);
	assert_int_equal(row->ordinal, want.ordinal);
	assert_int_equal(row->verdict, want.verdict);
	assert_int_equal(row->is_difference, want.is_difference);
	assert_int_equal(row->has_statement, want.has_statement);
}

static void test_equal_exchanges_are_passed_over(void **state)
{
	struct sample s;
	struct log log = {.count = 0};
	struct err err;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < 5; i++)
		sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_exchange(&s, VERDICT_EXCLUDED, "show all");
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	assert_true(walk(&s, &log, &err));
	assert_int_equal(log.count, 1);
	expect_row(&log, 0,
		(struct seen){.exchange = 6, .verdict = VERDICT_EXCLUDED, .has_statement = true});
	sample_end(&s);
}

/* A batch: every difference comes with the verdict of its own command. */
static void test_differences_have_the_verdict_of_their_command(void **state)
{
	struct sample s;
	struct log log = {.count = 0};
	struct err err;

	(void)state;
	sample_begin(&s);
	sample_bare_exchange(&s, 1, VERDICT_MISMATCH, NULL);
	sample_command(&s, 0, VERDICT_EQUAL, LITERAL("select 0"));
	sample_command(&s, 1, VERDICT_ALLOWED, LITERAL("select 1"));
	sample_command(&s, 2, VERDICT_MISMATCH, LITERAL("select 2"));
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .ordinal = 1});
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .ordinal = 2});
	sample_difference(&s, (struct trace_difference){.kind = DIFF_GRAMMAR, .ordinal = 9});
	assert_true(walk(&s, &log, &err));
	assert_int_equal(log.count, 6);
	expect_row(&log, 3, (struct seen){1, 1, VERDICT_ALLOWED, true, true});
	expect_row(&log, 4, (struct seen){1, 2, VERDICT_MISMATCH, true, true});
	/* Of a command that is not there: the exchange's. */
	expect_row(&log, 5, (struct seen){1, 9, VERDICT_MISMATCH, true, false});
	sample_end(&s);
}

static void test_an_exchange_without_commands_is_one_command(void **state)
{
	struct sample s;
	struct log log = {.count = 0};
	struct err err;

	(void)state;
	sample_begin(&s);
	sample_bare_exchange(&s, 1, VERDICT_INCONCLUSIVE, "the connection was lost");
	sample_exchange(&s, VERDICT_RETRIED, "select 1");
	assert_true(walk(&s, &log, &err));
	assert_int_equal(log.count, 2);
	expect_row(&log, 0, (struct seen){1, 0, VERDICT_INCONCLUSIVE, false, false});
	expect_row(&log, 1, (struct seen){2, 0, VERDICT_RETRIED, false, true});
	sample_end(&s);
}

static void test_a_failing_visitor_ends_the_walk(void **state)
{
	struct sample s;
	struct log log = {.stop_after = 2};
	struct err err = {.text = ""};

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("a"), LITERAL("b"));
	sample_value_mismatch(&s, "select 2", LITERAL("a"), LITERAL("b"));
	assert_false(walk(&s, &log, &err));
	assert_string_equal(err.text, "enough");
	assert_int_equal(log.count, 2);
	sample_end(&s);
}

static void test_holes_in_the_ordinals_are_survived(void **state)
{
	struct sample s;
	struct log log = {.count = 0};
	struct err err;

	(void)state;
	sample_begin(&s);
	sample_bare_exchange(&s, 1, VERDICT_MISMATCH, NULL);
	sample_command(&s, 0, VERDICT_ALLOWED, LITERAL("select 0"));
	sample_command(&s, 2000000000, VERDICT_ALLOWED, LITERAL("select far"));
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .ordinal = 0});
	sample_difference(&s, (struct trace_difference){.kind = DIFF_VALUE, .ordinal = 2000000000});
	assert_true(walk(&s, &log, &err));
	expect_row(&log, 2, (struct seen){1, 0, VERDICT_ALLOWED, true, true});
	expect_row(&log, 3, (struct seen){1, 2000000000, VERDICT_MISMATCH, true, true});
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_exchanges_are_passed_over),
		cmocka_unit_test(test_differences_have_the_verdict_of_their_command),
		cmocka_unit_test(test_an_exchange_without_commands_is_one_command),
		cmocka_unit_test(test_a_failing_visitor_ends_the_walk),
		cmocka_unit_test(test_holes_in_the_ordinals_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
