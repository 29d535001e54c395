/*
 * Literals of binary values: what they look like, that they read back to the same bytes, and
 * what has none.
 */
#include "tests/unit/replay/recorded.h"

#include "replay/fixture_value.h"

static void check(uint32_t type, struct bytes data, const char *literal)
{
	unsigned char again[FIXTURE_LITERAL_MAX];
	struct buf out;

	buf_init(&out, 1000);
	assert_int_equal(fixture_print_literal(&out, type, data), literal != NULL);
	assert_string_equal(buf_cstr(&out), literal ? literal : "");
	if (literal) {
		assert_int_equal(fixture_parse_literal(type, literal, again), data.len);
		assert_memory_equal(again, data.ptr, data.len);
	}
	buf_fini(&out);
}

static void test_common_types(void **state)
{
	(void)state;
	check(16, LITERAL("\1"), "true");
	check(16, LITERAL("\0"), "false");
	check(21, LITERAL("\xff\xfe"), "-2");
	check(23, LITERAL("\0\0\1\0"), "256");
	check(23, LITERAL("\x80\0\0\0"), "-2147483648");
	check(20, LITERAL("\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807");
	check(701, LITERAL("\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
	check(700, LITERAL("\x3d\xcc\xcc\xcd"), "0.1");
	check(701, LITERAL("\x80\0\0\0\0\0\0\0"), "-0");
	check(701, LITERAL("\x7f\xf0\0\0\0\0\0\0"), "inf");
	check(2950, LITERAL("\x12\x34\x56\x78\x9a\xbc\xde\xf0\1\2\3\4\5\6\7\x8"),
		"12345678-9abc-def0-0102-030405060708");
}

static void test_dates(void **state)
{
	(void)state;
	check(1082, LITERAL("\0\0\0\0"), "2000-01-01");
	check(1082, LITERAL("\xff\xff\xff\xff"), "1999-12-31");
	check(1082, LITERAL("\0\0\0\x3b"), "2000-02-29");
	check(1082, LITERAL("\xff\xff\xd5\x33"), "1970-01-01");
	check(1114, LITERAL("\0\0\0\0\0\0\0\0"), "2000-01-01T00:00:00.000000");
	check(1184, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff"), "1999-12-31T23:59:59.999999");
}

/* Every day of the range is its own literal. */
static void test_every_day(void **state)
{
	char last[64] = "";

	(void)state;
	for (int32_t day = -730119; day <= 2921939; day++) {
		uint32_t n = (uint32_t)day;
		unsigned char data[] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
			(unsigned char)(n >> 8), (unsigned char)n};
		struct buf out;

		buf_init(&out, 100);
		assert_true(fixture_print_literal(&out, 1082, bytes_of(data, 4)));
		assert_true(strcmp(buf_cstr(&out), last) > 0);
		snprintf(last, sizeof(last), "%s", buf_cstr(&out));
		buf_fini(&out);
	}
	assert_string_equal(last, "9999-12-31");
}

static void test_what_has_none(void **state)
{
	unsigned char data[FIXTURE_LITERAL_MAX];

	(void)state;
	check(16, LITERAL("\2"), NULL);
	check(23, LITERAL("\1"), NULL);
	check(1700, LITERAL("\0\1\0\0"), NULL);
	check(701, LITERAL("\x7f\xf0\0\0\0\0\0\1"), NULL);
	check(1082, LITERAL("\x7f\xff\xff\xff"), NULL); /* infinity */
	assert_int_equal(fixture_parse_literal(23, "2147483648", data), 0);
	assert_int_equal(fixture_parse_literal(23, "1x", data), 0);
	assert_int_equal(fixture_parse_literal(16, "yes", data), 0);
	assert_int_equal(fixture_parse_literal(1082, "2000-13-01", data), 0);
	assert_int_equal(fixture_parse_literal(2950, "1234", data), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common_types),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_what_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
