/*
 * The terminal's summary: what it must say, and that data cannot drive the terminal.
 */
#include "report/terminal.h"

#include "report/text.h"
#include "tests/unit/report/trace_sample.h"

/* Reopens and writes the summary into s->text. */
static void write_report(struct sample *s, size_t limit, int only)
{
	struct terminal_look look = {.limit = limit, .width = TERMINAL_WIDTH};
	struct summary summary;
	FILE *out;

	sample_summary(s, &summary, only);
	out = sample_catch(s);
	terminal_write(out, &summary, &look);
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
}

static void test_it_says_what_differed(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_value_mismatch(&s, "select *\n  from item", LITERAL("1"), LITERAL("2"));
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "source of truth  YugabyteDB 15.12-YB-2.25 (db.test:5433)\n");
	sample_has(&s, "candidate        PostgreSQL 15.6 (db.test:5433)\n");
	sample_has(&s, "captured         2025-11-23 14:05:06.000000Z, 12.00 s\n");
	sample_has(&s, "\nNot equal: 1 mismatch in 2 exchanges\n");
	sample_has(&s, "  equal                1         1  both databases");
	sample_has(&s, "  mismatch             1         1  the answers differ");
	sample_has(&s, "truly compared: 100.0 % of the commands");
	sample_has(&s, "  1. value: select * from item\n");
	sample_has(&s, "     1:2  row 2, column \"price\" differs\n");
	sample_lacks(&s, "excluded");
	sample_lacks(&s, "Gaps");
	sample_end(&s);
}

static void test_root_causes_come_first(void **state)
{
	struct trace_consequence row = {.exchange = 1, .cause = 7, .table = "item"};
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select b", LITERAL("1"), LITERAL("2"));
	sample_check(&s, trace_write_consequence(s.trace, &row, &s.err));
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "  1. value: select b\n     1:2  row 2");
	sample_has(&s, "Possibly consequences of earlier exchanges\n\n  2. value: select a\n"
		       "     follows from what exchange 7 did, possibly\n");
	sample_end(&s);
}

static void test_equal_lists_no_mismatch(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "\nEqual: no mismatch in 1 exchange\n");
	sample_lacks(&s, "Mismatches");
	sample_end(&s);
}

static void test_what_was_not_compared_is_said_with_its_reason(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	for (int i = 0; i < 3; i++) {
		sample_bare_exchange(&s, 1, VERDICT_EXCLUDED, "pattern \"SHOW.*\"");
		sample_command(&s, 0, VERDICT_EXCLUDED, LITERAL("show server_version"));
	}
	sample_bare_exchange(&s, 1, VERDICT_INCONCLUSIVE, NULL);
	sample_gap(&s, 4, "disk full");
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "truly compared: 25.0 %");
	sample_has(&s, "  excluded           3 x  show server_version\n");
	sample_has(&s, "why: pattern \"SHOW.*\"\n");
	sample_has(&s, "  inconclusive       1 x  (no statement)\n");
	sample_has(&s, "       4 x  2025-11-23 14:05:06.000005Z disk full\n");
	sample_end(&s);
}

static void test_limit_cuts_and_says_so(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select b", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select c", LITERAL("1"), LITERAL("2"));
	write_report(&s, 1, SUMMARY_ANY_KIND);
	sample_has(&s, "value: select a\n");
	sample_lacks(&s, "value: select b\n");
	sample_has(&s, "... and 2 more groups (--limit 0 shows all)\n");
	write_report(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "value: select c\n");
	sample_lacks(&s, "more groups");
	sample_end(&s);
}

static void test_an_empty_list_of_mismatches_is_explained(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_MISMATCH, "select 1");
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "the trace has no details of them");
	sample_end(&s);
	sample_begin(&s);
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	write_report(&s, 20, DIFF_TAG);
	sample_has(&s, "none of the kind asked for");
	sample_end(&s);
}

