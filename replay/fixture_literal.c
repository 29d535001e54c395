/*
 * Literals of the common types in binary format. A literal is printed and read back: where that
 * does not give the same bytes (a NaN with a payload, a date before our era) there is none.
 */
#include "replay/fixture_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LITERAL_SIZE   64
#define DAY_US         INT64_C(86400000000)
#define EPOCH_DAYS     730425 /* 2000-01-01, PostgreSQL's day 0, in days since 0000-03-01 */
#define DAYS_400_YEARS 146097
#define DAY_MAX        2921939   /* 9999-12-31 */
#define DAY_MIN        (-730119) /* 0001-01-01 */

enum type { /* pg_type.oid */
	BOOL = 16,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	TEXT = 25,
	OID = 26,
	JSON = 114,
	FLOAT4 = 700,
	FLOAT8 = 701,
	BPCHAR = 1042,
	VARCHAR = 1043,
	DATE = 1082,
	TIMESTAMP = 1114,
	TIMESTAMPTZ = 1184,
	UUID = 2950
};

bool fixture_type_is_text(uint32_t type)
{
	return type == TEXT || type == VARCHAR || type == BPCHAR || type == JSON;
}

static size_t size_of(uint32_t type)
{
	switch (type) {
	case BOOL:
		return 1;
	case INT2:
		return 2;
	case INT4:
	case OID:
	case FLOAT4:
	case DATE:
		return 4;
	case INT8:
	case FLOAT8:
	case TIMESTAMP:
	case TIMESTAMPTZ:
		return 8;
	case UUID:
		return 16;
	default:
		return 0;
	}
}

/* --- days and dates --- */

struct date {
	int64_t year;
	int month, day;
};

/* Years begin with March, so that the leap day is the last one. */
static struct date date_of(int64_t day)
{
	int64_t era, in_era, year, in_year;
	struct date date;

	day += EPOCH_DAYS;
	era = day / DAYS_400_YEARS;
	in_era = day % DAYS_400_YEARS;
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	date.month = (int)((5 * in_year + 2) / 153);
	date.day = (int)(in_year - (153 * date.month + 2) / 5 + 1);
	date.month = date.month < 10 ? date.month + 3 : date.month - 9;
	date.year = year + 400 * era + (date.month <= 2);
	return date;
}

static int64_t day_of(const struct date *date)
{
	int64_t year = date->year - (date->month <= 2);
	int64_t month = date->month > 2 ? date->month - 3 : date->month + 9;
	int64_t in_year = (153 * month + 2) / 5 + date->day - 1;

	return 365 * year + year / 4 - year / 100 + year / 400 + in_year - EPOCH_DAYS;
}

static bool print_date(char *out, int64_t day)
{
	struct date date;

	if (day < DAY_MIN || day > DAY_MAX)
		return false;
	date = date_of(day);
	snprintf(out, LITERAL_SIZE, "%04" PRId64 "-%02d-%02d", date.year, date.month, date.day);
	return true;
}

/* *rest: what follows the date. */
static bool parse_date(const char *literal, int64_t *day, const char **rest)
{
	struct date date;
	int n = 0;

	if (sscanf(literal, "%4" SCNd64 "-%2d-%2d%n", &date.year, &date.month, &date.day, &n) != 3)
		return false;
	if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31)
		return false;
	*day = day_of(&date);
	*rest = literal + n;
	return true;
}

static bool print_timestamp(char *out, int64_t us)
{
	int64_t day = us / DAY_US, in_day = us % DAY_US;
	size_t n;

	if (in_day < 0) {
		in_day += DAY_US;
		day--;
	}
	if (!print_date(out, day))
		return false;
	n = strlen(out);
	snprintf(out + n, LITERAL_SIZE - n, "T%02d:%02d:%02d.%06d", (int)(in_day / 3600000000),
		(int)(in_day / 60000000 % 60), (int)(in_day / 1000000 % 60),
		(int)(in_day % 1000000));
	return true;
}

static bool parse_timestamp(const char *literal, int64_t *us)
{
	int hour, minute, second, fraction, n = 0;
	int64_t day;
	const char *rest;

	if (!parse_date(literal, &day, &rest) ||
		sscanf(rest, "T%2d:%2d:%2d.%6d%n", &hour, &minute, &second, &fraction, &n) != 4 ||
		rest[n])
		return false;
	*us = day * DAY_US + ((hour * INT64_C(60) + minute) * 60 + second) * 1000000 + fraction;
	return true;
}

/* --- numbers --- */

