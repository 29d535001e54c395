/*
 * Whether one of two databases was much slower than the other with the same statement, and
 * whether a statement's time can be judged at all. Pure: the caller measures.
 */
#ifndef DIFFENGINE_SLOW_H
#define DIFFENGINE_SLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "diffengine/analysis.h"

/* Exchanges of a connection that are never slow: the databases fill their catalog caches. */
#define SLOW_WARM_UP 3

enum slow_side { SLOW_NEITHER, SLOW_TRUTH, SLOW_CANDIDATE };

struct slow_limits {
	double ratio;   /* comparison.slow-query-ratio, at least 1 */
	int64_t min_us; /* comparison.slow-query-min */
};

struct slow_times { /* microseconds, each from a side's own start; negative: unknown */
	int64_t truth_us, candidate_us;
};

/* The side that took min_us or more and `ratio` times what the other took; each may be it. */
enum slow_side slow_side_of(const struct slow_limits *limits, struct slow_times times);

enum slow_subject {
	SLOW_READS,  /* a query that cannot write: may be run again to see whether it stays slow */
	SLOW_WRITES, /* may write: its plan can be shown, and it is not run again */
	SLOW_BESIDE, /* begins or divides a transaction: takes no time worth naming */
	SLOW_UNTIMED /* its time says nothing of a plan: DDL, COMMIT, COPY, FETCH, VACUUM ... */
};

enum slow_subject slow_subject_of(
	const struct analysis *analysis, struct bytes statement, bool may_write);

#endif
