/*
 * Reading: filters and order, visitors that stop or read on inside a visit, differences and
 * counts; then a file whose every value is wrong.
 */
#include "schema/trace_read.h"

#include "tests/unit/schema/place.h"

#include <limits.h>
#include <string.h>

#include "schema/trace_write.h"

struct seen {
	int64_t ids[16];
	int count;
	int stop_after; /* 0: never */
	struct trace *t;
};

static bool note(struct seen *seen, int64_t id)
{
	assert_in_range(seen->count, 0, 15);
	seen->ids[seen->count++] = id;
	return seen->count != seen->stop_after;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	return note(context, row->id);
}

/* Exchanges 1 to 6 of sessions 1, 2, 1, 2, ... */
static struct trace *six_exchanges(struct place *place)
{
	struct trace *t = create_trace(place->trace);
	for (int i = 1; i <= 6; i++) {
		struct trace_exchange row = {
			.id = i, .session = 1 + (i + 1) % 2, .request = bytes_str("Q")};
		MUST(trace_write_exchange(t, &row, &err));
	}
	close_trace(t);
	return open_trace(place->trace);
}

static void exchanges_are_chosen(void **state)
{
	static const struct {
		int64_t session, first_id;
		int count;
		int64_t ids[6];
	} cases[] = {
		{0, 0, 6, {1, 2, 3, 4, 5, 6}},
		{0, 4, 3, {4, 5, 6}},
		{1, 0, 3, {1, 3, 5}},
		{2, 3, 2, {4, 6}},
		{9, 0, 0, {0}},
		{0, 7, 0, {0}},
		{0, INT64_MIN, 6, {1, 2, 3, 4, 5, 6}},
	};
	struct trace *t = six_exchanges(*state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct seen seen = {.count = 0};
		MUST(trace_read_exchanges(
			t, cases[i].session, cases[i].first_id, on_exchange, &seen, &err));
		assert_int_equal(seen.count, cases[i].count);
		assert_memory_equal(seen.ids, cases[i].ids, sizeof(int64_t) * (size_t)seen.count);
	}
	close_trace(t);
}

static void a_visitor_stops(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct seen seen = {.stop_after = 2};
	MUST(trace_read_exchanges(t, 0, 0, on_exchange, &seen, &err));
	assert_int_equal(seen.count, 2);
	MUST(trace_read_exchanges(t, 0, 0, on_exchange, &seen, &err));
	assert_int_equal(seen.count, 8);
	close_trace(t);
}

static bool read_all_again(void *context, const struct trace_exchange *row)
{
	struct seen *outer = context;
	struct seen inner = {.count = 0};
	MUST(trace_read_exchanges(outer->t, 0, 0, on_exchange, &inner, &err));
	assert_int_equal(inner.count, 6);
	return note(outer, row->id);
}

static void a_visitor_reads_too(void **state)
{
	struct trace *t = six_exchanges(*state);
	struct seen seen = {.t = t};
	MUST(trace_read_exchanges(t, 0, 0, read_all_again, &seen, &err));
	assert_int_equal(seen.count, 6);
	assert_int_equal(seen.ids[5], 6);
	close_trace(t);
}

static void put_difference(struct trace *t, int64_t exchange, int ordinal, int kind)
{
	struct trace_difference row = {.exchange = exchange,
		.ordinal = ordinal,
		.kind = kind,
		.row = 3,
		.column = 2,
		.column_name = "name",
		.truth = bytes_str("axe"),
		.candidate_null = true,
		.rule = ordinal ? "some rule" : NULL,
		.text = "Row 3 differs"};
	MUST(trace_write_difference(t, &row, &err));
}

static struct trace *with_differences(struct place *place)
{
	struct trace *t = create_trace(place->trace);
	struct trace_difference whole = {.exchange = 2,
		.truth = bytes_str(""),
		.candidate = bytes_of("a\0b", 3),
		.text = "Row count mismatch"};
	MUST(trace_write_word(t, "difference_kind", 1, "value", "data", "a value", &err));
	put_session(t, 1);
	put_statement(t, 1, "select name from item");
	put_statement(t, 2, "select 2");
	MUST(write_exchange(t, 2, 2, &err));
	MUST(write_command(t, 2, 0, 2, &err));
	put_difference(t, 3, 0, 1);
	put_difference(t, 2, 1, 1);
	put_difference(t, 2, 0, 1);
	MUST(trace_write_difference(t, &whole, &err));
	close_trace(t);
	return open_trace(place->trace);
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	return note(context, row->difference->exchange * 10 + row->difference->ordinal);
}

