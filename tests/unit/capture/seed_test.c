/* Tests for capture/seed.c: the seed itself; tests/e2e/test_preflight.py has sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/seed.h"

static bool is_same(double a, double b)
{
	return !(a < b) && !(a > b);
}

static void test_each_has_its_own(void **state)
{
	(void)state;
	assert_true(is_same(seed_of("shop", 1, 5), seed_of("shop", 1, 5)));
	assert_false(is_same(seed_of("shop", 1, 5), seed_of("shop", 2, 5)));
	assert_false(is_same(seed_of("shop", 1, 5), seed_of("shop", 1, 6)));
	assert_false(is_same(seed_of("shop", 1, 5), seed_of("other", 1, 5)));
}

static void test_what_setseed_takes(void **state)
{
	(void)state;
	for (int64_t session = 0; session < 10000; session++) {
		double seed = seed_of("shop", session, INT64_MAX);

		assert_true(seed >= 0 && seed < 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_own),
		cmocka_unit_test(test_what_setseed_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
