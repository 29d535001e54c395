/*
 * A process that hides its memory, and one that it runs.
 */
#include "base/process.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <sys/prctl.h>

static void test_is_not_dumped(void **state)
{
	int before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

	(void)state;
	assert_int_equal(before, 1);
	process_hide_memory();
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_DUMPABLE, before, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_not_dumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
