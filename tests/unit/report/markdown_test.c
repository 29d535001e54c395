/*
 * The Markdown summary: tables that data cannot break, and never too long.
 */
#include "report/markdown.h"

#include "tests/unit/report/trace_sample.h"

static void write_report(struct sample *s, size_t limit, bool has_by_test)
{
	struct summary_wish wish = {
		.path = "run.trace", .only = SUMMARY_ANY_KIND, .has_by_test = has_by_test};
	struct summary summary;
	FILE *out;

	sample_reopen(s);
	sample_check(s, summary_collect(&summary, s->trace, &wish, &s->err));
	out = sample_catch(s);
	sample_check(s, markdown_write(out, &summary, limit, &s->err));
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
}

static void test_equal_is_a_heading_and_counts(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	write_report(&s, 0, false);
	sample_has(&s, "## Twinkly: Equal: no mismatch in 1 exchange\n");
	sample_has(&s, "| equal | 1 | 1 |\n");
	sample_has(&s, "Truly compared: 100.0 %");
	sample_lacks(&s, "###");
	sample_end(&s);
}

static void test_data_stays_in_its_cell(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(
		&s, "select '|' -- @all #1 <b>\n![x](y) `q`\xff", LITERAL("1"), LITERAL("2"));
	write_report(&s, 0, false);
	sample_has(&s, "| value | <code>select &#39;&#124;&#39; -- &#64;all &#35;1 &#60;b&#62; "
		       "&#33;&#91;x&#93;&#40;y&#41; &#96;q&#96;\xef\xbf\xbd</code> | 1 | 1:1 |");
	sample_end(&s);
}

static void test_it_fits_a_comment_whatever_there_is(void **state)
{
	struct sample s;
	char text[400];

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < 600; i++) {
		memset(text, '|', sizeof(text));
		snprintf(text, 32, "/* test: %d */", i);
		text[strlen(text)] = '|';
		text[sizeof(text) - 1] = '\0';
		sample_value_mismatch(&s, text, LITERAL("1"), LITERAL("2"));
	}
	write_report(&s, 0, true);
	assert_true(s.text_len > MARKDOWN_MAX / 2 && s.text_len <= MARKDOWN_MAX);
	sample_has(&s, "more groups and 0 findings");
	sample_has(&s, "more tests and");
	write_report(&s, 2, true);
	sample_has(&s, "598 more groups");
	sample_has(&s, "598 more tests");
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_is_a_heading_and_counts),
		cmocka_unit_test(test_data_stays_in_its_cell),
		cmocka_unit_test(test_it_fits_a_comment_whatever_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
