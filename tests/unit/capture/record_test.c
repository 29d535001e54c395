/*
 * From the proxy's calls to rows of a trace, through the writer thread and back by trace_read.
 */
#include "capture/record.h"
#include "capture/answer.h"

#include "tests/unit/diffengine/answers.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/trace_read.h"

struct fixture {
	struct record record;
	struct trace *trace;
	struct trace_queue *queue;
	char dir[64], path[128];
	struct buf request, truth, candidate;
	struct buf rows; /* what was read, as lines of text */
};

static void set_up(struct fixture *f)
{
	struct err err = {.text = ""};
	struct trace_queue_options options = {.limit = 64 << 20, .began_mono_us = clock_mono_us()};

	*f = (struct fixture){.trace = NULL};
	snprintf(f->dir, sizeof(f->dir), "/tmp/twinkly-record-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/run.trace", f->dir);
	f->trace = trace_create(f->path, NULL, &err);
	if (!f->trace)
		fail_msg("%s", err.text);
	f->queue = trace_queue_start(f->trace, &options, &err);
	assert_non_null(f->queue);
	record_init(&f->record, f->queue, options.began_mono_us);
	buf_init(&f->request, ANSWER_CEILING);
	buf_init(&f->truth, ANSWER_CEILING);
	buf_init(&f->candidate, ANSWER_CEILING);
	buf_init(&f->rows, ANSWER_CEILING);
}

/* Ends the recording; the trace is open for reading then. */
static void read_back(struct fixture *f)
{
	struct trace_queue_stats stats;
	struct err err = {.text = ""};

	trace_queue_finish(f->queue, &stats);
	if (stats.has_failed)
		fail_msg("%s", stats.why);
	assert_true(trace_close(f->trace, &err));
	f->trace = trace_open(f->path, &err);
	if (!f->trace)
		fail_msg("%s", err.text);
}

static void tear_down(struct fixture *f)
{
	assert_true(trace_close(f->trace, NULL));
	record_fini(&f->record);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	buf_fini(&f->request);
	buf_fini(&f->truth);
	buf_fini(&f->candidate);
	buf_fini(&f->rows);
}

static const char *text_of(struct bytes b)
{
	static char text[256];

	return answer_string(b, text, sizeof(text));
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static bool add_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "%d %s [%s] %s %lld %lld %s %s %s\n", row->ordinal,
		text_of(statement), or_dash(row->parameters), or_dash(row->tag),
		(long long)row->truth_rows, (long long)row->candidate_rows,
		or_dash(row->truth_sqlstate), or_dash(row->candidate_sqlstate),
		verdict_name((enum verdict)row->verdict));
}

static void expect_commands(struct fixture *f, int64_t exchange, const char *expected)
{
	struct err err = {.text = ""};

	buf_reset(&f->rows);
	if (!trace_read_commands(f->trace, exchange, add_command, f, &err))
		fail_msg("%s", err.text);
	assert_string_equal(buf_cstr(&f->rows), expected);
}

/* An exchange of these answers; the caller adds what is special about it. */
static struct record_exchange exchange_of(
	struct fixture *f, int64_t id, const char *truth, const char *candidate)
{
	struct record_exchange e = {
		.row = {.id = id, .session = 1, .verdict = VERDICT_EQUAL}, .last_tag = ""};

	buf_reset(&f->truth);
	buf_reset(&f->candidate);
	answer_write(&f->truth, truth);
	answer_write(&f->candidate, candidate ? candidate : truth);
	e.row.truth = buf_bytes(&f->truth);
	e.row.truth_len = (int64_t)buf_len(&f->truth);
	e.row.candidate_len = (int64_t)buf_len(&f->candidate);
	e.row.has_candidate = candidate != NULL;
	if (candidate)
		e.row.candidate = buf_bytes(&f->candidate);
	e.row.request = buf_bytes(&f->request);
	return e;
}

static void test_time_increases(void **state)
{
	struct fixture f;
	int64_t last = -1;

	(void)state;
	set_up(&f);
	for (int i = 0; i < 10000; i++) {
		int64_t now = record_now(&f.record);

		assert_true(now > last);
		last = now;
	}
	read_back(&f);
	tear_down(&f);
}

