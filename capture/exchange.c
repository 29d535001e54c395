/*
 * Book-keeping of the exchange under way.
 */
#include "capture/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/consequence.h"
#include "capture/proxy.h"
#include "capture/retry.h"
#include "capture/session.h"
#include "capture/slow.h"
#include "diffengine/rules_seen.h"
#include "diffengine/statement.h"
#include "wire/decode.h"

/* Request bytes kept for the exchange's own row; what comes beyond goes to the trace in
 * parts of this size while the exchange is under way. */
#define REQUEST_PART (256 * 1024)
/* Commands of one exchange whose statements are known; further ones count as unknown. */
#define COMMANDS_MAX (1 << 20)
/* Storage that a buffer may keep between exchanges: an idle session is small. */
#define KEPT_STORAGE 4096

static void open_exchange(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (ex->is_open)
		return;
	ex->is_open = true;
	ex->id = s->proxy->next_exchange++;
	ex->verdict = VERDICT_EQUAL;
	ex->is_handed_at_once = s->proxy->settings->on_mismatch == ON_MISMATCH_LOG;
	s->truth.done_us = s->candidate.done_us = -1;
	s->truth.completed = s->candidate.completed = 0;
	s->truth.has_failed = s->candidate.has_failed = false;
	s->truth.last_rows = 0;
	s->truth.last_tag[0] = '\0';
	ex->began_idle = s->truth.backend->protocol.status == 'I' &&
			 s->candidate.backend->protocol.status == 'I';
	s->truth.asked_us = s->candidate.asked_us = 0;
	s->proxy->active++;
}

/* Takes over the reference. */
static void add_command(struct exchange *ex, struct statement *statement)
{
	if (ex->command_count == ex->command_cap) {
		size_t cap = ex->command_cap ? 2 * ex->command_cap : 4;
		struct command *more =
			cap > COMMANDS_MAX ? NULL : realloc(ex->commands, cap * sizeof(*more));

		if (!more) {
			statement_drop(statement);
			return;
		}
		ex->commands = more;
		ex->command_cap = cap;
	}
	ex->commands[ex->command_count++] = (struct command){.statement = statement};
}

static void add_described(struct exchange *ex, struct statement *statement)
{
	if (ex->described_count == ex->described_cap) {
		size_t cap = ex->described_cap ? 2 * ex->described_cap : 4;
		struct statement **more =
			cap > COMMANDS_MAX ? NULL : realloc(ex->described, cap * sizeof(*more));

		if (!more)
			return;
		ex->described = more;
		ex->described_cap = cap;
	}
	ex->described[ex->described_count++] = statement_keep(statement);
}

static bool on_query(struct session *s, struct bytes body)
{
	struct exchange *ex = &s->exchange;
	struct bytes text, whole;
	struct statement_traits traits;

	if (!decode_string(body, &text))
		return false;
	ex->is_simple = true;
	if (!text.ptr)
		text = bytes_of("", 0);
	whole = text;
	while (statement_next(&text, &traits)) {
		struct statement *statement;

		if (traits.is_empty)
			continue;
		statement = statement_new(traits.text);
		ex->unit_writes |= traits.is_writing;
		ex->has_ddl |= traits.is_ddl;
		route_mark(s, statement);
		route_note_statement(
			s, statement, (size_t)(traits.text.ptr + traits.text.len - whole.ptr));
		cursors_note(&s->prepared, statement);
		add_command(ex, statement);
	}
	route_note_query(s, whole);
	return true;
}

static bool on_parse(struct session *s, const struct frame *f)
{
	struct msg_parse msg;
	struct statement *statement;

	if (!decode_parse(f->body, &msg))
		return false;
	statement = statement_new(msg.query);
	if (statement && msg.types.count > 0) {
		statement_learn_types(statement, msg.types);
		if (msg.name.len > 0)
			statement_declare(statement, msg.types);
		if (statement->types)
			types_note(s, f, NULL);
	}
	route_mark(s, statement);
	/* A name that is taken is refused by the side that has it. */
	route_note_use(s, f, statement,
		msg.name.len > 0 ? prepared_place_of(&s->prepared, 'S', msg.name) : ROUTE_BOTH);
	names_note(s, msg.name);
	prepared_set(&s->prepared, 'S', msg.name, statement);
	return true;
}

