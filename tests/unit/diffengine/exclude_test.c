/*
 * Exclusion patterns: found anywhere whatever the case, the first that matches, invalid ones
 * explained, and no pattern takes the proxy's time.
 */
#include "diffengine/exclude.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"

static const char *match(const char *pattern, const char *statement)
{
	struct exclude *x = exclude_new(&pattern, 1, NULL);
	const char *found;

	assert_non_null(x);
	found = exclude_match(x, bytes_str(statement));
	assert_true(!found || found == pattern);
	exclude_free(x);
	return found;
}

static void test_search(void **state)
{
	(void)state;
	assert_non_null(match("SHOW.*", "show search_path"));
	assert_non_null(match("show", "SELECT 1 -- SHOW"));
	assert_non_null(match("SELECT.*version\\(\\).*", "/* a */ select\n 1,\n Version()"));
	assert_non_null(match("^select 1$", "SELECT 1"));
	assert_null(match("^select 1$", "select 12"));
	assert_null(match("show", "sho w"));
	assert_null(match("version\\(\\)", "version"));
	assert_non_null(match("\\bpg_", "select pg_sleep(1)"));
	assert_null(match("\\bpg_", "select xpg_sleep(1)"));
}

static void test_any_bytes(void **state)
{
	const char *pattern = "a.c";
	struct exclude *x = exclude_new(&pattern, 1, NULL);

	(void)state;
	assert_non_null(x);
	assert_ptr_equal(exclude_match(x, bytes_of("\xff"
						   "a\0c",
						  4)),
		pattern);
	assert_ptr_equal(exclude_match(x, bytes_of("\xc3"
						   "A\xff"
						   "C\x80",
						  5)),
		pattern);
	assert_null(exclude_match(x, bytes_of("ac", 2)));
	/* Nothing behind the view is read. */
	assert_null(exclude_match(x, bytes_of("abc", 2)));
	exclude_free(x);
}

static void test_empty(void **state)
{
	const char *pattern = "";
	struct exclude *none = exclude_new(NULL, 0, NULL);
	struct exclude *x = exclude_new(&pattern, 1, NULL);

	(void)state;
	assert_non_null(none);
	assert_non_null(x);
	assert_null(exclude_match(none, bytes_str("select 1")));
	assert_null(exclude_match(none, bytes_of(NULL, 0)));
	assert_ptr_equal(exclude_match(x, bytes_of(NULL, 0)), pattern);
	assert_null(match("a", ""));
	assert_non_null(match("^$", ""));
	exclude_free(none);
	exclude_free(x);
	exclude_free(NULL);
}

static void test_first_pattern_wins(void **state)
{
	const char *patterns[] = {"show", "select", "sel"};
	struct exclude *x = exclude_new(patterns, 3, NULL);

	(void)state;
	assert_non_null(x);
	assert_ptr_equal(exclude_match(x, bytes_str("select 1")), patterns[1]);
	assert_ptr_equal(exclude_match(x, bytes_str("select * from show")), patterns[0]);
	assert_ptr_equal(exclude_match(x, bytes_str("sel ect")), patterns[2]);
	assert_null(exclude_match(x, bytes_str("insert")));
	exclude_free(x);
}

static void test_invalid(void **state)
{
	const char *patterns[] = {"fine", "abc(def"};
	const char *utf = "(*UTF)a";
	struct err err = {{0}};

	(void)state;
	assert_null(exclude_new(patterns, 2, &err));
	assert_string_equal(err.text, "\"abc(def\" is not a valid pattern: at character 7: "
				      "missing closing parenthesis");
	assert_null(exclude_new(patterns, 2, NULL));
	patterns[1] = "a[z-a]";
	assert_null(exclude_new(patterns, 2, &err));
	assert_non_null(strstr(err.text, "\"a[z-a]\" is not a valid pattern: at character 4: "));
	patterns[1] = "*";
	assert_null(exclude_new(patterns, 2, &err));
	/* A statement need not be UTF-8, so a pattern may not ask for it. */
	assert_null(exclude_new(&utf, 1, &err));
}

/* Searches `size` bytes of repeated `unit`; fails when that takes long. */
static const char *match_long(const char *pattern, const char *unit, size_t size)
{
	struct exclude *x = exclude_new(&pattern, 1, NULL);
	char *text = malloc(size);
	int64_t start = clock_mono_us();
	const char *found;

	assert_non_null(x);
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % strlen(unit)];
	found = exclude_match(x, bytes_of(text, size));
	if (clock_mono_us() - start > 10 * CLOCK_SECOND)
		fail_msg("%s took %lld us", pattern, (long long)(clock_mono_us() - start));
	free(text);
	exclude_free(x);
	return found;
}

static void test_catastrophic_is_bounded(void **state)
{
	(void)state;
	assert_null(match_long("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 66));
	/* Just below the limit at every place would add up to minutes. */
	assert_null(match_long("(a+)+$", "aaaaaaaaaaaaaaab", 4000000));
	assert_null(match_long("(a|aa)+$", "aaaaaaaaaaaab", 500006));
	assert_null(match_long("(.*)*x{2}y?[0-9]", "ab", 100000));
	assert_null(match_long("a.*a.*a.*[xy]", "a", 20000));
}

/* What people write must work on long statements too. */
static void test_long_statements(void **state)
{
	(void)state;
	assert_non_null(match_long("select.*from t", "select a, b, c from t where ", 1000000));
	assert_non_null(
		match_long("insert (.|\\n)*values", "insert into t values (1), (2) ", 5000));
	assert_non_null(match_long("^(?:.|\\s)*t$", "insert into t", 13 * 400));
	assert_null(match_long("select.*version\\(\\)", "insert into t values (1) ", 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_first_pattern_wins),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_catastrophic_is_bounded),
		cmocka_unit_test(test_long_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
