/*
 * The replay's own trace: rows of exchanges and their commands, batches, the first failure.
 */
#include "tests/unit/replay/recorded.h"

#include <inttypes.h>

#include "replay/writer.h"
#include "wire/message.h"

struct fixture {
	struct recorded recorded;
	struct settings settings;
	struct writer writer;
	struct buf request, answer;
	char seen[1000];
};

static void begin(struct fixture *f)
{
	struct writer_head head = {.settings = &f->settings,
		.source_trace = "run.trace",
		.command_line = "twinkly-replay run.trace"};

	*f = (struct fixture){0};
	recorded_begin(&f->recorded);
	recorded_read(&f->recorded);
	assert_true(settings_load(&f->settings, NULL, NULL, 0, stderr));
	buf_init(&f->request, 65536);
	buf_init(&f->answer, 65536);
	RECORDED_MUST(
		&f->recorded, writer_open(&f->writer, f->recorded.out, &head, &f->recorded.err));
}

static struct trace *close_and_read(struct fixture *f)
{
	struct trace *t;

	if (!writer_close(&f->writer))
		fail_msg("%s", f->writer.why.text);
	t = trace_open(f->recorded.out, &f->recorded.err);
	RECORDED_MUST(&f->recorded, t);
	return t;
}

static void end(struct fixture *f, struct trace *t)
{
	RECORDED_MUST(&f->recorded, trace_close(t, &f->recorded.err));
	buf_fini(&f->request);
	buf_fini(&f->answer);
	settings_fini(&f->settings);
	recorded_end(&f->recorded);
}

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct fixture *f = context;
	size_t len = strlen(f->seen);

	snprintf(f->seen + len, sizeof(f->seen) - len, "%d|%.*s|%s|%" PRId64 "|%" PRId64 "|%s|%s\n",
		row->ordinal, (int)statement.len, (const char *)statement.ptr,
		row->tag ? row->tag : "-", row->truth_rows, row->candidate_rows,
		row->candidate_sqlstate ? row->candidate_sqlstate : "-",
		verdict_name((enum verdict)row->verdict));
	return true;
}

static void put_result(struct buf *out, int rows)
{
	struct wire_value value = {.data = bytes_str("x")};
	char tag[32];

	assert_true(encode_row_description(out, NULL, 0));
	for (int i = 0; i < rows; i++)
		assert_true(encode_data_row(out, &value, 1));
	snprintf(tag, sizeof(tag), "SELECT %d", rows);
	assert_true(encode_command_complete(out, tag));
}

static void write_exchange(struct fixture *f, struct writer_exchange *exchange)
{
	exchange->row.id = 1;
	exchange->row.session = 1;
	exchange->row.request = buf_bytes(&f->request);
	exchange->row.truth = buf_bytes(&f->answer);
	if (exchange->row.truth_len == 0)
		exchange->row.truth_len = (int64_t)buf_len(&f->answer);
	writer_exchange(&f->writer, exchange);
}

static void expect_commands(struct fixture *f, const char *expected)
{
	struct trace *t = close_and_read(f);

	RECORDED_MUST(&f->recorded, trace_read_commands(t, 1, on_command, f, &f->recorded.err));
	assert_string_equal(f->seen, expected);
	end(f, t);
}

static void test_commands_and_their_verdicts(void **state)
{
	static const unsigned char verdicts[] = {VERDICT_EQUAL, VERDICT_MISMATCH};
	const struct encode_error error = {
		.severity = "ERROR", .sqlstate = "42P01", .message = "no"};
	struct fixture f;
	int64_t statements[3];
	struct writer_exchange exchange = {.statements = statements,
		.statement_count = 3,
		.verdicts = verdicts,
		.verdict_count = 2,
		.rest = VERDICT_INCONCLUSIVE,
		.last_tag = "",
		.row = {.has_candidate = true}};

	(void)state;
	begin(&f);
	statements[0] = statements[2] = writer_statement(&f.writer, bytes_str("a"));
	statements[1] = writer_statement(&f.writer, bytes_str("b"));
	assert_int_equal(writer_statement(&f.writer, bytes_str("a")), statements[0]);
	put_result(&f.request, 2); /* any place for the candidate's answer will do */
	assert_true(encode_error(&f.request, BACKEND_ERROR_RESPONSE, &error));
	exchange.row.candidate = buf_bytes(&f.request);
	put_result(&f.answer, 2);
	put_result(&f.answer, 1);
	put_result(&f.answer, 0);
	write_exchange(&f, &exchange);
	expect_commands(&f, "0|a|SELECT 2|2|2|-|equal\n"
			    "1|b|SELECT 1|1|-1|42P01|mismatch\n"
			    "2|a|SELECT 0|0|-1|-|inconclusive\n");
}

