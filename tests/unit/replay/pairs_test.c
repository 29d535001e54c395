/*
 * Which exchange of one trace is which of another.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/pairs.h"

struct two {
	struct recorded first, second;
	struct pairs pairs;
};

static int begin(void **state)
{
	struct two *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	recorded_begin(&t->first);
	recorded_begin(&t->second);
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct two *t = *state;

	pairs_fini(&t->pairs);
	recorded_end(&t->first);
	recorded_end(&t->second);
	free(t);
	return 0;
}

static void load(struct two *t)
{
	recorded_read(&t->first);
	recorded_read(&t->second);
	RECORDED_MUST(
		&t->first, pairs_load(&t->pairs, t->first.trace, t->second.trace, &t->first.err));
}

struct taking {
	struct pairs *pairs;
	int64_t ids[8];
	int count;
};

static bool take(void *context, const struct trace_exchange *row)
{
	struct taking *t = context;

	t->ids[t->count++] = pairs_take(t->pairs, row);
	return t->count < 8;
}

static void check(struct two *t, const int64_t *ids, int count)
{
	struct taking taking = {.pairs = &t->pairs};

	assert_true(
		trace_read_exchanges(t->first.trace, 0, INT64_MIN, take, &taking, &t->first.err));
	assert_int_equal(taking.count, count);
	for (int i = 0; i < count; i++)
		assert_int_equal(taking.ids[i], ids[i]);
}

static void test_sessions_in_order(void **state)
{
	struct two *t = *state;

	recorded_session(&t->first, 1, RECORDED_STARTUP);
	recorded_session(&t->first, 2, RECORDED_STARTUP);
	recorded_query(&t->first, 1, "a");
	recorded_query(&t->first, 2, "b");
	recorded_query(&t->first, 1, "c");
	recorded_session(&t->second, 10, RECORDED_STARTUP);
	recorded_session(&t->second, 20, RECORDED_STARTUP);
	recorded_query(&t->second, 20, "b");
	recorded_query(&t->second, 10, "a");
	recorded_query(&t->second, 10, "c");
	load(t);
	check(t, (const int64_t[]){2, 1, 3}, 3);
	assert_int_equal(pairs_left(&t->pairs), 0);
}

/* What was left out by the second run has no partner, and the next one still has its own. */
static void test_one_is_missing(void **state)
{
	struct two *t = *state;

	recorded_session(&t->first, 1, RECORDED_STARTUP);
	recorded_query(&t->first, 1, "a");
	recorded_query(&t->first, 1, "b");
	recorded_query(&t->first, 1, "c");
	recorded_session(&t->second, 1, RECORDED_STARTUP);
	recorded_query(&t->second, 1, "a");
	recorded_query(&t->second, 1, "c");
	recorded_query(&t->second, 1, "d");
	load(t);
	check(t, (const int64_t[]){1, 0, 2}, 3);
	assert_int_equal(pairs_left(&t->pairs), 1);
}

static void replayed_session(struct recorded *r, int64_t id, const char *client)
{
	struct trace_session row = {.id = id,
		.user = "app",
		.database = "shop",
		.application_name = "",
		.client = client,
		.startup = RECORDED_STARTUP};

	RECORDED_MUST(r, trace_write_session(r->trace, &row, &r->err));
}

static void test_sessions_of_a_replay(void **state)
{
	struct two *t = *state;

	recorded_session(&t->first, 1, RECORDED_STARTUP);
	recorded_session(&t->first, 2, RECORDED_STARTUP);
	recorded_query(&t->first, 1, "a");
	recorded_query(&t->first, 2, "a");
	replayed_session(&t->second, 1, "replay of session 2");
	replayed_session(&t->second, 2, "replay of session 99");
	recorded_query(&t->second, 1, "a");
	recorded_query(&t->second, 2, "a");
	load(t);
	check(t, (const int64_t[]){0, 1}, 2);
	assert_int_equal(pairs_left(&t->pairs), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sessions_in_order, begin, end),
		cmocka_unit_test_setup_teardown(test_one_is_missing, begin, end),
		cmocka_unit_test_setup_teardown(test_sessions_of_a_replay, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
