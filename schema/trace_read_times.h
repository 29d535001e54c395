/*
 * Reading for pictures of a whole trace, without its messages. Visitors and errors as in
 * trace_read.h.
 */
#ifndef SCHEMA_TRACE_READ_TIMES_H
#define SCHEMA_TRACE_READ_TIMES_H

#include "schema/trace_read.h"

/* Every exchange by id. Several commands of one cannot be told apart by their times. */
struct trace_times {
	int64_t exchange, session;
	int64_t started_us, truth_us, candidate_us; /* durations -1: never came */
	int verdict;
	int64_t statement; /* of its first command; 0: none */
	int64_t commands;
};
typedef bool trace_times_fn(void *context, const struct trace_times *row);
bool trace_read_times(
	struct trace *t, trace_times_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_text_fn(void *context, const struct trace_statement *row);
bool trace_read_texts(struct trace *t, trace_text_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT; /* by id */

/* What a session did before an exchange, the latest first. Exchanges are not found by session:
 * only so many ids before it, of all sessions, are looked at. */
#define TRACE_BEFORE_MAX 5000
struct trace_before_key {
	int64_t exchange, session;
};
struct trace_before {
	int64_t exchange;
	int64_t started_us, truth_us, candidate_us; /* durations -1: never came */
	int verdict;
	char truth_status;      /* afterwards; 0: none */
	struct bytes statement; /* of its first command */
};
typedef bool trace_before_fn(void *context, const struct trace_before *row);
bool trace_read_before(struct trace *t, const struct trace_before_key *key, trace_before_fn *visit,
	void *context, struct err *err) ATTR_USE_RESULT;

#endif