/* Of an answer that is longer than what is kept, the end is known all the same. */
static void test_cut_answer(void **state)
{
	struct fixture f;
	int64_t statement;
	struct writer_exchange exchange = {.statements = &statement,
		.statement_count = 1,
		.rest = VERDICT_EQUAL,
		.last_rows = 7000,
		.last_tag = "SELECT 7000",
		.row = {.truth_len = 900000, .candidate_len = 900000}};

	(void)state;
	begin(&f);
	statement = writer_statement(&f.writer, bytes_str("long"));
	put_result(&f.answer, 20);
	buf_truncate(&f.answer, 100);
	write_exchange(&f, &exchange);
	expect_commands(&f, "0|long|SELECT 7000|7000|7000|-|equal\n");
}

/* One that was never answered has its statement in the trace. */
static void test_unanswered(void **state)
{
	struct fixture f;
	int64_t statement;
	struct writer_exchange exchange = {.statements = &statement,
		.statement_count = 1,
		.rest = VERDICT_INCONCLUSIVE,
		.last_tag = ""};

	(void)state;
	begin(&f);
	statement = writer_statement(&f.writer, bytes_str("hang"));
	write_exchange(&f, &exchange);
	expect_commands(&f, "0|hang|-|-1|-1|-|inconclusive\n");
}

static void test_time_only_grows(void **state)
{
	struct fixture f;
	int64_t last = 0;

	(void)state;
	begin(&f);
	for (int i = 0; i < 1000; i++) {
		int64_t now = writer_now(&f.writer);

		assert_true(now > last);
		last = now;
	}
	end(&f, close_and_read(&f));
}

/* What is in an open batch becomes visible with the tick, and at the end. */
static void test_batches(void **state)
{
	struct fixture f;
	struct trace *reader;
	struct trace_counts counts;

	(void)state;
	begin(&f);
	writer_event(&f.writer, 1, "connect", NULL);
	assert_true(f.writer.is_in_batch);
	writer_tick(&f.writer);
	assert_true(f.writer.is_in_batch);
	f.writer.batch_began_us -= WRITER_BATCH_US;
	writer_tick(&f.writer);
	assert_false(f.writer.is_in_batch);
	writer_statement(&f.writer, bytes_str("committed at the end"));
	reader = trace_open(f.recorded.out, &f.recorded.err);
	RECORDED_MUST(&f.recorded, reader);
	RECORDED_MUST(&f.recorded, trace_count(reader, &counts, &f.recorded.err));
	assert_int_equal(counts.statements, 0);
	RECORDED_MUST(&f.recorded, trace_close(reader, &f.recorded.err));
	reader = close_and_read(&f);
	RECORDED_MUST(&f.recorded, trace_count(reader, &counts, &f.recorded.err));
	assert_int_equal(counts.statements, 1);
	end(&f, reader);
}

/* The same row twice cannot be: the writer keeps the reason and stops. */
static void test_first_failure_is_kept(void **state)
{
	struct fixture f;
	struct trace_session row = {
		.id = 1, .user = "app", .database = "shop", .application_name = "", .client = ""};
	struct trace *t;

	(void)state;
	begin(&f);
	writer_session(&f.writer, &row);
	assert_false(f.writer.has_failed);
	writer_session(&f.writer, &row);
	assert_true(f.writer.has_failed);
	assert_non_null(strstr(f.writer.why.text, "cannot be written"));
	writer_event(&f.writer, 1, "connect", NULL);
	assert_false(writer_close(&f.writer));
	t = trace_open(f.recorded.out, &f.recorded.err);
	RECORDED_MUST(&f.recorded, t);
	assert_null(trace_read_meta(t, "ended_wall_us"));
	end(&f, t);
}

static void test_cannot_be_made(void **state)
{
	struct fixture f;
	struct writer other;
	struct writer_head head = {.source_trace = "", .command_line = ""};
	struct err err = {.text = ""};

	(void)state;
	begin(&f);
	head.settings = &f.settings;
	assert_false(writer_open(&other, "/nonexistent/out.trace", &head, &err));
	assert_non_null(strstr(err.text, "/nonexistent/out.trace"));
	/* the trace of another writer */
	assert_false(writer_open(&other, f.recorded.out, &head, &err));
	end(&f, close_and_read(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_and_their_verdicts),
		cmocka_unit_test(test_cut_answer),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_time_only_grows),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_first_failure_is_kept),
		cmocka_unit_test(test_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
