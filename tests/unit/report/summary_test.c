/*
 * What is collected from a trace, and the exit status that follows from it.
 */
#include "report/summary.h"

#include "tests/unit/report/trace_sample.h"

static void expect_status(struct sample *s, enum summary_status want, const char *want_why)
{
	struct summary summary;
	char why[SUMMARY_WHY_MAX];

	sample_summary(s, &summary, SUMMARY_ANY_KIND);
	assert_int_equal(summary_status(&summary, why), want);
	assert_string_equal(why, want_why);
	summary_fini(&summary);
	sample_end(s);
}

static void test_equal_is_zero(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_exchange(&s, VERDICT_ALLOWED, "select 2");
	expect_status(&s, SUMMARY_EQUAL, "Equal: no mismatch in 2 exchanges");
}

static void test_a_mismatch_is_one(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	expect_status(&s, SUMMARY_MISMATCH, "Not equal: 1 mismatch in 1 exchange");
}

/* A mismatch was seen, whatever else is wrong with the trace. */
static void test_a_mismatch_outweighs_gaps(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select 2", LITERAL("1"), LITERAL("2"));
	sample_exchange(&s, VERDICT_INCONCLUSIVE, "select 3");
	sample_gap(&s, 4, "disk full");
	expect_status(&s, SUMMARY_MISMATCH, "Not equal: 2 mismatches in 3 exchanges");
}

static void test_a_mismatch_without_commands_is_one(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_bare_exchange(&s, 1, VERDICT_MISMATCH, "refused on one side");
	expect_status(&s, SUMMARY_MISMATCH, "Not equal: 1 mismatch in 1 exchange");
}

static void test_nothing_captured_proves_nothing(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	expect_status(&s, SUMMARY_INCOMPLETE, "Incomplete: nothing was captured");
}

static void test_gaps_prove_nothing(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_gap(&s, 4, "disk full");
	sample_gap(&s, 3, "disk full");
	expect_status(&s, SUMMARY_INCOMPLETE, "Incomplete: 7 exchanges could not be recorded");
}

static void test_inconclusive_proves_nothing(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_exchange(&s, VERDICT_INCONCLUSIVE, "select 2");
	expect_status(&s, SUMMARY_INCOMPLETE,
		"Incomplete: no mismatch, but 1 of 2 exchanges is inconclusive");
}

static void test_an_unknown_verdict_proves_nothing(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_exchange(&s, 12, "select 2");
	sample_exchange(&s, 99, "select 3");
	expect_status(&s, SUMMARY_INCOMPLETE,
		"Incomplete: 2 exchanges have a verdict of a newer Twinkly");
}

static void test_only_narrows_groups_and_not_the_status(void **state)
{
	struct sample s;
	struct summary summary;
	char why[SUMMARY_WHY_MAX];

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_exchange(&s, VERDICT_MISMATCH, "select 2");
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG});
	sample_summary(&s, &summary, DIFF_TAG);
	assert_int_equal(summary.mismatches.count, 1);
	assert_int_equal(summary.mismatches.items[0].key.kind, DIFF_TAG);
	assert_int_equal(summary_status(&summary, why), SUMMARY_MISMATCH);
	assert_string_equal(why, "Not equal: 2 mismatches in 2 exchanges");
	summary_fini(&summary);
	sample_end(&s);
}

static void test_the_head_is_read(void **state)
{
	struct sample s;
	struct summary summary;
	char at[CLOCK_TEXT_MAX];

	(void)state;
	sample_begin(&s);
	sample_meta(&s, "program", "twinkly-capture");
	sample_meta(&s, "twinkly_version", "0.1.0");
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	assert_true(bytes_equal_str(summary.truth.name, "YugabyteDB"));
	assert_true(bytes_equal_str(summary.candidate.version, "15.6"));
	assert_int_equal(summary.candidate.port, 5433);
	assert_true(bytes_equal_str(summary.program, "twinkly-capture"));
	assert_int_equal(summary.began_wall_us, SAMPLE_BEGAN);
	assert_int_equal(summary.ended_wall_us - summary.began_wall_us, 12 * CLOCK_SECOND);
	assert_string_equal(summary_time(&summary, 1500000, at), "2025-11-23 14:05:07.500000Z");
	summary_fini(&summary);
	sample_end(&s);
}

