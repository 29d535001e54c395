/*
 * Dates and times of every DateStyle: far enough understood to say how far two of them are
 * apart. Where day and month could be the other way round, only equal dates are compared.
 */
#include <stdlib.h>

#include "diffengine/value_impl.h"

#define DAY_US      INT64_C(86400000000)
#define SECOND_US   INT64_C(1000000)
#define DAYS_MOST   36500   /* further apart than any tolerance */
#define YEAR_MOST   5874897 /* of a date */
#define DIGITS_MOST 9
#define HOURS_MOST  1000000000
#define PARTS_MOST  4 /* years, months, days, time */

static bool take_char(struct bytes *text, char c)
{
	if (text->len == 0 || text->ptr[0] != (unsigned char)c)
		return false;
	*text = bytes_skip(*text, 1);
	return true;
}

static bool take_digits(struct bytes *text, size_t least, size_t most, int64_t *number)
{
	size_t n = 0;

	*number = 0;
	for (; n < text->len && n < most && text->ptr[n] >= '0' && text->ptr[n] <= '9'; n++)
		*number = *number * 10 + (text->ptr[n] - '0');
	*text = bytes_skip(*text, n);
	return n >= least;
}

static bool take_word(struct bytes *text, const char *word)
{
	size_t len = strlen(word);

	if (text->len < len || memcmp(text->ptr, word, len) != 0)
		return false;
	*text = bytes_skip(*text, len);
	return true;
}

/* Days since 2000-01-01 in the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, m = month > 2 ? month - 3 : month + 9;
	int64_t of_year = (153 * m + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730425;
}

struct date {
	int64_t year, month, day;
};

static bool set_date(struct value_moment *moment, const struct date *date)
{
	if (date->month < 1 || date->month > 12 || date->day < 1 || date->day > 31 ||
		date->year < 1 || date->year > YEAR_MOST)
		return false;
	moment->days = days_of(moment->is_bc ? 1 - date->year : date->year, date->month, date->day);
	return true;
}

/* The first two numbers of a date are day and month, in an order that the text need not tell. */
static void sort_out_month(struct value_moment *moment, struct date *date)
{
	int64_t first = date->month;

	moment->is_month_ambiguous = first <= 12 && date->day <= 12 && first != date->day;
	if (first > 12) {
		date->month = date->day;
		date->day = first;
	}
}

/* YYYY-MM-DD (ISO), MM/DD/YYYY and DD/MM/YYYY (SQL), DD.MM.YYYY (German), MM-DD-YYYY and
 * DD-MM-YYYY (Postgres). */
static bool take_date(struct bytes *text, struct value_moment *moment)
{
	struct bytes start = *text;
	struct date date = {0};
	int64_t first;

	if (!take_digits(text, 2, 7, &first) || text->len == 0)
		return false;
	size_t width = start.len - text->len;
	char separator = (char)text->ptr[0];

	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	*text = bytes_skip(*text, 1);
	if (!take_digits(text, 2, 2, &date.day) || !take_char(text, separator))
		return false;
	if (width >= 4 && separator == '-') {
		date.year = first;
		date.month = date.day;
		if (!take_digits(text, 2, 2, &date.day))
			return false;
	} else {
		if (width != 2 || !take_digits(text, 4, 7, &date.year))
			return false;
		date.month = first;
		if (separator == '.') {
			date.month = date.day;
			date.day = first;
		} else {
			sort_out_month(moment, &date);
		}
	}
	moment->date = bytes_of(start.ptr, start.len - text->len);
	return set_date(moment, &date);
}

static bool take_time(struct bytes *text, int64_t *us)
{
	int64_t hour, minute, second, fraction = 0;

	if (!take_digits(text, 2, 2, &hour) || !take_char(text, ':') ||
		!take_digits(text, 2, 2, &minute) || !take_char(text, ':') ||
		!take_digits(text, 2, 2, &second) || hour > 24 || minute > 59 || second > 60)
		return false;
	if (take_char(text, '.')) {
		size_t before = text->len;

		if (!take_digits(text, 1, DIGITS_MOST, &fraction))
			return false;
		size_t digits = before - text->len;

		for (; digits < 6; digits++)
			fraction *= 10;
		for (; digits > 6; digits--)
			fraction /= 10;
	}
	*us = ((hour * 60 + minute) * 60 + second) * SECOND_US + fraction;
	return true;
}

static bool take_offset(struct bytes *text, struct value_moment *moment)
{
	int64_t hour, minute = 0, second = 0;
	bool is_west = text->len > 0 && text->ptr[0] == '-';

	if (take_char(text, 'Z')) {
		moment->has_offset = true;
		return true;
	}
	if (!take_char(text, '+') && !take_char(text, '-'))
		return true;
	if (!take_digits(text, 2, 2, &hour))
		return false;
	if (take_char(text, ':') && !take_digits(text, 2, 2, &minute))
		return false;
	if (take_char(text, ':') && !take_digits(text, 2, 2, &second))
		return false;
	moment->has_offset = true;
	moment->offset_s = (hour * 60 + minute) * 60 + second;
	if (is_west)
		moment->offset_s = -moment->offset_s;
	moment->us -= moment->offset_s * SECOND_US;
	return true;
}

