/*
 * Numbers behind the pictures: what is counted where, and that sums are those of the trace.
 */
#include "report/figures.h"

#include "tests/unit/report/trace_sample.h"

static void collect(struct sample *s, struct figures *f)
{
	sample_reopen(s);
	sample_check(s, figures_collect(f, s->trace, &s->err));
}

static void timed(struct sample *s, int64_t at, int64_t truth, int64_t candidate)
{
	struct trace_exchange row = {.id = ++s->exchanges,
		.session = 1,
		.started_us = at,
		.truth_us = truth,
		.candidate_us = candidate,
		.verdict = VERDICT_EQUAL};

	sample_check(s, trace_write_exchange(s->trace, &row, &s->err));
}

static void test_bins_are_six_a_decade(void **state)
{
	(void)state;
	assert_int_equal(figures_bin(-5), 0);
	assert_int_equal(figures_bin(1), 0);
	assert_int_equal(figures_bin(10), 6);
	assert_int_equal(figures_bin(1000000), 36);
	assert_int_equal(figures_bin(INT64_MAX), FIGURES_BINS - 1);
	for (int bin = 6; bin < FIGURES_BINS; bin++)
		assert_int_equal(figures_bin((int64_t)figures_bin_us(bin) + 1), bin);
}

static void test_slices_cover_the_whole_trace(void **state)
{
	struct sample s;
	struct figures f;
	int64_t sum = 0;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < 1000; i++)
		timed(&s, (int64_t)i * i * 1000, 10, 10);
	timed(&s, INT64_MAX, 10, 10);
	collect(&s, &f);
	assert_true(f.slices > FIGURES_TIMES / 2 && f.slices <= FIGURES_TIMES);
	for (size_t i = 0; i < f.slices; i++)
		sum += f.times[i][VERDICT_EQUAL];
	assert_int_equal(sum, 1001);
	figures_fini(&f);
	sample_end(&s);
}

static void test_latencies_by_shape(void **state)
{
	struct sample s;
	struct figures f;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < 3; i++) {
		timed(&s, i, 1000, 1000 * (i + 1));
		sample_command(&s, 0, VERDICT_EQUAL,
			i ? LITERAL("select a from t where b = 5")
			  : LITERAL("SELECT a FROM t WHERE b = 6"));
	}
	timed(&s, 4, -1, 1000); /* one side never answered */
	timed(&s, 5, 1000, 1000);
	sample_command(&s, 0, VERDICT_EQUAL, LITERAL("select 1"));
	sample_command(&s, 1, VERDICT_EQUAL, LITERAL("select 2"));
	collect(&s, &f);
	assert_int_equal(f.timed, 4);
	assert_int_equal(f.untimed, 1);
	assert_int_equal(f.unshaped, 1);
	assert_int_equal(f.shapes[0].count, 3);
	assert_int_equal(f.shapes[0].truth_us, 3000);
	assert_int_equal(f.shapes[0].candidate_us, 6000);
	assert_int_equal(f.shapes[0].candidate_max, 3000);
	assert_int_equal(f.shapes[0].slowest, 3);
	assert_int_equal(figures_bin(figures_quantile(f.shapes[0].candidate_bins, 3, 0.5)),
		figures_bin(2000));
	assert_int_equal(f.scatter[figures_bin(1000)][figures_bin(1000)], 2);
	figures_fini(&f);
	sample_end(&s);
}

static void test_more_shapes_than_are_kept(void **state)
{
	struct sample s;
	struct figures f;
	char statement[32];
	int total = FIGURES_SHAPES + 10;

	(void)state;
	sample_begin(&s);
	for (int i = 0; i < total; i++) {
		snprintf(statement, sizeof(statement), "select a%d", i);
		sample_exchange(&s, VERDICT_EQUAL, statement);
	}
	collect(&s, &f);
	assert_int_equal(f.shape_count, FIGURES_SHAPES);
	assert_int_equal(f.unshaped, 10);
	figures_fini(&f);
	sample_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bins_are_six_a_decade),
		cmocka_unit_test(test_slices_cover_the_whole_trace),
		cmocka_unit_test(test_latencies_by_shape),
		cmocka_unit_test(test_more_shapes_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
