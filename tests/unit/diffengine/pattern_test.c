/*
 * Patterns: what is absent and what ran into the limit are told apart, and replacements.
 * exclude_test.c has the searching itself.
 */
#include "diffengine/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_three_results(void **state)
{
	struct pattern_work *work = pattern_work_new();
	struct pattern *pattern = pattern_new("(a+)+$", NULL);
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 'b';
	assert_int_equal(pattern_search(pattern, work, bytes_str("caa")), PATTERN_FOUND);
	assert_int_equal(pattern_search(pattern, work, bytes_str("b")), PATTERN_ABSENT);
	assert_int_equal(
		pattern_search(pattern, work, bytes_of(text, sizeof(text))), PATTERN_TIMEOUT);
	pattern_free(pattern);
	pattern_free(NULL);
	pattern_work_free(work);
	pattern_work_free(NULL);
}

struct replaced {
	const char *pattern, *replacement, *text, *expected;
};

static void test_replace(void **state)
{
	static const struct replaced rows[] = {
		{"b", "", "abcb", "ac"},
		{"b", "xyz", "abcb", "axyzcxyz"},
		{"(\\w)=(\\w)", "$2=${1}", "a=b, C=d", "b=a, d=C"},
		{"b", "$$", "abc", "a$c"},
		{"b|(x)", "<$1>", "abx", "a<><x>"},
		{"q", "x", "abc", "abc"},
		{"", "-", "ab", "-a-b-"},
		{"^", "head ", "", "head "},
	};
	struct pattern_work *work = pattern_work_new();
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pattern *pattern = pattern_new(rows[i].pattern, NULL);
		struct bytes text = bytes_str(rows[i].text);
		assert_true(pattern_check_replacement(pattern, rows[i].replacement, NULL));
		pattern_replace(pattern, work, rows[i].replacement, &arena, &text);
		if (!bytes_equal_str(text, rows[i].expected))
			fail_msg("%s: \"%.*s\"", rows[i].pattern, (int)text.len,
				(const char *)text.ptr);
		pattern_free(pattern);
	}
	arena_fini(&arena);
	pattern_work_free(work);
}

/* A result that is much longer than the text, one that has no room, and a text too long. */
static void test_replace_bounds(void **state)
{
	struct pattern_work *work = pattern_work_new();
	struct pattern *pattern = pattern_new("(a)", NULL);
	size_t size = PATTERN_REPLACE_MAX + 1;
	char *large = malloc(size);
	struct arena arena;

	(void)state;
	memset(large, 'a', size);
	arena_init(&arena, 4 << 20);
	struct bytes text = bytes_of(large, 100000);
	assert_int_equal(
		pattern_replace(pattern, work, "$1$1$1$1$1", &arena, &text), PATTERN_FOUND);
	assert_int_equal(text.len, 500000);
	text = bytes_of(large, 1000000);
	assert_int_equal(
		pattern_replace(pattern, work, "$1$1$1$1$1", &arena, &text), PATTERN_TIMEOUT);
	assert_ptr_equal(text.ptr, large);
	assert_int_equal(text.len, 1000000);
	text = bytes_of(large, size);
	assert_int_equal(pattern_replace(pattern, work, "b", &arena, &text), PATTERN_ABSENT);
	assert_ptr_equal(text.ptr, large);
	arena_fini(&arena);
	free(large);
	pattern_free(pattern);
	pattern_work_free(work);
}

static void test_wrong_replacements(void **state)
{
	static const char *const wrong[] = {
		"$", "$2", "${1", "${x}", "$x", "a$", "\\1", "$1$99999999999999999999"};
	struct pattern *pattern = pattern_new("(a)", NULL);
	struct err err;

	(void)state;
	assert_true(pattern_check_replacement(pattern, "$0 ${1} $$2", &err));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		err.text[0] = '\0';
		if (pattern_check_replacement(pattern, wrong[i], &err))
			fail_msg("%s is accepted", wrong[i]);
		assert_non_null(strstr(err.text, wrong[i]));
	}
	pattern_free(pattern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_results),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_bounds),
		cmocka_unit_test(test_wrong_replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