/* What a killed capture leaves, and what a hostile one may claim. */
static void test_absent_and_senseless_meta_is_survived(void **state)
{
	static const char *const times[] = {"", "soon", "-5", "1763906706000000x",
		"99999999999999999999999", "9223372036854775807"};
	char at[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct sample s;
		struct summary summary;

		sample_begin_bare(&s);
		sample_meta(&s, "began_wall_us", times[i]);
		sample_meta(&s, "candidate", "PostgreSQL");
		sample_summary(&s, &summary, SUMMARY_ANY_KIND);
		assert_int_equal(summary.began_wall_us, -1);
		assert_int_equal(summary.ended_wall_us, -1);
		assert_string_equal(summary_time(&summary, 5, at), "");
		assert_true(bytes_equal_str(summary.truth.name, "the source of truth"));
		assert_true(bytes_equal_str(summary.candidate.name, "PostgreSQL"));
		summary_fini(&summary);
		sample_end(&s);
	}
}

static void test_times_beyond_the_calendar_are_unknown(void **state)
{
	struct summary summary = {.began_wall_us = SAMPLE_BEGAN};
	char at[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(summary_time(&summary, INT64_MAX, at), "");
	assert_string_equal(summary_time(&summary, INT64_MAX - SAMPLE_BEGAN, at), "");
	assert_string_equal(summary_time(&summary, -SAMPLE_BEGAN - 1, at), "");
	assert_string_equal(
		summary_time(&summary, -SAMPLE_BEGAN, at), "1970-01-01 00:00:00.000000Z");
}

static void test_findings_go_to_their_lists(void **state)
{
	struct sample s;
	struct summary summary;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select 1", LITERAL("3"), LITERAL("4"));
	sample_exchange(&s, VERDICT_ALLOWED, "select 2");
	sample_difference(
		&s, (struct trace_difference){.kind = DIFF_VALUE, .rule = "float-tolerance"});
	sample_bare_exchange(&s, 1, VERDICT_EXCLUDED, "pattern \"SHOW.*\"");
	sample_command(&s, 0, VERDICT_EXCLUDED, LITERAL("show all"));
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	assert_int_equal(summary.mismatches.count, 1);
	assert_int_equal(summary.mismatches.items[0].count, 2);
	assert_true(bytes_equal_str(summary.mismatches.items[0].examples[1].candidate, "4"));
	assert_true(
		bytes_equal_str(summary.mismatches.items[0].examples[0].parameters, "$1 = '7'"));
	assert_int_equal(summary.others.count, 2);
	assert_int_equal(summary.others.items[0].key.verdict, VERDICT_ALLOWED);
	assert_true(bytes_equal_str(summary.others.items[0].key.reason, "float-tolerance"));
	assert_int_equal(summary.others.items[1].key.verdict, VERDICT_EXCLUDED);
	assert_true(bytes_equal_str(summary.others.items[1].key.reason, "pattern \"SHOW.*\""));
	summary_fini(&summary);
	sample_end(&s);
}

static void test_null_is_not_empty(void **state)
{
	struct sample s;
	struct summary summary;
	const struct group_example *e;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_MISMATCH, "select 1");
	sample_difference(
		&s, (struct trace_difference){
			    .kind = DIFF_VALUE, .truth_null = true, .candidate = LITERAL("")});
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	e = &summary.mismatches.items[0].examples[0];
	assert_true(e->truth_null);
	assert_false(e->candidate_null);
	summary_fini(&summary);
	sample_end(&s);
}