/* What may stand behind a time: an offset, or the abbreviation of a zone. */
static bool take_zone(struct bytes *text, struct value_moment *moment)
{
	if (!take_offset(text, moment))
		return false;
	if (take_char(text, ' ')) {
		moment->zone = *text;
		*text = bytes_skip(*text, text->len);
	}
	return true;
}

/* Www Mon DD HH:MM:SS YYYY zone, or Www DD Mon ... */
static bool take_postgres(struct bytes *text, struct value_moment *moment)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date date = {0};
	struct bytes name;

	if (text->len < 20 || text->ptr[3] != ' ')
		return false;
	*text = bytes_skip(*text, 4);
	bool is_day_first = take_digits(text, 2, 2, &date.day) && take_char(text, ' ');

	name = bytes_of(text->ptr, text->len < 3 ? text->len : 3);
	*text = bytes_skip(*text, 3);
	for (int64_t m = 0; m < 12; m++)
		if (bytes_equal(name, bytes_of(months + 3 * m, 3)))
			date.month = m + 1;
	if (!take_char(text, ' '))
		return false;
	if (!is_day_first && (!take_digits(text, 2, 2, &date.day) || !take_char(text, ' ')))
		return false;
	return take_time(text, &moment->us) && take_char(text, ' ') &&
	       take_digits(text, 4, 7, &date.year) && set_date(moment, &date) &&
	       take_zone(text, moment);
}

static bool take_bc(struct bytes *text)
{
	bool is_bc = text->len > 3 && memcmp(text->ptr + text->len - 3, " BC", 3) == 0;

	if (is_bc)
		text->len -= 3;
	return is_bc;
}

static bool read_text(enum value_kind kind, struct bytes text, struct value_moment *moment)
{
	moment->infinity = bytes_equal_str(text, "infinity") - bytes_equal_str(text, "-infinity");
	if (moment->infinity)
		return kind != KIND_TIME && kind != KIND_TIMETZ;
	moment->is_bc = take_bc(&text);
	if (kind == KIND_TIME || kind == KIND_TIMETZ)
		return take_time(&text, &moment->us) && take_offset(&text, moment) && text.len == 0;
	if (text.len > 0 && text.ptr[0] > '9')
		return take_postgres(&text, moment) && text.len == 0;
	if (!take_date(&text, moment))
		return false;
	if (kind == KIND_DATE)
		return text.len == 0;
	return (take_char(&text, ' ') || take_char(&text, 'T')) && take_time(&text, &moment->us) &&
	       take_zone(&text, moment) && text.len == 0;
}

static void split_days(int64_t us, struct value_moment *moment)
{
	moment->days = us / DAY_US;
	moment->us = us % DAY_US;
}

static bool read_binary(enum value_kind kind, struct bytes data, struct value_moment *moment)
{
	int64_t number = (int64_t)value_load(bytes_of(data.ptr, data.len < 8 ? data.len : 8));

	if (kind == KIND_DATE) {
		moment->days = (int32_t)number;
		moment->infinity = (moment->days == INT32_MAX) - (moment->days == INT32_MIN);
		return data.len == 4;
	}
	if (kind == KIND_TIMETZ && data.len == 12) {
		/* On the wire the zone counts westwards. */
		moment->has_offset = true;
		moment->offset_s = -(int64_t)(int32_t)value_load(bytes_skip(data, 8));
	}
	if (data.len != (kind == KIND_TIMETZ ? 12u : 8u))
		return false;
	split_days(number, moment);
	moment->us -= moment->offset_s * SECOND_US;
	if (kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ)
		moment->infinity = (number == INT64_MAX) - (number == INT64_MIN);
	return true;
}

bool value_moment_read(
	bool is_binary, enum value_kind kind, struct bytes data, struct value_moment *moment)
{
	*moment = (struct value_moment){0};
	return is_binary ? read_binary(kind, data, moment) : read_text(kind, data, moment);
}

bool value_moment_read_iso(struct bytes text, struct value_moment *moment)
{
	*moment = (struct value_moment){0};
	if (text.len < 19 || text.ptr[4] != '-' || text.ptr[7] != '-')
		return false;
	return take_date(&text, moment) && (take_char(&text, 'T') || take_char(&text, ' ')) &&
	       take_time(&text, &moment->us) && take_offset(&text, moment) && text.len == 0;
}

/* How far apart, in microseconds; -1: it cannot be told, or for ever. */
static int64_t distance(const struct value_moment *a, const struct value_moment *b)
{
	int64_t days = a->days - b->days;

	if (a->infinity || b->infinity)
		return a->infinity == b->infinity ? 0 : -1;
	if (a->has_offset != b->has_offset || !bytes_equal(a->zone, b->zone))
		return -1;
	if ((a->is_month_ambiguous || b->is_month_ambiguous) && !bytes_equal(a->date, b->date))
		return -1;
	if (days > DAYS_MOST || days < -DAYS_MOST)
		return -1;
	return llabs(days * DAY_US + a->us - b->us);
}