static void test_data_cannot_drive_the_terminal(void **state)
{
	struct sample s;
	struct bytes rest;

	(void)state;
	sample_begin_bare(&s);
	sample_backend(&s, TRACE_TRUTH, "Yuga\x1b[2J", "\xff\x9b");
	sample_session(&s, 1, "app");
	sample_bare_exchange(&s, 1, VERDICT_MISMATCH, NULL);
	sample_command(&s, 0, VERDICT_MISMATCH, LITERAL("select '\x1b]0;title\a\0'"));
	sample_difference(&s,
		(struct trace_difference){.kind = DIFF_VALUE, .text = "\x1b[31m\r\nforged line"});
	sample_bare_exchange(&s, 1, VERDICT_EXCLUDED, "\x1b[1m");
	sample_gap(&s, 1, "\x1b[1m");
	write_report(&s, 20, SUMMARY_ANY_KIND);
	rest = bytes_of(s.text, s.text_len);
	while (rest.len > 0) {
		uint32_t cp = text_next(&rest);

		assert_true(cp == '\n' || !text_is_control(cp));
		assert_int_not_equal(cp, TEXT_INVALID);
	}
	sample_has(&s, "\\x1b]0;title\\a\\x00");
	sample_has(&s, "\\x1b[31m\\r\\nforged line");
	sample_has(&s, "the candidate");
	sample_end(&s);
}

static void test_lines_are_at_most_100_wide(void **state)
{
	struct sample s;
	char wide[3000];
	size_t column = 0;

	(void)state;
	memset(wide, 'w', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0';
	sample_begin_bare(&s);
	sample_backend(&s, TRACE_TRUTH, "YugabyteDB", "15.12");
	sample_session(&s, 1, wide);
	sample_value_mismatch(&s, wide, bytes_str(wide), LITERAL("x"));
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG, .text = wide});
	sample_bare_exchange(&s, 1, VERDICT_UNDECIDABLE, wide);
	sample_gap(&s, 1, wide);
	write_report(&s, 20, SUMMARY_ANY_KIND);
	sample_has(&s, "www...");
	for (size_t i = 0; i < s.text_len; i++) {
		column = s.text[i] == '\n' ? 0 : column + 1;
		assert_true(column <= 100);
	}
	sample_end(&s);
}

static void test_tests_and_colour_come_where_asked_for(void **state)
{
	struct terminal_look look = {.width = 50, .has_colour = true};
	struct summary_wish wish = {
		.path = "run.trace", .only = SUMMARY_ANY_KIND, .has_by_test = true};
	struct summary summary;
	struct sample s;
	FILE *out;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "/* test: good */ select 1");
	sample_value_mismatch(&s, "/* test: bad */ select 2", LITERAL("1"), LITERAL("2"));
	sample_reopen(&s);
	sample_check(&s, summary_collect(&summary, s.trace, &wish, &s.err));
	out = sample_catch(&s);
	terminal_write(out, &summary, &look);
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
	sample_has(&s, "\x1b[1;31mNot equal: 1 mismatch in 2 exchanges\x1b[0m\n");
	sample_has(&s, "\x1b[1;31m          1         1         0  bad\x1b[0m\n"
		       "          1         0         0  good\n");
	sample_end(&s);
}

static void test_a_pipe_is_plain(void **state)
{
	int ends[2];
	struct terminal_look look;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	look = terminal_look_at(ends[1], 7);
	assert_false(look.has_colour);
	assert_int_equal(look.width, TERMINAL_WIDTH);
	assert_int_equal(look.limit, 7);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_says_what_differed),
		cmocka_unit_test(test_root_causes_come_first),
		cmocka_unit_test(test_equal_lists_no_mismatch),
		cmocka_unit_test(test_what_was_not_compared_is_said_with_its_reason),
		cmocka_unit_test(test_limit_cuts_and_says_so),
		cmocka_unit_test(test_an_empty_list_of_mismatches_is_explained),
		cmocka_unit_test(test_data_cannot_drive_the_terminal),
		cmocka_unit_test(test_lines_are_at_most_100_wide),
		cmocka_unit_test(test_tests_and_colour_come_where_asked_for),
		cmocka_unit_test(test_a_pipe_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
