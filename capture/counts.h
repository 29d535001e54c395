/*
 * What the proxy counts while it serves, for the summary, for SIGUSR1 and for Prometheus. Only
 * the loop's thread counts and reads. Counting is an increment, for a latency a few compares;
 * everything else is done when somebody asks (capture/metrics_page.h).
 */
#ifndef CAPTURE_COUNTS_H
#define CAPTURE_COUNTS_H

#include <stdint.h>

#include "diffengine/verdict.h"

struct session;

/* Bytes of protocol messages after the login, without what TLS adds; "in" is what the proxy
 * reads. */
#define COUNTS_DIRECTIONS(X)            \
	X(CLIENT_IN, "client_in")       \
	X(CLIENT_OUT, "client_out")     \
	X(TRUTH_IN, "truth_in")         \
	X(TRUTH_OUT, "truth_out")       \
	X(CANDIDATE_IN, "candidate_in") \
	X(CANDIDATE_OUT, "candidate_out")

#define COUNTS_X_ENUM(NAME, name) COUNTS_##NAME,
enum counts_direction { COUNTS_DIRECTIONS(COUNTS_X_ENUM) COUNTS_DIRECTION_COUNT };
#undef COUNTS_X_ENUM

const char *counts_direction_name(enum counts_direction direction);

#define COUNTS_BUCKETS 16

struct counts_histogram {
	int64_t buckets[COUNTS_BUCKETS + 1]; /* each alone, not added up; the last: longer ones */
	int64_t sum_us;
};

/* The longest time that belongs to the bucket; `bucket` < COUNTS_BUCKETS. */
int64_t counts_bound_us(int bucket);
void counts_observe(struct counts_histogram *h, int64_t us);

struct proxy_counts {
	int64_t sessions, refused; /* clients served; clients whose session never began */
	int64_t alone;             /* sessions that went on without the candidate */
	int64_t exchanges[VERDICT_COUNT];
	int64_t routed;           /* exchanges of which one database alone got a part */
	int64_t deadlocks;        /* units ended because of a deadlock across the two databases */
	int64_t asked_again;      /* tries more because a side asked for them */
	int64_t consequences;     /* mismatches that may follow from earlier ones */
	int64_t taint_omitted;    /* tables beyond TAINT_TABLES_MAX */
	int64_t ddl_kept;         /* DDL whose rollback one side did not make */
	int64_t handed_on;        /* turns given up because the session was blocked */
	int64_t slow;             /* exchanges that are slow on one side, allowed or not */
	int64_t slow_unconfirmed; /* slow once, and not with EXPLAIN ANALYZE */
	int64_t slow_skipped;     /* slow, and not looked into */
	int64_t bytes[COUNTS_DIRECTION_COUNT]; /* of sessions that have ended */
	/* From the first byte of an exchange that a side was sent to its ReadyForQuery. */
	struct counts_histogram truth, candidate;
};

/* What the session has carried so far: all of it, or the part of its backends, if it has them. */
void counts_add_session(struct proxy_counts *counts, const struct session *s);
void counts_add_backends(struct proxy_counts *counts, const struct session *s);

#endif
