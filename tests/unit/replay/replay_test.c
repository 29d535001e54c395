/*
 * Whole replays against two made-up databases (servers.h): order, lock waits, COPY, answers
 * that differ, sides that fail, hang or go away; and the trace that comes of it.
 */
#include "tests/unit/replay/recorded.h"
#include "tests/unit/replay/servers.h"

#include <time.h>

#include "base/log.h"
#include "replay/run.h"
#include "replay/summary.h"
#include "wire/backend.h"

/* The second server is the source of truth. */
struct fixture {
	struct recorded recorded;
	struct server servers[2];
	struct trace *out;
	struct trace_counts counts;
	int status;
	char events[1000]; /* of the replay's trace: "1 connect\n..." */
	char notes[4000];  /* of its exchanges */
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){.status = -1};
	alarm(60); /* a test that hangs fails */
	log_set_level(LOG_LEVEL_ERROR);
	recorded_begin(&f->recorded);
	server_start(&f->servers[0], 1);
	server_start(&f->servers[1], 2);
	recorded_session(&f->recorded, 1, RECORDED_STARTUP);
	recorded_session(&f->recorded, 2, RECORDED_STARTUP);
}

static bool on_event(void *context, const struct trace_event *row)
{
	struct fixture *f = context;
	size_t len = strlen(f->events);

	snprintf(f->events + len, sizeof(f->events) - len, "%lld %s\n", (long long)row->session,
		row->what);
	return true;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct fixture *f = context;
	size_t len = strlen(f->notes);

	snprintf(f->notes + len, sizeof(f->notes) - len, "%lld %s %c%c %s\n", (long long)row->id,
		verdict_name((enum verdict)row->verdict),
		row->truth_status ? row->truth_status : '-',
		row->candidate_status ? row->candidate_status : '-', row->note ? row->note : "");
	return true;
}

static void read_out(struct fixture *f)
{
	struct err *err = &f->recorded.err;

	f->out = trace_open(f->recorded.out, err);
	RECORDED_MUST(&f->recorded, f->out);
	RECORDED_MUST(&f->recorded, trace_count(f->out, &f->counts, err));
	RECORDED_MUST(&f->recorded, trace_read_events(f->out, on_event, f, err));
	RECORDED_MUST(&f->recorded, trace_read_exchanges(f->out, 0, 0, on_exchange, f, err));
}

/* Replays what was recorded, with these further settings. */
static void replay_with(struct fixture *f, const char *setting)
{
	struct settings settings;
	char ports[2][64];
	const char *overrides[] = {ports[0], ports[1], "proxy.postgresql.host=127.0.0.1",
		"proxy.yugabytedb.host=127.0.0.1", "proxy.postgresql.sslmode=disable",
		"proxy.yugabytedb.sslmode=disable", "comparison.backend-timeout=400ms", setting};
	struct run_options options = {.settings = &settings,
		.source = f->recorded.path,
		.trace = f->recorded.out,
		.command_line = "twinkly-replay run.trace",
		.is_quiet = true};

	snprintf(ports[0], 64, "proxy.postgresql.port=%d", f->servers[0].port);
	snprintf(ports[1], 64, "proxy.yugabytedb.port=%d", f->servers[1].port);
	recorded_read(&f->recorded);
	assert_true(settings_load(&settings, NULL, overrides, setting ? 8 : 7, stderr));
	f->status = run_replay(&options);
	settings_fini(&settings);
	server_stop(&f->servers[0]);
	server_stop(&f->servers[1]);
	read_out(f);
}

static void replay(struct fixture *f)
{
	replay_with(f, NULL);
}

static void expect_said(struct fixture *f, int number, const char *statements)
{
	assert_string_equal(buf_cstr(&f->servers[number - 1].said), statements);
}

static void end(struct fixture *f)
{
	RECORDED_MUST(&f->recorded, trace_close(f->out, &f->recorded.err));
	buf_fini(&f->servers[0].said);
	buf_fini(&f->servers[1].said);
	recorded_end(&f->recorded);
	alarm(0);
}

/* --- order --- */

static void test_recorded_order(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 5; i++) {
		recorded_query(&f.recorded, 1, "value one");
		recorded_query(&f.recorded, 2, "insert two");
	}
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.exchanges, 10);
	assert_int_equal(f.counts.sessions, 2);
	assert_int_equal(f.counts.statements, 2);
	assert_int_equal(f.counts.exchanges_by_verdict[VERDICT_EQUAL], 10);
	expect_said(&f, 1,
		"value one\ninsert two\nvalue one\ninsert two\nvalue one\ninsert two\n"
		"value one\ninsert two\nvalue one\ninsert two\n");
	expect_said(&f, 2, buf_cstr(&f.servers[0].said));
	end(&f);
}