static bool check_difference(void *context, const struct trace_difference_context *row)
{
	const struct trace_difference *d = row->difference;
	struct seen *seen = context;
	if (seen->count == 0) {
		assert_int_equal(d->kind, 1);
		assert_int_equal(d->row, 3);
		assert_int_equal(d->column, 2);
		assert_string_equal(d->column_name, "name");
		assert_true(bytes_equal_str(d->truth, "axe"));
		assert_false(d->truth_null);
		assert_true(d->candidate_null);
		assert_null(d->rule);
		assert_string_equal(d->text, "Row 3 differs");
		assert_string_equal(row->kind, "value");
		assert_string_equal(row->severity, "data");
	} else if (seen->count == 1) {
		assert_int_equal(d->row, 0);
		assert_int_equal(d->column, 0);
		assert_null(d->column_name);
		assert_true(bytes_equal_str(d->truth, ""));
		assert_false(d->truth_null);
		assert_true(bytes_equal(d->candidate, bytes_of("a\0b", 3)));
		assert_string_equal(row->kind, "unknown");
	} else {
		assert_string_equal(d->rule, "some rule");
		assert_int_equal(row->statement_id, 0);
		assert_int_equal(row->statement.len, 0);
	}
	if (seen->count < 2)
		assert_true(bytes_equal_str(row->statement, "select name from item"));
	assert_int_equal(row->session, 1);
	assert_int_equal(row->started_us, 2000);
	assert_string_equal(row->user, "app");
	assert_string_equal(row->database, "shop");
	assert_string_equal(row->application_name, "orders");
	assert_null(row->parameters);
	return note(seen, d->exchange);
}

static void differences_come_with_their_context(void **state)
{
	static const int64_t order[] = {20, 20, 21, 30};
	struct trace *t = with_differences(*state);
	struct seen all = {.count = 0}, of_two = {.count = 0}, of_none = {.count = 0};
	MUST(trace_read_differences(t, 0, on_difference, &all, &err));
	assert_int_equal(all.count, 4);
	assert_memory_equal(all.ids, order, sizeof(order));
	MUST(trace_read_differences(t, 2, check_difference, &of_two, &err));
	assert_int_equal(of_two.count, 3);
	MUST(trace_read_differences(t, 1, on_difference, &of_none, &err));
	assert_int_equal(of_none.count, 0);
	close_trace(t);
}

/* The order comes from the index: a report of a long trace must not sort it in memory. */
static void differences_are_not_sorted(void **state)
{
	struct place *place = *state;
	struct trace *t = with_differences(place);
	struct seen seen = {.count = 0};
	MUST(trace_read_differences(t, 0, on_difference, &seen, &err));
	MUST(trace_read_differences(t, 2, on_difference, &seen, &err));
	for (enum trace_sql i = SQL_READ_DIFFERENCES; i <= SQL_READ_DIFFERENCES_OF; i++) {
		char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(t->statements[i]));
		const char *plan = plain_query(place->trace, sql);
		assert_non_null(strstr(plan, "USING INDEX difference_exchange"));
		assert_null(strstr(plan, "TEMP B-TREE"));
		sqlite3_free(sql);
	}
	close_trace(t);
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	assert_string_equal(row->reason, row->exchanges == 5 ? "first" : "second");
	return note(context, row->at_us);
}

static void gaps(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct seen seen = {.count = 0};
	MUST(trace_write_gap(t, &(struct trace_gap){100, 5, "first"}, &err));
	MUST(trace_write_gap(t, &(struct trace_gap){90, 0, "second"}, &err));
	MUST(trace_read_gaps(t, on_gap, &seen, &err));
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.ids[0], 100);
	assert_int_equal(seen.ids[1], 90);
	close_trace(t);
}

static void counting(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_counts counts;
	memset(&counts, 0x55, sizeof(counts));
	MUST(trace_count(t, &counts, &err));
	assert_int_equal(counts.exchanges + counts.commands + counts.by_verdict[0], 0);
	put_session(t, 1);
	put_statement(t, 1, "select 1");
	put_difference(t, 1, 0, 1);
	MUST(trace_write_gap(t, &(struct trace_gap){100, 5, "first"}, &err));
	for (int i = 1; i <= 5; i++) {
		MUST(write_exchange(t, i, i > 3 ? 15 : 2, &err));
		MUST(write_command(t, i, 0, i == 5 ? 16 : i % 2, &err));
		MUST(write_command(t, i, 1, 7, &err));
	}
	close_trace(t);
	t = open_trace(place->trace);
	MUST(trace_count(t, &counts, &err));
	assert_int_equal(counts.sessions, 1);
	assert_int_equal(counts.statements, 1);
	assert_int_equal(counts.differences, 1);
	assert_int_equal(counts.gaps, 1);
	assert_int_equal(counts.exchanges, 5);
	assert_int_equal(counts.commands, 10);
	assert_int_equal(counts.by_verdict[0], 2);
	assert_int_equal(counts.by_verdict[1], 2);
	assert_int_equal(counts.by_verdict[7], 5);
	assert_int_equal(counts.exchanges_by_verdict[2], 3);
	assert_int_equal(counts.exchanges_by_verdict[15], 2);
	close_trace(t);
}

