/*
 * Every table there and back: what is written is what is read, with all that may be absent
 * once present and once absent. Then batches, and failures.
 */
#include "schema/trace_write.h"

#include "tests/unit/schema/place.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "schema/trace_read.h"

#define EQUAL_BYTES(a, b) assert_true(bytes_equal(a, b))

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a && b)
		assert_string_equal(a, b);
}

/* Closes for writing, opens for reading. */
static struct trace *reopen(struct place *place, struct trace *t)
{
	close_trace(t);
	return open_trace(place->trace);
}

static void meta(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	assert_null(trace_read_meta(t, "started"));
	MUST(trace_write_meta(t, "started", "2026-11-23", &err));
	MUST(trace_write_meta(t, "started", "2026-11-24", &err));
	MUST(trace_write_meta(t, "empty", "", &err));
	t = reopen(place, t);
	assert_string_equal(trace_read_meta(t, "started"), "2026-11-24");
	assert_string_equal(trace_read_meta(t, "empty"), "");
	assert_null(trace_read_meta(t, "absent"));
	close_trace(t);
}

static const struct trace_backend backends[] = {
	{TRACE_TRUTH, "YugabyteDB", "db.test", 5433, "15.12-YB-2025.1"},
	{TRACE_CANDIDATE, "PostgreSQL", "/run/postgresql", 5432, ""},
};

static bool check_backend(void *context, const struct trace_backend *row)
{
	const struct trace_backend *want = &backends[(*(int *)context)++];
	assert_int_equal(row->role, want->role);
	assert_string_equal(row->name, want->name);
	assert_string_equal(row->host, want->host);
	assert_int_equal(row->port, want->port);
	assert_string_equal(row->server_version, want->server_version);
	return true;
}

static void backend(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	struct trace_backend early = {TRACE_TRUTH, "YugabyteDB", "db.test", 5433, ""};
	int seen = 0;
	MUST(trace_write_backend(t, &backends[1], &err));
	MUST(trace_write_backend(t, &early, &err));
	MUST(trace_write_backend(t, &backends[0], &err));
	t = reopen(place, t);
	MUST(trace_read_backends(t, check_backend, &seen, &err));
	assert_int_equal(seen, 2);
	close_trace(t);
}

static bool check_session(void *context, const struct trace_session *row)
{
	int n = ++*(int *)context;
	assert_int_equal(row->id, n);
	assert_string_equal(row->user, "app");
	assert_string_equal(row->database, "shop");
	assert_string_equal(row->application_name, "orders");
	assert_string_equal(row->client, "127.0.0.1:40000");
	assert_int_equal(row->started_us, n * 10);
	EQUAL_BYTES(row->startup, bytes_of("user\0app\0", 9));
	return true;
}

static void session(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	int seen = 0;
	put_session(t, 2);
	put_session(t, 1);
	t = reopen(place, t);
	MUST(trace_read_sessions(t, check_session, &seen, &err));
	assert_int_equal(seen, 2);
	close_trace(t);
}

static const struct trace_event events[] = {
	{1, 10, "connect", NULL},
	{1, 20, "cancel", "by the client"},
	{2, 20, "disconnect", ""},
};

static bool check_event(void *context, const struct trace_event *row)
{
	const struct trace_event *want = &events[(*(int *)context)++];
	assert_int_equal(row->session, want->session);
	assert_int_equal(row->at_us, want->at_us);
	assert_string_equal(row->what, want->what);
	same_text(row->detail, want->detail);
	return true;
}

static void event(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	int seen = 0;
	MUST(trace_write_event(t, &events[1], &err));
	MUST(trace_write_event(t, &events[2], &err));
	MUST(trace_write_event(t, &events[0], &err));
	t = reopen(place, t);
	MUST(trace_read_events(t, check_event, &seen, &err));
	assert_int_equal(seen, 3);
	close_trace(t);
}

static const struct trace_exchange full = {.id = INT64_C(5000000000),
	.session = 3,
	.started_us = INT64_C(86400000000),
	.truth_us = 0,
	.candidate_us = 77,
	.verdict = 2,
	.truth_status = 'T',
	.candidate_status = 'E',
	.request = {(const unsigned char *)"Q\0\0\0\x05", 5},
	.truth = {(const unsigned char *)"Z\0\0\0\x05T", 6},
	.has_candidate = true,
	.candidate = {(const unsigned char *)"", 0},
	.truth_len = INT64_C(9000000000),
	.candidate_len = 4,
	.note = "cut"};
static const struct trace_exchange bare = {
	.id = 1, .session = 1, .truth_us = -1, .candidate_us = -1, .candidate_len = 0};

