/*
 * The end state after a run: which databases and tables, says the trace; it gets the
 * result (diffengine/end_state.h). Waits for the databases, in a loop of its own.
 */
#ifndef CAPTURE_END_STATE_H
#define CAPTURE_END_STATE_H

#include <stdbool.h>
#include <stdio.h>

#include "diffengine/end_state.h"
#include "wire/target.h"

struct trace;

struct end_state_run {
	struct trace *trace; /* a transaction is open */
	const struct backend_target *targets[2];
	int64_t timeout_us; /* of one question */
	enum end_state_mode mode;
	bool is_all;
	bool hides_keys; /* trace.redact is in use: no values in the trace */
	/* What came of it: */
	struct end_state_counts counts;
	bool was_interrupted;
	int shown;
};

/* `out`, which may be NULL, gets a line for each of the first tables that differ or are skipped.
 * False with err: the trace cannot be read or written. */
bool end_state_run(struct end_state_run *run, FILE *out, struct err *err) ATTR_USE_RESULT;
void end_state_print(const struct end_state_counts *counts, FILE *out);

#endif
