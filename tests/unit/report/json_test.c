/*
 * What the JSON report holds. That it is JSON, and the schema as a whole, is tested from
 * outside with a parser (tests/e2e/test_formats.py).
 */
#include "report/json.h"

#include "tests/unit/report/trace_sample.h"

static void write_report(struct sample *s, size_t limit, int only)
{
	struct summary summary;
	FILE *out;

	sample_summary(s, &summary, only);
	out = sample_catch(s);
	sample_check(s, json_report(out, s->trace, &summary, limit, &s->err));
	assert_int_equal(fclose(out), 0);
	summary_fini(&summary);
}

static void test_it_has_groups_and_every_difference(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_exchange(&s, VERDICT_EQUAL, "select 1");
	sample_value_mismatch(&s, "select 2", LITERAL("1"), LITERAL("<\"\xff"));
	sample_value_mismatch(&s, "select 2", LITERAL("1"), LITERAL("3"));
	write_report(&s, 0, SUMMARY_ANY_KIND);
	sample_has(&s, "\"format\":\"twinkly-report\",\n\"version\":1,");
	sample_has(&s, "\"result\":\"mismatch\",\n\"exit_status\":1,");
	sample_has(&s, "\"mismatch\":{\"commands\":2,\"exchanges\":2}");
	sample_has(&s, "\"count\":2,\"exchanges\":2,");
	sample_has(&s, "\"truth\":\"1\",\"candidate\":\"<\\\"\xef\xbf\xbd\"");
	sample_has(&s, "\"ended_utc\":\"2025-11-23 14:05:18.000000Z\"");
	sample_has(&s, "{\"exchange\":2,\"session\":1,");
	sample_has(&s, "{\"exchange\":3,\"session\":1,");
	sample_has(&s, "\"differences_left_out\":0\n}\n");
	sample_has(&s, "\"tests\":null");
	sample_end(&s);
}

static void test_limit_and_only_say_what_they_left_out(void **state)
{
	struct sample s;

	(void)state;
	sample_begin(&s);
	sample_value_mismatch(&s, "select 1", LITERAL("1"), LITERAL("2"));
	sample_value_mismatch(&s, "select b", LITERAL("1"), LITERAL("2"));
	sample_exchange(&s, VERDICT_MISMATCH, "select c");
	sample_difference(&s, (struct trace_difference){.kind = DIFF_TAG});
	write_report(&s, 1, DIFF_VALUE);
	sample_has(&s, "\"only\":\"value\"");
	sample_has(&s, "\"groups_left_out\":1,");
	sample_has(&s, "\"differences_left_out\":1\n");
	sample_lacks(&s, "select b");
	sample_lacks(&s, "select c");
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_has_groups_and_every_difference),
		cmocka_unit_test(test_limit_and_only_say_what_they_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
