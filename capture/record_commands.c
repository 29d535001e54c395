/*
 * From an exchange's recorded bytes to its command and difference rows, in the writer thread.
 */
#include "capture/record_item.h"

#include <stdio.h>

#include "diffengine/commands.h"

static int verdict_of(const struct trace_exchange *row, const struct record_commands *c, size_t at)
{
	if (c->verdict_count == 0)
		return row->verdict;
	/* Before the first command that differed all were equal. */
	if (at < c->first_ordinal || at - c->first_ordinal >= c->verdict_count)
		return VERDICT_EQUAL;
	return (int)c->verdicts[at - c->first_ordinal];
}

static const char *or_none(const char *s)
{
	return *s ? s : NULL;
}

static bool write_command(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *c, struct trace_command *command, struct err *err)
{
	size_t at = (size_t)command->ordinal;

	command->exchange = row->id;
	command->statement = at < c->statement_count ? c->statements[at] : 0;
	command->verdict = verdict_of(row, c, at);
	return trace_write_command(trace, command, err);
}

/* The last command of an answer that was cut: its end is not among the bytes. */
static void fill_cut_end(struct command_facts *facts, const struct trace_exchange *row,
	const struct record_commands *c)
{
	facts->truth = (struct command_end){.is_found = true, .rows = c->last_rows};
	snprintf(facts->truth.tag, sizeof(facts->truth.tag), "%s", c->last_tag);
	if (!row->has_candidate)
		facts->candidate = facts->truth;
}

static bool write_commands(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *c, struct command_walk *walk, struct err *err)
{
	bool is_cut = row->truth_len > (int64_t)row->truth.len, goes_on = true;

	for (int ordinal = 0; goes_on; ordinal++) {
		struct command_facts facts;
		struct trace_command command = {.ordinal = ordinal};

		goes_on = command_walk_next(walk, &facts);
		if (!goes_on && is_cut && (ordinal == 0 || (size_t)ordinal < c->statement_count))
			fill_cut_end(&facts, row, c);
		/* An exchange that only prepares, or was never answered, has one row, too. */
		else if (!goes_on && (ordinal > 0 || c->statement_count == 0))
			return true;
		command.parameters = facts.parameters;
		command.tag = or_none(facts.truth.tag);
		command.truth_rows = facts.truth.rows;
		command.candidate_rows = facts.candidate.rows;
		command.truth_sqlstate = or_none(facts.truth.sqlstate);
		command.candidate_sqlstate = or_none(facts.candidate.sqlstate);
		if (!write_command(trace, row, c, &command, err))
			return false;
	}
	return true;
}

static struct bytes readable(const char *s)
{
	return bytes_str(s ? s : "");
}

bool record_write_differences(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *c, struct err *err)
{
	for (size_t i = 0; i < c->difference_count; i++) {
		const struct difference *d = &c->differences[i];
		struct trace_difference to = {.exchange = row->id,
			.ordinal = (int)d->ordinal,
			.kind = (int)d->kind,
			.row = d->row,
			.column = d->column,
			.column_name = d->column_name,
			.truth = readable(d->truth),
			.candidate = readable(d->candidate),
			.truth_null = d->truth == NULL,
			.candidate_null = d->candidate == NULL,
			.rule = d->rule,
			.text = d->text};

		if (!trace_write_difference(trace, &to, err))
			return false;
	}
	return true;
}

bool record_write_commands(struct trace *trace, const struct trace_exchange *row,
	const struct record_commands *commands, struct err *err)
{
	struct command_walk walk;
	bool ok;

	command_walk_init(
		&walk, row->request, row->truth, row->has_candidate ? row->candidate : row->truth);
	ok = write_commands(trace, row, commands, &walk, err) &&
	     record_write_differences(trace, row, commands, err);
	command_walk_fini(&walk);
	return ok;
}
