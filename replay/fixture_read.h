/*
 * Fixture text (docs/FIXTURES.md) as rows of a trace. Rows go to a sink one at a time; what they
 * point to is borrowed until it returns. Times are made up: every line that matters is one step
 * of FIXTURE_STEP_US later than the one before. Memory: a session each, and what is under way.
 */
#ifndef REPLAY_FIXTURE_READ_H
#define REPLAY_FIXTURE_READ_H

#include <stdio.h>

#include "schema/trace.h"

#define FIXTURE_STEP_US      20000
#define FIXTURE_SESSIONS_MAX 100000
#define FIXTURE_HEAD_MAX     ((size_t)16 << 20)  /* bytes before the first request or event */
#define FIXTURE_PART         ((size_t)256 << 10) /* request bytes in one row */
#define FIXTURE_ANSWER_MAX   ((size_t)1 << 30)   /* bytes of one side's answer */

struct fixture_part { /* of a long request: a row of request_part */
	int64_t exchange;
	int ordinal;
	struct bytes body;
};

struct fixture_sink { /* each returns false with err to end the reading */
	bool (*meta)(void *context, const char *key, const char *value, struct err *err);
	bool (*backend)(void *context, const struct trace_backend *row, struct err *err);
	bool (*session)(void *context, const struct trace_session *row, struct err *err);
	bool (*event)(void *context, const struct trace_event *row, struct err *err);
	bool (*part)(void *context, const struct fixture_part *row, struct err *err);
	/* Its verdict is left to the sink: 0. */
	bool (*exchange)(void *context, const struct trace_exchange *row, struct err *err);
	void *context;
};

/* `file` names it in messages: "FILE:LINE:COLUMN: expected ...". */
bool fixture_read(FILE *in, const char *file, const struct fixture_sink *sink,
	struct err *err) ATTR_USE_RESULT;

/* One accepted difference, as an `accept` line and the event of that name have it. */
struct fixture_accept {
	const char *kind;   /* of diff_kind_info */
	int column;         /* from 1; 0: any */
	const char *reason; /* in the arena */
	char until[11];     /* "2027-06-30", the last day; "": for ever */
};
struct fixture_cursor;
bool fixture_parse_accept(struct fixture_cursor *c, struct fixture_accept *accept) ATTR_USE_RESULT;

#endif
