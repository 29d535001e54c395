/*
 * twinkly-trace import: a fixture as a trace.
 */
#include <stdio.h>

#include "replay/fixture_import.h"
#include "replay/trace_commands.h"

enum { OPTION_OUT = 1 };

static const struct option_row rows[] = {
	{OPTION_OUT, 'o', "output", "TRACE", "the trace to write; one that is there moves to .old"},
};

static const struct option_table table = {.program = "twinkly-trace import",
	.usage = "FIXTURE -o TRACE",
	.summary = "Makes a trace of a fixture's text (- for standard input).",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	const char **out = context;

	(void)id;
	(void)err;
	*out = value;
	return true;
}

int trace_import(int argc, char **argv)
{
	const char *out = NULL;
	struct trace_arguments a = {
		.table = &table, .on_option = on_option, .context = &out, .least = 1, .most = 1};
	struct err err;
	int status;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	if (!out) {
		fprintf(stderr, "%s: -o TRACE is missing\n", table.program);
		return TRACE_EXIT_USAGE;
	}
	if (trace_is_same_file(a.operands[0], out)) {
		fprintf(stderr, "%s: the trace would take the fixture's place\n", table.program);
		return TRACE_EXIT_USAGE;
	}
	return fixture_import(a.operands[0], out, &err) ? TRACE_EXIT_SAME : trace_failed(&err);
}
