/*
 * Counts by session, and what is said of a trace that is not whole.
 */
#include "schema/trace_read.h"

#include "tests/unit/schema/place.h"

#include <string.h>

#include "schema/trace_write.h"

struct told {
	char text[1024];
};

static void on_problem(void *context, const char *text)
{
	struct told *told = context;
	size_t n = strlen(told->text);

	snprintf(told->text + n, sizeof(told->text) - n, "%s\n", text);
}

static struct trace *with_exchanges(struct place *place, bool is_whole)
{
	struct trace *t = create_trace(place->trace);
	struct trace_session session = {.id = 1,
		.user = "",
		.database = "",
		.application_name = "",
		.client = "",
		.startup = bytes_str("")};

	MUST(trace_write_word(t, "verdict", 0, "equal", NULL, "", &err));
	MUST(trace_write_word(t, "verdict", 2, "mismatch", NULL, "", &err));
	MUST(trace_write_session(t, &session, &err));
	for (int i = 1; i <= 5; i++) {
		struct trace_exchange row = {.id = i,
			.session = i < 5 || is_whole ? 1 : 2,
			.verdict = i == 2 ? 2 : 0,
			.request = bytes_str("Q")};
		MUST(trace_write_exchange(t, &row, &err));
	}
	if (!is_whole) {
		struct trace_command command = {.exchange = 77, .statement = 9, .truth_rows = -1};
		MUST(trace_write_command(t, &command, &err));
		MUST(trace_write_request_part(t, 78, 1, bytes_str("x"), &err));
	}
	close_trace(t);
	return open_trace(place->trace);
}

static void a_whole_trace_has_no_problem(void **state)
{
	struct trace *t = with_exchanges(*state, true);
	struct told told = {""};

	MUST(trace_check(t, on_problem, &told, &err));
	assert_string_equal(told.text, "");
	close_trace(t);
}

static void references_into_nothing_are_told(void **state)
{
	struct trace *t = with_exchanges(*state, false);
	struct told told = {""};

	MUST(trace_check(t, on_problem, &told, &err));
	assert_string_equal(told.text, "1 exchanges of a session that is not there\n"
				       "1 parts of the request of an exchange that is not there\n"
				       "1 commands of an exchange that is not there\n"
				       "1 commands of a statement that is not there\n");
	close_trace(t);
}

static bool on_count(void *context, const struct trace_session_count *row)
{
	struct trace_session_count *counts = context;

	assert_in_range(row->session, 1, 2);
	counts[row->session] = *row;
	return true;
}

static void exchanges_are_counted_by_session(void **state)
{
	struct trace *t = with_exchanges(*state, false);
	struct trace_session_count counts[3] = {{0}};

	MUST(trace_read_session_counts(t, on_count, counts, &err));
	assert_int_equal(counts[1].exchanges, 4);
	assert_int_equal(counts[1].equal, 3);
	assert_int_equal(counts[1].mismatches, 1);
	assert_int_equal(counts[2].exchanges, 1);
	assert_int_equal(counts[2].mismatches, 0);
	close_trace(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_whole_trace_has_no_problem),
		IN_PLACE(references_into_nothing_are_told),
		IN_PLACE(exchanges_are_counted_by_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