static bool check_exchange(void *context, const struct trace_exchange *row)
{
	const struct trace_exchange *want = *(int *)context ? &full : &bare;
	++*(int *)context;
	assert_int_equal(row->id, want->id);
	assert_int_equal(row->session, want->session);
	assert_int_equal(row->started_us, want->started_us);
	assert_int_equal(row->truth_us, want->truth_us);
	assert_int_equal(row->candidate_us, want->candidate_us);
	assert_int_equal(row->verdict, want->verdict);
	assert_int_equal(row->truth_status, want->truth_status);
	assert_int_equal(row->candidate_status, want->candidate_status);
	EQUAL_BYTES(row->request, want->request);
	EQUAL_BYTES(row->truth, want->truth);
	assert_int_equal(row->has_candidate, want->has_candidate);
	EQUAL_BYTES(row->candidate, want->candidate);
	assert_int_equal(row->truth_len, want->truth_len);
	assert_int_equal(row->candidate_len, want->candidate_len);
	same_text(row->note, want->note);
	return true;
}

static void exchange(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	int seen = 0;
	MUST(trace_write_exchange(t, &full, &err));
	MUST(trace_write_exchange(t, &bare, &err));
	t = reopen(place, t);
	MUST(trace_read_exchanges(t, 0, 0, check_exchange, &seen, &err));
	assert_int_equal(seen, 2);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT count(truth_us), count(candidate), "
						      "count(truth_status) FROM exchange"),
		"1|1|1\n");
}

static bool check_part(void *context, struct bytes body)
{
	size_t n = ++*(size_t *)context;
	assert_int_equal(body.len, n * 1000);
	for (size_t i = 0; i < body.len; i++)
		assert_int_equal(body.ptr[i], n);
	return true;
}

static void request_part(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	size_t seen = 0;
	unsigned char body[3000];
	for (int ordinal = 3; ordinal > 0; ordinal--) {
		memset(body, ordinal, sizeof(body));
		MUST(trace_write_request_part(
			t, 9, ordinal, bytes_of(body, (size_t)ordinal * 1000), &err));
		MUST(trace_write_request_part(t, 8, ordinal, bytes_of("x", 1), &err));
	}
	t = reopen(place, t);
	MUST(trace_read_request_parts(t, 9, check_part, &seen, &err));
	assert_int_equal(seen, 3);
	MUST(trace_read_request_parts(t, 7, check_part, &seen, &err));
	assert_int_equal(seen, 3);
	close_trace(t);
}

static const struct trace_command commands[] = {
	{4, 0, 7, "$1 = '2'", "UPDATE 3", -1, -1, NULL, NULL, 0},
	{4, 1, 0, NULL, NULL, 0, 12, "40001", "23505", 2},
};

static bool check_command(void *context, const struct trace_command *row, struct bytes statement)
{
	const struct trace_command *want = &commands[(*(int *)context)++];
	assert_int_equal(row->exchange, want->exchange);
	assert_int_equal(row->ordinal, want->ordinal);
	assert_int_equal(row->statement, want->statement);
	same_text(row->parameters, want->parameters);
	same_text(row->tag, want->tag);
	assert_int_equal(row->truth_rows, want->truth_rows);
	assert_int_equal(row->candidate_rows, want->candidate_rows);
	same_text(row->truth_sqlstate, want->truth_sqlstate);
	same_text(row->candidate_sqlstate, want->candidate_sqlstate);
	assert_int_equal(row->verdict, want->verdict);
	EQUAL_BYTES(statement, bytes_str(want->statement ? "update item set n = $1" : ""));
	return true;
}

static void command_and_statement(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	int seen = 0;
	MUST(trace_write_command(t, &commands[1], &err));
	MUST(trace_write_command(t, &commands[0], &err));
	MUST(write_command(t, 5, 0, 0, &err));
	put_statement(t, 7, "update item set n = $1");
	put_statement(t, 7, "a repeated id is ignored");
	t = reopen(place, t);
	MUST(trace_read_commands(t, 4, check_command, &seen, &err));
	assert_int_equal(seen, 2);
	close_trace(t);
}

/* A client's encoding is its own affair: bytes that are no UTF-8 come back as they were. */
static bool check_latin1(void *context, const struct trace_command *row, struct bytes statement)
{
	(void)row;
	++*(int *)context;
	EQUAL_BYTES(statement, bytes_str("select '\xe9\xff\xc0'"));
	return true;
}

static void statements_of_any_encoding(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	int seen = 0;
	put_statement(t, 1, "select '\xe9\xff\xc0'");
	MUST(write_command(t, 1, 0, 0, &err));
	t = reopen(place, t);
	MUST(trace_read_commands(t, 1, check_latin1, &seen, &err));
	assert_int_equal(seen, 1);
	close_trace(t);
}