/* The sessions that matter come into the list wherever in the trace they are. */
static void test_sessions_with_mismatches_come_first(void **state)
{
	struct sample s;
	struct summary summary;
	const struct summary_session *last;

	(void)state;
	sample_begin_bare(&s);
	for (int64_t id = 1; id <= SUMMARY_SESSIONS + 50; id++)
		sample_session(&s, id, "app");
	for (int i = 0; i < 2; i++) {
		sample_bare_exchange(&s, SUMMARY_SESSIONS + 40, VERDICT_MISMATCH, NULL);
		sample_command(&s, 0, VERDICT_MISMATCH, LITERAL("select 1"));
	}
	sample_bare_exchange(&s, 77777, VERDICT_MISMATCH, NULL);
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	assert_int_equal(summary.session_count, SUMMARY_SESSIONS);
	for (size_t i = 1; i < summary.session_count; i++)
		assert_true(summary.sessions[i - 1].id < summary.sessions[i].id);
	last = &summary.sessions[SUMMARY_SESSIONS - 1];
	assert_int_equal(last[-1].id, SUMMARY_SESSIONS + 40);
	assert_int_equal(last[-1].mismatches, 2);
	assert_true(bytes_equal_str(last[-1].user, "app"));
	assert_int_equal(last->id, 77777);
	assert_false(last->is_known);
	summary_fini(&summary);
	sample_end(&s);
}

static void test_gaps_are_bounded_and_counted(void **state)
{
	struct sample s;
	struct summary summary;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < SUMMARY_GAPS + 5; i++)
		sample_gap(&s, 2, "disk full");
	sample_gap(&s, INT64_MAX, "a lie");
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	assert_int_equal(summary.gap_count, SUMMARY_GAPS);
	assert_int_equal(summary.counts.gaps, SUMMARY_GAPS + 6);
	assert_int_equal(summary.lost_exchanges, INT64_MAX);
	assert_true(bytes_equal_str(summary.gaps[0].reason, "disk full"));
	summary_fini(&summary);
	sample_end(&s);
}

static void test_groups_are_bounded_and_counted(void **state)
{
	struct sample s;
	struct summary summary;
	char statement[32];

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < SUMMARY_MISMATCH_GROUPS + 10; i++) {
		snprintf(statement, sizeof(statement), "select a%d", i);
		sample_value_mismatch(&s, statement, LITERAL("1"), LITERAL("2"));
	}
	sample_summary(&s, &summary, SUMMARY_ANY_KIND);
	assert_int_equal(summary.mismatches.count, SUMMARY_MISMATCH_GROUPS);
	assert_int_equal(summary.mismatches.dropped, 10);
	summary_fini(&summary);
	sample_end(&s);
}

static void test_the_share_compared_is_rounded_down(void **state)
{
	struct summary s = {.path = ""};

	(void)state;
	assert_int_equal(summary_compared_permille(&s), -1);
	s.counts.commands = 3000;
	s.counts.by_verdict[VERDICT_EQUAL] = 2996;
	s.counts.by_verdict[VERDICT_RETRIED] = 1;
	s.counts.by_verdict[VERDICT_MISMATCH] = 1;
	s.counts.by_verdict[VERDICT_ALLOWED] = 1;
	s.counts.by_verdict[VERDICT_EXCLUDED] = 1;
	assert_int_equal(summary_compared_permille(&s), 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_is_zero),
		cmocka_unit_test(test_a_mismatch_is_one),
		cmocka_unit_test(test_a_mismatch_outweighs_gaps),
		cmocka_unit_test(test_a_mismatch_without_commands_is_one),
		cmocka_unit_test(test_nothing_captured_proves_nothing),
		cmocka_unit_test(test_gaps_prove_nothing),
		cmocka_unit_test(test_inconclusive_proves_nothing),
		cmocka_unit_test(test_an_unknown_verdict_proves_nothing),
		cmocka_unit_test(test_only_narrows_groups_and_not_the_status),
		cmocka_unit_test(test_the_head_is_read),
		cmocka_unit_test(test_absent_and_senseless_meta_is_survived),
		cmocka_unit_test(test_times_beyond_the_calendar_are_unknown),
		cmocka_unit_test(test_findings_go_to_their_lists),
		cmocka_unit_test(test_null_is_not_empty),
		cmocka_unit_test(test_sessions_with_mismatches_come_first),
		cmocka_unit_test(test_gaps_are_bounded_and_counted),
		cmocka_unit_test(test_groups_are_bounded_and_counted),
		cmocka_unit_test(test_the_share_compared_is_rounded_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
