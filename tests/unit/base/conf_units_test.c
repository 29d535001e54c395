/*
 * Scalars as numbers and back: every unit, every refusal, the ends of the ranges.
 */
#include "base/conf_units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void integers(void **state)
{
	static const char *const wrong[] = {"", "-", "+1", "1.0", " 1", "1 ", "0x10", "1e3",
		"9223372036854775808", "-9223372036854775809", "--1", "x"};
	int64_t value = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(conf_read_integer(wrong[i], &value));
	assert_int_equal(value, 42);
	assert_true(conf_read_integer("0", &value) && value == 0);
	assert_true(conf_read_integer("-7", &value) && value == -7);
	assert_true(conf_read_integer("007", &value) && value == 7);
	assert_true(conf_read_integer("9223372036854775807", &value) && value == INT64_MAX);
	assert_true(conf_read_integer("-9223372036854775808", &value) && value == INT64_MIN);
}

static void numbers(void **state)
{
	static const char *const wrong[] = {
		"", ".", "e5", "1e", "1e999", "inf", "nan", "0x1p3", "1,5", "1 ", " 1", "1.2.3"};
	double value = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(conf_read_number(wrong[i], &value));
	assert_true(value == 42);
	assert_true(conf_read_number("4.0", &value) && value == 4);
	assert_true(conf_read_number("-1.5e-3", &value) && value == -0.0015);
	assert_true(conf_read_number(".5", &value) && value == 0.5);
	assert_true(conf_read_number("7", &value) && value == 7);
}

static void booleans(void **state)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {
									"false", "no", "off"};
	static const char *const wrong[] = {"", "True", "1", "0", "y", "truer"};
	bool value;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(conf_read_boolean(yes[i], &value) && value);
		assert_true(conf_read_boolean(no[i], &value) && !value);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(conf_read_boolean(wrong[i], &value));
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{"0", 0},
		{"0s", 0},
		{"10us", 10},
		{"500ms", 500000},
		{"30s", 30000000},
		{"2m", 120000000},
		{"1h", INT64_C(3600000000)},
		{"1d", INT64_C(86400000000)},
		{"1.5s", 1500000},
		{"0.0000006s", 1},
		{"10 seconds", 10000000},
		{"1 second", 1000000},
		{"3\tminutes", 180000000},
		{"7 millis", 7000},
		{"2 hours", INT64_C(7200000000)},
		{"106751991 d", INT64_C(9223372022400000000)},
	};
	static const char *const wrong[] = {"", "s", "-5s", "+5s", "5x", "5S", "5 s ", "5se",
		"1e3s", "0x5s", "1.2.3s", ".s", "5s5s", "106751992d", "1e999s", "5 s s", " 5s",
		"second"};
	int64_t us = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(conf_read_duration(rows[i].text, &us), CONF_UNIT_OK);
		assert_int_equal(us, rows[i].us);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(conf_read_duration(wrong[i], &us), CONF_UNIT_INVALID);
	assert_int_equal(conf_read_duration("60", &us), CONF_UNIT_MISSING);
	assert_int_equal(conf_read_duration("0.5", &us), CONF_UNIT_MISSING);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{"0", 0},
		{"17", 17},
		{"17B", 17},
		{"17 bytes", 17},
		{"1KB", 1024},
		{"1kB", 1024},
		{"1KiB", 1024},
		{"1k", 1024},
		{"64MB", 64 << 20},
		{"64 mib", 64 << 20},
		{"1.5M", 3 << 19},
		{"2GB", INT64_C(2) << 30},
		{"3TB", INT64_C(3) << 40},
		{"9007199254740991", INT64_C(9007199254740991)},
	};
	static const char *const wrong[] = {"", "-1", "KB", "1PB", "1MBs", "1 K B", "0x10",
		"8388608TB", "99999999999999999999"};
	int64_t bytes = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(conf_read_size(rows[i].text, &bytes));
		assert_int_equal(bytes, rows[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(conf_read_size(wrong[i], &bytes));
}

/* What `write` prints, in a buffer of the caller. */
#define WRITTEN(write, value, out)                             \
	do {                                                   \
		FILE *file_ = fmemopen(out, sizeof(out), "w"); \
		assert_non_null(file_);                        \
		write(file_, value);                           \
		fclose(file_);                                 \
	} while (0)

static void written_durations_are_read_again(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {{0, "0s"}, {1, "1us"}, {1500, "1500us"}, {1000000, "1s"}, {60000000, "1m"},
		{90000000, "90s"}, {INT64_C(3600000000), "1h"}, {INT64_C(172800000000), "2d"}};
	char out[64];
	int64_t again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		WRITTEN(conf_write_duration, rows[i].us, out);
		assert_string_equal(out, rows[i].text);
		assert_int_equal(conf_read_duration(out, &again), CONF_UNIT_OK);
		assert_int_equal(again, rows[i].us);
	}
}

static void written_sizes_are_read_again(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {{0, "0"}, {1, "1B"}, {1536, "1536B"}, {1 << 20, "1MB"}, {3 << 19, "1536KB"},
		{INT64_C(5) << 40, "5TB"}};
	char out[64];
	int64_t again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		WRITTEN(conf_write_size, rows[i].bytes, out);
		assert_string_equal(out, rows[i].text);
		assert_true(conf_read_size(out, &again));
		assert_int_equal(again, rows[i].bytes);
	}
}

static void written_numbers_are_read_again(void **state)
{
	static const double values[] = {0, 4, 0.1, 1.0 / 3, 1e300, -2.5, 1e-7, 123456789.123456789};
	char out[64];
	double again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		WRITTEN(conf_write_number, values[i], out);
		assert_true(conf_read_number(out, &again));
		assert_true(again == values[i]);
	}
	WRITTEN(conf_write_number, 0.1, out);
	assert_string_equal(out, "0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(numbers),
		cmocka_unit_test(booleans),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(written_durations_are_read_again),
		cmocka_unit_test(written_sizes_are_read_again),
		cmocka_unit_test(written_numbers_are_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
