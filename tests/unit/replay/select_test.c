/*
 * What --read-only, --statements and --sessions leave out.
 */
#include "replay/select.h"

#include "base/attr.h"
#include "tests/unit/replay/recorded.h"

struct fixture {
	struct recorded recorded;
	struct roster roster;
	struct select *select;
	struct request request;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){.select = NULL};
	recorded_begin(&f->recorded);
	recorded_session(&f->recorded, 1, RECORDED_STARTUP);
	recorded_session(&f->recorded, 2, RECORDED_STARTUP);
}

static void open_with(struct fixture *f, const struct replay_wishes *wishes)
{
	struct err *err = &f->recorded.err;

	recorded_read(&f->recorded);
	RECORDED_MUST(&f->recorded, roster_load(&f->roster, f->recorded.trace, err));
	RECORDED_MUST(&f->recorded, select_new(&f->select, wishes, &f->roster, err));
	request_init(&f->request, f->recorded.trace, 1 << 24);
}

static enum select_result judge(struct fixture *f, int64_t exchange)
{
	enum request_state state;

	RECORDED_MUST(&f->recorded, request_open(&f->request, exchange, &state, &f->recorded.err));
	assert_int_equal(state, REQUEST_WHOLE);
	return select_exchange(f->select, &f->roster.sessions[0], &f->request, &f->recorded.err);
}

static void end(struct fixture *f)
{
	request_fini(&f->request);
	select_free(f->select);
	roster_fini(&f->roster);
	recorded_end(&f->recorded);
}

static void test_read_only_by_words(void **state)
{
	static const struct {
		const char *sql;
		bool is_left_out;
	} rows[] = {{"select 1", false}, {"begin", false}, {"commit", false},
		{"rollback to a", false}, {"set search_path = x", false}, {"show all", false},
		{"copy t to stdout", false}, {"insert into t values (1)", true},
		{"select 1; delete from t", true}, {"select mine()", true},
		{"select nextval('s')", true}, {"select * from t for update", true},
		{"begin read write", true}, {"start transaction read write", true},
		{"commit prepared 'a'", true}, {"prepare transaction 'a'", true},
		{"set transaction_read_only = off", true},
		{"set \"default_transaction_read_only\" = off", true},
		{"set session characteristics as transaction read write", true},
		{"copy t from stdin", true}, {"copy t to '/tmp/f'", true},
		{"copy t to program 'x'", true}, {"execute s", true}, {"fetch c", true},
		{"do 'x'", true}, {"explain analyze delete from t", true}, {"lock t", true},
		{"notify a", true}, {"create table t ()", true}};
	const struct replay_wishes wishes = {.is_read_only = true};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		recorded_query(&f.recorded, 1, rows[i].sql);
	open_with(&f, &wishes);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (judge(&f, (int64_t)i + 1) !=
			(rows[i].is_left_out ? SELECT_WRITES : SELECT_PLAY))
			fail_msg("%s", rows[i].sql);
	end(&f);
}

static void put(struct fixture *f, const char *parse, const char *name, bool executes)
{
	struct encode_bind bind = {.portal = "", .statement = name};
	struct buf *out = &f->recorded.request;

	if (parse)
		assert_true(encode_parse(out, name, parse, NULL, 0));
	if (executes)
		assert_true(encode_bind(out, &bind) && encode_execute(out, "", 0));
	assert_true(encode_empty(out, FRONTEND_SYNC));
	recorded_exchange(&f->recorded, 1, 1000 * (f->recorded.last_exchange + 1), 100);
}

static void test_read_only_by_name(void **state)
{
	const struct replay_wishes wishes = {.is_read_only = true};
	struct fixture f;

	(void)state;
	begin(&f);
	put(&f, "select 1", "get", false);
	put(&f, "delete from t", "put", false);
	put(&f, NULL, "get", true);
	put(&f, NULL, "put", true);
	put(&f, "delete from t", "get", true); /* left out: "get" is unknown from here on */
	put(&f, NULL, "get", true);
	open_with(&f, &wishes);
	assert_int_equal(judge(&f, 1), SELECT_PLAY);
	assert_int_equal(judge(&f, 2), SELECT_PLAY);
	assert_int_equal(judge(&f, 3), SELECT_PLAY);
	assert_int_equal(judge(&f, 4), SELECT_WRITES);
	assert_int_equal(judge(&f, 5), SELECT_WRITES);
	assert_int_equal(judge(&f, 6), SELECT_WRITES);
	end(&f);
}

static void test_statements(void **state)
{
	const struct replay_wishes wishes = {.statements = "from ORDERS"};
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_query(&f.recorded, 1, "select * from orders");
	recorded_query(&f.recorded, 1, "select * from items");
	recorded_query(&f.recorded, 1, "begin");
	put(&f, "delete from orders", "put", false);
	put(&f, NULL, "put", true);
	put(&f, NULL, "unknown", true);
	open_with(&f, &wishes);
	assert_int_equal(judge(&f, 1), SELECT_PLAY);
	assert_int_equal(judge(&f, 2), SELECT_OTHER);
	assert_int_equal(judge(&f, 3), SELECT_PLAY);
	assert_int_equal(judge(&f, 4), SELECT_PLAY);
	assert_int_equal(judge(&f, 5), SELECT_PLAY);
	assert_int_equal(judge(&f, 6), SELECT_OTHER);
	end(&f);
}

static void test_sessions(void **state)
{
	const struct replay_wishes wishes = {.sessions = "2"};
	struct fixture f;

	(void)state;
	begin(&f);
	open_with(&f, &wishes);
	assert_null(f.select);
	assert_true(f.roster.sessions[0].is_left_out);
	assert_false(f.roster.sessions[1].is_left_out);
	end(&f);
}

static void test_wrong_lists(void **state)
{
	static const char *const lists[] = {
		"", "a", "1,", "1-", "2-1", "1 2", "0", "-1", "3", "1,7"};
	struct fixture f;

	(void)state;
	begin(&f);
	recorded_read(&f.recorded);
	RECORDED_MUST(&f.recorded, roster_load(&f.roster, f.recorded.trace, &f.recorded.err));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct replay_wishes wishes = {.sessions = lists[i]};

		if (select_new(&f.select, &wishes, &f.roster, &f.recorded.err))
			fail_msg("\"%s\" was taken", lists[i]);
		assert_non_null(strstr(f.recorded.err.text, "--sessions"));
	}
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_only_by_words),
		cmocka_unit_test(test_read_only_by_name),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_wrong_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