static bool on_bind(struct session *s, const struct frame *f)
{
	struct msg_bind msg;
	struct statement *statement;

	if (!decode_bind(f->body, &msg))
		return false;
	statement = prepared_get(&s->prepared, 'S', msg.statement);
	if (statement && statement->types)
		types_note(s, f, statement);
	route_note_use(s, f, statement, prepared_place_of(&s->prepared, 'S', msg.statement));
	names_note(s, bytes_of(NULL, 0));
	prepared_set(&s->prepared, 'P', msg.portal, statement_keep(statement));
	return true;
}

static bool on_named(struct session *s, const struct frame *f)
{
	struct msg_named msg;
	struct statement *statement;
	enum route place;

	if (!decode_named(f->body, &msg))
		return false;
	statement = prepared_get(&s->prepared, msg.kind, msg.name);
	place = prepared_place_of(&s->prepared, msg.kind, msg.name);
	if (f->type == FRONTEND_CLOSE) {
		route_note_close(s, f, place);
		names_note(s, msg.kind == 'S' ? msg.name : bytes_of(NULL, 0));
		prepared_remove(&s->prepared, msg.kind, msg.name);
		return true;
	}
	route_note_use(s, f, statement, place);
	if (msg.kind == 'S')
		add_described(&s->exchange, statement);
	return true;
}

static bool on_execute(struct session *s, const struct frame *f)
{
	struct exchange *ex = &s->exchange;
	struct msg_execute msg;
	struct statement *statement;

	if (!decode_execute(f->body, &msg))
		return false;
	statement = prepared_get(&s->prepared, 'P', msg.portal);
	route_note_use(s, f, statement, prepared_place_of(&s->prepared, 'P', msg.portal));
	ex->unit_writes |= !statement || statement->is_writing;
	ex->has_ddl |= statement && statement->is_ddl;
	cursors_note(&s->prepared, statement);
	add_command(ex, statement_keep(statement));
	if (ex->command_count > 0)
		ex->commands[ex->command_count - 1].use = cursor_use_of(&msg);
	return true;
}

static bool on_function_call(struct session *s, const struct frame *f)
{
	struct msg_function_call msg;

	if (!decode_function_call(f->body, &msg))
		return false;
	route_note_use(s, f, NULL, ROUTE_BOTH);
	s->exchange.is_simple = true;
	s->exchange.unit_writes = true;
	if (msg.oid >= FIRST_USER_OID)
		types_note(s, f, NULL);
	add_command(&s->exchange, NULL);
	return true;
}

bool exchange_note_message(struct session *s, const struct frame *f)
{
	struct bytes ignored;

	open_exchange(s);
	route_begin_unit(s);
	switch (f->type) {
	case FRONTEND_QUERY:
		return on_query(s, f->body);
	case FRONTEND_PARSE:
		return on_parse(s, f);
	case FRONTEND_BIND:
		return on_bind(s, f);
	case FRONTEND_DESCRIBE:
	case FRONTEND_CLOSE:
		return on_named(s, f);
	case FRONTEND_EXECUTE:
		return on_execute(s, f);
	case FRONTEND_FUNCTION_CALL:
		return on_function_call(s, f);
	case FRONTEND_SYNC:
		/* It commits what an earlier unit of the exchange did. */
		s->exchange.unit_writes |= s->exchange.has_written;
		return true;
	case FRONTEND_COPY_FAIL:
		return decode_string(f->body, &ignored);
	default:
		return true;
	}
}

/* What does not fit the row waits in request_more for a part's worth. */
static void flush_part(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (buf_len(&ex->request_more) == 0)
		return;
	record_part(&s->proxy->record, &(struct record_part){.exchange = ex->id,
					       .ordinal = ++ex->request_parts,
					       .body = buf_bytes(&ex->request_more),
					       .head = buf_bytes(&ex->request)});
	buf_reset(&ex->request_more);
}

/* Smaller where proxy.max-message is. */
static size_t part_size(const struct buf *buf)
{
	return buf->ceiling < REQUEST_PART ? buf->ceiling : REQUEST_PART;
}

static bool note_up_to_part(struct exchange *ex, struct buf *buf, struct bytes *data)
{
	size_t room = part_size(buf) - buf_len(buf);
	size_t len = data->len < room ? data->len : room;

	if (!buf_append(buf, data->ptr, len)) {
		ex->note = "the request could not be recorded whole: out of memory";
		return false;
	}
	*data = bytes_skip(*data, len);
	return true;
}

void exchange_note_request(struct session *s, struct bytes data)
{
	struct exchange *ex = &s->exchange;

	if (ex->started_us == 0)
		ex->started_us = record_now(&s->proxy->record);
	if (!note_up_to_part(ex, &ex->request, &data))
		return;
	while (data.len > 0) {
		if (!note_up_to_part(ex, &ex->request_more, &data))
			return;
		if (buf_len(&ex->request_more) == part_size(&ex->request_more))
			flush_part(s);
	}
}

