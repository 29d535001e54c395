/*
 * Floats that may differ in their last digits, and numerics that are equal as sort keys.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/value_impl.h"

#define NUMBER_TEXT_MAX 63 /* bytes; PostgreSQL writes at most 26 for a float */

uint64_t value_load(struct bytes data)
{
	uint64_t value = 0;

	for (size_t i = 0; i < data.len && i < sizeof(value); i++)
		value = value << 8 | data.ptr[i];
	return value;
}

static bool read_binary(bool is_narrow, struct bytes data, double *number)
{
	uint64_t bits = value_load(data);
	uint32_t bits32 = (uint32_t)bits;
	float narrow;

	if (data.len != (is_narrow ? sizeof(float) : sizeof(double)))
		return false;
	if (is_narrow) {
		memcpy(&narrow, &bits32, sizeof(narrow));
		*number = (double)narrow;
	} else {
		memcpy(number, &bits, sizeof(*number));
	}
	return true;
}

static bool read_word(struct bytes data, double *number)
{
	if (bytes_equal_str(data, "NaN"))
		*number = (double)NAN;
	else if (bytes_equal_str(data, "Infinity"))
		*number = (double)INFINITY;
	else if (bytes_equal_str(data, "-Infinity"))
		*number = (double)-INFINITY;
	else
		return false;
	return true;
}

bool value_float_read(bool is_binary, bool is_narrow, struct bytes data, double *number)
{
	char text[NUMBER_TEXT_MAX + 1];
	char *end;

	if (is_binary)
		return read_binary(is_narrow, data, number);
	if (read_word(data, number))
		return true;
	if (data.len == 0 || data.len > NUMBER_TEXT_MAX)
		return false;
	memcpy(text, data.ptr, data.len);
	text[data.len] = '\0';
	/* strtod knows more spellings than a server writes. */
	if (strspn(text, "0123456789+-.eE") != data.len)
		return false;
	*number = is_narrow ? (double)strtof(text, &end) : strtod(text, &end);
	return end == text + data.len && isfinite(*number);
}

static bool has_tolerance(const struct value_policy *policy)
{
	return policy->relative > 0 || policy->absolute > 0;
}

/* Relative to the larger; two numbers that are next to zero may be the smallest one apart. */
static bool is_close(const struct value_policy *policy, bool is_narrow, double a, double b)
{
	double larger = fmax(fabs(a), fabs(b));
	double least = is_narrow ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;

	if (!isfinite(a) || !isfinite(b))
		return a == b;
	return fabs(a - b) <= fmax(fmax(policy->relative * larger, policy->absolute), least);
}

static bool is_rounded(bool is_narrow, double from, double rounded)
{
	char text[NUMBER_TEXT_MAX + 1];

	snprintf(text, sizeof(text), "%.*g", is_narrow ? FLT_DIG : DBL_DIG, from);
	return (is_narrow ? (double)strtof(text, NULL) : strtod(text, NULL)) == rounded;
}

/* Servers before 12 write 15 digits of a double and 6 of a float, later ones as many as are
 * needed; so either the same number, its neighbour, or its rounding. */
static bool is_one_number(bool is_narrow, double a, double b)
{
	if (!isfinite(a) || !isfinite(b))
		return false;
	if (is_narrow ? nextafterf((float)a, (float)b) == (float)b : nextafter(a, b) == b)
		return true;
	return is_rounded(is_narrow, a, b) || is_rounded(is_narrow, b, a);
}

static bool read_exact(bool is_binary, struct bytes data, double *number)
{
	char text[NUMBER_TEXT_MAX + 1], *end;

	if (is_binary && (data.len == 2 || data.len == 4 || data.len == 8)) {
		uint64_t bits = value_load(data) << (8 * (8 - data.len));

		*number = (double)((int64_t)bits >> (8 * (8 - data.len)));
		return true;
	}
	if (is_binary || data.len == 0 || data.len > NUMBER_TEXT_MAX)
		return false;
	memcpy(text, data.ptr, data.len);
	text[data.len] = '\0';
	*number = strtod(text, &end);
	return *end == '\0' && isfinite(*number);
}

bool value_exact_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	double x, y;

	if (!run->policy->covers_exact || !read_exact(run->is_binary, a, &x) ||
		!read_exact(run->is_binary, b, &y) || !is_close(run->policy, false, x, y))
		return false;
	value_note(run, ALLOWANCE_FLOAT);
	return true;
}

bool value_float_agree(struct value_run *run, bool is_narrow, struct bytes a, struct bytes b)
{
	double x, y;

	if (!value_float_read(run->is_binary, is_narrow, a, &x) ||
		!value_float_read(run->is_binary, is_narrow, b, &y))
		return false;
	if (isnan(x) && isnan(y)) {
		run->is_equivalent = true;
		return true;
	}
	if (has_tolerance(run->policy) && is_close(run->policy, is_narrow, x, y)) {
		value_note(run, ALLOWANCE_FLOAT);
		return true;
	}
	if (run->policy->is_major_different && !run->is_binary && is_one_number(is_narrow, x, y)) {
		value_note(run, ALLOWANCE_FLOAT_TEXT);
		return true;
	}
	return false;
}

