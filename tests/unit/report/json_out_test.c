/*
 * JSON's punctuation, and texts of any bytes.
 */
#include "report/json_out.h"

#include "tests/unit/report/trace_sample.h"

static void test_members_and_arrays_are_separated(void **state)
{
	struct sample s = {0};
	struct json j = {.out = sample_catch(&s)};

	(void)state;
	json_open(&j, NULL, '{');
	json_int(&j, "a", -7);
	json_bool(&j, "b", true);
	json_open(&j, "c", '[');
	json_close(&j, ']');
	json_open(&j, "d", '[');
	json_null(&j, NULL);
	json_str(&j, NULL, NULL);
	json_open(&j, NULL, '{');
	json_str(&j, "e", "x");
	json_int(&j, "f", 1);
	json_close(&j, '}');
	json_close(&j, ']');
	json_close(&j, '}');
	assert_int_equal(fclose(j.out), 0);
	assert_string_equal(s.text, "{\n\"a\":-7,\n\"b\":true,\n\"c\":[],\n\"d\":[\nnull,\nnull,\n"
				    "{\"e\":\"x\",\"f\":1}\n]\n}\n");
	free(s.text);
}

static void test_any_bytes_are_valid(void **state)
{
	struct sample s = {0};
	struct json j = {.out = sample_catch(&s)};

	(void)state;
	json_text(&j, NULL, LITERAL("q\" b\\ n\n \x1b \0 \xff \xc3\xa9 \x7f"));
	assert_int_equal(fclose(j.out), 0);
	assert_string_equal(s.text, "\"q\\\" b\\\\ n\\u000a \\u001b \\u0000 \xef\xbf\xbd \xc3\xa9 "
				    "\\u007f\"");
	free(s.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_and_arrays_are_separated),
		cmocka_unit_test(test_any_bytes_are_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
