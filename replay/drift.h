/*
 * One side's answer then and now: the same, or what differs. Compared as text first
 * (fixture_answer.h); where that differs, by the diff engine, which knows that a message's words
 * and an order that nobody asked for do not matter.
 */
#ifndef REPLAY_DRIFT_H
#define REPLAY_DRIFT_H

#include "diffengine/compare.h"
#include "replay/fixture_answer.h"
#include "replay/fixture_write.h"
#include "schema/trace.h"

struct drift_input {
	struct fixture_side before, now;
	const struct compare_command *commands;
	size_t command_count;
};

/* *drifted; then `result` has the differences, in the arena; the sides are called "expected" and
 * "now". False: an answer is longer than a fixture can be. */
bool drift_compare(const struct drift_input *input, struct arena *arena, struct comparison *result,
	bool *drifted) ATTR_USE_RESULT;

/* The sides of a row. */
struct fixture_side drift_truth(const struct trace_exchange *row);
struct fixture_side drift_candidate(const struct trace_exchange *row);

/* What is known of the exchange's commands, from its trace; in the arena. */
bool drift_commands(struct trace *trace, int64_t exchange, struct arena *arena,
	struct drift_input *input, struct err *err) ATTR_USE_RESULT;

#endif
