/*
 * Shapes of statements: what is left out, what is folded, and what stays apart.
 */
#include "diffengine/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void expect(const char *statement, const char *shape)
{
	struct buf out;

	buf_init(&out, SHAPE_MAX);
	assert_true(shape_write(&out, bytes_str(statement)));
	assert_string_equal(buf_cstr(&out), shape);
	buf_fini(&out);
}

static bool is_same(const char *a, const char *b)
{
	struct buf scratch;
	struct hash128 left, right;

	buf_init(&scratch, SHAPE_MAX);
	left = shape_hash(bytes_str(a), &scratch);
	right = shape_hash(bytes_str(b), &scratch);
	buf_fini(&scratch);
	return left.low == right.low && left.high == right.high;
}

static void test_literals_are_left_out(void **state)
{
	(void)state;
	expect("SELECT 1", "select ?");
	expect("select 'a''b', $1, 1.5e3, E'\\'x', $$y$$", "select ?...");
	expect("UPDATE t SET a = 1, b = 'x' WHERE c >= $2",
		"update t set a = ?, b = ? where c >= ?");
	expect("select count(*), \"A b\".c::text from s.t;",
		"select count(*), \"A b\".c::text from s.t;");
	expect("", "");
}

static void test_comments_and_spacing_are_left_out(void **state)
{
	(void)state;
	expect("select  a -- one\n /* two */,b\nfrom t", "select a, b from t");
	assert_true(is_same("select a,b", "SELECT a , b"));
}

static void test_lists_and_rows_are_folded(void **state)
{
	(void)state;
	expect("select a in (1)", "select a in(?)");
	expect("select a in (1, 2)", "select a in(?...)");
	expect("select a in (1, 2, 3, 4)", "select a in(?...)");
	expect("insert into t values (1, 'a'), (2, 'b'), (3, 'c')",
		"insert into t values(?...)...");
	expect("insert into t values (1, now()), (2, now())",
		"insert into t values(?, now()), (?, now())");
	assert_true(is_same("insert into t values (1), (2)", "insert into t values (1), (2), (3)"));
}

static void test_other_statements_stay_apart(void **state)
{
	(void)state;
	assert_false(is_same("select a", "select b"));
	assert_false(is_same("select a from t", "select a from u"));
	assert_false(is_same("select \"A\"", "select \"a\""));
	assert_false(is_same("select a b", "select ab"));
}

/* Longer than a shape may be: told apart by the rest, and never written beyond the limit. */
static void test_long_statements(void **state)
{
	size_t size = 2 * SHAPE_MAX;
	char *text = malloc(size), *other = malloc(size);
	struct buf out;

	(void)state;
	assert_non_null(text);
	assert_non_null(other);
	for (size_t i = 0; i < size; i++)
		text[i] = i % 2 ? '+' : 'a';
	text[size - 1] = '\0';
	memcpy(other, text, size);
	other[size - 2] = 'b';
	buf_init(&out, SHAPE_MAX);
	assert_true(shape_write(&out, bytes_of(text, size - 1)));
	assert_true(buf_len(&out) > SHAPE_MAX / 2 && buf_len(&out) <= SHAPE_MAX);
	buf_fini(&out);
	assert_false(is_same(text, other));
	free(text);
	free(other);
}

static void test_any_bytes_will_do(void **state)
{
	unsigned char bytes[512];
	struct buf out;

	(void)state;
	buf_init(&out, SHAPE_MAX);
	for (unsigned seed = 0; seed < 2000; seed++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] =
				(unsigned char)(seed % 3 ? "()?,.'1a \0$\""[rand() % 12] : rand());
		assert_true(shape_write(&out, bytes_of(bytes, sizeof(bytes))));
		assert_true(buf_len(&out) <= 2 * sizeof(bytes));
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals_are_left_out),
		cmocka_unit_test(test_comments_and_spacing_are_left_out),
		cmocka_unit_test(test_lists_and_rows_are_folded),
		cmocka_unit_test(test_other_statements_stay_apart),
		cmocka_unit_test(test_long_statements),
		cmocka_unit_test(test_any_bytes_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
