/*
 * The sink of fixture_read that writes a trace.
 */
#include "replay/fixture_import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "diffengine/compare.h"
#include "replay/fixture_accepts.h"
#include "replay/fixture_read.h"
#include "replay/steps.h"
#include "replay/writer.h"
#include "wire/frame.h"

#define COMPARE_ARENA ((size_t)512 << 20)
#define BATCH         1000 /* exchanges in one transaction */

struct import_session {
	struct prepared prepared;
};

struct import {
	struct trace *trace;
	struct texts statements;
	struct import_session *sessions; /* by id - 1 */
	size_t count, cap;
	struct steps steps;
	struct arena arena; /* of one exchange */
	struct fixture_accepts accepts;
	char truth[64], candidate[64];
	int64_t exchanges;
};

static bool on_meta(void *context, const char *key, const char *value, struct err *err)
{
	struct import *i = context;

	return trace_write_meta(i->trace, key, value, err);
}

static bool on_backend(void *context, const struct trace_backend *row, struct err *err)
{
	struct import *i = context;

	snprintf(row->role == TRACE_TRUTH ? i->truth : i->candidate, sizeof(i->truth), "%s",
		row->name);
	return trace_write_backend(i->trace, row, err);
}

static bool on_session(void *context, const struct trace_session *row, struct err *err)
{
	struct import *i = context;
	size_t cap = i->cap ? 2 * i->cap : 16;
	struct import_session *more;

	if (i->count == i->cap) {
		more = realloc(i->sessions, cap * sizeof(*more));
		if (!more)
			return err_set(err, "out of memory for the sessions");
		i->sessions = more;
		i->cap = cap;
	}
	prepared_init(&i->sessions[i->count++].prepared);
	return trace_write_session(i->trace, row, err);
}

static bool on_event(void *context, const struct trace_event *row, struct err *err)
{
	struct import *i = context;

	if (strcmp(row->what, "accept") == 0 &&
		!fixture_accepts_add(&i->accepts, row->session, row->detail, err))
		return false;
	return trace_write_event(i->trace, row, err);
}

static bool on_part(void *context, const struct fixture_part *row, struct err *err)
{
	struct import *i = context;

	return trace_write_request_part(i->trace, row->exchange, row->ordinal, row->body, err);
}

/* --- exchanges --- */

static void read_steps(struct import *i, const struct trace_exchange *row)
{
	struct bytes rest = row->request;
	struct frame frame;
	struct err err;

	steps_reset(&i->steps);
	while (frame_next(rest, WIRE_FRONTEND, (size_t)WIRE_MESSAGE_MAX + 5, &frame, &err) ==
		FRAME_OK) {
		steps_note(&i->steps, &i->sessions[row->session - 1].prepared, &frame);
		rest = bytes_skip(rest, frame.whole.len);
	}
}

static void compare(struct import *i, const struct trace_exchange *row, struct comparison *result)
{
	const struct statement_list *list = &i->steps.commands;
	struct compare_command *commands =
		arena_alloc(&i->arena, (list->count + 1) * sizeof(*commands));
	struct compare_input input = {.truth = row->truth,
		.candidate = row->candidate,
		.commands = commands,
		.command_count = commands ? list->count : 0,
		.truth_name = i->truth,
		.candidate_name = i->candidate,
		.truth_is_first = true};

	for (size_t n = 0; n < input.command_count; n++)
		commands[n].is_ordered = !list->items[n] || list->items[n]->is_ordered;
	compare_answers(&input, &i->arena, result);
}

static bool write_differences(
	struct import *i, int64_t exchange, const struct comparison *result, struct err *err)
{
	for (size_t n = 0; n < result->count; n++)
		if (!writer_difference(i->trace, exchange, &result->differences[n], err))
			return false;
	return true;
}

static enum verdict judge(
	struct import *i, const struct trace_exchange *row, const struct comparison *result)
{
	if (row->truth_us < 0 || row->candidate_us < 0)
		return VERDICT_INCONCLUSIVE;
	if (result->verdict == VERDICT_MISMATCH &&
		fixture_accepts_cover(&i->accepts, row->session, result))
		return VERDICT_ALLOWED;
	return result->verdict;
}