static void test_meta(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "value");
	replay(&f);
	assert_string_equal(trace_read_meta(f.out, "program"), "twinkly-replay");
	assert_string_equal(trace_read_meta(f.out, "source_trace"), f.recorded.path);
	assert_string_equal(trace_read_meta(f.out, "candidate"), "PostgreSQL");
	assert_string_equal(trace_read_meta(f.out, "exchanges_skipped"), "0");
	assert_non_null(trace_read_meta(f.out, "began_wall_us"));
	assert_non_null(trace_read_meta(f.out, "ended_wall_us"));
	assert_string_equal(f.events, "1 connect\n1 disconnect\n");
	assert_string_equal(f.notes, "1 equal II \n");
	end(&f);
}

/* The second session waits for what the first one does later. */
static void record_lock_wait(struct fixture *f)
{
	recorded_query(&f->recorded, 1, "begin");
	recorded_query(&f->recorded, 2, "wait");
	recorded_query(&f->recorded, 1, "insert");
	recorded_query(&f->recorded, 1, "commit");
	recorded_query(&f->recorded, 1, "value");
}

static void test_lock_wait(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	record_lock_wait(&f);
	replay_with(&f, "comparison.backend-timeout=20s");
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.exchanges, 5);
	expect_said(&f, 1, "begin\ninsert\ncommit\nwait\nvalue\n");
	expect_said(&f, 2, "begin\nwait\ninsert\ncommit\nvalue\n");
	assert_non_null(strstr(f.events, "2 handed-on\n"));
	assert_string_equal(trace_read_meta(f.out, "exchanges_relaxed"), "2");
	end(&f);
}

/* Where the databases cannot say who waits for whom, time tells. How far the first session gets
 * is a matter of time, too. */
static void test_lock_wait_unseen(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.servers[0].is_ignorant = f.servers[1].is_ignorant = true;
	record_lock_wait(&f);
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.exchanges, 5);
	assert_non_null(strstr(f.events, "2 handed-on\n"));
	assert_string_not_equal(trace_read_meta(f.out, "exchanges_relaxed"), "0");
	end(&f);
}

/* A slow statement is no lock wait: it took long in the capture, too, and alone. */
static void test_slow_statement_keeps_its_turn(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_true(encode_query(&f.recorded.request, "hang on 2"));
	recorded_exchange(&f.recorded, 1, 1000, 150000);
	recorded_event(&f.recorded, 1, 100000, "cancel");
	assert_true(encode_query(&f.recorded.request, "value"));
	recorded_exchange(&f.recorded, 2, 200000, 100);
	replay(&f);
	assert_null(strstr(f.events, "handed-on"));
	assert_string_equal(trace_read_meta(f.out, "exchanges_relaxed"), "0");
	end(&f);
}

static void test_cancel(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_true(encode_query(&f.recorded.request, "hang"));
	recorded_exchange(&f.recorded, 1, 1000, 60000);
	recorded_event(&f.recorded, 1, 31000, "cancel");
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.servers[0].cancels, 1);
	assert_int_equal(f.servers[1].cancels, 1);
	assert_string_equal(f.events, "1 connect\n1 cancel\n1 cancel\n1 disconnect\n");
	assert_string_equal(f.notes, "1 equal II \n");
	end(&f);
}

/* --- answers that differ --- */

static void test_mismatch_and_on(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "differ");
	recorded_query(&f.recorded, 1, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_MISMATCH);
	assert_int_equal(f.counts.differences, 1);
	assert_string_equal(f.notes, "1 mismatch II replay of exchange 1\n2 equal II \n");
	end(&f);
}

static void test_rolled_back_where_one_side_failed(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "begin");
	recorded_query(&f.recorded, 1, "fail on 1");
	recorded_query(&f.recorded, 1, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_MISMATCH);
	assert_int_equal(f.counts.exchanges_by_verdict[VERDICT_MISMATCH], 1);
	assert_non_null(strstr(f.notes, "2 mismatch TE replay of exchange 2; both databases"));
	assert_non_null(strstr(f.notes, "3 equal II \n"));
	expect_said(&f, 1, "begin\nfail on 1\nROLLBACK\nvalue\n");
	expect_said(&f, 2, "begin\nfail on 1\nROLLBACK\nvalue\n");
	end(&f);
}

/* Only the side that is in a transaction needs it. */
static void test_rolled_back_on_one_side(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "begin on 2");
	recorded_query(&f.recorded, 1, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_MISMATCH);
	expect_said(&f, 1, "begin on 2\nvalue\n");
	expect_said(&f, 2, "begin on 2\nROLLBACK\nvalue\n");
	end(&f);
}

