/*
 * The token scan: every kind of token, its end, depth, and that no text makes it leave its
 * bytes. Tokens are compared as one line: kind letter, depth where it is not 0, text.
 */
#include "diffengine/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"

/* "w:select n1:1": words w, quoted q, strings s, numbers n, marks m. */
static void assert_tokens(const char *sql, const char *expected)
{
	static const char letters[] = {'w', 'q', 's', 'n', 'm'};
	struct buf line;
	struct scan scan;
	struct scan_token t;

	buf_init(&line, 4096);
	scan_init(&scan, bytes_str(sql));
	while (scan_next(&scan, &t)) {
		assert_true(t.text.len > 0);
		assert_true(buf_printf(&line, "%s%c", buf_len(&line) ? " " : "", letters[t.kind]));
		if (t.depth)
			assert_true(buf_printf(&line, "%u", t.depth));
		assert_true(buf_printf(&line, ":%.*s", (int)t.text.len, (const char *)t.text.ptr));
	}
	assert_string_equal(buf_cstr(&line), expected);
	assert_int_equal(scan.at, strlen(sql));
	assert_false(scan_next(&scan, &t));
	buf_fini(&line);
}

static void test_words_and_marks(void **state)
{
	(void)state;
	assert_tokens("", "");
	assert_tokens(" \t\r\n\f", "");
	assert_tokens("SELECT a_1$x FROM t;", "w:SELECT w:a_1$x w:FROM w:t m:;");
	assert_tokens("a.b::int4[1]", "w:a m:. w:b m:: m:: w:int4 m:[ n1:1 m:]");
	assert_tokens("gr\xc3\xb6\xc3\x9f"
		      "e=1",
		"w:gr\xc3\xb6\xc3\x9f"
		"e m:= n:1");
	assert_tokens("a<>b", "w:a m:< m:> w:b");
}

static void test_numbers(void **state)
{
	(void)state;
	assert_tokens("1 1.5 .5 1e10 1e-5 1E+5 0x1F 1_000", "n:1 n:1.5 n:.5 n:1e10 n:1e-5 n:1E+5 "
							    "n:0x1F n:1_000");
	assert_tokens("1-2", "n:1 m:- n:2");
	assert_tokens("$1 $23,$4", "n:$1 n:$23 m:, n:$4");
	assert_tokens("t.1", "w:t n:.1");
}

static void test_strings(void **state)
{
	(void)state;
	assert_tokens("'a' 'it''s' ''", "s:'a' s:'it''s' s:''");
	assert_tokens("'a\\' b", "s:'a\\' w:b");
	assert_tokens("';--/*' x", "s:';--/*' w:x");
	assert_tokens("E'it\\'s' e'\\\\' x", "s:E'it\\'s' s:e'\\\\' w:x");
	assert_tokens("B'01' x'ff' N'n' U&'\\0061' z", "s:B'01' s:x'ff' s:N'n' s:U&'\\0061' w:z");
	assert_tokens("u & 'x'", "w:u m:& s:'x'");
	assert_tokens("be'x\\'", "w:be s:'x\\'");
}

/* An E'' string may go on behind a newline, and is still one with escapes. */
static void test_continued_strings(void **state)
{
	(void)state;
	assert_tokens("E'a' \n 'b\\'c' x", "s:E'a' \n 'b\\'c' w:x");
	assert_tokens("E'a' \r '\\'' \n '\\';' x", "s:E'a' \r '\\'' \n '\\';' w:x");
	assert_tokens("E'a' 'b\\' x", "s:E'a' s:'b\\' w:x");
	assert_tokens("E'a'\n", "s:E'a'");
	assert_tokens("'a'\n'b\\' x", "s:'a' s:'b\\' w:x");
}

static void test_quoted_names(void **state)
{
	(void)state;
	assert_tokens("\"a b\" \"x\"\"y\" \"\\\" z", "q:\"a b\" q:\"x\"\"y\" q:\"\\\" w:z");
	assert_tokens("U&\"d\\0061\" x", "q:U&\"d\\0061\" w:x");
	assert_tokens("\"a\".\"b\"(1)", "q:\"a\" m:. q:\"b\" m:( n1:1 m:)");
}

static void test_dollar_quotes(void **state)
{
	(void)state;
	assert_tokens("$$a;b$$ x", "s:$$a;b$$ w:x");
	assert_tokens("$f$ a $$ b $g$ c $f$ x", "s:$f$ a $$ b $g$ c $f$ w:x");
	assert_tokens("$F$ $f$ $F$", "s:$F$ $f$ $F$");
	assert_tokens("$$'$$'x'", "s:$$'$$ s:'x'");
	assert_tokens("a$$b$$ x", "w:a$$b$$ w:x");
	assert_tokens("$a b$", "m:$ w:a w:b$");
	assert_tokens("$\xc3\xa4$;$\xc3\xa4$", "s:$\xc3\xa4$;$\xc3\xa4$");
	assert_tokens("$$$$ x", "s:$$$$ w:x");
}

