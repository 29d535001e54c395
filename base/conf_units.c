/*
 * Numbers, durations and sizes of a configuration. One table of units each serves reading
 * and writing: the first name of a unit is the one that is written.
 */
#include "base/conf_units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The largest double below 2^63. */
#define INTEGER_MOST 9223372036854774784.0

struct unit {
	const char *names; /* separated by blanks */
	int64_t factor;
};

/* Largest first; the words are HOCON's. */
static const struct unit time_units[] = {
	{"d day days", INT64_C(86400000000)},
	{"h hour hours", INT64_C(3600000000)},
	{"m minute minutes", INT64_C(60000000)},
	{"s second seconds", INT64_C(1000000)},
	{"ms millis millisecond milliseconds", INT64_C(1000)},
	{"us micros microsecond microseconds", INT64_C(1)},
};

/* In any case of letters; powers of 1024 also without the i, as PostgreSQL has them. */
static const struct unit size_units[] = {
	{"TB TiB T", INT64_C(1) << 40},
	{"GB GiB G", INT64_C(1) << 30},
	{"MB MiB M", INT64_C(1) << 20},
	{"KB KiB K", INT64_C(1) << 10},
	{"B byte bytes", INT64_C(1)},
};

typedef int compare_fn(const char *a, const char *b, size_t n);

static int64_t factor_of(
	const struct unit *units, size_t count, const char *name, compare_fn *compare)
{
	for (size_t i = 0; i < count; i++) {
		for (const char *it = units[i].names; *it; it += strspn(it, " ")) {
			size_t n = strcspn(it, " ");

			if (n == strlen(name) && compare(it, name, n) == 0)
				return units[i].factor;
			it += n;
		}
	}
	return 0;
}

bool conf_read_integer(const char *text, int64_t *value)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || digits[n] != '\0')
		return false;
	errno = 0;
	long long number = strtoll(text, NULL, 10);
	if (errno != 0)
		return false;
	*value = number;
	return true;
}

bool conf_read_number(const char *text, double *value)
{
	size_t n = strspn(text, "0123456789+-.eE"); /* no hex, inf or nan */
	char *end;

	if (n == 0 || text[n] != '\0')
		return false;
	double number = strtod(text, &end);
	if (*end != '\0' || !isfinite(number))
		return false;
	*value = number;
	return true;
}

bool conf_read_boolean(const char *text, bool *value)
{
	static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*value = i >= ARRAY_LEN(words) / 2;
			return true;
		}
	}
	return false;
}

/* The number that `text` begins with (no sign, no exponent) and what follows it. */
static bool read_amount(const char *text, double *amount, const char **rest)
{
	size_t n = strspn(text, "0123456789.");
	char *end;

	if (n == 0)
		return false;
	*amount = strtod(text, &end);
	*rest = text + n + strspn(text + n, " \t");
	return end == text + n;
}

/* To the nearest whole number; without libm, which would be linked for this alone. */
static bool scale(double amount, int64_t factor, int64_t *value)
{
	double scaled = amount * (double)factor;

	if (factor == 0 || scaled > INTEGER_MOST)
		return false;
	int64_t whole = (int64_t)scaled;
	*value = whole + (scaled - (double)whole >= 0.5 ? 1 : 0);
	return true;
}

enum conf_unit_result conf_read_duration(const char *text, int64_t *us)
{
	double amount;
	const char *unit;

	if (!read_amount(text, &amount, &unit))
		return CONF_UNIT_INVALID;
	if (*unit == '\0' && amount > 0)
		return CONF_UNIT_MISSING;
	int64_t factor = *unit ? factor_of(time_units, ARRAY_LEN(time_units), unit, strncmp) : 1;
	return scale(amount, factor, us) ? CONF_UNIT_OK : CONF_UNIT_INVALID;
}

bool conf_read_size(const char *text, int64_t *bytes)
{
	double amount;
	const char *unit;

	if (!read_amount(text, &amount, &unit))
		return false;
	int64_t factor =
		*unit ? factor_of(size_units, ARRAY_LEN(size_units), unit, strncasecmp) : 1;
	return scale(amount, factor, bytes);
}

static void write_scaled(FILE *out, const struct unit *units, size_t count, int64_t value)
{
	size_t i = 0;

	while (i + 1 < count && value % units[i].factor != 0)
		i++;
	fprintf(out, "%" PRId64 "%.*s", value / units[i].factor, (int)strcspn(units[i].names, " "),
		units[i].names);
}

void conf_write_duration(FILE *out, int64_t us)
{
	if (us == 0)
		fputs("0s", out);
	else
		write_scaled(out, time_units, ARRAY_LEN(time_units), us);
}

void conf_write_size(FILE *out, int64_t bytes)
{
	if (bytes == 0)
		fputs("0", out);
	else
		write_scaled(out, size_units, ARRAY_LEN(size_units), bytes);
}

void conf_write_number(FILE *out, double value)
{
	char text[64];

	/* The shortest of the two that is read as the same value. */
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	fputs(text, out);
}
