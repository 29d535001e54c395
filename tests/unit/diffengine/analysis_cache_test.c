/*
 * The cache of analyses: the same text gives the same analysis, the one unused for longest goes.
 */
#include "diffengine/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct analysis *get(struct analysis_cache *cache, const char *sql)
{
	const struct analysis *a = analysis_get(cache, bytes_str(sql));

	assert_non_null(a);
	return a;
}

static void test_same(void **state)
{
	struct analysis_cache *cache = analysis_cache_new();
	char copy[] = "select a from t order by a";

	(void)state;
	assert_non_null(cache);
	assert_int_equal(analysis_cache_count(cache), 0);
	const struct analysis *first = get(cache, "select a from t order by a");

	assert_true(first->has_order);
	assert_ptr_equal(get(cache, copy), first);
	assert_int_equal(analysis_cache_count(cache), 1);
	assert_false(get(cache, "select a from t")->has_order);
	assert_false(get(cache, "")->has_order);
	assert_int_equal(analysis_cache_count(cache), 3);
	assert_ptr_equal(get(cache, copy), first);
	/* The cache has its own copy of the text. */
	copy[0] = 'x';
	assert_true(get(cache, "select a from t order by a")->has_order);
	analysis_cache_free(cache);
	analysis_cache_free(NULL);
}

/* A name in the statement tells which analysis it is. */
static const struct analysis *get_numbered(struct analysis_cache *cache, int number)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "execute p%d", number);
	return get(cache, sql);
}

static void test_least_recently_used(void **state)
{
	struct analysis_cache *cache = analysis_cache_new();

	(void)state;
	assert_non_null(cache);
	const struct analysis *kept = get_numbered(cache, 0);

	for (int i = 1; i < ANALYSIS_CACHE_MAX + 100; i++) {
		get_numbered(cache, i);
		assert_ptr_equal(get_numbered(cache, 0), kept);
	}
	assert_int_equal(analysis_cache_count(cache), ANALYSIS_CACHE_MAX);
	assert_string_equal(get_numbered(cache, 1)->name, "p1");
	assert_string_equal(get_numbered(cache, 0)->name, "p0");
	assert_int_equal(analysis_cache_count(cache), ANALYSIS_CACHE_MAX);
	analysis_cache_free(cache);
}

static void test_bytes(void **state)
{
	struct analysis_cache *cache = analysis_cache_new();
	size_t most = ANALYSIS_CACHE_BYTES / ANALYSIS_TEXT_MAX;
	char *sql = malloc(ANALYSIS_TEXT_MAX + 1);

	(void)state;
	assert_non_null(cache);
	assert_non_null(sql);
	memset(sql, ' ', ANALYSIS_TEXT_MAX + 1);
	for (size_t i = 0; i < most + 10; i++) {
		snprintf(sql, 32, "execute p%-8zu", i);
		sql[strlen(sql)] = ' ';
		assert_non_null(analysis_get(cache, bytes_of(sql, ANALYSIS_TEXT_MAX)));
	}
	assert_int_equal(analysis_cache_count(cache), most);
	/* Longer texts are not kept. */
	for (int i = 0; i < 3; i++)
		assert_non_null(analysis_get(cache, bytes_of(sql, ANALYSIS_TEXT_MAX + 1)));
	assert_int_equal(analysis_cache_count(cache), most);
	free(sql);
	analysis_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_least_recently_used),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