/* --- a file of somebody who means no good ------------------------------------------------- */

/* The tables without types, so that anything can stand in any column. */
static const char hostile_tables[] =
	"PRAGMA application_id = 1417104236; PRAGMA user_version = 1;"
	"CREATE TABLE meta (key, value); CREATE TABLE backend (role, name, host, port, "
	"server_version); CREATE TABLE verdict (id, name, meaning);"
	"CREATE TABLE difference_kind (id, name, severity, meaning);"
	"CREATE TABLE session (id, user, database, application_name, client, started_us, startup);"
	"CREATE TABLE event (id, session, at_us, what, detail);"
	"CREATE TABLE statement (id, text);"
	"CREATE TABLE exchange (id, session, started_us, truth_us, candidate_us, verdict, "
	"truth_status, candidate_status, truth_len, candidate_len, note, request, truth, "
	"candidate); CREATE TABLE request_part (id, exchange, ordinal, body);"
	"CREATE TABLE command (exchange, ordinal, statement, parameters, tag, truth_rows, "
	"candidate_rows, truth_sqlstate, candidate_sqlstate, verdict);"
	"CREATE TABLE difference (id, exchange, ordinal, kind, row, column, column_name, truth, "
	"candidate, rule, text); CREATE TABLE gap (id, at_us, exchanges, reason);";

/* One row for each, with that value wherever a row can still be found. */
static const char hostile_rows[] =
	"INSERT INTO meta SELECT 'k', v FROM one;"
	"INSERT INTO backend SELECT 'truth', NULL, NULL, -5, NULL FROM one;"
	"INSERT INTO session SELECT v, v, v, v, v, v, v FROM one;"
	"INSERT INTO event SELECT v, v, v, v, v FROM one;"
	"INSERT INTO exchange SELECT 1, v, v, v, v, v, v, v, v, v, v, v, v, v FROM one;"
	"INSERT INTO request_part SELECT v, 1, v, v FROM one;"
	"INSERT INTO command SELECT 1, v, v, v, v, v, v, v, v, v FROM one;"
	"INSERT INTO difference SELECT v, 1, v, v, v, v, v, v, v, v, v FROM one;"
	"INSERT INTO gap SELECT v, v, v, v FROM one;";

static bool hostile_backend(void *context, const struct trace_backend *row)
{
	assert_string_equal(row->name, "");
	assert_string_equal(row->host, "");
	assert_string_equal(row->server_version, "");
	assert_int_equal(row->port, 0);
	return note(context, 0);
}

static bool hostile_session(void *context, const struct trace_session *row)
{
	assert_non_null(row->user);
	assert_non_null(row->database);
	assert_non_null(row->application_name);
	assert_non_null(row->client);
	assert_true(row->started_us >= 0);
	assert_true(row->startup.len == 0 || row->startup.ptr);
	return note(context, 0);
}

static bool hostile_event(void *context, const struct trace_event *row)
{
	assert_non_null(row->what);
	assert_true(row->at_us >= 0);
	return note(context, 0);
}

static bool hostile_exchange(void *context, const struct trace_exchange *row)
{
	assert_true(row->started_us >= 0);
	assert_true(row->truth_us >= -1 && row->candidate_us >= -1);
	assert_true(row->verdict >= -1);
	assert_true(row->truth_len >= (int64_t)row->truth.len);
	assert_true(row->candidate_len >= (int64_t)row->candidate.len);
	assert_true(row->request.len == 0 || row->request.ptr);
	assert_true(row->truth.len == 0 || row->truth.ptr);
	assert_int_equal(row->truth_status, 0);
	return note(context, 0);
}

static bool hostile_command(void *context, const struct trace_command *row, struct bytes statement)
{
	assert_true(row->ordinal >= 0);
	assert_true(row->statement >= 0);
	assert_true(row->verdict >= -1);
	assert_true(row->truth_rows >= -1 && row->candidate_rows >= -1);
	assert_int_equal(statement.len, 0);
	return note(context, 0);
}