static void test_excluded(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "differ");
	recorded_query(&f.recorded, 1, "value");
	replay_with(&f, "comparison.exclude-patterns=[\"DIFF\"]");
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.exchanges_by_verdict[VERDICT_EXCLUDED], 1);
	assert_int_equal(f.counts.differences, 0);
	end(&f);
}

/* Longer than the window, of a statement that may write: the truth's answer does not fit before
 * the candidate is asked. */
static void test_long_answers(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "long");
	recorded_query(&f.recorded, 1, "long differ");
	recorded_query(&f.recorded, 1, "value");
	replay_with(&f, "proxy.window=64KB");
	assert_int_equal(f.status, EXIT_MISMATCH);
	assert_int_equal(f.counts.differences, 1);
	assert_string_equal(
		f.notes, "1 equal II \n2 mismatch II replay of exchange 2\n3 equal II \n");
	end(&f);
}

static void test_too_long_to_be_compared(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	/* differs in its first message already, then goes on and on */
	assert_true(encode_query(&f.recorded.request, "long on 1"));
	recorded_exchange(&f.recorded, 1, 1000, 100);
	recorded_query(&f.recorded, 2, "value");
	replay_with(&f, "proxy.max-message=128KB");
	assert_int_equal(f.counts.exchanges, 2);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_non_null(strstr(f.notes, "1 inconclusive"));
	assert_non_null(strstr(f.notes, "longer than proxy.max-message"));
	assert_non_null(strstr(f.notes, "2 equal II"));
	end(&f);
}

/* --- extended protocol --- */

static void put_execution(struct buf *out)
{
	struct encode_bind bind = {.portal = "", .statement = ""};

	assert_true(encode_parse(out, "", "select 1", NULL, 0));
	assert_true(encode_bind(out, &bind));
	assert_true(encode_execute(out, "", 0));
}

static void test_units(void **state)
{
	struct buf *out;
	struct fixture f;

	(void)state;
	begin(&f);
	out = &f.recorded.request;
	put_execution(out);
	assert_true(encode_flush(out));
	assert_true(encode_flush(out));
	put_execution(out);
	put_execution(out);
	assert_true(encode_sync(out));
	recorded_exchange(&f.recorded, 1, 1000, 100);
	/* the client went away after a Flush */
	put_execution(out);
	assert_true(encode_flush(out));
	recorded_exchange(&f.recorded, 1, 2000, -1);
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.commands, 4);
	assert_string_equal(f.notes, "1 equal II \n2 equal -- \n");
	end(&f);
}

/* More messages than may be unanswered at a time. */
static void test_long_unit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 20000; i++)
		put_execution(&f.recorded.request);
	assert_true(encode_sync(&f.recorded.request));
	recorded_exchange(&f.recorded, 1, 1000, 100);
	replay_with(&f, "comparison.backend-timeout=20s");
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.counts.commands, 20000);
	end(&f);
}

/* --- COPY --- */

static void put_copy(struct fixture *f, const char *sql, bool has_end)
{
	struct buf *out = &f->recorded.request;
	char row[1001];

	memset(row, 'x', 1000);
	row[1000] = '\0';
	assert_true(encode_query(out, sql));
	for (int i = 0; i < 400; i++)
		assert_true(encode_copy_data(out, bytes_str(row)));
	if (has_end)
		assert_true(encode_copy_done(out));
}

static void test_copy(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	put_copy(&f, "copy", true);
	recorded_exchange(&f.recorded, 1, 1000, 100);
	recorded_query(&f.recorded, 1, "value");
	replay_with(&f, "proxy.window=16KB");
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.servers[0].copied, 400000);
	assert_int_equal(f.servers[1].copied, 400000);
	end(&f);
}

/* In parts as a capture writes them; the replay's own trace can be replayed in turn. */
static void test_copy_in_parts(void **state)
{
	struct fixture f;
	struct bytes all;

	(void)state;
	begin(&f);
	put_copy(&f, "copy", true);
	all = buf_bytes(&f.recorded.request);
	for (int ordinal = 1; ordinal <= 4; ordinal++) {
		struct bytes rest = bytes_skip(all, (size_t)ordinal * 100000);

		recorded_part(
			&f.recorded, 1, ordinal, ordinal < 4 ? bytes_of(rest.ptr, 100000) : rest);
	}
	buf_truncate(&f.recorded.request, 100000);
	recorded_exchange(&f.recorded, 1, 1000, 100);
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.servers[0].copied, 400000);
	assert_int_equal(f.servers[1].copied, 400000);
	end(&f);
}

