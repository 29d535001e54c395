/*
 * twinkly-trace merge: traces of several proxies in front of the same two databases as one, in the
 * order of the wall clock. Sessions, exchanges and statements get new numbers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/fixture_write.h"
#include "replay/plan.h"
#include "replay/trace_commands.h"
#include "replay/writer.h"
#include "schema/trace_read.h"

#define BATCH 1000 /* exchanges in one transaction */

enum { OPTION_OUT = 1 };

static const struct option_row rows[] = {
	{OPTION_OUT, 'o', "output", "TRACE", "the trace to write; one that is there moves to .old"},
};

static const struct option_table table = {.program = "twinkly-trace merge",
	.usage = "A B [MORE]... -o TRACE",
	.summary = "Makes one trace of several that were recorded before the same two databases.",
	.rows = rows,
	.count = ARRAY_LEN(rows)};

struct source {
	struct trace *trace;
	const char *path;
	struct plan *plan;
	int64_t began_us; /* wall clock */
	int64_t shift_us; /* to be added to its times */
	int64_t sessions; /* to be added to its sessions' numbers */
	bool has_ended;
};

struct merging {
	struct source sources[TRACE_OPERANDS_MAX];
	size_t count;
	struct source *from; /* whose rows are copied now */
	struct trace *out;
	struct texts statements;
	int64_t last_session, last_exchange;
	int ordinal; /* of the request's part */
	bool has_failed;
	struct err *err;
};

static bool keep(struct merging *m, bool ok)
{
	m->has_failed |= !ok;
	return ok;
}

/* --- rows --- */

/* A hostile trace's numbers may be as large as they get. */
static int64_t sum(int64_t a, int64_t b)
{
	int64_t result;

	return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

static bool on_session(void *context, const struct trace_session *row)
{
	struct merging *m = context;
	struct trace_session copy = *row;

	copy.id = sum(copy.id, m->from->sessions);
	copy.started_us = sum(copy.started_us, m->from->shift_us);
	if (copy.id > m->last_session)
		m->last_session = copy.id;
	return keep(m, trace_write_session(m->out, &copy, m->err));
}

static bool on_event(void *context, const struct trace_event *row)
{
	struct merging *m = context;
	struct trace_event copy = *row;

	copy.session = sum(copy.session, m->from->sessions);
	copy.at_us = sum(copy.at_us, m->from->shift_us);
	return keep(m, trace_write_event(m->out, &copy, m->err));
}

static bool on_gap(void *context, const struct trace_gap *row)
{
	struct merging *m = context;
	struct trace_gap copy = *row;

	copy.at_us = sum(copy.at_us, m->from->shift_us);
	return keep(m, trace_write_gap(m->out, &copy, m->err));
}

static bool on_part(void *context, struct bytes body)
{
	struct merging *m = context;

	return keep(
		m, trace_write_request_part(m->out, m->last_exchange, ++m->ordinal, body, m->err));
}

static bool on_command(void *context, const struct trace_command *row, struct bytes text)
{
	struct merging *m = context;
	struct trace_command copy = *row;
	struct trace_statement statement = {.text = text};
	bool is_new = false;

	copy.exchange = m->last_exchange;
	if (row->statement > 0)
		copy.statement = statement.id = texts_number(&m->statements, text, &is_new);
	return keep(m, (!is_new || trace_write_statement(m->out, &statement, m->err)) &&
			       trace_write_command(m->out, &copy, m->err));
}

static bool on_difference(void *context, const struct trace_difference_context *row)
{
	struct merging *m = context;
	struct trace_difference copy = *row->difference;

	copy.exchange = m->last_exchange;
	return keep(m, trace_write_difference(m->out, &copy, m->err));
}

static bool on_plan(void *context, const struct trace_plan *row)
{
	struct merging *m = context;
	struct trace_plan copy = *row;

	copy.exchange = m->last_exchange;
	return keep(m, trace_write_plan(m->out, &copy, m->err));
}

static bool on_redaction(void *context, const struct trace_redaction *row)
{
	struct merging *m = context;
	struct trace_redaction copy = *row;

	copy.exchange = m->last_exchange;
	return keep(m, trace_write_redaction(m->out, &copy, m->err));
}

static bool on_exchange(void *context, const struct trace_exchange *row)
{
	struct merging *m = context;
	struct trace_exchange copy = *row;
	struct trace *from = m->from->trace;

	copy.id = ++m->last_exchange;
	copy.session = sum(copy.session, m->from->sessions);
	copy.started_us = sum(copy.started_us, m->from->shift_us);
	m->ordinal = 0;
	keep(m, trace_write_exchange(m->out, &copy, m->err) &&
			trace_read_request_parts(from, row->id, on_part, m, m->err) &&
			trace_read_commands(from, row->id, on_command, m, m->err) &&
			trace_read_differences(from, row->id, on_difference, m, m->err) &&
			trace_read_plans(from, row->id, on_plan, m, m->err) &&
			trace_read_redactions(from, row->id, on_redaction, m, m->err));
	return false;
}

/* --- in the order of time --- */

/* The one whose next exchange began first; NULL: none has any left. */
static struct source *next_source(struct merging *m)
{
	struct source *first = NULL;
	int64_t earliest = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct source *s = &m->sources[i];
		const struct plan_entry *entry;

		if (!keep(m, plan_fill(s->plan, m->err)))
			return NULL;
		entry = plan_at(s->plan, 0);
		if (entry && (!first || sum(entry->started_us, s->shift_us) < earliest)) {
			first = s;
			earliest = sum(entry->started_us, s->shift_us);
		}
	}
	return first;
}

