/*
 * UTF-8, cutting, and the one-line form that terminals get.
 */
#include "report/text.h"

#include "tests/unit/report/trace_sample.h"

static void expect_next(struct bytes b, uint32_t want, size_t taken)
{
	struct bytes rest = b;

	assert_int_equal(text_next(&rest), want);
	assert_int_equal(b.len - rest.len, taken);
}

static void test_next_takes_whole_sequences(void **state)
{
	(void)state;
	expect_next(LITERAL("a"), 'a', 1);
	expect_next(LITERAL("\0b"), 0, 1);
	expect_next(LITERAL("\xc3\xa9x"), 0xe9, 2);
	expect_next(LITERAL("\xe2\x82\xac"), 0x20ac, 3);
	expect_next(LITERAL("\xf0\x9f\x90\x98"), 0x1f418, 4);
	expect_next(LITERAL("\xf4\x8f\xbf\xbf"), 0x10ffff, 4);
}

static void test_next_takes_one_byte_of_what_is_not_utf8(void **state)
{
	static const struct {
		const char *why;
		struct bytes b;
	} cases[] = {
		{"continuation alone", {(const unsigned char *)"\x80", 1}},
		{"never a lead", {(const unsigned char *)"\xff", 1}},
		{"overlong of two", {(const unsigned char *)"\xc0\xaf", 2}},
		{"overlong of three", {(const unsigned char *)"\xe0\x80\xaf", 3}},
		{"overlong of four", {(const unsigned char *)"\xf0\x80\x80\xaf", 4}},
		{"surrogate", {(const unsigned char *)"\xed\xa0\x80", 3}},
		{"beyond Unicode", {(const unsigned char *)"\xf4\x90\x80\x80", 4}},
		{"cut after two of three", {(const unsigned char *)"\xe2\x82", 2}},
		{"cut after three of four", {(const unsigned char *)"\xf0\x9f\x90", 3}},
		{"broken by ASCII", {(const unsigned char *)"\xc3(", 2}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes rest = cases[i].b;

		if (text_next(&rest) != TEXT_INVALID || rest.len != cases[i].b.len - 1)
			fail_msg("%s", cases[i].why);
	}
}

static void test_put_is_the_inverse_of_next(void **state)
{
	static const uint32_t points[] = {
		1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
	struct sample s = {.text = NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		FILE *out = sample_catch(&s);
		struct bytes rest;

		text_put(out, points[i]);
		fclose(out);
		rest = bytes_of(s.text, s.text_len);
		assert_int_equal(text_next(&rest), points[i]);
		assert_int_equal(rest.len, 0);
	}
	free(s.text);
}

static void test_cut_keeps_code_points_whole(void **state)
{
	struct bytes b = LITERAL("ab\xe2\x82\xac"
				 "c");

	(void)state;
	assert_int_equal(text_cut(b, 10).len, 6);
	assert_int_equal(text_cut(b, 6).len, 6);
	assert_int_equal(text_cut(b, 5).len, 5);
	assert_int_equal(text_cut(b, 4).len, 2);
	assert_int_equal(text_cut(b, 3).len, 2);
	assert_int_equal(text_cut(b, 2).len, 2);
	assert_int_equal(text_cut(b, 0).len, 0);
	/* What is not UTF-8 is cut somewhere, not dropped whole. */
	assert_int_equal(text_cut(LITERAL("\x80\x80\x80\x80\x80\x80\x80\x80"), 7).len, 4);
}

static void test_keep_says_what_it_cut(void **state)
{
	struct arena a;
	struct bytes kept;

	(void)state;
	arena_init(&a, 1 << 16);
	kept = text_keep(&a, LITERAL("abc"), 3);
	assert_true(bytes_equal_str(kept, "abc"));
	kept = text_keep(&a, LITERAL("abcdef"), 3);
	assert_true(bytes_equal_str(kept, "abc... (6 bytes)"));
	assert_int_equal(text_keep(&a, LITERAL(""), 3).len, 0);
	assert_null(text_keep(&a, LITERAL(""), 3).ptr);
	arena_fini(&a);
	arena_init(&a, 16);
	assert_int_equal(text_keep(&a, LITERAL("does not fit in an arena of 16"), 99).len, 0);
	arena_fini(&a);
}

static void expect_line(struct bytes b, size_t width, bool is_statement, const char *want)
{
	struct sample s = {.text = NULL};
	FILE *out = sample_catch(&s);

	if (is_statement)
		text_write_statement(out, b, width);
	else
		text_write_line(out, b, width);
	fclose(out);
	assert_string_equal(s.text, want);
	free(s.text);
}

static void test_line_shows_what_a_terminal_would_act_on(void **state)
{
	(void)state;
	expect_line(LITERAL("plain \xc3\xa9"), 80, false, "plain \xc3\xa9");
	expect_line(LITERAL("a\nb\tc\rd\ae\bf\vg\fh"), 80, false, "a\\nb\\tc\\rd\\ae\\bf\\vg\\fh");
	expect_line(LITERAL("\x1b[31mred\0\x7f"), 80, false, "\\x1b[31mred\\x00\\x7f");
	expect_line(LITERAL("\xc2\x9b"
			    "31m"),
		80, false, "\\u009b31m");
	expect_line(LITERAL("\xff\xc3"), 80, false, "\\xff\\xc3");
	expect_line(LITERAL("\xe2\x80\xae"
			    "abc"),
		80, false, "\\u202eabc");
	expect_line(LITERAL(""), 80, false, "");
}

static void test_line_is_cut_to_its_width(void **state)
{
	(void)state;
	expect_line(LITERAL("0123456789"), 10, false, "0123456789");
	expect_line(LITERAL("0123456789a"), 10, false, "0123456...");
	expect_line(LITERAL("0123456789"), 0, false, "...");
}

static void test_statement_is_one_line(void **state)
{
	(void)state;
	expect_line(LITERAL("  select *\n\t from   t\r\n"), 80, true, "select * from t");
	expect_line(LITERAL(" \n "), 80, true, "");
	expect_line(LITERAL("a\nb"), 80, true, "a b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_takes_whole_sequences),
		cmocka_unit_test(test_next_takes_one_byte_of_what_is_not_utf8),
		cmocka_unit_test(test_put_is_the_inverse_of_next),
		cmocka_unit_test(test_cut_keeps_code_points_whole),
		cmocka_unit_test(test_keep_says_what_it_cut),
		cmocka_unit_test(test_line_shows_what_a_terminal_would_act_on),
		cmocka_unit_test(test_line_is_cut_to_its_width),
		cmocka_unit_test(test_statement_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