static bool hostile_difference(void *context, const struct trace_difference_context *row)
{
	const struct trace_difference *d = row->difference;
	assert_non_null(d->text);
	assert_true(d->ordinal >= 0 && d->kind >= -1 && d->row >= 0 && d->column >= 0);
	assert_true(d->truth.len == 0 || d->truth.ptr);
	assert_non_null(row->kind);
	assert_non_null(row->severity);
	assert_non_null(row->user);
	assert_non_null(row->database);
	assert_non_null(row->application_name);
	assert_true(row->started_us >= 0 && row->session >= 0 && row->statement_id >= 0);
	return note(context, 0);
}

static bool hostile_gap(void *context, const struct trace_gap *row)
{
	assert_non_null(row->reason);
	assert_true(row->at_us >= 0 && row->exchanges >= 0);
	return note(context, 0);
}

static bool on_plan(void *context, const struct trace_plan *row)
{
	struct seen *seen = context;
	assert_non_null(row->text);
	return note(seen, row->exchange * 10 + (strcmp(row->role, "truth") == 0));
}

static int count_plans(struct trace *t, int64_t exchange, int64_t first)
{
	struct seen seen = {.count = 0};
	MUST(trace_read_plans(t, exchange, on_plan, &seen, &err));
	if (seen.count > 0)
		assert_int_equal(seen.ids[0], first);
	return seen.count;
}

static void plans(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	static const struct trace_plan rows[] = {{1, "candidate", "Seq Scan"},
		{1, "truth", "Index Scan"}, {2, "truth", ""}, {2, "truth", "Result"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		MUST(trace_write_plan(t, &rows[i], &err));
	close_trace(t);
	t = open_trace(place->trace);
	assert_int_equal(count_plans(t, 1, 11), 2);
	assert_int_equal(count_plans(t, 2, 21), 1);
	assert_int_equal(count_plans(t, 3, 0), 0);
	close_trace(t);
}

/* Traces from before there were plans, and a view that somebody has put in the table's place. */
static void plans_of_other_files(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	close_trace(t);
	plain_exec(place->trace, "DROP TABLE plan");
	t = open_trace(place->trace);
	assert_int_equal(count_plans(t, 1, 0), 0);
	close_trace(t);
	plain_exec(place->trace,
		"CREATE VIEW plan AS SELECT 1 AS exchange, 'truth' AS role, 'x' AS text");
	t = open_trace(place->trace);
	assert_int_equal(count_plans(t, 1, 0), 0);
	close_trace(t);
}

static bool hostile_part(void *context, struct bytes body)
{
	assert_true(body.len == 0 || body.ptr);
	return note(context, 0);
}

static void hostile_values(void **state)
{
	/* One value for every column. */
	static const char *const values[] = {"NULL", "-1", "-9223372036854775808",
		"9223372036854775807", "1e300", "'text'", "''", "x''", "x'00ff00'",
		"zeroblob(100000)"};
	struct place *place = *state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct seen seen = {.count = 0};
		struct trace_counts counts;
		unlink(place->trace);
		plain_exec(place->trace, hostile_tables);
		char *sql = sqlite3_mprintf(
			"CREATE TEMP TABLE one AS SELECT %s AS v;%s", values[i], hostile_rows);
		plain_exec(place->trace, sql);
		sqlite3_free(sql);
		struct trace *t = open_trace(place->trace);
		(void)trace_read_meta(t, "k");
		MUST(trace_read_backends(t, hostile_backend, &seen, &err));
		MUST(trace_read_sessions(t, hostile_session, &seen, &err));
		MUST(trace_read_events(t, hostile_event, &seen, &err));
		MUST(trace_read_exchanges(t, 0, 0, hostile_exchange, &seen, &err));
		MUST(trace_read_request_parts(t, 1, hostile_part, &seen, &err));
		MUST(trace_read_commands(t, 1, hostile_command, &seen, &err));
		MUST(trace_read_differences(t, 0, hostile_difference, &seen, &err));
		MUST(trace_read_gaps(t, hostile_gap, &seen, &err));
		MUST(trace_count(t, &counts, &err));
		assert_int_equal(seen.count, 8);
		close_trace(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(exchanges_are_chosen),
		IN_PLACE(a_visitor_stops),
		IN_PLACE(a_visitor_reads_too),
		IN_PLACE(differences_come_with_their_context),
		IN_PLACE(differences_are_not_sorted),
		IN_PLACE(gaps),
		IN_PLACE(plans),
		IN_PLACE(plans_of_other_files),
		IN_PLACE(counting),
		IN_PLACE(hostile_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
