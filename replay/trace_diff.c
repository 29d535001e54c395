/*
 * twinkly-trace diff: in which exchanges two traces of the same work have other answers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "replay/fixture_judge.h"
#include "replay/trace_commands.h"

static const struct option_table table = {.program = "twinkly-trace diff",
	.usage = "A B",
	.summary = "Compares the answers of two traces, each side with itself, exchange by "
		   "exchange. Exit\nstatus: 0 the same, 1 different, 2 usage, 3 cannot be read."};

static int compare(struct trace *a, struct trace *b, struct err *err)
{
	struct judge j = {.expected = a, .actual = b, .out = stdout, .only_answers = true};

	if (!fixture_judge(&j, err))
		return trace_failed(err);
	printf("%" PRId64 " exchanges: %" PRId64 " with other answers, %" PRId64
	       " only in the first trace, %" PRId64 " only in the second\n",
		j.exchanges, j.changed, j.missing, j.extra);
	return judge_is_content(&j) && j.extra == 0 ? TRACE_EXIT_SAME : TRACE_EXIT_DIFFERS;
}

int trace_diff(int argc, char **argv)
{
	struct trace_arguments a = {.table = &table, .least = 2, .most = 2};
	struct trace *first, *second = NULL;
	struct err err;
	int status;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	first = trace_open(a.operands[0], &err);
	if (first)
		second = trace_open(a.operands[1], &err);
	status = second ? compare(first, second, &err) : trace_failed(&err);
	if (second)
		(void)trace_close(second, NULL);
	if (first)
		(void)trace_close(first, NULL);
	return status;
}
