/*
 * schema/trace.sql itself: its views give the figures a person would count by hand, read-only
 * and in any SQLite; every table is STRICT; and a trace stays small.
 */
#include "tests/unit/schema/place.h"

#include <string.h>

/* Two sessions. Exchange 1 equal, 2 a mismatch of two values, 3 the same statement again, 4
 * with two commands and an allowed difference, 5 the candidate never answered. */
static void fill(struct trace *t)
{
	static const struct {
		int64_t session, truth_us, candidate_us;
		int verdict;
	} exchanges[] = {{1, 1000, 2000, 0}, {1, 3000, 4000, 2}, {2, 5000, 16000, 2},
		{2, 9000, 9000, 1}, {1, 700, -1, 4}};
	static const struct trace_command commands[] = {
		{1, 0, 1, NULL, "SELECT 1", 1, 1, NULL, NULL, 0},
		{2, 0, 2, "$1 = 5", "SELECT 2", 2, 2, NULL, NULL, 2},
		{3, 0, 2, "$1 = 6", "SELECT 2", 2, 1, NULL, NULL, 2},
		{4, 0, 1, NULL, "SELECT 1", 1, 1, NULL, NULL, 0},
		{4, 1, 2, NULL, "SELECT 1", 1, 1, NULL, NULL, 1},
		{5, 0, 1, NULL, NULL, 1, -1, NULL, NULL, 4},
	};
	static const struct trace_difference differences[] = {
		{.exchange = 2, .kind = 1, .row = 1, .column = 1, .text = "first"},
		{.exchange = 2, .kind = 1, .row = 2, .column = 1, .text = "second"},
		{.exchange = 3, .kind = 1, .row = 1, .column = 1, .text = "third"},
		{.exchange = 3, .kind = 0, .text = "fourth"},
		{.exchange = 3, .ordinal = 1, .kind = 9, .text = "of no command"},
		{.exchange = 4, .ordinal = 1, .kind = 1, .rule = "clock", .text = "allowed"},
	};
	MUST(trace_begin(t, &err));
	MUST(trace_write_word(t, "verdict", 0, "equal", NULL, "the same", &err));
	MUST(trace_write_word(t, "verdict", 1, "allowed", NULL, "by a rule", &err));
	MUST(trace_write_word(t, "verdict", 2, "mismatch", NULL, "they differ", &err));
	MUST(trace_write_word(t, "difference_kind", 0, "row-count", "data", "rows", &err));
	MUST(trace_write_word(t, "difference_kind", 1, "value", "data", "a value", &err));
	put_session(t, 1);
	put_session(t, 2);
	put_session(t, 3);
	put_statement(t, 1, "select 1");
	put_statement(t, 2, "select n from item where id > $1");
	for (size_t i = 0; i < ARRAY_LEN(exchanges); i++) {
		struct trace_exchange row = {.id = (int64_t)i + 1,
			.session = exchanges[i].session,
			.started_us = 1500000 * ((int64_t)i + 1),
			.truth_us = exchanges[i].truth_us,
			.candidate_us = exchanges[i].candidate_us,
			.truth_status = 'I',
			.verdict = exchanges[i].verdict};
		MUST(trace_write_exchange(t, &row, &err));
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		MUST(trace_write_command(t, &commands[i], &err));
	for (size_t i = 0; i < ARRAY_LEN(differences); i++)
		MUST(trace_write_difference(t, &differences[i], &err));
	MUST(trace_commit(t, &err));
}

static int setup(void **state)
{
	if (place_setup(state) != 0)
		return -1;
	struct trace *t = create_trace(((struct place *)*state)->trace);
	fill(t);
	close_trace(t);
	return 0;
}

static void gives(struct place *place, const char *sql, const char *rows)
{
	assert_string_equal(plain_query(place->trace, sql), rows);
}

static void mismatch(void **state)
{
	gives(*state,
		"SELECT exchange, ordinal, session, kind, severity, row, text, statement, "
		"parameters FROM mismatch ORDER BY exchange, ordinal, row",
		"2|0|1|value|data|1|first|select n from item where id > $1|$1 = 5\n"
		"2|0|1|value|data|2|second|select n from item where id > $1|$1 = 5\n"
		"3|0|2|row-count|data||fourth|select n from item where id > $1|$1 = 6\n"
		"3|0|2|value|data|1|third|select n from item where id > $1|$1 = 6\n"
		"3|1|2|unknown|||of no command||\n");
}

static void mismatch_by_statement(void **state)
{
	gives(*state,
		"SELECT statement, kind, count, differences, first_exchange, sessions "
		"FROM mismatch_by_statement WHERE kind <> 'unknown' ORDER BY kind",
		"select n from item where id > $1|row-count|1|1|3|1\n"
		"select n from item where id > $1|value|2|3|2|2\n");
}

static void latency_by_statement(void **state)
{
	gives(*state,
		"SELECT statement, count, truth_avg_ms, truth_max_ms, candidate_avg_ms, "
		"candidate_max_ms, ratio FROM latency_by_statement",
		"select n from item where id > $1|2|4.0|5.0|10.0|16.0|2.5\n"
		"select 1|1|1.0|1.0|2.0|2.0|2.0\n");
}

static void session_summary(void **state)
{
	gives(*state,
		"SELECT session, user, exchanges, equal, mismatches, truth_ms, "
		"candidate_ms FROM session_summary",
		"1|app|3|1|1|4.7|6.0\n2|app|2|0|1|14.0|25.0\n3|app|0|0|0||\n");
}

static void exchange_summary(void **state)
{
	gives(*state,
		"SELECT exchange, session, started_s, verdict, truth_ms, candidate_ms, "
		"truth_status, commands, first_statement FROM exchange_summary "
		"WHERE exchange <> 3",
		"1|1|1.5|equal|1.0|2.0|I|1|select 1\n"
		"2|1|3.0|mismatch|3.0|4.0|I|1|select n from item where id > $1\n"
		"4|2|6.0|allowed|9.0|9.0|I|2|select 1\n"
		"5|1|7.5|4|0.7||I|1|select 1\n");
}

static void verdict_count(void **state)
{
	gives(*state, "SELECT * FROM verdict_count",
		"equal|2|1|the same\nallowed|1|1|by a rule\nmismatch|2|2|they differ\n");
}

static void rules(void **state)
{
	gives(*state, "SELECT * FROM rule_use", "clock|1|1|1|1|4\n");
	gives(*state, "SELECT rule, hidden, executions, percent FROM rule_share",
		"clock|1|3|33.3\n");
}

static void every_table_is_strict(void **state)
{
	gives(*state,
		"SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
		"type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'",
		"");
	gives(*state, "SELECT count(*) FROM pragma_table_list WHERE strict", "18\n");
}

/* What a person sees who types .schema. */
static void every_column_is_explained(void **state)
{
	struct place *place = *state;
	gives(place, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%--%'",
		"");
	gives(place, "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%--%'",
		"8\n");
}

/* The target is 200 bytes an exchange with one command; what was sent and answered counts. */
static void a_trace_is_small(void **state)
{
	struct place *place = *state;
	struct stat st;
	struct trace *t = create_trace(place->trace);
	MUST(trace_begin(t, &err));
	for (int i = 1; i <= 20000; i++) {
		MUST(write_exchange(t, i, 0, &err));
		MUST(write_command(t, i, 0, 0, &err));
	}
	close_trace(t);
	assert_int_equal(stat(place->trace, &st), 0);
	assert_in_range(st.st_size / 20000, 100, 150); /* 59 of them are messages */
}

#define FILLED(test) cmocka_unit_test_setup_teardown(test, setup, place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILLED(mismatch),
		FILLED(mismatch_by_statement),
		FILLED(latency_by_statement),
		FILLED(session_summary),
		FILLED(exchange_summary),
		FILLED(verdict_count),
		FILLED(rules),
		FILLED(every_table_is_strict),
		FILLED(every_column_is_explained),
		IN_PLACE(a_trace_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
