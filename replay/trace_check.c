/*
 * twinkly-trace check: whether a trace is whole.
 */
#include <inttypes.h>
#include <stdio.h>

#include "replay/trace_commands.h"
#include "schema/trace_read.h"

static const struct option_table table = {.program = "twinkly-trace check",
	.usage = "TRACE",
	.summary =
		"Says whether a trace is whole: its pages, its references, its end, nothing lost. "
		"Exit\nstatus: 0 whole, 1 not whole, 2 usage, 3 cannot be read."};

struct checking {
	const char *path;
	int64_t problems;
};

static void on_problem(void *context, const char *text)
{
	struct checking *c = context;

	c->problems++;
	printf("%s: %s\n", c->path, text);
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	char text[512];

	snprintf(text, sizeof(text), "%" PRId64 " exchanges could not be recorded: %s",
		row->exchanges, row->reason);
	on_problem(context, text);
	return true;
}

static bool check(struct trace *trace, struct checking *c, struct err *err)
{
	struct trace_counts counts;

	if (!trace_check(trace, on_problem, c, err) || !trace_read_gaps(trace, on_gap, c, err) ||
		!trace_count(trace, &counts, err))
		return false;
	if (!trace_read_meta(trace, "ended_wall_us"))
		on_problem(c, "it has no end: its writer was killed or still runs");
	printf("%s: %s: %" PRId64 " sessions, %" PRId64 " exchanges, %" PRId64 " commands, %" PRId64
	       " statements, %" PRId64 " differences\n",
		c->path, c->problems ? "not whole" : "whole", counts.sessions, counts.exchanges,
		counts.commands, counts.statements, counts.differences);
	return true;
}

int trace_check_command(int argc, char **argv)
{
	struct trace_arguments a = {.table = &table, .least = 1, .most = 1};
	struct checking c = {0};
	struct trace *trace;
	struct err err;
	int status;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	c.path = a.operands[0];
	trace = trace_open(c.path, &err);
	if (!trace || !check(trace, &c, &err))
		status = trace_failed(&err);
	else
		status = c.problems ? TRACE_EXIT_DIFFERS : TRACE_EXIT_SAME;
	if (trace)
		(void)trace_close(trace, NULL);
	return status;
}