static bool copy_exchanges(struct merging *m)
{
	while ((m->from = next_source(m))) {
		int64_t id = plan_at(m->from->plan, 0)->id;

		plan_take(m->from->plan, 0);
		if (!trace_read_exchanges(m->from->trace, 0, id, on_exchange, m, m->err))
			return false;
		if (m->has_failed)
			return false;
		if (m->last_exchange % BATCH == 0 &&
			(!trace_commit(m->out, m->err) || !trace_begin(m->out, m->err)))
			return false;
	}
	return !m->has_failed;
}

static bool on_end_state(void *context, const struct trace_end_state *row)
{
	struct merging *m = context;

	return keep(m, trace_write_end_state(m->out, row, m->err));
}

static bool copy_others(struct merging *m)
{
	for (size_t i = 0; i < m->count; i++) {
		m->from = &m->sources[i];
		m->from->sessions = m->last_session;
		if (!trace_read_sessions(m->from->trace, on_session, m, m->err) || m->has_failed ||
			!trace_read_events(m->from->trace, on_event, m, m->err) || m->has_failed ||
			!trace_read_end_states(m->from->trace, on_end_state, m, m->err) ||
			m->has_failed || !trace_read_gaps(m->from->trace, on_gap, m, m->err) ||
			m->has_failed)
			return false;
	}
	return true;
}

/* --- the head --- */

static bool on_backend(void *context, const struct trace_backend *row)
{
	struct merging *m = context;

	return keep(m, trace_write_backend(m->out, row, m->err));
}

static bool write_meta(struct merging *m, const char *key, const char *value)
{
	return trace_write_meta(m->out, key, value, m->err);
}

static bool write_head(struct merging *m)
{
	static const char *const kept[] = {"source_of_truth", "candidate", "ended_wall_us"};
	bool have_ended = true;
	char number[32];

	for (size_t i = 0; i < m->count; i++)
		have_ended &= m->sources[i].has_ended;
	snprintf(number, sizeof(number), "%" PRId64,
		m->sources[0].began_us - m->sources[0].shift_us);
	if (!writer_words(m->out, m->err) || !write_meta(m, "program", "twinkly-trace") ||
		!write_meta(m, "twinkly_version", TWINKLY_VERSION) ||
		!write_meta(m, "began_wall_us", number))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kept) - !have_ended; i++) {
		const char *value = trace_read_meta(m->sources[0].trace, kept[i]);

		if (value && !write_meta(m, kept[i], value))
			return false;
	}
	return trace_read_backends(m->sources[0].trace, on_backend, m, m->err) && !m->has_failed;
}

static bool merge(struct merging *m, const char *path)
{
	bool ok;

	m->out = trace_create(path, NULL, m->err);
	if (!m->out)
		return false;
	ok = trace_begin(m->out, m->err) && write_head(m) && copy_others(m) && copy_exchanges(m) &&
	     trace_commit(m->out, m->err);
	if (!ok)
		trace_rollback(m->out);
	texts_fini(&m->statements);
	return trace_close(m->out, ok ? m->err : NULL) && ok;
}

/* --- the sources --- */

static bool open_source(struct merging *m, const char *path, struct fixture_names *first)
{
	struct source *s = &m->sources[m->count];
	struct fixture_names names;
	const char *began;

	s->path = path;
	s->trace = trace_open(path, m->err);
	if (!s->trace)
		return false;
	m->count++;
	s->plan = malloc(sizeof(*s->plan));
	if (!s->plan)
		return err_set(m->err, "out of memory");
	plan_init(s->plan, s->trace);
	if (!fixture_names_read(&names, s->trace, m->err))
		return false;
	if (m->count == 1)
		*first = names;
	if (strcmp(names.truth, first->truth) != 0 ||
		strcmp(names.candidate, first->candidate) != 0)
		return err_set(m->err, "%s: is about %s and %s, %s about %s and %s", path,
			names.truth, names.candidate, m->sources[0].path, first->truth,
			first->candidate);
	began = trace_read_meta(s->trace, "began_wall_us");
	if (!began || sscanf(began, "%18" SCNd64, &s->began_us) != 1)
		return err_set(m->err, "%s: does not say when it began", path);
	s->has_ended = trace_read_meta(s->trace, "ended_wall_us") != NULL;
	return true;
}

static bool open_sources(struct merging *m, const struct trace_arguments *a, const char *out)
{
	struct fixture_names first;
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < a->count; i++) {
		if (trace_is_same_file(a->operands[i], out))
			return err_set(m->err, "%s: the new trace would take its place", out);
		if (!open_source(m, a->operands[i], &first))
			return false;
		if (m->sources[i].began_us < earliest)
			earliest = m->sources[i].began_us;
	}
	for (size_t i = 0; i < m->count; i++)
		m->sources[i].shift_us = m->sources[i].began_us - earliest;
	return true;
}

static bool on_option(void *context, int id, const char *value, struct err *err)
{
	const char **out = context;

	(void)id;
	(void)err;
	*out = value;
	return true;
}

int trace_merge(int argc, char **argv)
{
	const char *out = NULL;
	struct trace_arguments a = {.table = &table,
		.on_option = on_option,
		.context = &out,
		.least = 2,
		.most = TRACE_OPERANDS_MAX};
	struct err err;
	struct merging m = {.err = &err};
	int status;

	if (!trace_arguments(&a, argc, argv, &status))
		return status;
	if (!out) {
		fprintf(stderr, "%s: -o TRACE is missing\n", table.program);
		return TRACE_EXIT_USAGE;
	}
	status = open_sources(&m, &a, out) && merge(&m, out) ? TRACE_EXIT_SAME : trace_failed(&err);
	for (size_t i = 0; i < m.count; i++) {
		free(m.sources[i].plan);
		(void)trace_close(m.sources[i].trace, NULL);
	}
	return status;
}
