/*
 * Writing a trace: plain inserts inside batches. One thread at a time. Errors name the file
 * and SQLite's reason; after a failed call the batch may be rolled back and tried again.
 */
#ifndef SCHEMA_TRACE_WRITE_H
#define SCHEMA_TRACE_WRITE_H

#include "schema/trace.h"

/* Between begin and commit all inserts are one batch (one SQLite transaction). */
bool trace_begin(struct trace *t, struct err *err) ATTR_USE_RESULT;
bool trace_commit(struct trace *t, struct err *err) ATTR_USE_RESULT;
void trace_rollback(struct trace *t);

/* Look-up tables, written once after trace_create. `table` is "verdict" or "difference_kind";
 * `severity` is NULL for verdicts. */
bool trace_write_word(struct trace *t, const char *table, int id, const char *name,
	const char *severity, const char *meaning, struct err *err) ATTR_USE_RESULT;

bool trace_write_meta(struct trace *t, const char *key, const char *value,
	struct err *err) ATTR_USE_RESULT; /* replaces */
bool trace_write_backend(struct trace *t, const struct trace_backend *row,
	struct err *err) ATTR_USE_RESULT; /* replaces the row of that role */
bool trace_write_session(
	struct trace *t, const struct trace_session *row, struct err *err) ATTR_USE_RESULT;
bool trace_write_event(
	struct trace *t, const struct trace_event *row, struct err *err) ATTR_USE_RESULT;
bool trace_write_statement(struct trace *t, const struct trace_statement *row,
	struct err *err) ATTR_USE_RESULT; /* a repeated id is ignored */
bool trace_write_exchange(
	struct trace *t, const struct trace_exchange *row, struct err *err) ATTR_USE_RESULT;
/* Request bytes of an exchange beyond its row (COPY data), in order of `ordinal` from 1;
 * may come before the exchange's own row. */
bool trace_write_request_part(struct trace *t, int64_t exchange, int ordinal, struct bytes body,
	struct err *err) ATTR_USE_RESULT;
bool trace_write_command(
	struct trace *t, const struct trace_command *row, struct err *err) ATTR_USE_RESULT;
bool trace_write_difference(
	struct trace *t, const struct trace_difference *row, struct err *err) ATTR_USE_RESULT;
bool trace_write_consequence(struct trace *t, const struct trace_consequence *row,
	struct err *err) ATTR_USE_RESULT; /* one an exchange */
bool trace_write_plan(struct trace *t, const struct trace_plan *row,
	struct err *err) ATTR_USE_RESULT; /* may come before the exchange's own row */
bool trace_write_end_state(
	struct trace *t, const struct trace_end_state *row, struct err *err) ATTR_USE_RESULT;
bool trace_write_gap(struct trace *t, const struct trace_gap *row, struct err *err) ATTR_USE_RESULT;
/* More exchanges are missing for the reason of the last gap. */
bool trace_grow_gap(struct trace *t, int64_t exchanges, struct err *err) ATTR_USE_RESULT;
/* A repeated exchange adds up. */
bool trace_write_redaction(
	struct trace *t, const struct trace_redaction *row, struct err *err) ATTR_USE_RESULT;

/* Bytes that the file has once its log is folded in. */
int64_t trace_size(struct trace *t);

#endif