#define UNIX_TO_2000_US   (INT64_C(946684800) * 1000000)
#define WINDOW_DAYS_MOST  10000000                       /* no run is that far from 2000 */
#define UNKNOWN_OFFSET_US (14 * INT64_C(3600) * 1000000) /* no zone is farther from UTC */

static bool is_in_window(const struct value_policy *policy, const struct value_moment *m)
{
	int64_t slack = m->has_offset ? 0 : UNKNOWN_OFFSET_US, at;

	if (policy->clock_from_us == 0 && policy->clock_until_us == 0)
		return true;
	if (m->days > WINDOW_DAYS_MOST || m->days < -WINDOW_DAYS_MOST)
		return false;
	at = m->days * DAY_US + m->us + UNIX_TO_2000_US;
	return at >= policy->clock_from_us - slack && at <= policy->clock_until_us + slack;
}

static bool is_near(struct value_run *run, const struct value_moment *a,
	const struct value_moment *b, bool is_time)
{
	int64_t apart = distance(a, b);

	/* A clock starts again at midnight. */
	if (is_time && apart > DAY_US / 2)
		apart = llabs(DAY_US - apart);
	if (apart < 0 || apart > run->policy->clock_us)
		return false;
	if (!is_time && (!is_in_window(run->policy, a) || !is_in_window(run->policy, b)))
		return false;
	value_note(run, ALLOWANCE_CLOCK);
	return true;
}

bool value_clock_agree(struct value_run *run, enum value_kind kind, struct bytes a, struct bytes b)
{
	struct value_moment x, y;

	return run->policy->clock_us > 0 && value_moment_read(run->is_binary, kind, a, &x) &&
	       value_moment_read(run->is_binary, kind, b, &y) &&
	       is_near(run, &x, &y, kind == KIND_TIME || kind == KIND_TIMETZ);
}

bool value_clock_text_agree(struct value_run *run, struct bytes a, struct bytes b)
{
	struct value_moment x, y;

	return run->policy->clock_us > 0 && value_moment_read_iso(a, &x) &&
	       value_moment_read_iso(b, &y) && is_near(run, &x, &y, false);
}

bool value_moment_is_tie(bool is_binary, enum value_kind kind, struct bytes a, struct bytes b)
{
	struct value_moment x, y;

	return value_moment_read(is_binary, kind, a, &x) &&
	       value_moment_read(is_binary, kind, b, &y) && distance(&x, &y) == 0 &&
	       (kind != KIND_TIMETZ || x.offset_s == y.offset_s);
}

/* --- intervals ------------------------------------------------------------------------------ */

struct interval {
	int64_t months, days, us;
};

static bool take_sign(struct bytes *text)
{
	if (take_char(text, '-'))
		return true;
	take_char(text, '+');
	return false;
}

/* `3 mons` or `-04:05:06.7` of IntervalStyle postgres. */
static bool take_part(struct bytes *text, struct interval *interval)
{
	bool is_negative = take_sign(text);
	int64_t number, us;

	if (!take_digits(text, 1, 10, &number))
		return false;
	int64_t value = is_negative ? -number : number;

	if (take_char(text, ':')) {
		/* Hours have any number of digits: the rest is read as 00:MM:SS. */
		unsigned char clock[24] = "00:";

		if (text->len > sizeof(clock) - 3 || number > HOURS_MOST)
			return false;
		memcpy(clock + 3, text->ptr, text->len);
		struct bytes view = bytes_of(clock, text->len + 3);
		if (!take_time(&view, &us) || view.len > 0)
			return false;
		*text = bytes_skip(*text, text->len);
		us += number * 3600 * SECOND_US;
		interval->us = is_negative ? -us : us;
		return true;
	}
	if (take_word(text, " year"))
		interval->months += 12 * value;
	else if (take_word(text, " mon"))
		interval->months += value;
	else if (take_word(text, " day"))
		interval->days += value;
	else
		return false;
	take_char(text, 's');
	return true;
}

static bool read_interval_text(struct bytes text, struct interval *interval)
{
	for (int i = 0; i < PARTS_MOST; i++) {
		if (!take_part(&text, interval))
			return false;
		if (!take_char(&text, ' '))
			break;
	}
	return text.len == 0;
}

bool value_interval_read(bool is_binary, struct bytes data, int64_t *days, int64_t *us)
{
	struct interval interval = {0};

	if (is_binary) {
		if (data.len != 16)
			return false;
		interval.us = (int64_t)value_load(bytes_of(data.ptr, 8));
		interval.days = (int32_t)value_load(bytes_of(data.ptr + 8, 4));
		interval.months = (int32_t)value_load(bytes_of(data.ptr + 12, 4));
	} else if (!read_interval_text(data, &interval)) {
		return false;
	}
	/* As the server orders them: a month has 30 days and a day 24 hours. */
	*days = interval.months * 30 + interval.days + interval.us / DAY_US;
	*us = interval.us % DAY_US;
	if (*us < 0) {
		*us += DAY_US;
		*days -= 1;
	}
	return true;
}
