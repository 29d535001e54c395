/*
 * The roster: what the trace says of its sessions, and when the databases saw them end.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/roster.h"

struct fixture {
	struct recorded recorded;
	struct roster roster;
};

static void load(struct fixture *f)
{
	recorded_read(&f->recorded);
	RECORDED_MUST(&f->recorded, roster_load(&f->roster, f->recorded.trace, &f->recorded.err));
}

static void end(struct fixture *f)
{
	roster_fini(&f->roster);
	assert_null(roster_find(&f->roster, 1));
	recorded_end(&f->recorded);
}

static void test_empty(void **state)
{
	struct fixture f;

	(void)state;
	recorded_begin(&f.recorded);
	load(&f);
	assert_int_equal(f.roster.exchanges, 0);
	assert_int_equal(f.roster.gaps, 0);
	assert_null(roster_find(&f.roster, 1));
	end(&f);
}

static void test_sessions(void **state)
{
	struct fixture f;

	(void)state;
	recorded_begin(&f.recorded);
	for (int64_t id = 2; id <= 200; id += 2)
		recorded_session(&f.recorded, id, RECORDED_STARTUP);
	recorded_session(&f.recorded, 300, LITERAL("user\0other\0"));
	recorded_query(&f.recorded, 2, "select 1");
	recorded_query(&f.recorded, 300, "select 2");
	recorded_query(&f.recorded, 2, "select 3");
	recorded_query(&f.recorded, 999, "select 4");
	recorded_event(&f.recorded, 2, 3500, "disconnect");
	recorded_gap(&f.recorded);
	load(&f);
	assert_int_equal(f.roster.exchanges, 4);
	assert_int_equal(f.roster.gaps, 1);
	assert_int_equal(f.roster.count, 101);
	assert_int_equal(f.roster.startup_count, 2);
	for (int64_t id = 0; id <= 301; id++) {
		bool is_there = id > 0 && ((id % 2 == 0 && id <= 200) || id == 300);

		assert_int_equal(roster_find(&f.roster, id) != NULL, is_there);
	}
	assert_int_equal(roster_find(&f.roster, 2)->left, 2);
	assert_int_equal(roster_find(&f.roster, 2)->ends_us, 3500);
	assert_int_equal(roster_find(&f.roster, 4)->left, 0);
	assert_int_equal(roster_find(&f.roster, 4)->ends_us, 0);
	assert_true(bytes_equal(roster_find(&f.roster, 200)->startup, RECORDED_STARTUP));
	assert_true(bytes_equal(roster_find(&f.roster, 300)->startup, LITERAL("user\0other\0")));
	end(&f);
}

/* The proxy ended the databases' connections with the exchange, whenever the client left. */
static void test_ended_by_its_last_exchange(void **state)
{
	struct fixture f;

	(void)state;
	recorded_begin(&f.recorded);
	recorded_session(&f.recorded, 1, RECORDED_STARTUP);
	recorded_session(&f.recorded, 2, RECORDED_STARTUP);
	recorded_query(&f.recorded, 1, "select 1");
	recorded_exchange(&f.recorded, 1, 5000, -1);
	recorded_event(&f.recorded, 1, 900000, "disconnect");
	recorded_event(&f.recorded, 2, 800000, "disconnect");
	load(&f);
	assert_int_equal(roster_find(&f.roster, 1)->ends_us, 5000);
	assert_int_equal(roster_find(&f.roster, 2)->ends_us, 800000);
	end(&f);
}

static void test_cancels(void **state)
{
	struct fixture f;

	(void)state;
	recorded_begin(&f.recorded);
	recorded_session(&f.recorded, 1, RECORDED_STARTUP);
	recorded_session(&f.recorded, 2, RECORDED_STARTUP);
	recorded_event(&f.recorded, 1, 100, "cancel");
	recorded_event(&f.recorded, 2, 150, "cancel");
	recorded_event(&f.recorded, 1, 200, "cancel");
	recorded_event(&f.recorded, 7, 210, "cancel");
	load(&f);
	assert_int_equal(roster_cancel_after(&f.roster, 1, 90, 300), 10);
	assert_int_equal(roster_cancel_after(&f.roster, 1, 101, INT64_MAX), 99);
	assert_int_equal(roster_cancel_after(&f.roster, 1, 101, 199), -1);
	assert_int_equal(roster_cancel_after(&f.roster, 2, 0, 1000), 150);
	assert_int_equal(roster_cancel_after(&f.roster, 2, 151, 1000), -1);
	assert_int_equal(roster_cancel_after(&f.roster, 7, 0, 1000), -1);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_ended_by_its_last_exchange),
		cmocka_unit_test(test_cancels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
