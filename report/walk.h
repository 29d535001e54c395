/*
 * One pass over what is worth reporting in a trace: every exchange whose verdict is not
 * "equal", in order of starting, with its commands and then its differences. Nothing is
 * kept, so memory does not depend on the trace's length.
 */
#ifndef REPORT_WALK_H
#define REPORT_WALK_H

#include "report/known_walk.h"
#include "schema/trace_read.h"

/* Rows are borrowed until the call returns. */
struct walk_visitor {
	void *context;
	/* Known differences: rows are visited with the verdicts and rules that they have by
	 * them. NULL: as recorded. */
	struct known_walk *known;
	/* An exchange without commands (its connection was lost, say) is visited as one command
	 * that has no statement and the verdict of the exchange. NULL: not wanted. */
	void (*on_command)(void *context, const struct trace_exchange *exchange,
		const struct trace_command *command, struct bytes statement);
	/* `verdict` is that of the difference's command. False with err ends the walk. */
	bool (*on_difference)(void *context, const struct trace_exchange *exchange,
		const struct trace_difference_context *row, int verdict, struct err *err);
};

/* `counts` are those of this trace. */
bool walk_trace(struct trace *t, const struct trace_counts *counts,
	const struct walk_visitor *visitor, struct err *err) ATTR_USE_RESULT;

#endif
