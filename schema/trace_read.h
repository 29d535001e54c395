/*
 * Reading a trace. Rows come one at a time through a visitor, so memory does not depend on
 * the trace's length; what the visitor is given is borrowed until it returns. A visitor that
 * returns false stops the reading; the function then returns true (*stopped tells, in the
 * visitor's own context). False with err: the file cannot be read further.
 */
#ifndef SCHEMA_TRACE_READ_H
#define SCHEMA_TRACE_READ_H

#include "schema/trace.h"

/* Reads on as the file is now, until it is closed, whatever a writer adds: cheaper for many small
 * reads, and the writer's log is not folded meanwhile. */
bool trace_hold(struct trace *t, struct err *err) ATTR_USE_RESULT;

/* NULL if absent; borrowed until the next call with this trace. */
const char *trace_read_meta(struct trace *t, const char *key);

typedef bool trace_backend_fn(void *context, const struct trace_backend *row);
bool trace_read_backends(
	struct trace *t, trace_backend_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_session_fn(void *context, const struct trace_session *row);
bool trace_read_sessions(struct trace *t, trace_session_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT; /* by id */

typedef bool trace_event_fn(void *context, const struct trace_event *row);
bool trace_read_events(struct trace *t, trace_event_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT; /* by time */

typedef bool trace_exchange_fn(void *context, const struct trace_exchange *row);
/* By id (order of starting), from `first_id`; `session` 0: all sessions. */
bool trace_read_exchanges(struct trace *t, int64_t session, int64_t first_id,
	trace_exchange_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

/* The one of that id, if it is there. */
bool trace_read_exchange(struct trace *t, int64_t id, trace_exchange_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT;
/* By id, those that have another verdict than number 0; long answers as far as they are not
 * packed. */
bool trace_read_unequal(
	struct trace *t, trace_exchange_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

struct trace_part_key {
	int64_t exchange;
	int ordinal;
};
typedef bool trace_part_fn(void *context, struct bytes body);
bool trace_read_request_parts(struct trace *t, int64_t exchange, trace_part_fn *visit,
	void *context, struct err *err) ATTR_USE_RESULT;
/* The one part of that ordinal (from 1); nothing is visited where there is none. */
bool trace_read_request_part(struct trace *t, const struct trace_part_key *key,
	trace_part_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_command_fn(
	void *context, const struct trace_command *row, struct bytes statement);
bool trace_read_commands(struct trace *t, int64_t exchange, trace_command_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT; /* by ordinal */

/* A difference with what a report says about it; `statement` is the command's text. */
struct trace_difference_context {
	const struct trace_difference *difference;
	const char *kind, *severity;
	int64_t session;
	int64_t started_us;
	const char *user, *database, *application_name;
	int64_t statement_id; /* 0: none */
	struct bytes statement;
	const char *parameters;
	int64_t cause; /* an earlier exchange that a mismatch may follow from; 0: none is known */
	const char *cause_table; /* see struct trace_consequence; NULL: none */
	const char *truth_sqlstate, *candidate_sqlstate; /* of the command; NULL: no error */
};
typedef bool trace_difference_fn(void *context, const struct trace_difference_context *row);
/* `exchange` 0: all, in order of exchange, command and writing. */
bool trace_read_differences(struct trace *t, int64_t exchange, trace_difference_fn *visit,
	void *context, struct err *err) ATTR_USE_RESULT;

/* Each statement with each verdict that its commands have, in no order. */
typedef bool trace_statement_fn(void *context, struct bytes text, int verdict);
bool trace_read_statements(
	struct trace *t, trace_statement_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_plan_fn(void *context, const struct trace_plan *row);
/* The truth's first; none in a trace that was made before there were plans. */
bool trace_read_plans(struct trace *t, int64_t exchange, trace_plan_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT;

typedef bool trace_end_state_fn(void *context, const struct trace_end_state *row);
/* schema/trace_read_report.c. None in a trace that was made before there were any. */
bool trace_read_end_states(
	struct trace *t, trace_end_state_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_gap_fn(void *context, const struct trace_gap *row);
bool trace_read_gaps(
	struct trace *t, trace_gap_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

typedef bool trace_redaction_fn(void *context, const struct trace_redaction *row);
/* By exchange; `exchange` 0: all. There are none in an older trace. */
bool trace_read_redactions(struct trace *t, int64_t exchange, trace_redaction_fn *visit,
	void *context, struct err *err) ATTR_USE_RESULT;

/* Every exchange, by id, with what names the test that it belongs to. */
#define TRACE_LABEL_HEAD 512 /* characters of the statement that are read */
struct trace_labelled {
	int64_t exchange;
	int verdict;
	int64_t truth_us;             /* -1: the answer never came */
	const char *application_name; /* of the session; "" if unknown */
	struct bytes statement;       /* head of the first command's; empty: none */
};
typedef bool trace_labelled_fn(void *context, const struct trace_labelled *row);
bool trace_read_labelled(
	struct trace *t, trace_labelled_fn *visit, void *context, struct err *err) ATTR_USE_RESULT;

struct trace_counts {
	int64_t sessions, exchanges, commands, statements, differences, gaps;
	int64_t by_verdict[16]; /* commands of each verdict number */
	int64_t exchanges_by_verdict[16];
};
bool trace_count(struct trace *t, struct trace_counts *counts, struct err *err) ATTR_USE_RESULT;

/* schema/trace_check.c. How many exchanges each session has; sessions without any are left out. */
struct trace_session_count {
	int64_t session, exchanges, equal, mismatches; /* by verdict numbers 0 and 2 */
};
typedef bool trace_session_count_fn(void *context, const struct trace_session_count *row);
bool trace_read_session_counts(struct trace *t, trace_session_count_fn *visit, void *context,
	struct err *err) ATTR_USE_RESULT; /* by session */

/* What is wrong with the file, a sentence each: SQLite's own check of its pages, then rows that
 * refer to rows that are not there. False with err: it cannot even be read. */
typedef void trace_problem_fn(void *context, const char *text);
bool trace_check(struct trace *t, trace_problem_fn *on_problem, void *context,
	struct err *err) ATTR_USE_RESULT;

#endif
