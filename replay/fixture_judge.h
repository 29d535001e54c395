/*
 * A fixture's replay against what the fixture expects: side against side as the replay found it,
 * but for what is accepted, and each side against its expected answer. What is wrong is printed,
 * a line each, up to JUDGE_LINES_MAX.
 */
#ifndef REPLAY_FIXTURE_JUDGE_H
#define REPLAY_FIXTURE_JUDGE_H

#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "schema/trace.h"

#define JUDGE_LINES_MAX 50

struct judge {
	struct trace *expected, *actual;
	FILE *out;         /* NULL: silent */
	bool only_answers; /* each side with itself only */
	int64_t exchanges;
	int64_t mismatches; /* the sides differ, and not all of it is accepted */
	int64_t accepted;   /* the sides differ as is accepted */
	int64_t changed;    /* exchanges in which a side does not answer as expected */
	int64_t missing;    /* that were not replayed */
	int64_t extra;      /* that were replayed, and are not expected */
	int64_t stale;      /* accepted differences that are gone or whose day is over */
	int64_t lines;      /* printed or not */
	/* Of each changed exchange; may be NULL. `accepts_are_gone`: its sides agree now. */
	bool (*on_changed)(void *context, int64_t expected, int64_t actual, bool accepts_are_gone);
	void *context;
};

/* Fills in the counts. False with err: a trace cannot be read, or memory is out. */
bool fixture_judge(struct judge *judge, struct err *err) ATTR_USE_RESULT;

/* All is as expected. */
bool judge_is_content(const struct judge *judge);

#endif
