/*
 * Times, texts and what a session did before, from files that are sound and from one whose rows
 * belong to nothing.
 */
#include "schema/trace_read_times.h"

#include "tests/unit/schema/place.h"

#include <string.h>

#include "schema/trace_write.h"

struct seen {
	struct trace_times times[16];
	struct trace_before before[16];
	char text[64];
	int count, stop_after; /* stop_after 0: never */
};

static bool on_times(void *context, const struct trace_times *row)
{
	struct seen *seen = context;

	assert_in_range(seen->count, 0, 15);
	seen->times[seen->count++] = *row;
	return seen->count != seen->stop_after;
}

static bool on_before(void *context, const struct trace_before *row)
{
	struct seen *seen = context;

	assert_in_range(seen->count, 0, 15);
	seen->before[seen->count++] = *row;
	return seen->count != seen->stop_after;
}

static bool on_statement(void *context, const struct trace_statement *row)
{
	struct seen *seen = context;

	assert_true(row->text.len < sizeof(seen->text));
	memcpy(seen->text, row->text.ptr, row->text.len);
	seen->count++;
	return true;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct seen *seen = context;

	seen->times[seen->count++].exchange = row->id;
	return true;
}

static void put_command(struct trace *t, int64_t exchange, int ordinal, int64_t statement)
{
	struct trace_command row = {
		.exchange = exchange, .ordinal = ordinal, .statement = statement};

	MUST(trace_write_command(t, &row, &err));
}

/* Exchanges 1 to 6 of sessions 1, 2, 1, 2, ...; 3 has no command, 4 has two, and 9, which is not
 * there, has one; 5 is a mismatch. */
static struct trace *six_exchanges(struct place *place)
{
	struct trace *t = create_trace(place->trace);

	for (int i = 1; i <= 6; i++) {
		struct trace_exchange row = {.id = i,
			.session = 1 + (i + 1) % 2,
			.started_us = i * 10,
			.truth_us = i == 2 ? -1 : i,
			.candidate_us = 2 * i,
			.verdict = i == 5 ? 2 : 0,
			.truth_status = i == 1 ? 'I' : 'T'};

		MUST(trace_write_exchange(t, &row, &err));
		if (i != 3)
			put_command(t, i, 0, 7);
	}
	put_command(t, 4, 1, 8);
	put_command(t, 9, 0, 8);
	put_statement(t, 7, "select 7");
	close_trace(t);
	return open_trace(place->trace);
}

static void times_come_with_their_commands(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct seen seen = {.count = 0};

	MUST(trace_read_times(t, on_times, &seen, &err));
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.times[0].statement, 7);
	assert_int_equal(seen.times[0].commands, 1);
	assert_int_equal(seen.times[1].truth_us, -1);
	assert_int_equal(seen.times[1].candidate_us, 4);
	assert_int_equal(seen.times[2].commands, 0);
	assert_int_equal(seen.times[2].statement, 0);
	assert_int_equal(seen.times[3].commands, 2);
	assert_int_equal(seen.times[4].verdict, 2);
	assert_int_equal(seen.times[5].started_us, 60);
	assert_int_equal(seen.times[5].commands, 1);
	close_trace(t);
}

static void a_visitor_can_stop(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct seen seen = {.stop_after = 2};

	MUST(trace_read_times(t, on_times, &seen, &err));
	assert_int_equal(seen.count, 2);
	seen.count = 0;
	MUST(trace_read_times(t, on_times, &seen, &err));
	assert_int_equal(seen.count, 2);
	close_trace(t);
}

static void before_goes_back_in_the_session(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct trace_before_key key = {.exchange = 5, .session = 1};
	struct seen seen = {.count = 0};

	MUST(trace_read_before(t, &key, on_before, &seen, &err));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.before[0].exchange, 3);
	assert_int_equal(seen.before[0].truth_status, 'T');
	assert_int_equal(seen.before[1].exchange, 1);
	assert_int_equal(seen.before[1].truth_status, 'I');
	close_trace(t);
}

static void statements_and_single_exchanges(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct seen seen = {.count = 0};

	MUST(trace_read_texts(t, on_statement, &seen, &err));
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.text, "select 7");
	seen.count = 0;
	MUST(trace_read_exchange(t, 4, on_exchange, &seen, &err));
	MUST(trace_read_exchange(t, 44, on_exchange, &seen, &err));
	MUST(trace_read_unequal(t, on_exchange, &seen, &err));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.times[0].exchange, 4);
	assert_int_equal(seen.times[1].exchange, 5);
	close_trace(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			times_come_with_their_commands, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(a_visitor_can_stop, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			before_goes_back_in_the_session, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			statements_and_single_exchanges, place_setup, place_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
