/*
 * A list of known differences applied to a stored trace: verdicts, rules, counts, exit status,
 * and the list that is written from it.
 */
#include "report/known_walk.h"

#include "report/known_file.h"
#include "report/terminal.h"
#include "tests/unit/report/trace_sample.h"

static struct known *parse(struct sample *s, const char *text)
{
	struct known *known = known_parse("known", bytes_str(text), &s->err);

	sample_check(s, known);
	return known;
}

static enum summary_status collect(struct sample *s, struct summary *summary, struct known *known)
{
	struct summary_wish wish = {.path = s->path, .only = SUMMARY_ANY_KIND, .known = known};
	char why[SUMMARY_WHY_MAX];

	sample_reopen(s);
	sample_check(s, summary_collect(summary, s->trace, &wish, &s->err));
	return summary_status(summary, why);
}

static void test_all_known(void **state)
{
	struct sample s;
	struct summary summary;
	struct known *known;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "SELECT 2", LITERAL("1"), LITERAL("2"));
	known = parse(&s, "statement select ?\nkind value\ncolumn price\n");
	assert_int_equal(collect(&s, &summary, known), SUMMARY_EQUAL);
	assert_int_equal(summary.counts.by_verdict[VERDICT_MISMATCH], 0);
	assert_int_equal(summary.counts.by_verdict[VERDICT_ALLOWED], 2);
	assert_int_equal(summary.counts.exchanges_by_verdict[VERDICT_MISMATCH], 0);
	assert_int_equal(summary.mismatches.count, 0);
	assert_int_equal(summary.others.count, 1); /* of one shape */
	assert_int_equal(summary.known_counts.seen, 1);
	summary_fini(&summary);
	known_free(known);
	sample_end(&s);
}

static void test_one_is_new(void **state)
{
	struct sample s;
	FILE *out;
	struct terminal_look look = {.width = TERMINAL_WIDTH};
	struct summary summary;
	struct known *known;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	known = parse(&s, "statement select ?\nkind value\ncolumn price\n");
	assert_int_equal(collect(&s, &summary, known), SUMMARY_MISMATCH);
	assert_int_equal(summary.counts.by_verdict[VERDICT_MISMATCH], 1);
	assert_int_equal(summary.mismatches.count, 1);
	out = sample_catch(&s);
	terminal_write(out, &summary, &look);
	fclose(out);
	sample_has(&s, "known differences: 1 new, 1 known, 0 gone\n");
	sample_has(&s, "1. value: select a\n");
	summary_fini(&summary);
	known_free(known);
	sample_end(&s);
}

static void test_gone_is_a_finding(void **state)
{
	struct sample s;
	struct summary summary;
	struct known *known;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	known = parse(&s, "statement select ?\nkind value\ncolumn price\n"
			  "statement select ?\nkind value\ncolumn other\n"
			  "statement select b\nkind value\ncolumn other\n");
	assert_int_equal(collect(&s, &summary, known), SUMMARY_MISMATCH);
	assert_int_equal(summary.counts.by_verdict[VERDICT_MISMATCH], 0);
	assert_int_equal(summary.known_counts.gone, 1);
	assert_int_equal(summary.known_counts.unasked, 1);
	summary_fini(&summary);
	known_free(known);
	sample_end(&s);
}

static void test_the_written_list_knows_all(void **state)
{
	struct sample s;
	struct summary summary;
	struct known_file_counts counts;
	struct summary_wish wish = {.only = SUMMARY_ANY_KIND};
	char why[SUMMARY_WHY_MAX];
	struct known *known;
	char path[128];

	(void)state;
	sample_begin(&s);
	wish.path = s.path;
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select 2", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select a", LITERAL("1"), LITERAL("2"));
	assert_int_equal(collect(&s, &summary, NULL), SUMMARY_MISMATCH);
	snprintf(path, sizeof(path), "%s/known", s.dir);
	sample_check(&s, known_file_write(path, s.trace, &summary, &counts, &s.err));
	assert_int_equal(counts.entries, 2);
	assert_int_equal(counts.added, 2);
	sample_check(&s, known_file_write(path, s.trace, &summary, &counts, &s.err));
	assert_int_equal(counts.entries, 2);
	assert_int_equal(counts.added, 0);
	summary_fini(&summary);
	known = known_load(path, &s.err);
	sample_check(&s, known);
	sample_check(&s, trace_close(s.trace, &s.err));
	s.trace = trace_open(s.path, &s.err);
	sample_check(&s, s.trace);
	wish.known = known;
	sample_check(&s, summary_collect(&summary, s.trace, &wish, &s.err));
	assert_int_equal(summary_status(&summary, why), SUMMARY_EQUAL);
	summary_fini(&summary);
	known_free(known);
	unlink(path);
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_known),
		cmocka_unit_test(test_one_is_new),
		cmocka_unit_test(test_gone_is_a_finding),
		cmocka_unit_test(test_the_written_list_knows_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