static bool write_exchange(struct import *i, const struct trace_exchange *row, struct err *err)
{
	const struct statement_list *list = &i->steps.commands;
	int64_t *numbers = arena_alloc(&i->arena, (list->count + 1) * sizeof(*numbers));
	struct comparison result = {.verdict = VERDICT_EQUAL};
	struct writer_exchange exchange = {.row = *row, .statements = numbers, .last_rows = -1};

	for (size_t n = 0; numbers && n < list->count; n++) {
		bool is_new = false;
		struct bytes text =
			list->items[n] ? statement_text(list->items[n]) : bytes_of(NULL, 0);
		struct trace_statement statement = {.text = text};

		if (!list->items[n])
			continue;
		numbers[n] = statement.id = texts_number(&i->statements, text, &is_new);
		if (is_new && !trace_write_statement(i->trace, &statement, err))
			return false;
	}
	exchange.statement_count = numbers ? list->count : 0;
	exchange.last_tag = "";
	if (row->has_candidate)
		compare(i, row, &result);
	exchange.row.verdict = (int)judge(i, row, &result);
	exchange.rest = (enum verdict)exchange.row.verdict;
	return trace_write_exchange(i->trace, &exchange.row, err) &&
	       writer_commands(i->trace, &exchange, err) &&
	       write_differences(i, row->id, &result, err);
}

static bool on_exchange(void *context, const struct trace_exchange *row, struct err *err)
{
	struct import *i = context;
	bool ok;

	arena_reset(&i->arena);
	read_steps(i, row);
	ok = write_exchange(i, row, err);
	fixture_accepts_drop(&i->accepts, row->session);
	if (ok && ++i->exchanges % BATCH == 0)
		return trace_commit(i->trace, err) && trace_begin(i->trace, err);
	return ok;
}

/* --- the whole --- */

static bool write_head(struct trace *t, const char *path, struct err *err)
{
	char now[32];

	snprintf(now, sizeof(now), "%" PRId64, clock_wall_us());
	return trace_write_meta(t, "program", "twinkly-trace", err) &&
	       trace_write_meta(t, "twinkly_version", TWINKLY_VERSION, err) &&
	       trace_write_meta(t, "source_fixture", path, err) &&
	       trace_write_meta(t, "began_wall_us", now, err) && writer_words(t, err);
}

static bool write_end(struct import *i, struct err *err)
{
	char now[32];

	snprintf(now, sizeof(now), "%" PRId64, clock_wall_us());
	return trace_write_meta(i->trace, "source_of_truth", i->truth, err) &&
	       trace_write_meta(i->trace, "candidate", i->candidate, err) &&
	       trace_write_meta(i->trace, "ended_wall_us", now, err) && trace_commit(i->trace, err);
}

static bool import(FILE *in, const char *path, struct trace *trace, struct err *err)
{
	struct import i = {.trace = trace};
	struct fixture_sink sink = {.meta = on_meta,
		.backend = on_backend,
		.session = on_session,
		.event = on_event,
		.part = on_part,
		.exchange = on_exchange,
		.context = &i};
	bool ok;

	arena_init(&i.arena, COMPARE_ARENA);
	ok = trace_begin(trace, err) && write_head(trace, path, err) &&
	     fixture_read(in, path, &sink, err) && write_end(&i, err);
	if (!ok)
		trace_rollback(trace);
	for (size_t n = 0; n < i.count; n++)
		prepared_fini(&i.sessions[n].prepared);
	free(i.sessions);
	steps_fini(&i.steps);
	texts_fini(&i.statements);
	fixture_accepts_fini(&i.accepts);
	arena_fini(&i.arena);
	return ok;
}

bool fixture_import(const char *path, const char *trace_path, struct err *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct trace *trace;
	bool ok;

	if (!in)
		return err_set(err, "%s: cannot be opened: %s", path, strerror(errno));
	trace = trace_create(trace_path, NULL, err);
	ok = trace && import(in, path, trace, err);
	if (trace && !trace_close(trace, ok ? err : NULL))
		ok = false;
	if (in != stdin)
		fclose(in);
	return ok;
}

bool fixture_is_one(const char *path)
{
	static const char first[] = "twinkly-fixture";
	char head[sizeof(first)] = "";
	FILE *in = fopen(path, "re");
	bool is_one;

	if (!in)
		return false;
	is_one = fread(head, 1, sizeof(first) - 1, in) == sizeof(first) - 1 &&
		 strcmp(head, first) == 0;
	fclose(in);
	return is_one;
}
