/*
 * The plan: every exchange once, in the order in which they started, in a bounded window.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/plan.h"

struct fixture {
	struct recorded recorded;
	struct plan plan;
};

static void begin(struct fixture *f)
{
	recorded_begin(&f->recorded);
	recorded_session(&f->recorded, 1, RECORDED_STARTUP);
}

static void read_it(struct fixture *f)
{
	recorded_read(&f->recorded);
	plan_init(&f->plan, f->recorded.trace);
}

static const struct plan_entry *next(struct fixture *f)
{
	RECORDED_MUST(&f->recorded, plan_fill(&f->plan, &f->recorded.err));
	return plan_at(&f->plan, 0);
}

static void expect(struct fixture *f, int64_t id)
{
	const struct plan_entry *entry = next(f);

	assert_non_null(entry);
	assert_int_equal(entry->id, id);
	plan_take(&f->plan, 0);
}

static void end(struct fixture *f)
{
	assert_null(next(f));
	assert_null(next(f));
	recorded_end(&f->recorded);
}

static void test_empty(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	read_it(&f);
	end(&f);
}

static void test_times(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_exchange(&f.recorded, 7, 10, 5);
	recorded_exchange(&f.recorded, 8, 20, -1);
	read_it(&f);
	assert_int_equal(next(&f)->session, 7);
	assert_int_equal(next(&f)->started_us, 10);
	assert_int_equal(next(&f)->finished_us, 15);
	plan_take(&f.plan, 0);
	assert_int_equal(next(&f)->session, 8);
	assert_int_equal(next(&f)->finished_us, INT64_MAX);
	plan_take(&f.plan, 0);
	end(&f);
}

/* Opened in another order than sent. */
static void test_order_of_starting(void **state)
{
	static const int64_t starts[] = {50, 10, 40, 20, 60, 30};
	static const int64_t ids[] = {2, 4, 6, 3, 1, 5};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		recorded_exchange(&f.recorded, 1, starts[i], 1);
	read_it(&f);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		expect(&f, ids[i]);
	end(&f);
}

static void test_taking_out_of_turn(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 1; i <= 5; i++)
		recorded_exchange(&f.recorded, 1, i, 1);
	read_it(&f);
	assert_int_equal(next(&f)->id, 1);
	assert_int_equal(plan_at(&f.plan, 2)->id, 3);
	plan_take(&f.plan, 2);
	assert_int_equal(plan_at(&f.plan, 2)->id, 4);
	plan_take(&f.plan, 3);
	assert_null(plan_at(&f.plan, 3));
	expect(&f, 1);
	expect(&f, 2);
	expect(&f, 4);
	end(&f);
}

/* Longer than the window: each once, in order, the window never over its limit. */
static void test_longer_than_the_window(void **state)
{
	const int count = 2 * PLAN_MAX + 100;
	struct fixture f;

	(void)state;
	begin(&f);
	/* every second one was sent 20 places later */
	for (int i = 0; i < count; i++)
		recorded_exchange(&f.recorded, 1, 10 * i + (i % 2 ? 195 : 0), 1);
	read_it(&f);
	for (int64_t last = -1, taken = 0; taken < count; taken++) {
		const struct plan_entry *entry = next(&f);

		assert_non_null(entry);
		assert_true(entry->started_us > last);
		assert_true(f.plan.count <= PLAN_MAX);
		last = entry->started_us;
		plan_take(&f.plan, 0);
	}
	end(&f);
}

/* Exactly full at the end of the trace. */
static void test_window_full_at_the_end(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 1; i <= PLAN_MAX; i++)
		recorded_exchange(&f.recorded, 1, i, 1);
	read_it(&f);
	for (int i = 1; i <= PLAN_MAX; i++)
		expect(&f, i);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_order_of_starting),
		cmocka_unit_test(test_taking_out_of_turn),
		cmocka_unit_test(test_longer_than_the_window),
		cmocka_unit_test(test_window_full_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