static uint64_t load(struct bytes data)
{
	uint64_t n = 0;

	for (size_t i = 0; i < data.len; i++)
		n = n << 8 | data.ptr[i];
	return n;
}

static void store(uint64_t n, unsigned char *data, size_t size)
{
	for (size_t i = size; i > 0; i--, n >>= 8)
		data[i - 1] = (unsigned char)n;
}

static void print_float(char *out, uint64_t n, bool is_double)
{
	uint32_t half = (uint32_t)n;
	float f;
	double d;

	memcpy(&f, &half, sizeof(f));
	memcpy(&d, &n, sizeof(d));
	/* The shortest that reads back the same. */
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, LITERAL_SIZE, "%.*g", digits, is_double ? d : (double)f);
		if (is_double ? strtod(out, NULL) == d : strtof(out, NULL) == f)
			return;
	}
}

static bool parse_float(const char *literal, bool is_double, uint64_t *n)
{
	char *end;
	float f = strtof(literal, &end);
	double d = strtod(literal, &end);
	uint32_t half;

	memcpy(&half, &f, sizeof(half));
	memcpy(n, &d, sizeof(*n));
	if (!is_double)
		*n = half;
	return !*end;
}

static bool parse_integer(const char *literal, size_t size, uint64_t *n)
{
	int64_t most = INT64_MAX >> (64 - 8 * size), value;
	char *end;

	errno = 0;
	value = strtoll(literal, &end, 10);
	*n = (uint64_t)value;
	return !*end && errno == 0 && value <= most && value >= -most - 1;
}

/* --- uuids --- */

static void print_uuid(char *out, struct bytes data)
{
	for (size_t i = 0; i < data.len; i++) {
		const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";

		out += snprintf(out, 4, "%s%02x", dash, data.ptr[i]);
	}
}

static bool parse_uuid(const char *literal, unsigned char *data)
{
	for (size_t i = 0; i < 16; i++) {
		unsigned byte;

		if (*literal == '-' && i > 0)
			literal++;
		if (sscanf(literal, "%2x", &byte) != 1 || !literal[1])
			return false;
		data[i] = (unsigned char)byte;
		literal += 2;
	}
	return !*literal;
}

/* --- both ways --- */

static bool parse_number(uint32_t type, const char *literal, size_t size, uint64_t *n)
{
	const char *rest;
	int64_t value = 0;
	bool ok;

	switch (type) {
	case BOOL:
		*n = strcmp(literal, "true") == 0;
		return *n || strcmp(literal, "false") == 0;
	case FLOAT4:
	case FLOAT8:
		return parse_float(literal, type == FLOAT8, n);
	case DATE:
		ok = parse_date(literal, &value, &rest) && !*rest;
		break;
	case TIMESTAMP:
	case TIMESTAMPTZ:
		ok = parse_timestamp(literal, &value);
		break;
	default:
		return parse_integer(literal, size, n);
	}
	*n = (uint64_t)value;
	return ok;
}

size_t fixture_parse_literal(uint32_t type, const char *literal, unsigned char *data)
{
	size_t size = size_of(type);
	uint64_t n;

	if (type == UUID)
		return parse_uuid(literal, data) ? size : 0;
	if (size == 0 || !parse_number(type, literal, size, &n))
		return 0;
	store(n, data, size);
	return size;
}

static bool print(uint32_t type, struct bytes data, char *out)
{
	uint64_t n = load(data);
	int64_t value = size_of(type) == 4 ? (int32_t)n : (int64_t)n;

	switch (type) {
	case BOOL:
		snprintf(out, LITERAL_SIZE, "%s", n ? "true" : "false");
		return true;
	case FLOAT4:
	case FLOAT8:
		print_float(out, n, type == FLOAT8);
		return true;
	case DATE:
		return print_date(out, value);
	case TIMESTAMP:
	case TIMESTAMPTZ:
		return print_timestamp(out, value);
	case UUID:
		print_uuid(out, data);
		return true;
	default:
		value = data.len == 2 ? (int16_t)n : value;
		snprintf(out, LITERAL_SIZE, "%" PRId64, value);
		return true;
	}
}

bool fixture_print_literal(struct buf *out, uint32_t type, struct bytes data)
{
	unsigned char again[FIXTURE_LITERAL_MAX];
	char literal[LITERAL_SIZE] = "";

	if (data.len == 0 || data.len != size_of(type) || !print(type, data, literal))
		return false;
	return fixture_parse_literal(type, literal, again) == data.len &&
	       memcmp(again, data.ptr, data.len) == 0 && buf_append_str(out, literal);
}
