/*
 * Cycles of waiting: found only where they need both databases.
 */
#include "capture/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* "c0>1 t1>0": on the candidate 0 waits for 1, on the truth 1 for 0. */
static struct waits *waits_of(size_t count, const char *text)
{
	struct waits *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->count = count;
	while (*text) {
		enum waits_side side = *text++ == 't' ? WAITS_TRUTH : WAITS_CANDIDATE;
		char *end;
		size_t from = strtoul(text, &end, 10);
		size_t to = strtoul(end + 1, &end, 10);

		waits_add(w, side, from, to);
		assert_true(waits_has(w, side, from, to));
		text = *end ? end + 1 : end;
	}
	return w;
}

static void finds(size_t count, const char *edges, size_t length, const size_t *expected)
{
	struct waits *w = waits_of(count, edges);
	size_t members[2 * WAITS_MAX];

	assert_int_equal(waits_find_cycle(w, members), length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(members[i], expected[i]);
	free(w);
}

static void test_crosswise(void **state)
{
	(void)state;
	finds(2, "c0>1 t1>0", 2, (size_t[]){1, 0});
	finds(2, "t0>1 c1>0", 2, (size_t[]){0, 1});
	finds(3, "t0>1 t1>2 c2>0", 3, (size_t[]){0, 1, 2});
	finds(WAITS_MAX, "t255>64 c64>255", 2, (size_t[]){255, 64});
}

static void test_beside_others(void **state)
{
	(void)state;
	finds(5, "c3>0 t4>0 t2>1 c0>2 t1>0", 3, (size_t[]){2, 1, 0});
}

static void test_of_one_database(void **state)
{
	(void)state;
	finds(2, "c0>1 c1>0", 0, NULL);
	finds(2, "t0>1 t1>0", 0, NULL);
	finds(3, "t0>1 t1>0 c2>0", 0, NULL);
}

static void test_none(void **state)
{
	(void)state;
	finds(0, "", 0, NULL);
	finds(3, "t0>1 c1>2 c0>2", 0, NULL);
}

/* The longest there can be. */
static void test_a_ring_of_all(void **state)
{
	struct waits *w = waits_of(WAITS_MAX, "t255>0");
	size_t members[2 * WAITS_MAX];

	(void)state;
	for (size_t i = 0; i + 1 < WAITS_MAX; i++)
		waits_add(w, WAITS_CANDIDATE, i, i + 1);
	assert_int_equal(waits_find_cycle(w, members), WAITS_MAX);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_crosswise),
		cmocka_unit_test(test_beside_others), cmocka_unit_test(test_of_one_database),
		cmocka_unit_test(test_none), cmocka_unit_test(test_a_ring_of_all)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
