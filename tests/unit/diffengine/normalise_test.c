/*
 * What tells statements apart, and what does not.
 */
#include "diffengine/normalise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static char out[NORMALISE_MAX + 1];

static const char *of_bytes(struct bytes text)
{
	out[normalise_statement(text, out)] = '\0';
	return out;
}

static const char *of(const char *text)
{
	return of_bytes(bytes_str(text));
}

static void test_spelling(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"SELECT * FROM t WHERE a = 1", "select * from t where a = ?"},
		{"select *\n\tfrom t -- all\nwhere a=/* one */ 'x' ;",
			"select * from t where a = ?"},
		{"select a from t where a in (1, 2)", "select a from t where a in(?, ?)"},
		{"INSERT INTO T (a,b) VALUES (-1, E'\\'x'), ($1,$2)",
			"insert into t(a, b) values(?, ?), ($1, $2)"},
		{"select \"A\".\"b c\" , t . x", "select \"A\".\"b c\", t.x"},
		{"select a - 1, a -1, - 1, (-1.5e-3)", "select a - ?, a - ?, - ?, (?)"},
		{"select a<=b, a < = b, a - -b", "select a <= b, a < = b, a - - b"},
		{"select a::int, arr[1], count ( * )", "select a::int, arr[?], count(*)"},
		{"; ; begin; ;commit;;", "begin; commit"},
		{"select U&'x', B'01', N'y', 'un", "select ?, ?, ?, ?"},
		{"select \"un", "select \"un"},
		{"select 1 /* un", "select ?"},
		{"", ""},
		{" -- nothing\n;", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(of(rows[i].text), rows[i].want);
}

static void test_structures_are_told_apart(void **state)
{
	static const char *const rows[] = {"a = 1", "a in (1, 2)", "a in (1)", "a in (1, 2, 3)",
		"a = $1", "a = $2", "a <> 1", "a = any (1)", "a = -b", "\"a\" = 1", "\"A\" = 1",
		"a = null", "not a = 1", "a = 1 or 1", "a = (1)", "a < -1", "a <- 1"};
	char first[NORMALISE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(first, sizeof(first), "%s", of(rows[i]));
		for (size_t j = i + 1; j < sizeof(rows) / sizeof(rows[0]); j++)
			assert_string_not_equal(first, of(rows[j]));
	}
}

static void test_code_is_no_literal(void **state)
{
	char first[NORMALISE_MAX + 1];

	(void)state;
	snprintf(first, sizeof(first), "%s", of("do $$begin perform 1; end$$"));
	assert_string_not_equal(first, of("do $$begin perform 2; end$$"));
	assert_string_equal(first, of("DO  $$begin perform 1; end$$;"));
}

static void test_long_statements(void **state)
{
	size_t len = 200000;
	char *text = malloc(len);
	char first[NORMALISE_MAX + 1];

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	assert_int_equal(strlen(of_bytes(bytes_of(text, NORMALISE_MAX))), NORMALISE_MAX);
	assert_int_equal(out[NORMALISE_MAX - 1], 'a');
	snprintf(first, sizeof(first), "%s", of_bytes(bytes_of(text, len)));
	assert_true(strlen(first) < NORMALISE_MAX);
	assert_non_null(strstr(first, " ...#"));
	text[len - 1] = 'A';
	assert_string_equal(first, of_bytes(bytes_of(text, len)));
	text[len - 1] = 'b';
	assert_string_not_equal(first, of_bytes(bytes_of(text, len)));
	free(text);
}

static void test_any_bytes(void **state)
{
	unsigned char text[64];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)round % sizeof(text);
		static const char likely[] = "'\"$;-/*()[].,:?eEuU& \n\\1a";

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = seed >> 30 ? (unsigned char)likely[(seed >> 16) % 26]
					     : (unsigned char)(seed >> 16);
		}
		assert_true(normalise_statement(bytes_of(text, len), out) <= 22 * len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_structures_are_told_apart),
		cmocka_unit_test(test_code_is_no_literal),
		cmocka_unit_test(test_long_statements),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