static void gap_and_words(void **state)
{
	struct place *place = *state;
	struct err why = {.text = ""};
	struct trace *t = create_trace(place->trace);
	struct trace_gap gap = {1234, 17, "disk full"};
	MUST(trace_write_gap(t, &gap, &err));
	MUST(trace_write_word(t, "verdict", 2, "mismatch", NULL, "they differ", &err));
	MUST(trace_write_word(t, "verdict", 2, "mismatch", NULL, "they differ!", &err));
	MUST(trace_write_word(t, "difference_kind", 1, "value", "data", "a value", &err));
	assert_false(trace_write_word(t, "session", 1, "a", NULL, "b", &why));
	assert_non_null(strstr(why.text, "has no table of words \"session\""));
	close_trace(t);
	assert_string_equal(
		plain_query(place->trace, "SELECT * FROM gap"), "1|1234|17|disk full\n");
	assert_string_equal(
		plain_query(place->trace, "SELECT * FROM verdict"), "2|mismatch|they differ!\n");
	assert_string_equal(plain_query(place->trace, "SELECT * FROM difference_kind"),
		"1|value|data|a value\n");
}

static void batches(void **state)
{
	struct place *place = *state;
	struct trace *t = create_trace(place->trace);
	MUST(trace_begin(t, &err));
	MUST(write_exchange(t, 1, 0, &err));
	trace_rollback(t);
	MUST(trace_begin(t, &err));
	MUST(write_exchange(t, 2, 0, &err));
	MUST(trace_commit(t, &err));
	trace_rollback(t);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT id FROM exchange"), "2\n");
}

static void failures_name_the_file_and_the_reason(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	struct trace *t = create_trace(place->trace);
	struct trace_event event_without_name = {.session = 1, .what = NULL};
	assert_true(write_exchange(t, 1, 0, &err));
	assert_false(write_exchange(t, 1, 0, &err));
	assert_non_null(strstr(err.text, "run.trace: cannot be written: UNIQUE constraint failed"));
	assert_false(trace_write_event(t, &event_without_name, &err));
	assert_non_null(strstr(err.text, "NOT NULL constraint failed: event.what"));
	assert_false(trace_commit(t, &err));
	assert_true(trace_begin(t, &err));
	assert_false(trace_begin(t, &err));
	/* None of it spoils what comes after. */
	assert_true(write_exchange(t, 2, 0, &err));
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM exchange"), "2\n");
}

/* A full disk in the middle of a batch: the batch is gone, the trace is not. */
static void a_full_disk(void **state)
{
	struct place *place = *state;
	struct err err = {.text = ""};
	struct trace *t = create_trace(place->trace);
	unsigned char body[20000] = {0};
	bool ok = true;
	assert_true(write_exchange(t, 1, 0, &err));
	assert_int_equal(sqlite3_exec(t->db, "PRAGMA max_page_count = 60", NULL, NULL, NULL), 0);
	assert_true(trace_begin(t, &err));
	for (int i = 1; ok && i < 100; i++)
		ok = trace_write_request_part(t, 2, i, bytes_of(body, sizeof(body)), &err);
	assert_false(ok);
	assert_non_null(strstr(err.text, "run.trace: cannot be written: database or disk is full"));
	trace_rollback(t);
	assert_int_equal(sqlite3_exec(t->db, "PRAGMA max_page_count = 60000", NULL, NULL, NULL), 0);
	assert_true(trace_begin(t, &err));
	assert_true(write_exchange(t, 3, 0, &err));
	assert_true(trace_commit(t, &err));
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "SELECT id FROM exchange"), "1\n3\n");
	assert_string_equal(plain_query(place->trace, "SELECT count(*) FROM request_part"), "0\n");
}

/* Killed at any moment: the file opens, is sound, and holds whole batches only. */
static void a_killed_writer(void **state)
{
	struct place *place = *state;
	int fds[2];
	char done[20];
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		struct err err;
		struct trace *t = trace_create(place->trace, NULL, &err);
		bool ok = t != NULL;
		for (int64_t id = 1; ok; id += 50) {
			ok = trace_begin(t, &err);
			for (int64_t i = id; ok && i < id + 50; i++)
				ok = write_exchange(t, i, 0, &err);
			ok = ok && trace_commit(t, &err) && write(fds[1], "x", 1) == 1;
		}
		_exit(1);
	}
	for (size_t n = 0; n < sizeof(done); n++)
		assert_int_equal(read(fds[0], done, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(fds[0]);
	close(fds[1]);

	struct trace_counts counts;
	struct trace *t = open_trace(place->trace);
	MUST(trace_count(t, &counts, &err));
	assert_true(counts.exchanges >= 50 * (int64_t)sizeof(done));
	assert_int_equal(counts.exchanges % 50, 0);
	close_trace(t);
	assert_string_equal(plain_query(place->trace, "PRAGMA integrity_check"), "ok\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(meta),
		IN_PLACE(backend),
		IN_PLACE(session),
		IN_PLACE(event),
		IN_PLACE(exchange),
		IN_PLACE(request_part),
		IN_PLACE(command_and_statement),
		IN_PLACE(statements_of_any_encoding),
		IN_PLACE(gap_and_words),
		IN_PLACE(batches),
		IN_PLACE(failures_name_the_file_and_the_reason),
		IN_PLACE(a_full_disk),
		IN_PLACE(a_killed_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
