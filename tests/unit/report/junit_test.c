/*
 * Which test cases there are, and that their number is what the heads say. The schema is
 * checked with a parser in tests/e2e/test_formats.py.
 */
#include "report/junit.h"

#include "tests/unit/report/trace_sample.h"

static void write_report(struct sample *s, size_t limit)
{
	struct summary_wish wish = {
		.path = "run.trace", .only = SUMMARY_ANY_KIND, .has_comments_by_test = true};
	struct summary summary;
	FILE *out;

	sample_reopen(s);
	sample_check(s, summary_collect(&summary, s->trace, &wish, &s->err));
	out = sample_catch(s);
	junit_write(out, &summary, limit);
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
}

static void test_equal_is_a_suite_that_passes(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	write_report(&s, 0);
	sample_has(&s, "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"12.000000\" "
		       "timestamp=\"2025-11-23T14:05:06\"");
	sample_lacks(&s, "<failure");
	sample_lacks(&s, "<error");
	sample_end(&s);
}

static void test_a_trace_that_proves_nothing_is_an_error(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	write_report(&s, 0);
	sample_has(&s, "errors=\"1\"");
	sample_has(&s, "<error type=\"incomplete\" message=\"Incomplete: nothing was captured\"/>");
	sample_end(&s);
}

static void test_groups_are_cases(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select '<\x01'", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select b", LITERAL("1"), LITERAL("2"));
	write_report(&s, 1);
	sample_has(&s, "tests=\"2\" failures=\"2\" errors=\"0\"");
	sample_has(&s, "<property name=\"cases-left-out\" value=\"1\"/>");
	sample_has(&s, "classname=\"twinkly.value\" name=\"select &#39;&lt;\xe2\x90\x81&#39;\"");
	sample_has(&s, "1:1  row 2, column &quot;price&quot; differs\n");
	sample_lacks(&s, "select b");
	sample_end(&s);
}

static void test_labels_are_cases(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "/* test: good */ select 1");
	sample_value_mismatch(&s, "/* test: bad */ select 2", LITERAL("1"), LITERAL("2"));
	sample_exchange(&s, VERDICT_INCONCLUSIVE, "/* test: lost */ select 3");
	write_report(&s, 0);
	sample_has(&s, "tests=\"4\" failures=\"2\" errors=\"1\"");
	sample_has(&s, "name=\"good\" time=\"0.000010\">\n    </testcase>");
	sample_has(&s, "name=\"bad\" time=\"0.000010\">\n      <failure type=\"mismatch\" "
		       "message=\"1 of 1 exchanges differ\">/* test: bad */ select 2\n");
	sample_has(&s, "<error type=\"inconclusive\" message=\"1 of 1 exchanges");
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_is_a_suite_that_passes),
		cmocka_unit_test(test_a_trace_that_proves_nothing_is_an_error),
		cmocka_unit_test(test_groups_are_cases),
		cmocka_unit_test(test_labels_are_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
