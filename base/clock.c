/*
 * Clocks and how times are written for people. Durations are cut, not rounded, so that
 * 999.96 ms does not become "1000.0 ms".
 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MILLISECOND INT64_C(1000)
#define MINUTE      (60 * CLOCK_SECOND)
#define HOUR        (60 * MINUTE)

static int64_t now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return now_us(CLOCK_REALTIME);
}

const char *clock_format_utc(int64_t wall_us, char *out)
{
	int64_t micros = wall_us % CLOCK_SECOND;
	int64_t whole = wall_us / CLOCK_SECOND;
	struct tm tm;

	if (micros < 0) { /* before 1970: round the seconds down */
		micros += CLOCK_SECOND;
		whole--;
	}
	time_t seconds = (time_t)whole;
	if (!gmtime_r(&seconds, &tm)) {
		snprintf(out, CLOCK_TEXT_MAX, "%" PRId64 " us", wall_us);
		return out;
	}
	size_t n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT_MAX - n, ".%06dZ", (int)micros);
	return out;
}

const char *clock_format_duration(int64_t us, char *out)
{
	const char *sign = us < 0 ? "-" : "";
	uint64_t t = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;

	if (t < MILLISECOND)
		snprintf(out, CLOCK_TEXT_MAX, "%s%d us", sign, (int)t);
	else if (t < CLOCK_SECOND)
		snprintf(out, CLOCK_TEXT_MAX, "%s%d.%d ms", sign, (int)(t / 1000),
			(int)(t % 1000 / 100));
	else if (t < MINUTE)
		snprintf(out, CLOCK_TEXT_MAX, "%s%d.%02d s", sign, (int)(t / CLOCK_SECOND),
			(int)(t % CLOCK_SECOND / 10000));
	else if (t < HOUR)
		snprintf(out, CLOCK_TEXT_MAX, "%s%d min %d s", sign, (int)(t / MINUTE),
			(int)(t % MINUTE / CLOCK_SECOND));
	else
		snprintf(out, CLOCK_TEXT_MAX, "%s%" PRIu64 " h %d min", sign, t / HOUR,
			(int)(t % HOUR / MINUTE));
	return out;
}