static void test_comments(void **state)
{
	(void)state;
	assert_tokens("a -- b; 'c\nd", "w:a w:d");
	assert_tokens("a -- b\rd", "w:a w:d");
	assert_tokens("a /* b */ c", "w:a w:c");
	assert_tokens("a /* b /* ' */ ; */ c", "w:a w:c");
	assert_tokens("a/**/b/***/c", "w:a w:b w:c");
	assert_tokens("/*/ a */ b", "w:b");
	assert_tokens("-- only", "");
	assert_tokens("a - -1", "w:a m:- m:- n:1");
	assert_tokens("a */ b", "w:a m:* m:/ w:b");
	assert_tokens("'-- no' \"/* no\"", "s:'-- no' q:\"/* no\"");
}

static void test_unterminated(void **state)
{
	(void)state;
	assert_tokens("a /* b", "w:a");
	assert_tokens("a /* b /* c */ d", "w:a");
	assert_tokens("a /*", "w:a");
	assert_tokens("'abc", "s:'abc");
	assert_tokens("'abc''", "s:'abc''");
	assert_tokens("E'abc\\", "s:E'abc\\");
	assert_tokens("E'a'\n'b", "s:E'a'\n'b");
	assert_tokens("\"abc", "q:\"abc");
	assert_tokens("$$abc$", "s:$$abc$");
	assert_tokens("$tag$ abc $tag", "s:$tag$ abc $tag");
	assert_tokens("$", "m:$");
	assert_tokens("$tag", "m:$ w:tag");
	assert_tokens("U&'", "s:U&'");
	assert_tokens("u&", "w:u m:&");
	assert_tokens("e", "w:e");
}

static void test_depth(void **state)
{
	(void)state;
	assert_tokens("a(b(c)d)e", "w:a m:( w1:b m1:( w2:c m1:) w1:d m:) w:e");
	assert_tokens("a[b(c)]", "w:a m:[ w1:b m1:( w2:c m1:) m:]");
	assert_tokens(")) a ( b", "m:) m:) w:a m:( w1:b");
	assert_tokens("'(' \"(\" $$($$ /*(*/ a", "s:'(' q:\"(\" s:$$($$ w:a");
}

static void test_is(void **state)
{
	struct scan scan;
	struct scan_token t;

	(void)state;
	scan_init(&scan, bytes_str("SeLeCt \"select\" ( '('"));
	assert_true(scan_next(&scan, &t));
	assert_true(scan_is(&t, "select"));
	assert_false(scan_is(&t, "selec"));
	assert_false(scan_is(&t, "selects"));
	assert_false(scan_is(&t, ""));
	assert_false(scan_is_mark(&t, 'S'));
	assert_true(scan_next(&scan, &t));
	assert_false(scan_is(&t, "select"));
	assert_false(scan_is_mark(&t, '"'));
	assert_true(scan_next(&scan, &t));
	assert_true(scan_is_mark(&t, '('));
	assert_false(scan_is_mark(&t, ')'));
	assert_true(scan_next(&scan, &t));
	assert_false(scan_is_mark(&t, '\''));
}

static void scan_exactly(const char *text, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1); /* so that a read beyond is seen */
	struct scan scan;
	struct scan_token t;
	const unsigned char *last = copy;

	assert_non_null(copy);
	if (len)
		memcpy(copy, text, len);
	scan_init(&scan, bytes_of(copy, len));
	while (scan_next(&scan, &t)) {
		assert_true(t.text.ptr >= last && t.text.len > 0);
		last = t.text.ptr + t.text.len;
		assert_true(last <= copy + len);
	}
	assert_int_equal(scan.at, len);
	free(copy);
}

static void test_cut_anywhere(void **state)
{
	static const char sql[] =
		"SELECT E'a\\'b'\n'c', U&\"x\\0041\", $t$ $$ $t$, /* a /* b */ c */ "
		"1e-5, $1, 'it''s' -- end\r\n, x[1].y(\"q\"\"r\")";

	(void)state;
	for (size_t from = 0; from < sizeof(sql); from++)
		for (size_t to = from; to < sizeof(sql); to++)
			scan_exactly(sql + from, to - from);
}

static void test_any_bytes(void **state)
{
	static const char alphabet[] = "'\"$$/*-\\\n\r eEuU&x1.()[];\x80";
	uint32_t seed = 2463534242u;
	char text[64];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t len = (size_t)round % sizeof(text);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525u + 1013904223u;
			text[i] = alphabet[(seed >> 16) % sizeof(alphabet)];
		}
		scan_exactly(text, len);
	}
	scan_exactly("", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_marks),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_continued_strings),
		cmocka_unit_test(test_quoted_names),
		cmocka_unit_test(test_dollar_quotes),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_unterminated),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
