/*
 * json and jsonb: exact by default, tolerant in their leaves, and as multisets where an
 * aggregate collected them.
 */
#include "tests/unit/diffengine/values.h"

static void test_json(void **state)
{
	static const struct value_case cases[] = {
		{JSON, "", "{\"a\": 1}", "{\"a\": 1}", SAME},
		{JSON, "FMCU", "{\"a\": 1}", "{\"a\":1}", DIFFERENT},
		{JSON, "", "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", DIFFERENT},
		{JSON, "FMCU", "{\"a\": 1}", "{\"a\": 2}", DIFFERENT},
		{JSON, "FMCU", "{\"a\": 1}", "{\"a\": \"1\"}", DIFFERENT},
		{JSON, "FMCU", "{\"a\": 1.0}", "{\"a\": 1.00}", DIFFERENT},
		{JSON, "FMCU", "{\"a\": null}", "{}", DIFFERENT},
		{JSON, "F", "{\"a\": 0.3}", "{\"a\": 0.30000000000000004}", ALLOWANCE_FLOAT},
		{JSON, "M", "{\"a\": 0.3}", "{\"a\": 0.30000000000000004}", ALLOWANCE_FLOAT_TEXT},
		{JSON, "", "{\"a\": 0.3}", "{\"a\": 0.30000000000000004}", DIFFERENT},
		{JSON, "F", "{\"a\": \"0.3\"}", "{\"a\": \"0.30000000000000004\"}", DIFFERENT},
		{JSON, "F", "[10000000000000000]", "[10000000000000001]", DIFFERENT},
		{JSON, "C", "{\"at\": \"2024-01-01T00:00:00+00:00\"}",
			"{\"at\": \"2024-01-01T00:00:01.25+00:00\"}", ALLOWANCE_CLOCK},
		{JSON, "", "{\"at\": \"2024-01-01T00:00:00+00:00\"}",
			"{\"at\": \"2024-01-01T00:00:01.25+00:00\"}", DIFFERENT},
		{JSON, "C", "{\"at\": \"2024-01-01T00:00:00\"}",
			"{\"at\": \"2024-01-01T00:01:00\"}", DIFFERENT},
		{JSONB, "F", "{\"a\": 0.3}", "{\"a\": 0.30000000000000004}", ALLOWANCE_FLOAT},
		{JSONB, "F", "hex:017b2261223a20302e337d",
			"hex:017b2261223a20302e33303030303030303030303030303030347d",
			ALLOWANCE_FLOAT},
		{JSONB, "F", "hex:017b2261223a20302e337d",
			"hex:027b2261223a20302e33303030303030303030303030303030347d", DIFFERENT},
		{JSONB, "FU", "hex:01", "hex:017b7d", DIFFERENT},
		{3807, "F", "{\"{\\\"a\\\": 0.3}\"}", "{\"{\\\"a\\\": 0.30000000000000004}\"}",
			ALLOWANCE_FLOAT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

static void test_unordered(void **state)
{
	static const struct value_case cases[] = {
		{JSON, "U", "[1, 2, 3]", "[3, 1, 2]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "", "[1, 2, 3]", "[3, 1, 2]", DIFFERENT},
		{JSON, "U", "[1, 2, 2]", "[2, 1, 1]", DIFFERENT},
		{JSON, "U", "[1, 2]", "[1, 2, 2]", DIFFERENT},
		{JSON, "U", "[1.0, 2]", "[2, 1.00]", DIFFERENT},
		{JSON, "U", "[9007199254740993, 1]", "[1, 9007199254740992]", DIFFERENT},
		{JSON, "U", "[{\"a\":1}, \n {\"a\":2}]", "[{\"a\":2}, \n {\"a\":1}]",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[null, \n {\"a\":2}]", "[{\"a\":2}, null]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "{ \"a\" : 1, \"b\" : 2 }", "{ \"b\" : 2, \"a\" : 1 }",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "{\"a\": 1, \"b\": 2}", "{\"b\": 1, \"a\": 2}", DIFFERENT},
		{JSON, "U", "{\"a\": 1, \"a\": 2}", "{\"a\": 2, \"a\": 1}",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[\"a,b\", \"c]\"]", "[\"c]\", \"a,b\"]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[\"a\\\"\", \"\\\\\"]", "[\"\\\\\", \"a\\\"\"]",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[]", "[1]", DIFFERENT},
		{JSON, "U", "[]", "{}", DIFFERENT},
		{JSON, "U", "[1,2]", "{1,2}", DIFFERENT},
		/* Blanks alone are another matter. */
		{JSON, "U", "[1, 2]", "[1,2]", DIFFERENT},
		/* A collection below members of objects, but not an array in an array. */
		{JSON, "U", "{\"id\": 1, \"items\": [1, 2]}", "{\"id\": 1, \"items\": [2, 1]}",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[{\"items\": [1, 2]}, {\"items\": [3]}]",
			"[{\"items\": [3]}, {\"items\": [2, 1]}]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[[1, 2], [3, 4]]", "[[3, 4], [1, 2]]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "U", "[[1, 2], [3, 4]]", "[[2, 1], [3, 4]]", DIFFERENT},
		{JSON, "UF", "[0.3, 7]", "[7, 0.30000000000000004]", ALLOWANCE_ELEMENT_ORDER},
		{JSON, "UF", "[0.3, 7]", "[0.30000000000000004, 7]", ALLOWANCE_FLOAT},
		{JSON, "UC", "[\"2024-01-01T00:00:00\", \"a\"]", "[\"a\", \"2024-01-01T00:00:01\"]",
			ALLOWANCE_ELEMENT_ORDER},
		{JSON, "UC", "[\"2024-01-01T00:00:00\", \"a\", \"b\"]",
			"[\"2024-01-01T00:00:01\", \"b\", \"a\"]", ALLOWANCE_ELEMENT_ORDER},
		{JSONB, "U", "[1, 2]", "[2, 1]", ALLOWANCE_ELEMENT_ORDER},
		{JSONB, "U", "hex:015b312c20325d", "hex:015b322c20315d", ALLOWANCE_ELEMENT_ORDER},
		{JSONB, "U", "hex:015b312c20325d", "hex:015b322c20335d", DIFFERENT},
		/* No json. */
		{JSON, "U", "[1, 2", "[2, 1", DIFFERENT},
		{JSON, "U", "[1, 2]]", "[2, 1]]", DIFFERENT},
		{JSON, "U", "[1, 2,]", "[2, 1,]", DIFFERENT},
		{JSON, "U", "[1 2]", "[2 1]", DIFFERENT},
		{JSON, "U", "[1, x]", "[x, 1]", DIFFERENT},
		{JSON, "U", "[1, \"a]", "[\"a, 1]", DIFFERENT},
		{JSON, "U", "{\"a\" 1, \"b\" 2}", "{\"b\" 2, \"a\" 1}", DIFFERENT},
		{JSON, "U", "{1: 1, 2: 2}", "{2: 2, 1: 1}", DIFFERENT},
		{JSON, "U", "{\"a\":, \"b\":}", "{\"b\":, \"a\":}", DIFFERENT},
		{JSON, "U", "", "[]", DIFFERENT},
	};

	(void)state;
	check_cases(cases, ARRAY_LEN(cases));
}

/* An array `depth` objects below the outermost value, with `[1,2]` or `[2,1]` in it. */
static char *nested(unsigned depth, const char *inner)
{
	size_t size = depth * 6 + strlen(inner) + 8, at = 0;
	char *text = malloc(size);

	assert_non_null(text);
	for (unsigned i = 0; i < depth; i++)
		at += (size_t)snprintf(text + at, size - at, "{\"a\":");
	at += (size_t)snprintf(text + at, size - at, "%s", inner);
	for (unsigned i = 0; i < depth; i++)
		at += (size_t)snprintf(text + at, size - at, "}");
	return text;
}

static void test_depth(void **state)
{
	(void)state;
	for (unsigned depth = 0; depth < 20000; depth += depth < 20 ? 1 : 9000) {
		char *a = nested(depth, "[1,2]"), *b = nested(depth, "[2,1]");

		assert_int_equal(compare_texts(JSON, "U", a, b),
			depth < VALUE_DEPTH_MAX ? ALLOWANCE_ELEMENT_ORDER : DIFFERENT);
		assert_int_equal(compare_texts(JSON, "V", a, b), ALLOWANCE_VOLATILE);
		free(a);
		free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_unordered),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
