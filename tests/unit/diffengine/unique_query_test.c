/*
 * Look-ups of unique keys: what is asked, in units that leave nothing behind, and what is taken
 * from the answers, whole or spoiled.
 */
#include "diffengine/unique_query.h"

#include "tests/unit/diffengine/answers.h"
#include "wire/frame.h"

static void ask(struct unique_keys *keys, const char *sql)
{
	struct analysis *a = analysis_new(bytes_str(sql));

	assert_non_null(a);
	assert_true(unique_keys_matter(a, false));
	assert_false(unique_keys_decide(keys, a));
	analysis_free(a);
}

static void assert_messages(const struct buf *out, const char *messages)
{
	struct bytes rest = buf_bytes(out);
	struct frame f;

	for (; *messages; messages++, rest = bytes_skip(rest, f.whole.len)) {
		assert_int_equal(frame_next(rest, WIRE_FRONTEND, rest.len, &f, NULL), FRAME_OK);
		assert_int_equal(f.type, *messages);
	}
	assert_int_equal(rest.len, 0);
}

static bool holds(const struct buf *out, const char *text)
{
	return memmem(buf_bytes(out).ptr, buf_len(out), text, strlen(text)) != NULL;
}

static void test_asked(void **state)
{
	struct unique_keys keys = {0};
	struct buf out;

	(void)state;
	ask(&keys, "select a from t where id = 1 limit 1");
	ask(&keys, "select a from s.\"u\"\"\\v\" where id = 1 limit 1");
	buf_init(&out, 1 << 20);
	assert_true(unique_query_write(&out, &keys, false));
	assert_messages(&out, "CPBECCS");
	assert_true(holds(&out, "{\"\",\"s\"}"));
	assert_true(holds(&out, "{\"t\",\"u\\\"\\\\v\"}"));
	assert_false(holds(&out, "SAVEPOINT"));
	buf_reset(&out);
	assert_true(unique_query_write(&out, &keys, true));
	assert_messages(&out, "CPBECCSCPBECCSCPBECCS");
	buf_reset(&out);
	assert_true(unique_query_write_back(&out));
	assert_messages(&out, "CCPBECCSCPBECCS");
	assert_true(holds(&out, "ROLLBACK TO SAVEPOINT"));
	buf_fini(&out);
	/* No room. */
	buf_init(&out, 64);
	assert_false(unique_query_write(&out, &keys, false));
	assert_false(unique_query_write_back(&out));
	buf_fini(&out);
	unique_keys_fini(&keys);
}

static bool reads(struct unique_keys *keys, const char *script, size_t len, struct err *why)
{
	struct bytes all;
	struct buf answer;
	bool ok;

	buf_init(&answer, ANSWER_CEILING);
	answer_write(&answer, script);
	all = buf_bytes(&answer);
	ok = unique_query_read(keys, len < all.len ? bytes_of(all.ptr, len) : all, why);
	buf_fini(&answer);
	return ok;
}

static void test_read(void **state)
{
	struct unique_keys keys = {0};
	struct err why;

	(void)state;
	ask(&keys, "select a from t where id = 1 limit 1");
	ask(&keys, "select a from u where id = 1 limit 1");
	assert_true(reads(&keys,
		"3; 1; 2; D 1|20|2|a|f; D 1|20|2|b|t; D 2|21|1|id|f; C SELECT 3; 3; 3; Z I",
		SIZE_MAX, &why));
	assert_int_equal(keys.count, 2);
	assert_int_equal(keys.asked_count, 0);
	assert_int_equal(keys.tables[0].column_count, 2);
	assert_int_equal(keys.tables[0].columns[1].size, 2);
	assert_true(keys.tables[0].columns[1].is_nullable);
	assert_string_equal(keys.tables[1].columns[0].name, "id");
	assert_false(keys.tables[1].columns[0].is_nullable);
	/* An error: what was known stays, what was asked is unknown. */
	ask(&keys, "select a from v where id = 1 limit 1");
	assert_false(reads(&keys, "E 57014 too slow; Z I", SIZE_MAX, &why));
	assert_string_equal(why.text, "too slow");
	assert_int_equal(keys.count, 2);
	unique_keys_fini(&keys);
}

static void test_spoiled(void **state)
{
	static const char script[] =
		"1; D 1|20|1|id|f; D 0|20|1|id|f; D 9|20|1|id|f; D 1|id; D \\N|\\N|\\N|\\N|\\N; "
		"D 99999999999999999999|x|y|z|f; D; C SELECT 1; Z I";
	struct err why;

	(void)state;
	for (size_t len = 0; len < 300; len++) {
		struct unique_keys keys = {0};

		ask(&keys, "select a from t where id = 1 limit 1");
		assert_true(reads(&keys, script, len, &why));
		assert_true(keys.tables[0].column_count <= 1);
		unique_keys_fini(&keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
