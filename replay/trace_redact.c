/*
 * twinkly-trace redact: a trace once more, without what matches and without the values of named
 * columns. Numbers of sessions, exchanges and statements stay.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diffengine/commands.h"
#include "replay/redact_row.h"
#include "replay/trace_commands.h"
#include "replay/writer.h"
#include "schema/trace_read.h"

#define BATCH     1000 /* exchanges in one transaction */
#define NAMES_MAX 256

enum { OPTION_OUT = 1, OPTION_PATTERN, OPTION_COLUMN, OPTION_KEY };

static const struct option_row rows[] = {
	{OPTION_OUT, 'o', "output", "TRACE", "the trace to write; one that is there moves to .old"},
	{OPTION_PATTERN, 'e', "pattern", "PATTERN",
		"PCRE2: what matches in texts, and parameters in which it matches"},
	{OPTION_COLUMN, 0, "column", "NAME", "values of columns of this name"},
	{OPTION_KEY, 0, "key", "KEY", "of the hash that takes a value's place; else a random one"},
};

static const struct option_table table = {.program = "twinkly-trace redact",
	.usage = "TRACE -o TRACE [-e PATTERN]... [--column NAME]...",
	.summary = "Copies a trace without what must not be in it. Passwords in statements always "
		   "go.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

struct redacting {
	const char *out_path, *key;
	const char *patterns[NAMES_MAX], *columns[NAMES_MAX];
	size_t pattern_count, column_count;
	struct redact *redact;
	struct trace *from, *to;
	struct trace_redaction now; /* of the exchange that is copied */
	struct trace_exchange row;  /* as it is written */
	struct command_walk walk;   /* over it */
	int ordinal;                /* of the walk's next command, and of the request's part */
	int64_t exchanges, redacted;
	bool has_failed;
	struct err *err;
};

static bool keep(struct redacting *c, bool ok)
{
	c->has_failed |= !ok;
	return ok;
}

/* --- rows beside exchanges --- */

static bool on_backend(void *context, const struct trace_backend *row)
{
	struct redacting *c = context;

	return keep(c, trace_write_backend(c->to, row, c->err));
}

static bool on_session(void *context, const struct trace_session *row)
{
	struct redacting *c = context;
	struct trace_session copy = *row;
	bool ok;

	copy.startup = redact_startup(c->redact, row->startup);
	copy.application_name = redact_str(c->redact, row->application_name);
	ok = keep(c, trace_write_session(c->to, &copy, c->err));
	redact_reset(c->redact);
	return ok;
}

static bool on_event(void *context, const struct trace_event *row)
{
	struct redacting *c = context;
	struct trace_event copy = *row;
	bool ok;

	copy.detail = redact_str(c->redact, row->detail);
	ok = keep(c, trace_write_event(c->to, &copy, c->err));
	redact_reset(c->redact);
	return ok;
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	struct redacting *c = context;

	return keep(c, trace_write_gap(c->to, row, c->err));
}

/* What was redacted before stays so. */
static bool on_redaction(void *context, const struct trace_redaction *row)
{
	struct redacting *c = context;

	return keep(c, trace_write_redaction(c->to, row, c->err));
}

static bool copy_meta(struct redacting *c)
{
	static const char *const keys[] = {"program", "twinkly_version", "began_wall_us",
		"ended_wall_us", "source_of_truth", "candidate", "command_line", "configuration",
		"source_trace", "source_fixture", "fixture_head", "fixture_setup",
		"exchanges_skipped", "exchanges_relaxed", "truth_drifted", "candidate_drifted",
		"regressions", "mended"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *value = trace_read_meta(c->from, keys[i]);

		if (value &&
			!trace_write_meta(c->to, keys[i], redact_str(c->redact, value), c->err))
			return false;
	}
	redact_reset(c->redact);
	return true;
}

static bool copy_others(struct redacting *c)
{
	return writer_words(c->to, c->err) && copy_meta(c) &&
	       trace_read_backends(c->from, on_backend, c, c->err) && !c->has_failed &&
	       trace_read_sessions(c->from, on_session, c, c->err) && !c->has_failed &&
	       trace_read_events(c->from, on_event, c, c->err) && !c->has_failed &&
	       trace_read_gaps(c->from, on_gap, c, c->err) && !c->has_failed &&
	       trace_read_redactions(c->from, 0, on_redaction, c, c->err) && !c->has_failed;
}

/* --- exchanges --- */

static bool on_part(void *context, struct bytes body)
{
	struct redacting *c = context;
	struct bytes part = redact_part(c->redact, c->row.request, body);

	c->now.request += part.ptr != body.ptr;
	return keep(c, trace_write_request_part(c->to, c->row.id, ++c->ordinal, part, c->err));
}

/* What a person reads of the parameters is made of the request that is left. */
static const char *parameters_of(struct redacting *c, const struct trace_command *row)
{
	struct command_facts facts = {.parameters = NULL};

	while (c->ordinal <= row->ordinal) {
		facts.parameters = NULL;
		if (!command_walk_next(&c->walk, &facts) && !facts.parameters)
			break;
		c->ordinal++;
	}
	return c->now.request > 0 ? facts.parameters : row->parameters;
}

static bool on_command(void *context, const struct trace_command *row, struct bytes text)
{
	struct redacting *c = context;
	struct trace_command copy = *row;
	struct trace_statement statement = {.id = row->statement};
	bool ok;

	copy.parameters = parameters_of(c, row);
	statement.text = redact_text(c->redact, text);
	ok = row->statement == 0 || trace_write_statement(c->to, &statement, c->err);
	return keep(c, ok && trace_write_command(c->to, &copy, c->err));
}

static char *copy_str(struct bytes value, bool is_null)
{
	return is_null ? NULL : strndup(value.ptr ? (const char *)value.ptr : "", value.len);
}

static struct bytes view(const char *s)
{
	return bytes_str(s ? s : "");
}

static bool write_difference(
	struct redacting *c, const struct trace_difference *row, const struct difference *d)
{
	struct trace_difference copy = *row;

	copy.truth = view(d->truth);
	copy.candidate = view(d->candidate);
	copy.text = d->text;
	return trace_write_difference(c->to, &copy, c->err);
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct redacting *c = context;
	const struct trace_difference *from = row->difference;
	char *truth = copy_str(from->truth, from->truth_null);
	char *candidate = copy_str(from->candidate, from->candidate_null);
	struct difference d = {.kind = (enum diff_kind)from->kind,
		.row = from->row,
		.column_name = from->column_name,
		.truth = truth,
		.candidate = candidate,
		.text = from->text};

	d = redact_difference(c->redact, &d, c->now.request + c->now.answers > 0);
	keep(c, write_difference(c, from, &d));
	free(truth);
	free(candidate);
	return !c->has_failed;
}

static bool on_plan(void *context, const struct trace_plan *row)
{
	struct redacting *c = context;
	struct trace_plan copy = *row;

	copy.text = redact_str(c->redact, row->text);
	return keep(c, trace_write_plan(c->to, &copy, c->err));
}

static bool copy_commands(struct redacting *c, int64_t id)
{
	bool ok;

	c->ordinal = 0;
	command_walk_init(&c->walk, c->row.request, c->row.truth,
		c->row.has_candidate ? c->row.candidate : c->row.truth);
	ok = trace_read_commands(c->from, id, on_command, c, c->err) && !c->has_failed;
	command_walk_fini(&c->walk);
	return ok;
}

static bool next_batch(struct redacting *c)
{
	return ++c->exchanges % BATCH != 0 ||
	       (trace_commit(c->to, c->err) && trace_begin(c->to, c->err));
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct redacting *c = context;
	bool ok;

	c->row = *row;
	c->now = redact_row(c->redact, &c->row);
	c->ordinal = 0;
	ok = trace_write_exchange(c->to, &c->row, c->err) &&
	     trace_read_request_parts(c->from, row->id, on_part, c, c->err) && !c->has_failed &&
	     copy_commands(c, row->id) &&
	     trace_read_differences(c->from, row->id, on_difference, c, c->err) && !c->has_failed &&
	     trace_read_plans(c->from, row->id, on_plan, c, c->err) && !c->has_failed;
	if (ok && c->now.request + c->now.answers > 0) {
		c->redacted++;
		ok = trace_write_redaction(c->to, &c->now, c->err);
	}
	redact_reset(c->redact);
	return keep(c, ok && next_batch(c));
}

/* --- the command --- */

static bool copy_trace(struct redacting *c)
{
	bool ok;

	c->to = trace_create(c->out_path, NULL, c->err);
	if (!c->to)
		return false;
	ok = trace_begin(c->to, c->err) && copy_others(c) &&
	     trace_read_exchanges(c->from, 0, INT64_MIN, on_exchange, c, c->err) &&
	     !c->has_failed && trace_commit(c->to, c->err);
	if (!ok)
		trace_rollback(c->to);
	return trace_close(c->to, ok ? c->err : NULL) && ok;
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	struct redacting *c = context;

	if (id == OPTION_OUT)
		c->out_path = value;
	else if (id == OPTION_KEY)
		c->key = value;
	else if (id == OPTION_PATTERN && c->pattern_count < NAMES_MAX)
		c->patterns[c->pattern_count++] = value;
	else if (id == OPTION_COLUMN && c->column_count < NAMES_MAX)
		c->columns[c->column_count++] = value;
	else
		return err_set(err, "more than %d patterns or columns", NAMES_MAX);
	return true;
}

static bool make_redact(struct redacting *c)
{
	struct redact_options options = {.statements = {c->patterns, c->pattern_count},
		.parameters = {c->patterns, c->pattern_count},
		.columns = {c->columns, c->column_count},
		.key = c->key};

	c->redact = redact_new(&options, c->err);
	return c->redact != NULL;
}

static int misused(const char *text)
{
	fprintf(stderr, "%s: %s\n", table.program, text);
	return TRACE_EXIT_USAGE;
}

static int run(struct redacting *c, const char *source)
{
	int status = TRACE_EXIT_SAME;

	c->from = trace_open(source, c->err);
	if (!c->from || !copy_trace(c))
		status = trace_failed(c->err);
	else
		printf("%s: something was replaced in %" PRId64 " of %" PRId64 " exchanges\n",
			c->out_path, c->redacted, c->exchanges);
	if (c->from)
		(void)trace_close(c->from, NULL);
	return status;
}

int trace_redact(int argc, char **argv)
{
	struct err err;
	struct redacting c = {.err = &err};
	struct trace_arguments a = {
		.table = &table, .on_option = on_option, .context = &c, .least = 1, .most = 1};
	int status;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	if (!c.out_path)
		return misused("-o TRACE is missing");
	if (trace_is_same_file(a.operands[0], c.out_path))
		return misused("the new trace would take the old one's place");
	if (!make_redact(&c))
		return misused(err.text);
	status = run(&c, a.operands[0]);
	redact_free(c.redact);
	return status;
}