/* Significant digits of a decimal, as a float would be written: no trailing zeros behind the
 * point. 0: it would not be. */
static unsigned float_digits(struct bytes text)
{
	unsigned digits = 0;
	bool has_point = false, has_exponent = false;

	for (size_t i = 0; i < text.len && !has_exponent; i++) {
		unsigned char c = text.ptr[i];

		if (c == 'e')
			has_exponent = true;
		else if (c == '.')
			has_point = true;
		else if (c >= '0' && c <= '9')
			digits += digits > 0 || c != '0';
	}
	if (has_point && !has_exponent && text.ptr[text.len - 1] == '0')
		return 0;
	return digits > 0 ? digits : 1;
}

/* A numeric or an integer must not slip through here: at least one side has as many digits as
 * only a double's text has, and neither has more. */
bool value_floatlike_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	const struct value_policy *policy = run->policy;
	bool was_binary = run->is_binary;
	unsigned x, y;

	if ((policy->relative <= 0 && !policy->is_major_different) || a.len == 0 || b.len == 0)
		return false;
	if (!memchr(a.ptr, '.', a.len) && !memchr(b.ptr, '.', b.len))
		return false;
	x = float_digits(a);
	y = float_digits(b);
	if (x == 0 || y == 0 || (x < DBL_DIG && y < DBL_DIG) || x > 17 || y > 17)
		return false;
	run->is_binary = false;
	bool is_same = value_float_agree(run, false, a, b);
	run->is_binary = was_binary;
	return is_same;
}

struct decimal {
	bool is_negative;
	struct bytes whole, fraction; /* without leading and trailing zeros */
};

static struct bytes take_digits(struct bytes *text)
{
	struct bytes taken = bytes_of(text->ptr, 0);

	while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9') {
		taken.len++;
		*text = bytes_skip(*text, 1);
	}
	return taken;
}

static bool read_decimal(struct bytes text, struct decimal *decimal)
{
	*decimal = (struct decimal){.is_negative = text.len > 0 && text.ptr[0] == '-'};
	if (decimal->is_negative)
		text = bytes_skip(text, 1);
	decimal->whole = take_digits(&text);
	if (decimal->whole.len == 0)
		return false;
	if (text.len > 0 && text.ptr[0] == '.') {
		text = bytes_skip(text, 1);
		decimal->fraction = take_digits(&text);
	}
	while (decimal->whole.len > 0 && decimal->whole.ptr[0] == '0')
		decimal->whole = bytes_skip(decimal->whole, 1);
	while (decimal->fraction.len > 0 && decimal->fraction.ptr[decimal->fraction.len - 1] == '0')
		decimal->fraction.len--;
	return text.len == 0;
}

bool value_is_decimal(struct bytes text)
{
	struct decimal decimal;
	double word;

	return read_decimal(text, &decimal) || read_word(text, &word);
}

static bool decimals_tie(struct bytes a, struct bytes b)
{
	struct decimal x, y;

	if (!read_decimal(a, &x) || !read_decimal(b, &y))
		return false;
	bool is_zero = x.whole.len == 0 && x.fraction.len == 0;

	return (is_zero || x.is_negative == y.is_negative) && bytes_equal(x.whole, y.whole) &&
	       bytes_equal(x.fraction, y.fraction);
}

struct numeric {             /* binary: digits to base 10000 */
	uint16_t sign;       /* 0, 0x4000 negative, others are NaN and the infinities */
	int64_t weight;      /* of the first digit */
	struct bytes digits; /* without leading and trailing zeros */
};

static bool read_numeric(struct bytes data, struct numeric *numeric)
{
	if (data.len < 8)
		return false;
	numeric->weight = (int16_t)value_load(bytes_of(data.ptr + 2, 2));
	numeric->sign = (uint16_t)value_load(bytes_of(data.ptr + 4, 2));
	numeric->digits = bytes_skip(data, 8);
	if (numeric->digits.len != 2 * value_load(bytes_of(data.ptr, 2)))
		return false;
	struct bytes *digits = &numeric->digits;

	while (digits->len >= 2 && value_load(bytes_of(digits->ptr, 2)) == 0) {
		*digits = bytes_skip(*digits, 2);
		numeric->weight--;
	}
	while (digits->len >= 2 && value_load(bytes_of(digits->ptr + digits->len - 2, 2)) == 0)
		digits->len -= 2;
	return true;
}

bool value_numeric_is_tie(bool is_binary, struct bytes a, struct bytes b)
{
	struct numeric x, y;

	if (!is_binary)
		return decimals_tie(a, b);
	if (!read_numeric(a, &x) || !read_numeric(b, &y))
		return false;
	if (x.digits.len == 0 && y.digits.len == 0)
		return x.sign == y.sign;
	return x.sign == y.sign && x.weight == y.weight && bytes_equal(x.digits, y.digits);
}