static void test_texts_are_stored_once(void **state)
{
	struct fixture f;
	struct trace_counts counts;
	int64_t numbers[3000], first;
	char text[32];

	(void)state;
	set_up(&f);
	first = record_statement(&f.record, bytes_str("select 1"));
	assert_true(first > 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "select %d from t", i);
		numbers[i] = record_statement(&f.record, bytes_str(text));
		assert_true(numbers[i] > (i ? numbers[i - 1] : first));
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "select %d from t", i);
		assert_int_equal(record_statement(&f.record, bytes_str(text)), numbers[i]);
	}
	assert_int_equal(record_statement(&f.record, bytes_str("select 1")), first);
	assert_int_not_equal(record_statement(&f.record, bytes_of(NULL, 0)), first);
	read_back(&f);
	assert_true(trace_count(f.trace, &counts, NULL));
	assert_int_equal(counts.statements, 3002);
	tear_down(&f);
}

static bool add_session(void *context, const struct trace_session *row)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "session %lld %s %s %s %s %lld %zu\n", (long long)row->id,
		row->user, row->database, or_dash(row->application_name), row->client,
		(long long)row->started_us, row->startup.len);
}

static bool add_event(void *context, const struct trace_event *row)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "event %lld %s %s\n", (long long)row->session, row->what,
		row->detail && *row->detail ? row->detail : "-");
}

static bool add_backend(void *context, const struct trace_backend *row)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "backend %d %s %s %d %s\n", (int)row->role, row->name,
		row->host, row->port, row->server_version);
}

static void test_sessions_events_backends(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	record_session(&f.record, &(struct trace_session){.id = 1,
					  .user = "app",
					  .database = "shop",
					  .application_name = "",
					  .client = "127.0.0.1:40000",
					  .started_us = 77,
					  .startup = bytes_of("user\0app", 9)});
	record_event(&f.record, 1, "connect", "127.0.0.1:40000");
	record_event(&f.record, 1, "cancel", NULL);
	record_backend(&f.record, &(struct trace_backend){.role = TRACE_CANDIDATE,
					  .name = "YugabyteDB",
					  .host = "db",
					  .port = 5433,
					  .server_version = "15.12-YB"});
	read_back(&f);
	assert_true(trace_read_sessions(f.trace, add_session, &f, NULL));
	assert_true(trace_read_events(f.trace, add_event, &f, NULL));
	assert_true(trace_read_backends(f.trace, add_backend, &f, NULL));
	assert_string_equal(buf_cstr(&f.rows), "session 1 app shop  127.0.0.1:40000 77 9\n"
					       "event 1 connect 127.0.0.1:40000\n"
					       "event 1 cancel -\n"
					       "backend 1 YugabyteDB db 5433 15.12-YB\n");
	tear_down(&f);
}

static bool add_exchange(void *context, const struct trace_exchange *row)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "%lld %lld %zu %zu %d %zu %s\n", (long long)row->id,
		(long long)row->session, row->request.len, row->truth.len, row->has_candidate,
		row->candidate.len, or_dash(row->note));
}

static bool add_part(void *context, struct bytes body)
{
	struct fixture *f = context;

	return buf_printf(&f->rows, "part %s\n", text_of(body));
}

static void test_exchanges_and_parts(void **state)
{
	struct fixture f;
	struct record_exchange e;
	char line[100];

	(void)state;
	set_up(&f);
	assert_true(encode_query(&f.request, "copy t from stdin"));
	record_part(&f.record,
		&(struct record_part){.exchange = 1, .ordinal = 1, .body = bytes_str("one")});
	record_part(&f.record,
		&(struct record_part){.exchange = 1, .ordinal = 2, .body = bytes_str("two")});
	e = exchange_of(&f, 1, "G; C COPY 2; Z I", NULL);
	record_exchange(&f.record, &e);
	e = exchange_of(&f, 2, "C BEGIN; Z T", "E 53300 no; Z I");
	e.row.note = "a note";
	record_exchange(&f.record, &e);
	/* Everything was copied. */
	memset(f.truth.ptr, '!', f.truth.cap);
	memset(f.request.ptr, '!', f.request.cap);
	read_back(&f);
	assert_true(trace_read_exchanges(f.trace, 0, 0, add_exchange, &f, NULL));
	assert_true(trace_read_request_parts(f.trace, 1, add_part, &f, NULL));
	snprintf(line, sizeof(line), "1 1 23 %zu 0 0 -\n", (size_t)10 + 12 + 6);
	assert_memory_equal(buf_cstr(&f.rows), line, strlen(line));
	assert_non_null(strstr(buf_cstr(&f.rows), " a note\npart one\npart two\n"));
	tear_down(&f);
}

