/*
 * From an exchange's bytes to its command rows.
 */
#include "replay/writer.h"

#include <stdio.h>

#include "diffengine/commands.h"

static enum verdict verdict_of(const struct writer_exchange *ex, size_t ordinal)
{
	return ordinal < ex->verdict_count ? (enum verdict)ex->verdicts[ordinal] : ex->rest;
}

static const char *or_none(const char *s)
{
	return *s ? s : NULL;
}

static bool write_command(struct trace *trace, const struct writer_exchange *ex, int ordinal,
	const struct command_facts *facts, struct err *err)
{
	size_t at = (size_t)ordinal;
	struct trace_command row = {.exchange = ex->row.id,
		.ordinal = ordinal,
		.statement = at < ex->statement_count ? ex->statements[at] : 0,
		.parameters = facts->parameters,
		.tag = or_none(facts->truth.tag),
		.truth_rows = facts->truth.rows,
		.candidate_rows = facts->candidate.rows,
		.truth_sqlstate = or_none(facts->truth.sqlstate),
		.candidate_sqlstate = or_none(facts->candidate.sqlstate),
		.verdict = (int)verdict_of(ex, at)};

	return trace_write_command(trace, &row, err);
}

/* The last command of an answer that was cut: its end is not among the bytes. */
static void fill_cut_end(struct command_facts *facts, const struct writer_exchange *ex)
{
	facts->truth = (struct command_end){.is_found = true, .rows = ex->last_rows};
	snprintf(facts->truth.tag, sizeof(facts->truth.tag), "%s", ex->last_tag);
	if (!ex->row.has_candidate)
		facts->candidate = facts->truth;
}

static bool write_commands(struct trace *trace, const struct writer_exchange *ex,
	struct command_walk *walk, struct err *err)
{
	bool is_cut = ex->row.truth_len > (int64_t)ex->row.truth.len, goes_on = true;
	struct command_facts facts;

	for (int ordinal = 0; goes_on; ordinal++) {
		goes_on = command_walk_next(walk, &facts);
		if (!goes_on && is_cut)
			fill_cut_end(&facts, ex);
		/* An exchange that only prepares, or was never answered, has one row, too. */
		else if (!goes_on && (ordinal > 0 || ex->statement_count == 0))
			return true;
		if (!write_command(trace, ex, ordinal, &facts, err))
			return false;
	}
	return true;
}

bool writer_commands(struct trace *trace, const struct writer_exchange *ex, struct err *err)
{
	struct command_walk walk;
	bool ok;

	command_walk_init(&walk, ex->row.request, ex->row.truth,
		ex->row.has_candidate ? ex->row.candidate : ex->row.truth);
	ok = write_commands(trace, ex, &walk, err);
	command_walk_fini(&walk);
	return ok;
}
