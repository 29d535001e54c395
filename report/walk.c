/*
 * Exchanges outside, commands and differences of each inside. The verdicts of an exchange's
 * commands are kept by ordinal while its differences are read, since a difference names its
 * command by ordinal only.
 */
#include "report/walk.h"

#include "base/buf.h"
#include "diffengine/verdict.h"

/* Commands beyond this many in one exchange are taken to have the exchange's verdict. */
#define COMMANDS_MAX ((size_t)1 << 20)

struct walk {
	struct trace *trace;
	const struct walk_visitor *visitor;
	const struct trace_exchange *exchange; /* the one being visited */
	int64_t commands;                      /* of this exchange, so far */
	struct buf verdicts;                   /* one byte a command, by ordinal */
	bool has_failed;
	struct err *err;
};

static bool on_command(void *context, const struct trace_command *row, struct bytes statement)
{
	struct walk *w = context;

	struct trace_command shown = *row;

	w->commands++;
	if (w->visitor->known)
		shown.verdict = known_walk_verdict(w->visitor->known, row->ordinal, row->verdict);
	/* Ordinals with holes come only from a damaged trace: the exchange's verdict serves. */
	if (row->ordinal >= 0 && (size_t)row->ordinal == buf_len(&w->verdicts) &&
		shown.verdict >= 0 && shown.verdict < VERDICT_COUNT)
		(void)!buf_append_byte(&w->verdicts, (unsigned char)shown.verdict);
	if (w->visitor->on_command)
		w->visitor->on_command(w->visitor->context, w->exchange, &shown, statement);
	return true;
}

static void visit_without_command(struct walk *w)
{
	struct trace_command none = {.exchange = w->exchange->id,
		.truth_rows = -1,
		.candidate_rows = -1,
		.verdict = w->exchange->verdict};

	if (w->visitor->on_command)
		w->visitor->on_command(w->visitor->context, w->exchange, &none, bytes_of(NULL, 0));
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct walk *w = context;
	int ordinal = row->difference->ordinal;
	int verdict = w->exchange->verdict;
	struct trace_difference shown = *row->difference;
	struct trace_difference_context with = *row;

	with.difference = &shown;
	if (ordinal >= 0 && (size_t)ordinal < buf_len(&w->verdicts))
		verdict = buf_bytes(&w->verdicts).ptr[ordinal];
	if (w->visitor->known)
		shown.rule = known_walk_rule(w->visitor->known, row, verdict);
	w->has_failed = !w->visitor->on_difference(
		w->visitor->context, w->exchange, &with, verdict, w->err);
	return !w->has_failed;
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct walk *w = context;
	struct trace_exchange shown = *row;

	if (w->visitor->known &&
		!known_walk_exchange(w->visitor->known, w->trace, &shown, w->err)) {
		w->has_failed = true;
		return false;
	}
	w->exchange = &shown;
	w->commands = 0;
	buf_reset(&w->verdicts);
	if (!trace_read_commands(w->trace, row->id, on_command, w, w->err)) {
		w->has_failed = true;
		return false;
	}
	if (w->commands == 0)
		visit_without_command(w);
	if (!trace_read_differences(w->trace, row->id, on_difference, w, w->err))
		w->has_failed = true;
	return !w->has_failed;
}

bool walk_trace(struct trace *t, const struct trace_counts *counts,
	const struct walk_visitor *visitor, struct err *err)
{
	struct walk w = {.trace = t, .visitor = visitor, .err = err};
	bool ok = true;

	buf_init(&w.verdicts, COMMANDS_MAX);
	if (counts->exchanges > counts->exchanges_by_verdict[VERDICT_EQUAL])
		ok = trace_read_unequal(t, on_exchange, &w, err) && !w.has_failed;
	buf_fini(&w.verdicts);
	return ok;
}
