/*
 * Nothing that a trace holds may be more than text in the page.
 */
#include "report/html_escape.h"

#include "report/text.h"
#include "tests/unit/report/trace_sample.h"

static void expect_escaped(struct bytes b, const char *want)
{
	struct sample s = {.text = NULL};
	FILE *out = sample_catch(&s);

	html_escape(out, b);
	fclose(out);
	assert_string_equal(s.text, want);
	assert_int_equal(strlen(s.text), s.text_len);
	free(s.text);
}

static void test_markup_becomes_text(void **state)
{
	(void)state;
	expect_escaped(LITERAL("<script>alert('x')</script>"),
		"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
	expect_escaped(LITERAL("\" onload=\"x&amp;"), "&quot; onload=&quot;x&amp;amp;");
	expect_escaped(LITERAL("plain\ttext\nof 2 lines"), "plain\ttext\nof 2 lines");
	expect_escaped(LITERAL(""), "");
}

static void test_controls_become_pictures(void **state)
{
	(void)state;
	expect_escaped(LITERAL("a\0b"), "a\xe2\x90\x80"
					"b");
	expect_escaped(LITERAL("\x1b\r\x7f"), "\xe2\x90\x9b\xe2\x90\x8d\xe2\x90\xa1");
	expect_escaped(LITERAL("\xc2\x85"), "\xef\xbf\xbd");
	expect_escaped(LITERAL("\xe2\x80\xae"
			       "x"),
		"[U+202E]x");
}

static void test_bytes_that_are_not_utf8_are_replaced(void **state)
{
	(void)state;
	expect_escaped(LITERAL("a\xff\xfe"
			       "b"),
		"a\xef\xbf\xbd\xef\xbf\xbd"
		"b");
	/* A cut sequence must not swallow the markup that follows it. */
	expect_escaped(LITERAL("\xe2\x82<b>"), "\xef\xbf\xbd\xef\xbf\xbd&lt;b&gt;");
	expect_escaped(LITERAL("\xef\xbf\xbe"), "\xef\xbf\xbd");
	expect_escaped(LITERAL("\xc3\xa9\xf0\x9f\x90\x98"), "\xc3\xa9\xf0\x9f\x90\x98");
}

/* Any two bytes, at the start, in the middle and at the end of markup. */
static void test_every_pair_of_bytes_comes_out_harmless(void **state)
{
	struct sample s = {.text = NULL};
	FILE *out = sample_catch(&s);
	struct bytes rest;

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		unsigned char b[4] = {(unsigned char)(pair >> 8), (unsigned char)pair, '<', '"'};

		html_escape(out, bytes_of(b, sizeof(b)));
	}
	fclose(out);
	rest = bytes_of(s.text, s.text_len);
	while (rest.len > 0) {
		uint32_t cp = text_next(&rest);

		assert_int_not_equal(cp, TEXT_INVALID);
		assert_false(cp == '<' || cp == '>' || cp == '"' || cp == '\'');
		assert_true(!text_is_control(cp) || cp == '\n' || cp == '\t');
	}
	free(s.text);
}

static void expect_marked(struct bytes text, struct bytes other, const char *want)
{
	struct sample s = {.text = NULL};
	FILE *out = sample_catch(&s);

	html_escape_marked(out, text, other);
	fclose(out);
	assert_string_equal(s.text, want);
	free(s.text);
}

static void test_the_differing_part_is_marked(void **state)
{
	(void)state;
	expect_marked(LITERAL("1.25"), LITERAL("1.35"), "1.<mark>2</mark>5");
	expect_marked(LITERAL("abc"), LITERAL("abc"), "abc");
	expect_marked(LITERAL("abcd"), LITERAL("abd"), "ab<mark>c</mark>d");
	expect_marked(LITERAL("abd"), LITERAL("abcd"), "abd");
	expect_marked(LITERAL("aaa"), LITERAL("aa"), "aa<mark>a</mark>");
	expect_marked(LITERAL("x"), LITERAL(""), "<mark>x</mark>");
	expect_marked(LITERAL(""), LITERAL("x"), "");
	expect_marked(LITERAL("<a>"), LITERAL("<b>"), "&lt;<mark>a</mark>&gt;");
}

static void test_marks_do_not_split_characters(void **state)
{
	(void)state;
	/* e acute and e grave share their first byte; e acute and copyright sign the last. */
	expect_marked(LITERAL("x\xc3\xa9y"), LITERAL("x\xc3\xa8y"), "x<mark>\xc3\xa9</mark>y");
	expect_marked(LITERAL("x\xc3\xa9y"), LITERAL("x\xc2\xa9y"), "x<mark>\xc3\xa9</mark>y");
	expect_marked(LITERAL("\xe2\x82\xac"), LITERAL("\xe2\x82"), "<mark>\xe2\x82\xac</mark>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markup_becomes_text),
		cmocka_unit_test(test_controls_become_pictures),
		cmocka_unit_test(test_bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(test_every_pair_of_bytes_comes_out_harmless),
		cmocka_unit_test(test_the_differing_part_is_marked),
		cmocka_unit_test(test_marks_do_not_split_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