static void keep(struct buf *buf, struct bytes data)
{
	size_t room = buf->ceiling - buf_len(buf);

	if (!buf_append(buf, data.ptr, data.len < room ? data.len : room))
		return; /* the length that is recorded shows that bytes are missing */
}

void exchange_note_truth(struct session *s, struct bytes data)
{
	if (s->exchange.is_recorded)
		return;
	s->exchange.truth_len += (int64_t)data.len;
	if (data.len)
		keep(&s->exchange.truth, data);
}

void exchange_note_candidate(struct session *s, struct bytes data)
{
	if (s->exchange.is_recorded)
		return;
	s->exchange.candidate_len += (int64_t)data.len;
	if (data.len && s->exchange.has_candidate)
		keep(&s->exchange.candidate, data);
}

void exchange_note_rest(struct session *s)
{
	exchange_note_truth(s, side_framed(&s->truth));
	if (!s->is_detached)
		exchange_note_candidate(s, side_framed(&s->candidate));
}

void exchange_diverge(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->has_candidate)
		keep(&ex->candidate, buf_bytes(&ex->truth));
	ex->has_candidate = true;
}

void exchange_forget_answers(struct exchange *ex)
{
	buf_reset(&ex->truth);
	buf_reset(&ex->candidate);
	ex->truth_len = ex->candidate_len = 0;
	ex->has_candidate = ex->has_diverged = false;
}

/* The Bind behind each Execute, for what a LIMIT's parameter holds. */
static void find_binds(struct bytes request, struct compare_command *commands, size_t count)
{
	struct bytes bind = bytes_of(NULL, 0);
	size_t at = 0;
	struct frame f;

	while (at < count &&
		frame_next(request, WIRE_FRONTEND, request.len, &f, NULL) == FRAME_OK) {
		if (f.type == FRONTEND_BIND)
			bind = f.body;
		else if (f.type == FRONTEND_EXECUTE)
			commands[at++].bind = bind;
		request = bytes_skip(request, f.whole.len);
	}
}

const struct compare_command *exchange_commands(struct session *s, size_t *count)
{
	struct exchange *ex = &s->exchange;
	struct compare_command *commands =
		arena_alloc(&s->proxy->arena, (ex->command_count + 1) * sizeof(*commands));

	*count = commands ? ex->command_count : 0;
	for (size_t i = 0; i < *count; i++) {
		const struct statement *statement = ex->commands[i].statement;

		commands[i].is_ordered = true;
		if (!statement)
			continue;
		commands[i].is_ordered = statement->is_ordered;
		policy_apply(&s->proxy->policy, statement_text(statement), &commands[i]);
		cursors_resolve(&s->cursors, &s->prepared, s->proxy->policy.compare.analyses,
			&ex->commands[i].use, &commands[i]);
		commands[i].is_total = keys_are_total(s, &commands[i], i);
		commands[i].columns = bytes_of(statement->columns, statement->columns_len);
	}
	if (!ex->is_simple)
		find_binds(buf_bytes(&ex->request), commands, *count);
	return commands;
}

static int64_t number_of(struct session *s, struct statement *statement)
{
	if (!statement)
		return 0;
	if (statement->trace_id == 0)
		statement->trace_id =
			record_statement(&s->proxy->record, statement_text(statement));
	return statement->trace_id;
}

static int64_t since(const struct exchange *ex, int64_t done_us)
{
	return done_us < 0 ? -1 : done_us - ex->started_us;
}

static void fill_row(struct session *s, struct trace_exchange *row)
{
	struct exchange *ex = &s->exchange;

	*row = (struct trace_exchange){.id = ex->id,
		.session = s->id,
		.started_us = ex->started_us,
		.truth_us = since(ex, s->truth.done_us),
		.candidate_us = since(ex, s->candidate.done_us),
		.verdict = (int)ex->verdict,
		.request = buf_bytes(&ex->request),
		.truth = buf_bytes(&ex->truth),
		.has_candidate = ex->has_candidate,
		.candidate = buf_bytes(&ex->candidate),
		.truth_len = ex->truth_len,
		.candidate_len = ex->candidate_len,
		.note = ex->note};
	if (s->truth.done_us >= 0 && s->truth.backend)
		row->truth_status = s->truth.backend->protocol.status;
	if (s->candidate.done_us >= 0 && s->candidate.backend)
		row->candidate_status = s->candidate.backend->protocol.status;
}

