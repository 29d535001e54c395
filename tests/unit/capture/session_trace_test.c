/*
 * What a session leaves in its trace: all of what was asked, each side's answer where they
 * differ, and nothing of another exchange.
 */
#include "capture/session.h"
#include "capture/answer.h"

#include "tests/unit/capture/talk.h"

struct seen { /* of a trace, by its reader */
	struct buf text;
	size_t request; /* bytes */
};

static struct trace *read_back(struct scene *s, struct seen *seen)
{
	struct err err = {.text = ""};
	struct trace *t;

	*seen = (struct seen){.request = 0};
	buf_init(&seen->text, ANSWER_CEILING);
	talk_close(&s->talk);
	stage_close(&s->st);
	t = trace_open(s->st.path, &err);
	if (!t)
		fail_msg("%s", err.text);
	return t;
}

static void done(struct scene *s, struct seen *seen, struct trace *t)
{
	assert_true(trace_close(t, NULL));
	buf_fini(&seen->text);
	stage_remove(&s->st);
}

static bool see_exchange(void *context, const struct trace_exchange *row)
{
	struct seen *seen = context;

	seen->request += row->request.len;
	return buf_printf(&seen->text, "%lld %s %zu/%lld", (long long)row->id,
		       verdict_name((enum verdict)row->verdict), row->truth.len,
		       (long long)row->truth_len) &&
	       (!row->has_candidate || buf_printf(&seen->text, " %zu/%lld", row->candidate.len,
					       (long long)row->candidate_len)) &&
	       buf_printf(&seen->text, "%s%s\n", row->note ? ": " : "", row->note ? row->note : "");
}

static bool see_part(void *context, struct bytes body)
{
	struct seen *seen = context;

	seen->request += body.len;
	return true;
}

static bool see_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct seen *seen = context;
	char text[256];

	return buf_printf(&seen->text, "%d %s: %s %s\n", row->ordinal,
		answer_string(statement, text, sizeof(text)), row->tag ? row->tag : "-",
		verdict_name((enum verdict)row->verdict));
}

static bool see_difference(void *context, const struct trace_difference_context *row)
{
	struct seen *seen = context;

	return buf_printf(&seen->text, "%lld/%d %s\n", (long long)row->difference->exchange,
		row->difference->ordinal,
		diff_kind_info((enum diff_kind)row->difference->kind)->name);
}

static void expect_exchanges(struct trace *t, struct seen *seen, const char *expected)
{
	buf_reset(&seen->text);
	assert_true(trace_read_exchanges(t, 0, 0, see_exchange, seen, NULL));
	assert_string_equal(buf_cstr(&seen->text), expected);
}

static void expect_commands(
	struct trace *t, struct seen *seen, int64_t exchange, const char *expected)
{
	buf_reset(&seen->text);
	assert_true(trace_read_commands(t, exchange, see_command, seen, NULL));
	assert_string_equal(buf_cstr(&seen->text), expected);
}

static void test_both_answers_where_they_differ(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);
	struct seen seen;
	struct trace *trace;

	(void)state;
	asks_query(t, "select 1; select 2");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a; D 1; C SELECT 1; T a; D 2; C SELECT 1; Z I");
	answers(t, &t->candidate, "T a; D 1; C SELECT 1; T a; D 33; C SELECT 1; Z I");
	hears(t, &t->client, "TDCEZ");
	trace = read_back(&s, &seen);
	expect_exchanges(trace, &seen,
		"1 mismatch 112/112 113/113: the client got the mismatch as an error; its session "
		"ended\n");
	expect_commands(
		trace, &seen, 1, "0 select 1: SELECT 1 equal\n1  select 2: SELECT 1 mismatch\n");
	done(&s, &seen, trace);
}

/* The tag of a cut answer is its own, or none. */
static void test_a_cut_answer_has_no_older_tag(void **state)
{
	static const char *const brief[] = {"trace.max-response=30", NULL};
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, brief);
	struct seen seen;
	struct trace *trace;

	(void)state;
	asks(t, "Q update t set a = 1");
	both_hear(t, "Q");
	both_answer(t, "C UPDATE 12345; Z I");
	hears(t, &t->client, "CZ");
	asks(t, "Q select 1");
	both_hear(t, "Q");
	both_answer(t, "T a; D 1; D 2; E 22012 zero; Z I");
	hears(t, &t->client, "TDDEZ");
	trace = read_back(&s, &seen);
	expect_commands(trace, &seen, 1, "0 update t set a = 1: UPDATE 12345 equal\n");
	expect_commands(trace, &seen, 2, "0 select 1: - equal\n");
	done(&s, &seen, trace);
}

/* However small the longest message is that is allowed. */
static void test_the_whole_request(void **state)
{
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);
	struct seen seen;
	struct trace *trace;
	char line[10003] = "d ";

	(void)state;
	memset(line + 2, 'x', 10000);
	asks(t, "Q copy t from stdin");
	both_hear(t, "Q");
	both_answer(t, "G");
	hears(t, &t->client, "G");
	for (int i = 0; i < 70; i++) {
		asks(t, line);
		both_hear(t, "d");
	}
	asks(t, "c");
	both_hear(t, "c");
	both_answer(t, "C COPY 70; Z I");
	hears(t, &t->client, "CZ");
	trace = read_back(&s, &seen);
	assert_true(trace_read_exchanges(trace, 0, 0, see_exchange, &seen, NULL));
	assert_null(strstr(buf_cstr(&seen.text), ":"));
	assert_true(trace_read_request_parts(trace, 1, see_part, &seen, NULL));
	assert_int_equal(seen.request, 23 + 70 * 10005 + 5);
	done(&s, &seen, trace);
}

/* on-mismatch = log: what differed is there, though the session was put in step afterwards. */
static void test_differences_before_a_rollback(void **state)
{
	static const char *const lenient[] = {"comparison.on-mismatch=log", NULL};
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, lenient);
	struct seen seen;
	struct trace *trace;

	(void)state;
	asks(t, "Q commit");
	both_hear(t, "Q");
	answers(t, &t->truth, "C COMMIT; Z I");
	answers(t, &t->candidate, "E 40001 again; Z E");
	hears(t, &t->client, "CZ");
	hears(t, &t->candidate, "Q");
	answers(t, &t->candidate, "C ROLLBACK; Z I");
	for (int i = 0; i < 20; i++)
		stage_turn(&s.st, -1);
	trace = read_back(&s, &seen);
	assert_true(trace_read_differences(trace, 0, see_difference, &seen, NULL));
	assert_string_equal(buf_cstr(&seen.text), "1/0 retry\n");
	expect_commands(trace, &seen, 1, "0 commit: COMMIT mismatch\n");
	done(&s, &seen, trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_answers_where_they_differ),
		cmocka_unit_test(test_a_cut_answer_has_no_older_tag),
		cmocka_unit_test(test_the_whole_request),
		cmocka_unit_test(test_differences_before_a_rollback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
