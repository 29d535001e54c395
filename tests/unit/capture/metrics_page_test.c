/*
 * Counters, the histogram's bounds, and the text that Prometheus reads, whole.
 */
#include "capture/metrics_page.h"

#include "tests/unit/capture/talk.h"

#define PAGE_MAX 262144

static char *text_of(const struct metrics_page *page)
{
	struct buf out;
	char *text;

	buf_init(&out, PAGE_MAX);
	assert_true(metrics_page_write(page, &out));
	text = strdup(buf_cstr(&out));
	assert_non_null(text);
	buf_fini(&out);
	return text;
}

/* The page has this line, whole. */
static void has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return;
	fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void page_has(const struct metrics_page *page, const char *line)
{
	char *text = text_of(page);

	has_line(text, line);
	free(text);
}

/* --- the histogram --- */

static void test_bounds_rise(void **state)
{
	(void)state;
	assert_true(counts_bound_us(0) > 0);
	for (int i = 1; i < COUNTS_BUCKETS; i++)
		assert_true(counts_bound_us(i) > counts_bound_us(i - 1));
}

/* A time that is a bound belongs to it; one more belongs to the next. */
static void test_observe_at_the_bounds(void **state)
{
	(void)state;
	for (int i = 0; i < COUNTS_BUCKETS; i++) {
		struct counts_histogram h = {.sum_us = 0};
		int64_t bound = counts_bound_us(i);

		counts_observe(&h, bound);
		counts_observe(&h, bound + 1);
		for (int j = 0; j <= COUNTS_BUCKETS; j++)
			assert_int_equal(h.buckets[j], j == i || j == i + 1);
		assert_int_equal(h.sum_us, 2 * bound + 1);
	}
}

static void test_observe_the_extremes(void **state)
{
	struct counts_histogram h = {.sum_us = 0};

	(void)state;
	counts_observe(&h, 0);
	counts_observe(&h, INT64_C(1) << 60);
	assert_int_equal(h.buckets[0], 1);
	assert_int_equal(h.buckets[COUNTS_BUCKETS], 1);
}

/* In the text every bucket holds what the shorter ones hold, too. */
static void test_buckets_are_added_up(void **state)
{
	struct metrics_page page = {.under_way = 0};

	(void)state;
	counts_observe(&page.counts.truth, 90);
	counts_observe(&page.counts.truth, 100);
	counts_observe(&page.counts.truth, 700);
	counts_observe(&page.counts.truth, 20000000);
	char *text = text_of(&page);

	has_line(text, "twinkly_exchange_seconds_bucket{side=\"truth\",le=\"0.0001\"} 2");
	has_line(text, "twinkly_exchange_seconds_bucket{side=\"truth\",le=\"0.0005\"} 2");
	has_line(text, "twinkly_exchange_seconds_bucket{side=\"truth\",le=\"0.001\"} 3");
	has_line(text, "twinkly_exchange_seconds_bucket{side=\"truth\",le=\"10\"} 3");
	has_line(text, "twinkly_exchange_seconds_bucket{side=\"truth\",le=\"+Inf\"} 4");
	has_line(text, "twinkly_exchange_seconds_count{side=\"truth\"} 4");
	has_line(text, "twinkly_exchange_seconds_sum{side=\"truth\"} 20.000890");
	has_line(text, "twinkly_exchange_seconds_count{side=\"candidate\"} 0");
	free(text);
}

/* --- the rest of the page --- */

