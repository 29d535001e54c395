/*
 * Clocks, and times as text.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void monotonic_clock_goes_on(void **state)
{
	struct timespec nap = {.tv_nsec = 2000000};
	int64_t before = clock_mono_us();

	(void)state;
	nanosleep(&nap, NULL);
	int64_t after = clock_mono_us();
	assert_true(after - before >= 2000);
	assert_true(after - before < 60 * CLOCK_SECOND);
}

static void wall_clock_agrees_with_time(void **state)
{
	int64_t now = clock_wall_us();

	(void)state;
	assert_in_range(now / CLOCK_SECOND, time(NULL) - 2, time(NULL) + 2);
}

static void utc_text(void **state)
{
	char out[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format_utc(0, out), "1970-01-01 00:00:00.000000Z");
	assert_string_equal(
		clock_format_utc(INT64_C(1795442706123456), out), "2026-11-23 14:05:06.123456Z");
	assert_string_equal(clock_format_utc(-1, out), "1969-12-31 23:59:59.999999Z");
	assert_string_equal(clock_format_utc(-CLOCK_SECOND, out), "1969-12-31 23:59:59.000000Z");
}

static void utc_text_of_extremes_fits(void **state)
{
	char out[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format_utc(INT64_MAX, out), "294247-01-10 04:00:54.775807Z");
	assert_true(strlen(clock_format_utc(INT64_MIN, out)) < CLOCK_TEXT_MAX);
}

static void duration_text(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{0, "0 us"},
		{950, "950 us"},
		{999, "999 us"},
		{1000, "1.0 ms"},
		{12345, "12.3 ms"},
		{999999, "999.9 ms"},
		{1000000, "1.00 s"},
		{4567890, "4.56 s"},
		{59999999, "59.99 s"},
		{60000000, "1 min 0 s"},
		{187000000, "3 min 7 s"},
		{INT64_C(3600000000), "1 h 0 min"},
		{INT64_C(90060000000), "25 h 1 min"},
		{-12345, "-12.3 ms"},
		{INT64_MAX, "2562047788 h 0 min"},
		{INT64_MIN, "-2562047788 h 0 min"},
	};
	char out[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(clock_format_duration(rows[i].us, out), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monotonic_clock_goes_on),
		cmocka_unit_test(wall_clock_agrees_with_time),
		cmocka_unit_test(utc_text),
		cmocka_unit_test(utc_text_of_extremes_fits),
		cmocka_unit_test(duration_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
