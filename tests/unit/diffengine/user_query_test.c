/*
 * Look-ups of types: what is asked, in messages that leave nothing behind, and what is taken
 * from the answers, whole or spoiled.
 */
#include "diffengine/user_query.h"

#include "tests/unit/diffengine/answers.h"
#include "wire/frame.h"

static void assert_asks(const struct user_types *t, const struct user_query *query,
	const char *messages, const char *list)
{
	struct buf out;
	struct bytes rest;
	struct frame f;

	buf_init(&out, 1 << 20);
	assert_true(user_query_write(&out, t, query));
	assert_non_null(memmem(buf_bytes(&out).ptr, buf_len(&out), list, strlen(list)));
	rest = buf_bytes(&out);
	for (; *messages; messages++, rest = bytes_skip(rest, f.whole.len)) {
		assert_int_equal(frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL), FRAME_OK);
		assert_int_equal(f.type, *messages);
	}
	assert_int_equal(rest.len, 0);
	buf_fini(&out);
}

static bool reads(
	struct user_types *t, const struct user_query *query, const char *script, struct err *why)
{
	struct buf answer;
	bool ok;

	buf_init(&answer, ANSWER_CEILING);
	answer_write(&answer, script);
	ok = user_query_read(t, query, buf_bytes(&answer), why);
	buf_fini(&answer);
	return ok;
}

static void test_asked(void **state)
{
	struct user_types t = {0};
	struct user_query query = {.is_final = true};
	struct err why;

	(void)state;
	assert_true(user_types_ask(&t, 20000) && user_types_ask(&t, 20001));
	assert_asks(&t, &query, "CPBECCS", "{20000,20001}");
	query.is_final = false;
	assert_asks(&t, &query, "CPBECCH", "twinkly_types");
	query.is_function = true;
	assert_asks(&t, &query, "CPBECCH", "pg_catalog.pg_proc");
	/* Names that need quotes, and one that needs quotes in those. */
	query = (struct user_query){0};
	assert_true(reads(&t, &query, "D 20000|s.\"a\\b\"|e|0; D 20001|s.b|e|0", &why));
	user_types_pair(&t, bytes_str("s.b"), 30001);
	query.is_candidate = true;
	assert_asks(&t, &query, "CPBECCH", "{\"s.\\\"a\\\\b\\\"\"}");
	user_types_fini(&t);
}

static void test_read(void **state)
{
	struct user_types t = {0};
	struct user_query query = {0};
	struct err why;

	(void)state;
	assert_true(reads(&t, &query,
		"3; 1; 2; D 20000|s.mood|e|0; N hear this; D 20001|s.mood[]|a|20000; D "
		"20002|s.f(integer)|b|0; C SELECT 3; 3; 3; Z I",
		&why));
	assert_int_equal(t.count, 2);
	assert_int_equal(user_types_find(&t, 20001)->kind, USER_TYPE_ARRAY);
	assert_int_equal(user_types_find(&t, 20001)->within, 20000);
	query.is_candidate = true;
	assert_true(reads(&t, &query, "D 30001|s.mood[]|a|30000; D 30002|s.other|e|0", &why));
	assert_int_equal(user_types_translate(&t, 20001), 30001);
	assert_int_equal(user_types_translate(&t, 20000), 0);
	user_types_fini(&t);
}

static void test_spoiled_answers(void **state)
{
	struct user_types t = {0};
	struct user_query query = {0};
	struct err why = {.text = ""};

	(void)state;
	assert_true(reads(&t, &query, "D 20000|s.mood|e; D; D \\N|s.x|\\N|\\N; D 1|\\N|e|0", &why));
	assert_null(user_types_find(&t, 20000));
	assert_false(reads(&t, &query, "3; 1; E 57014 too slow; Z I", &why));
	assert_string_equal(why.text, "too slow");
	user_types_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_spoiled_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