static void test_every_figure_has_its_line(void **state)
{
	struct metrics_page page = {.under_way = 3,
		.counts = {.sessions = 12,
			.refused = 4,
			.handed_on = 5,
			.deadlocks = 10,
			.routed = 11,
			.slow = 13,
			.slow_unconfirmed = 14,
			.slow_skipped = 15},
		.trace = {.items = 6, .lost_exchanges = 7, .gaps = 8, .queued_bytes = 9}};

	(void)state;
	page_has(&page, "twinkly_build_info{version=\"" TWINKLY_VERSION "\"} 1");
	page_has(&page, "twinkly_exchanges_in_progress 3");
	page_has(&page, "twinkly_sessions_total 12");
	page_has(&page, "twinkly_refused_total 4");
	page_has(&page, "twinkly_turns_handed_on_total 5");
	page_has(&page, "twinkly_routed_exchanges_total 11");
	page_has(&page, "twinkly_cross_database_deadlocks_total 10");
	page_has(&page, "twinkly_slow_exchanges_total 13");
	page_has(&page, "twinkly_slow_unconfirmed_total 14");
	page_has(&page, "twinkly_slow_skipped_total 15");
	page_has(&page, "twinkly_trace_items_total 6");
	page_has(&page, "twinkly_trace_lost_exchanges_total 7");
	page_has(&page, "twinkly_gaps_total 8");
	page_has(&page, "twinkly_trace_queue_bytes 9");
}

static void test_every_label_has_its_line(void **state)
{
	struct metrics_page page = {.under_way = 0};
	char line[128];

	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++)
		page.counts.exchanges[i] = 100 + i;
	for (int i = 0; i < COUNTS_DIRECTION_COUNT; i++)
		page.counts.bytes[i] = 200 + i;
	page.sessions[SESSION_READY] = 300;
	page.sessions[SESSION_CLOSING] = INT64_MAX;
	for (int i = 0; i < VERDICT_COUNT; i++) {
		snprintf(line, sizeof(line), "twinkly_exchanges_total{verdict=\"%s\"} %d",
			verdict_name((enum verdict)i), 100 + i);
		page_has(&page, line);
	}
	for (int i = 0; i < COUNTS_DIRECTION_COUNT; i++) {
		snprintf(line, sizeof(line), "twinkly_bytes_total{direction=\"%s\"} %d",
			counts_direction_name((enum counts_direction)i), 200 + i);
		page_has(&page, line);
	}
	page_has(&page, "twinkly_sessions{state=\"ready\"} 300");
	page_has(&page, "twinkly_sessions{state=\"closing\"} 9223372036854775807");
	page_has(&page, "twinkly_sessions{state=\"startup\"} 0");
}

/* Every sample follows a TYPE line of its metric, and no metric is told twice. */
static void test_every_metric_has_a_type(void **state)
{
	struct metrics_page page = {.under_way = 0};
	char *text = text_of(&page), *rest = text, name[128] = "";
	int types = 0;

	(void)state;
	for (char *line; (line = strsep(&rest, "\n")) != NULL && *line;) {
		size_t len = strlen(name);

		if (strncmp(line, "# HELP ", 7) == 0)
			continue;
		if (sscanf(line, "# TYPE %127s", name) == 1) {
			types++;
			continue;
		}
		if (strncmp(line, name, len) != 0 || !strchr("{ _", line[len]))
			fail_msg("\"%s\" does not belong to %s", line, name);
	}
	assert_int_equal(types, 19);
	free(text);
}

/* No page is cut: it is whole, or there is none. */
static void test_a_buffer_that_is_too_small(void **state)
{
	struct metrics_page page = {.under_way = 0};
	char *text = text_of(&page);
	struct buf out;

	(void)state;
	for (size_t ceiling = 0; ceiling < strlen(text); ceiling += 97) {
		buf_init(&out, ceiling);
		assert_false(metrics_page_write(&page, &out));
		buf_fini(&out);
	}
	free(text);
}

/* --- taken from a proxy at work --- */

static void take(struct scene *s, struct metrics_page *page)
{
	metrics_page_take(&s->st.proxy, page);
}

