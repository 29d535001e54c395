/*
 * Which exchange comes next: the trace's exchanges in the order in which they started, read
 * ahead in a window, so that memory does not depend on the trace's length. The file has them
 * by id; an exchange that was opened before another and sent after it is put in its place,
 * as long as not more than PLAN_MIN others lie between.
 */
#ifndef REPLAY_PLAN_H
#define REPLAY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "replay/reading.h"
#include "replay/roster.h"
#include "schema/trace.h"

#define PLAN_MAX 4096 /* exchanges read ahead */
#define PLAN_MIN 1024 /* at this many more are read */

struct plan_entry {
	int64_t id, session;
	struct roster_session *of;       /* NULL: the trace does not hold it */
	bool is_reading;                 /* in doubt not */
	int64_t started_us, finished_us; /* as recorded; finished: INT64_MAX if it never was */
};

struct plan {
	struct trace *trace;
	const struct roster *roster; /* NULL: sessions are unknown, none is left out */
	struct reading *reading;     /* NULL: every exchange counts as writing */
	int64_t next_id;
	int64_t left_out;                    /* exchanges of sessions that are */
	bool is_at_end;                      /* of the trace */
	struct plan_entry entries[PLAN_MAX]; /* [first, first + count) in order of starting */
	size_t first, count;
};

/* Borrows the trace. */
void plan_init(struct plan *plan, struct trace *trace);

/* Reads ahead if less than PLAN_MIN are left. Before plan_at, after each plan_take. */
bool plan_fill(struct plan *plan, struct err *err) ATTR_USE_RESULT;

/* The i-th that was not taken yet; NULL beyond the window or the end. Borrowed until the next
 * call that changes the plan. */
const struct plan_entry *plan_at(const struct plan *plan, size_t i);
void plan_take(struct plan *plan, size_t i);

#endif