static void test_commands(void **state)
{
	struct fixture f;
	struct record_exchange e;
	int64_t statements[3];

	(void)state;
	set_up(&f);
	statements[0] = record_statement(&f.record, bytes_str("select a"));
	statements[1] = record_statement(&f.record, bytes_str("update t"));
	statements[2] = record_statement(&f.record, bytes_str("bad"));
	e = exchange_of(&f, 1, "T a; D 1; D 2; C SELECT 2; C UPDATE 7; E 42601 x; Z I", NULL);
	e.statements = statements;
	e.statement_count = 3;
	record_exchange(&f.record, &e);
	/* No verdicts of commands: all have the exchange's. */
	e = exchange_of(&f, 2, "C UPDATE 7; Z I", "E 23505 x; Z I");
	e.statements = statements + 1;
	e.statement_count = 1;
	e.row.verdict = VERDICT_NOT_COMPARED;
	record_exchange(&f.record, &e);
	/* Prepared only, or never answered: one row all the same. */
	e = exchange_of(&f, 3, "1; Z I", NULL);
	e.statements = statements;
	e.statement_count = 1;
	record_exchange(&f.record, &e);
	e = exchange_of(&f, 4, "Z I", NULL);
	record_exchange(&f.record, &e);
	read_back(&f);
	expect_commands(&f, 1,
		"0 select a [-] SELECT 2 2 2 - - equal\n"
		"1 update t [-] UPDATE 7 -1 -1 - - equal\n"
		"2 bad [-] - -1 -1 42601 42601 equal\n");
	expect_commands(&f, 2, "0 update t [-] UPDATE 7 -1 -1 - 23505 not-compared\n");
	expect_commands(&f, 3, "0 select a [-] - -1 -1 - - equal\n");
	expect_commands(&f, 4, "");
	tear_down(&f);
}

static void test_parameters(void **state)
{
	const struct wire_value values[] = {
		{.data = bytes_str("12")}, {.is_null = true}, {.data = bytes_of("\0\1", 2)}};
	const int16_t formats[] = {0, 0, 1};
	struct fixture f;
	struct record_exchange e;

	(void)state;
	set_up(&f);
	assert_true(encode_bind(&f.request, &(struct encode_bind){.portal = "",
						    .statement = "s",
						    .formats = formats,
						    .nformats = 3,
						    .parameters = values,
						    .nparameters = 3}));
	assert_true(encode_execute(&f.request, "", 0) && encode_sync(&f.request));
	e = exchange_of(&f, 1, "2; D 1; C SELECT 1; Z I", NULL);
	record_exchange(&f.record, &e);
	read_back(&f);
	expect_commands(&f, 1, "0  [[\"12\" NULL hex:0001]] SELECT 1 1 1 - - equal\n");
	tear_down(&f);
}

static bool add_difference(void *context, const struct trace_difference_context *row)
{
	const struct trace_difference *d = row->difference;
	struct fixture *f = context;

	return buf_printf(&f->rows, "%lld/%d row %lld column %d %s: %s%s", (long long)d->exchange,
		       d->ordinal, (long long)d->row, d->column, or_dash(d->column_name),
		       d->truth_null ? "null" : "", text_of(d->truth)) &&
	       buf_printf(&f->rows, " %s%s %s\n", d->candidate_null ? "null" : "",
		       text_of(d->candidate), or_dash(d->text));
}

