/*
 * Time in microseconds: a monotonic clock for durations and deadlines, the wall clock for
 * what a person reads.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000)

/* Microseconds since an arbitrary start; never goes back. */
int64_t clock_mono_us(void);
/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);

#define CLOCK_TEXT_MAX 32
/* "2026-11-23 14:05:06.123456Z" into `out`, which holds CLOCK_TEXT_MAX bytes; returns out. */
const char *clock_format_utc(int64_t wall_us, char *out);
/* "950 us", "12.3 ms", "4.56 s", "3 min 7 s" into `out` (CLOCK_TEXT_MAX bytes); returns out. */
const char *clock_format_duration(int64_t us, char *out);

#endif