static void count_side(
	const struct session *s, const struct side *side, struct counts_histogram *latency)
{
	/* done_us counts from the trace's start. */
	if (side->asked_us > 0 && side->done_us >= 0)
		counts_observe(
			latency, side->done_us + s->proxy->record.began_mono_us - side->asked_us);
}

static void count(struct session *s)
{
	struct proxy_counts *counts = &s->proxy->counts;

	counts->exchanges[s->exchange.verdict]++;
	counts->routed += s->exchange.last_route != ROUTE_BOTH;
	count_side(s, &s->truth, &counts->truth);
	count_side(s, &s->candidate, &counts->candidate);
}

void exchange_note_differences(struct session *s, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	char why[sizeof(s->why)];
	int len = 0;

	rules_seen_note(s->proxy->rules_seen, result);
	live_note(s, result);
	/* The note may stand in `why` already: then it says it of an earlier unit. */
	if ((result->omitted == 0 && result->allowed_omitted == 0) || ex->note == s->why)
		return;
	if (result->omitted > 0)
		len = snprintf(
			why, sizeof(why), "%zu more differences are not listed; ", result->omitted);
	if (result->allowed_omitted > 0)
		len += snprintf(why + len, sizeof(why) - (size_t)len,
			"%zu more allowed differences are not listed; ", result->allowed_omitted);
	snprintf(s->why, sizeof(s->why), "%.*s%s", ex->note ? len : len - 2, why,
		ex->note ? ex->note : "");
	ex->note = s->why;
}

void exchange_record(struct session *s, const struct comparison *result, unsigned first_ordinal)
{
	struct exchange *ex = &s->exchange;
	struct record_exchange exchange = {.result = result,
		.first_ordinal = first_ordinal,
		.last_rows = s->truth.last_rows,
		.last_tag = s->truth.last_tag};
	int64_t few[16], *numbers = few;

	if (ex->is_recorded || ex->started_us == 0) /* or nothing of it was ever sent */
		return;
	ex->is_recorded = true;
	if (result)
		exchange_note_differences(s, result);
	if (ex->command_count > ARRAY_LEN(few))
		numbers = malloc(ex->command_count * sizeof(*numbers));
	for (size_t i = 0; numbers && i < ex->command_count; i++)
		numbers[i] = number_of(s, ex->commands[i].statement);
	if (numbers && ex->command_count == 0 && ex->described_count > 0)
		numbers[exchange.statement_count++] = number_of(s, ex->described[0]);
	else if (numbers)
		exchange.statement_count = ex->command_count;
	exchange.statements = numbers;
	flush_part(s);
	fill_row(s, &exchange.row);
	record_exchange(&s->proxy->record, &exchange);
	count(s);
	if (numbers != few)
		free(numbers);
}

void exchange_finish(struct session *s, const struct comparison *result, unsigned first_ordinal)
{
	exchange_record(s, result, first_ordinal);
	consequence_settle(s);
	retry_note_settled(s);
	s->proxy->active--;
	types_end_exchange(s);
	keys_end_exchange(s);
	names_settle(s);
	s->finished++;
	exchange_reset(&s->exchange);
}

/* Empties it; the storage of small ones is kept for the next exchange. */
static void trim(struct buf *buf)
{
	if (buf->cap > KEPT_STORAGE)
		buf_release(buf);
	else
		buf_reset(buf);
}

void exchange_reset(struct exchange *ex)
{
	for (size_t i = 0; i < ex->command_count; i++)
		statement_drop(ex->commands[i].statement);
	for (size_t i = 0; i < ex->described_count; i++)
		statement_drop(ex->described[i]);
	folding_reset(&ex->folding);
	slow_case_free(ex->slow);
	trim(&ex->request);
	trim(&ex->request_more);
	trim(&ex->truth);
	trim(&ex->candidate);
	trim(&ex->route.shared);
	*ex = (struct exchange){.commands = ex->commands,
		.command_cap = ex->command_cap,
		.described = ex->described,
		.described_cap = ex->described_cap,
		.request = ex->request,
		.request_more = ex->request_more,
		.truth = ex->truth,
		.candidate = ex->candidate,
		.names = {.old = ex->names.old, .cap = ex->names.cap},
		.route = {.shared = ex->route.shared}};
}

const char *exchange_phase_name(enum exchange_phase phase)
{
	static const char *const names[] = {"collecting", "queued", "awaiting", "copying",
		"backing off", "aligning", "looking up types", "asking for plans"};

	return names[phase];
}