/* Before the first command that differs all were equal. */
static void test_verdicts_and_differences(void **state)
{
	enum verdict verdicts[] = {VERDICT_MISMATCH, VERDICT_EXCLUDED};
	struct difference differences[] = {{.kind = DIFF_VALUE,
						   .ordinal = 1,
						   .row = 3,
						   .column = 2,
						   .column_name = "price",
						   .truth = "1",
						   .candidate = NULL,
						   .text = "they differ"},
		{.kind = DIFF_TAG, .ordinal = 1, .truth = "a", .candidate = "b", .text = "tags"}};
	struct comparison result = {.verdict = VERDICT_MISMATCH,
		.differences = differences,
		.count = 2,
		.commands = verdicts,
		.command_count = 2};
	struct fixture f;
	struct record_exchange e;

	(void)state;
	set_up(&f);
	e = exchange_of(&f, 9, "C A; C B; C C; C D; Z I", "C A; C B; C X; C D; Z I");
	e.result = &result;
	e.first_ordinal = 1;
	e.row.verdict = VERDICT_MISMATCH;
	record_exchange(&f.record, &e);
	read_back(&f);
	expect_commands(&f, 9,
		"0  [-] A -1 -1 - - equal\n"
		"1  [-] B -1 -1 - - mismatch\n"
		"2  [-] C -1 -1 - - excluded\n"
		"3  [-] D -1 -1 - - equal\n");
	buf_reset(&f.rows);
	assert_true(trace_read_differences(f.trace, 9, add_difference, &f, NULL));
	assert_string_equal(buf_cstr(&f.rows), "9/1 row 3 column 2 price: 1 null they differ\n"
					       "9/1 row 0 column 0 -: a b tags\n");
	tear_down(&f);
}

/* As if trace.max-response had cut `bytes` bytes off. */
static void cut(struct record_exchange *e, size_t bytes)
{
	e->row.truth = bytes_of(e->row.truth.ptr, e->row.truth.len - bytes);
}

static void test_cut_answers(void **state)
{
	struct fixture f;
	struct record_exchange e;
	int64_t statements[2];

	(void)state;
	set_up(&f);
	statements[0] = record_statement(&f.record, bytes_str("select a"));
	statements[1] = record_statement(&f.record, bytes_str("select b"));
	e = exchange_of(&f, 1, "T a; D 1; D 2; D 3; C SELECT 3; Z I", NULL);
	e.statements = statements;
	e.statement_count = 1;
	e.last_rows = 3;
	e.last_tag = "SELECT 3";
	cut(&e, 30);
	record_exchange(&f.record, &e);
	e.row.id = 2;
	cut(&e, e.row.truth.len); /* trace.max-response = 0 */
	record_exchange(&f.record, &e);
	/* The second of two; and nothing but the ReadyForQuery is missing. */
	e = exchange_of(&f, 3, "T a; D 1; C SELECT 1; T b; D 1; D 2; C SELECT 2; Z I", NULL);
	e.statements = statements;
	e.statement_count = 2;
	e.last_rows = 2;
	e.last_tag = "SELECT 2";
	cut(&e, 10);
	record_exchange(&f.record, &e);
	e = exchange_of(&f, 4, "T a; D 1; C SELECT 1; Z I", NULL);
	e.statements = statements;
	e.statement_count = 1;
	e.last_rows = 1;
	e.last_tag = "SELECT 1";
	cut(&e, 2);
	record_exchange(&f.record, &e);
	read_back(&f);
	expect_commands(&f, 1, "0 select a [-] SELECT 3 3 3 - - equal\n");
	expect_commands(&f, 2, "0 select a [-] SELECT 3 3 3 - - equal\n");
	expect_commands(&f, 3,
		"0 select a [-] SELECT 1 1 1 - - equal\n"
		"1 select b [-] SELECT 2 2 2 - - equal\n");
	expect_commands(&f, 4, "0 select a [-] SELECT 1 1 1 - - equal\n");
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_increases),
		cmocka_unit_test(test_texts_are_stored_once),
		cmocka_unit_test(test_sessions_events_backends),
		cmocka_unit_test(test_exchanges_and_parts),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_verdicts_and_differences),
		cmocka_unit_test(test_cut_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