static void test_the_figures_of_a_session(void **state)
{
	static const char query[] = "Q\0\0\0\15select 1"; /* and its NUL */
	struct metrics_page before, during, after, ended;
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	take(&s, &before);
	assert_int_equal(before.sessions[SESSION_READY], 1);
	assert_int_equal(before.counts.sessions, 1);
	assert_int_equal(before.under_way, 0);
	assert_int_equal(before.counts.bytes[COUNTS_TRUTH_OUT], 0);
	asks(t, "Q select 1");
	both_hear(t, "Q");
	take(&s, &during);
	assert_int_equal(during.under_way, 1);
	assert_int_equal(during.counts.bytes[COUNTS_TRUTH_OUT], sizeof(query));
	assert_int_equal(during.counts.bytes[COUNTS_CANDIDATE_OUT], sizeof(query));
	assert_int_equal(during.counts.bytes[COUNTS_CLIENT_IN],
		before.counts.bytes[COUNTS_CLIENT_IN] + (int64_t)sizeof(query));
	both_answer(t, "T a; D 1; C SELECT 1; Z I");
	hears(t, &t->client, "TDCZ");
	take(&s, &after);
	assert_int_equal(after.under_way, 0);
	assert_int_equal(after.counts.exchanges[VERDICT_EQUAL], 1);
	assert_int_equal(after.counts.bytes[COUNTS_TRUTH_IN], buf_len(&t->client.heard));
	assert_int_equal(after.counts.bytes[COUNTS_CANDIDATE_IN], buf_len(&t->client.heard));
	assert_int_equal(after.counts.bytes[COUNTS_CLIENT_OUT],
		before.counts.bytes[COUNTS_CLIENT_OUT] + (int64_t)buf_len(&t->client.heard));
	asks(t, "X");
	hears_end(t, &t->client);
	take(&s, &ended);
	assert_int_equal(ended.sessions[SESSION_READY], 0);
	assert_int_equal(ended.counts.bytes[COUNTS_TRUTH_IN], after.counts.bytes[COUNTS_TRUTH_IN]);
	assert_int_equal(
		ended.counts.bytes[COUNTS_CLIENT_IN], after.counts.bytes[COUNTS_CLIENT_IN] + 5);
	scene_close(&s);
}

/* Bytes of backends that are closed before their session are kept as well. */
static void test_the_figures_of_a_doomed_session(void **state)
{
	struct metrics_page page;
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_PARALLEL, NULL);

	(void)state;
	asks(t, "Q select 1");
	both_hear(t, "Q");
	answers(t, &t->truth, "T a; D 1; C SELECT 1; Z I");
	answers(t, &t->candidate, "T a; D 2; C SELECT 1; Z I");
	hears(t, &t->client, "EZ");
	take(&s, &page);
	assert_int_equal(page.sessions[SESSION_DOOMED], 1);
	assert_int_equal(page.counts.exchanges[VERDICT_MISMATCH], 1);
	assert_true(page.counts.bytes[COUNTS_TRUTH_IN] > 0);
	assert_int_equal(
		page.counts.bytes[COUNTS_TRUTH_IN], page.counts.bytes[COUNTS_CANDIDATE_IN]);
	scene_close(&s);
}

/* The candidate is asked when the truth has answered: its time begins there. */
static void test_each_side_has_its_own_time(void **state)
{
	struct metrics_page page;
	struct scene s;
	struct talk *t = scene_open(&s, EXECUTION_ORDERED, NULL);

	(void)state;
	asks(t, "Q update t set a = 1");
	hears(t, &t->truth, "Q");
	usleep(60000);
	answers(t, &t->truth, "C UPDATE 1; Z I");
	hears(t, &t->candidate, "Q");
	usleep(20000);
	answers(t, &t->candidate, "C UPDATE 1; Z I");
	hears(t, &t->client, "CZ");
	take(&s, &page);
	assert_in_range(page.counts.truth.sum_us, 60000, 5 * CLOCK_SECOND);
	assert_in_range(page.counts.candidate.sum_us, 20000, page.counts.truth.sum_us);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_rise),
		cmocka_unit_test(test_observe_at_the_bounds),
		cmocka_unit_test(test_observe_the_extremes),
		cmocka_unit_test(test_buckets_are_added_up),
		cmocka_unit_test(test_every_figure_has_its_line),
		cmocka_unit_test(test_every_label_has_its_line),
		cmocka_unit_test(test_every_metric_has_a_type),
		cmocka_unit_test(test_a_buffer_that_is_too_small),
		cmocka_unit_test(test_the_figures_of_a_session),
		cmocka_unit_test(test_the_figures_of_a_doomed_session),
		cmocka_unit_test(test_each_side_has_its_own_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