/* The side that does not want the data does not get it. */
static void test_copy_refused_on_one_side(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	put_copy(&f, "copy on 2", true);
	recorded_exchange(&f.recorded, 1, 1000, 100);
	recorded_query(&f.recorded, 1, "value");
	put_copy(&f, "copy on 1", true);
	recorded_exchange(&f.recorded, 1, 3000, 100);
	replay(&f);
	assert_int_equal(f.status, EXIT_MISMATCH);
	assert_int_equal(f.servers[0].copied, 400000);
	assert_int_equal(f.servers[1].copied, 400000);
	assert_int_equal(f.counts.exchanges_by_verdict[VERDICT_MISMATCH], 2);
	assert_non_null(strstr(f.notes, "2 equal II"));
	end(&f);
}

/* Recorded without any data: the client went away. Both must be asked to forget it. */
static void test_copy_without_data(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "copy");
	recorded_query(&f.recorded, 2, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_SAME);
	assert_int_equal(f.servers[0].copied, 0);
	assert_string_equal(f.notes, "1 equal II \n2 equal II \n");
	end(&f);
}

/* --- what is left out --- */

static void test_cut_request(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	put_copy(&f, "copy", false);
	recorded_exchange(&f.recorded, 1, 1000, -1);
	recorded_exchange(&f.recorded, 2, 0, -1); /* never sent */
	recorded_query(&f.recorded, 2, "value");
	recorded_query(&f.recorded, 77, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.exchanges, 1);
	assert_string_equal(trace_read_meta(f.out, "exchanges_skipped"), "3");
	assert_int_equal(f.servers[0].copied, 0);
	expect_said(&f, 1, "value\n");
	end(&f);
}

static void test_hanging_side(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "hang on 1");
	recorded_query(&f.recorded, 1, "value never");
	recorded_query(&f.recorded, 2, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.exchanges, 2);
	assert_int_equal(f.counts.exchanges_by_verdict[VERDICT_INCONCLUSIVE], 1);
	assert_non_null(strstr(f.notes, "PostgreSQL: no answer to Query within 400.0 ms"));
	assert_non_null(strstr(f.events, "1 given-up\n"));
	assert_null(strstr(buf_cstr(&f.servers[0].said), "never"));
	end(&f);
}

static void test_lost_connection(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "gone on 2");
	recorded_query(&f.recorded, 1, "value never");
	recorded_query(&f.recorded, 2, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.exchanges, 2);
	assert_non_null(strstr(f.notes, "1 inconclusive -- replay of exchange 1: YugabyteDB at "));
	assert_string_equal(trace_read_meta(f.out, "exchanges_skipped"), "1");
	end(&f);
}

static void test_refused_session(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_session(&f.recorded, 3, LITERAL("user\0app\0database\0nope\0"));
	recorded_session(&f.recorded, 4, LITERAL("database\0shop\0"));
	recorded_query(&f.recorded, 3, "value never");
	recorded_query(&f.recorded, 4, "value never");
	recorded_query(&f.recorded, 3, "value never");
	recorded_query(&f.recorded, 1, "value");
	replay(&f);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.exchanges, 1);
	assert_string_equal(trace_read_meta(f.out, "exchanges_skipped"), "3");
	assert_non_null(strstr(f.events, "1 refused\n"));
	assert_non_null(strstr(f.events, "2 refused\n"));
	expect_said(&f, 1, "value\n");
	end(&f);
}

/* Nobody listens: the first session tells, and the replay ends. */
static void test_unreachable(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "value");
	recorded_query(&f.recorded, 2, "value");
	replay_with(&f, "proxy.postgresql.port=1");
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.exchanges, 0);
	assert_int_equal(f.counts.sessions, 1);
	end(&f);
}

static void test_empty_trace(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	replay(&f);
	assert_int_equal(f.status, EXIT_FAILED);
	assert_int_equal(f.counts.sessions, 0);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_order),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_lock_wait),
		cmocka_unit_test(test_lock_wait_unseen),
		cmocka_unit_test(test_slow_statement_keeps_its_turn),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_mismatch_and_on),
		cmocka_unit_test(test_rolled_back_where_one_side_failed),
		cmocka_unit_test(test_rolled_back_on_one_side),
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_long_answers),
		cmocka_unit_test(test_too_long_to_be_compared),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_long_unit),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_in_parts),
		cmocka_unit_test(test_copy_refused_on_one_side),
		cmocka_unit_test(test_copy_without_data),
		cmocka_unit_test(test_cut_request),
		cmocka_unit_test(test_hanging_side),
		cmocka_unit_test(test_lost_connection),
		cmocka_unit_test(test_refused_session),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_empty_trace),
	};

	backend_isolate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
