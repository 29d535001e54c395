/*
 * Items for the writer thread. Each is one allocation: the row, then copies of all bytes and
 * strings that it points to.
 */
#include "capture/record.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "capture/record_item.h"

struct record_text {
	struct hash128 hash;
	int64_t number; /* 0: free */
};

void record_init(struct record *r, struct trace_queue *queue, int64_t began_mono_us)
{
	*r = (struct record){.queue = queue, .began_mono_us = began_mono_us, .next_statement = 1};
}

void record_fini(struct record *r)
{
	free(r->texts);
	*r = (struct record){0};
}

int64_t record_now(struct record *r)
{
	int64_t now = clock_mono_us() - r->began_mono_us;

	r->last_us = now > r->last_us ? now : r->last_us + 1;
	return r->last_us;
}

static struct record_text *find_text(struct record_text *texts, size_t cap, struct hash128 hash)
{
	for (size_t i = hash.low & (cap - 1);; i = (i + 1) & (cap - 1)) {
		struct record_text *t = &texts[i];

		if (t->number == 0 || (t->hash.low == hash.low && t->hash.high == hash.high))
			return t;
	}
}

static bool grow_texts(struct record *r)
{
	size_t cap = r->text_cap ? 2 * r->text_cap : 1024;
	struct record_text *texts = calloc(cap, sizeof(*texts));

	if (!texts)
		return false;
	for (size_t i = 0; i < r->text_cap; i++)
		if (r->texts[i].number)
			*find_text(texts, cap, r->texts[i].hash) = r->texts[i];
	free(r->texts);
	r->texts = texts;
	r->text_cap = cap;
	return true;
}

/* The slot for a text; NULL where it cannot be remembered. */
static struct record_text *text_slot(struct record *r, struct bytes text)
{
	struct hash128 hash = hash_bytes128(text);
	struct record_text *t;

	if (4 * (r->text_count + 1) > 3 * r->text_cap &&
		(r->text_count >= RECORD_TEXTS_MAX || !grow_texts(r)) && r->text_cap == 0)
		return NULL;
	t = find_text(r->texts, r->text_cap, hash);
	if (t->number == 0 && r->text_count >= RECORD_TEXTS_MAX)
		return NULL;
	t->hash = hash;
	return t;
}

/* --- what must not get into the trace --- */

static struct bytes clean_text(struct record *r, struct bytes text)
{
	return r->redact ? redact_text(r->redact, text) : text;
}

static const char *clean_str(struct record *r, const char *text)
{
	return r->redact ? redact_str(r->redact, text) : text;
}

static void clean_up(struct record *r)
{
	if (r->redact)
		redact_reset(r->redact);
}

/* The differences of a copy of *result, with a copy of that in `copy`. False: no memory. */
static bool clean_result(struct record *r, const struct comparison **result,
	struct comparison *copy, bool is_redacted)
{
	struct difference *differences;

	if (!r->redact || !*result || (*result)->count == 0)
		return true;
	differences = malloc((*result)->count * sizeof(*differences));
	if (!differences)
		return false;
	for (size_t i = 0; i < (*result)->count; i++)
		differences[i] =
			redact_difference(r->redact, &(*result)->differences[i], is_redacted);
	*copy = **result;
	copy->differences = differences;
	*result = copy;
	return true;
}

/* How many places were replaced in the row's bytes and note. */
static struct trace_redaction clean_row(struct record *r, struct trace_exchange *row)
{
	struct redact_exchange ex = {.request = row->request,
		.truth = row->truth,
		.candidate = row->candidate,
		.has_candidate = row->has_candidate,
		.truth_len = row->truth_len,
		.candidate_len = row->candidate_len};

	if (!r->redact)
		return (struct trace_redaction){0};
	redact_exchange(r->redact, &ex);
	row->request = ex.request;
	row->truth = ex.truth;
	row->candidate = ex.candidate;
	row->truth_len = ex.truth_len;
	row->candidate_len = ex.candidate_len;
	row->note = redact_str(r->redact, row->note);
	return (struct trace_redaction){
		.exchange = row->id, .request = ex.requests, .answers = ex.answers};
}

static void push_redaction(struct record *r, const struct trace_redaction *row)
{
	struct record_item *item;

	if (row->request + row->answers == 0)
		return;
	item = record_item_new(RECORD_REDACTION, 0);
	if (!item)
		return;
	item->redaction = *row;
	trace_queue_push(r->queue, &item->base);
}

/* --- rows --- */

static int64_t number_of(struct record *r, struct bytes text)
{
	struct record_text *slot = text_slot(r, text);
	struct record_item *item;
	int64_t number;

	if (slot && slot->number)
		return slot->number;
	item = record_item_new(RECORD_STATEMENT, text.len);
	if (!item)
		return 0;
	number = r->next_statement++;
	item->statement.id = number;
	item->statement.text = record_item_copy(item, text);
	if (slot) {
		slot->number = number;
		r->text_count++;
	}
	trace_queue_push(r->queue, &item->base); /* it is the writer's from here on */
	return number;
}

int64_t record_statement(struct record *r, struct bytes text)
{
	int64_t number = number_of(r, clean_text(r, text));

	clean_up(r);
	return number;
}

static size_t room_for(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static void push_session(struct record *r, const struct trace_session *session)
{
	struct record_item *item = record_item_new(RECORD_SESSION,
		session->startup.len + room_for(session->user) + room_for(session->database) +
			room_for(session->application_name) + room_for(session->client));

	if (!item)
		return;
	item->session = *session;
	item->session.user = record_item_copy_str(item, session->user);
	item->session.database = record_item_copy_str(item, session->database);
	item->session.application_name = record_item_copy_str(item, session->application_name);
	item->session.client = record_item_copy_str(item, session->client);
	item->session.startup = record_item_copy(item, session->startup);
	trace_queue_push(r->queue, &item->base);
}

void record_session(struct record *r, const struct trace_session *session)
{
	struct trace_session copy = *session;

	if (r->redact) {
		copy.startup = redact_startup(r->redact, session->startup);
		copy.application_name = redact_str(r->redact, session->application_name);
	}
	push_session(r, &copy);
	clean_up(r);
}

void record_event(struct record *r, int64_t session, const char *what, const char *detail)
{
	detail = clean_str(r, detail);
	struct record_item *item = record_item_new(RECORD_EVENT, room_for(what) + room_for(detail));

	if (!item)
		return;
	item->event = (struct trace_event){.session = session,
		.at_us = record_now(r),
		.what = record_item_copy_str(item, what),
		.detail = record_item_copy_str(item, detail)};
	trace_queue_push(r->queue, &item->base);
	clean_up(r);
}

void record_consequence(struct record *r, const struct trace_consequence *row)
{
	struct record_item *item = record_item_new(RECORD_CONSEQUENCE, room_for(row->table));

	if (!item)
		return;
	item->consequence = *row;
	item->consequence.table = record_item_copy_str(item, row->table);
	trace_queue_push(r->queue, &item->base);
}

void record_backend(struct record *r, const struct trace_backend *backend)
{
	struct record_item *item =
		record_item_new(RECORD_BACKEND, room_for(backend->name) + room_for(backend->host) +
							room_for(backend->server_version));

	if (!item)
		return;
	item->backend = *backend;
	item->backend.name = record_item_copy_str(item, backend->name);
	item->backend.host = record_item_copy_str(item, backend->host);
	item->backend.server_version = record_item_copy_str(item, backend->server_version);
	trace_queue_push(r->queue, &item->base);
}

void record_part(struct record *r, const struct record_part *part)
{
	struct bytes body = r->redact ? redact_part(r->redact, part->head, part->body) : part->body;
	struct trace_redaction redaction = {
		.exchange = part->exchange, .request = body.ptr != part->body.ptr};
	struct record_item *item = record_item_new(RECORD_PART, body.len);

	if (!item) {
		log_error("exchange %lld: a part of its request is not in the trace: out of memory",
			(long long)part->exchange);
		return;
	}
	item->part.exchange = part->exchange;
	item->part.ordinal = part->ordinal;
	item->part.body = record_item_copy(item, body);
	trace_queue_push(r->queue, &item->base);
	push_redaction(r, &redaction);
}

void record_plan(struct record *r, int64_t exchange, const char *role, const char *text)
{
	text = clean_str(r, text);
	struct record_item *item = record_item_new(RECORD_PLAN, room_for(role) + room_for(text));

	if (!item)
		return;
	item->plan = (struct trace_plan){.exchange = exchange,
		.role = record_item_copy_str(item, role),
		.text = record_item_copy_str(item, text)};
	trace_queue_push(r->queue, &item->base);
	clean_up(r);
}

static size_t room_for_differences(const struct comparison *result)
{
	size_t room = 0;

	for (size_t i = 0; result && i < result->count; i++) {
		const struct difference *d = &result->differences[i];

		room += sizeof(struct difference) + room_for(d->column_name) + room_for(d->truth) +
			room_for(d->candidate) + room_for(d->rule) + room_for(d->text);
	}
	return room;
}

static void copy_result(struct record_item *item, const struct comparison *result)
{
	struct record_commands *to = &item->exchange.commands;

	to->verdict_count = result->command_count;
	to->verdicts = record_item_alloc(item, result->command_count * sizeof(enum verdict));
	for (size_t i = 0; i < result->command_count; i++)
		to->verdicts[i] = result->commands[i];
	to->difference_count = result->count;
	to->differences = record_item_alloc(item, result->count * sizeof(struct difference));
	for (size_t i = 0; i < result->count; i++) {
		struct difference *d = &to->differences[i];

		*d = result->differences[i];
		d->column_name = record_item_copy_str(item, d->column_name);
		d->truth = record_item_copy_str(item, d->truth);
		d->candidate = record_item_copy_str(item, d->candidate);
		d->rule = record_item_copy_str(item, d->rule);
		d->text = record_item_copy_str(item, d->text);
	}
}

static void copy_commands(struct record_item *item, const struct record_exchange *from)
{
	struct record_commands *to = &item->exchange.commands;

	to->statement_count = from->statement_count;
	to->statements = record_item_alloc(item, from->statement_count * sizeof(int64_t));
	for (size_t i = 0; i < from->statement_count; i++)
		to->statements[i] = from->statements[i];
	to->first_ordinal = from->first_ordinal;
	to->last_rows = from->last_rows;
	to->last_tag = record_item_copy_str(item, from->last_tag);
	if (from->result)
		copy_result(item, from->result);
}

static void push_exchange(struct record *r, const struct record_exchange *from)
{
	const struct trace_exchange *row = &from->row;
	size_t verdicts = from->result ? from->result->command_count * sizeof(enum verdict) : 0;
	struct record_item *item = record_item_new(RECORD_EXCHANGE,
		row->request.len + row->truth.len + row->candidate.len + room_for(row->note) +
			room_for(from->last_tag) + from->statement_count * sizeof(int64_t) +
			verdicts + room_for_differences(from->result));
	struct trace_exchange *to;

	if (!item) {
		log_error("session %lld: exchange %lld is not in the trace: out of memory",
			(long long)row->session, (long long)row->id);
		return;
	}
	item->base.exchanges = 1;
	item->base.order = row->id;
	to = &item->exchange.row;
	*to = *row;
	copy_commands(item, from);
	to->request = record_item_copy(item, row->request);
	to->truth = record_item_copy(item, row->truth);
	to->candidate = record_item_copy(item, row->candidate);
	to->note = record_item_copy_str(item, row->note);
	trace_queue_push(r->queue, &item->base);
}

void record_exchange(struct record *r, const struct record_exchange *from)
{
	struct record_exchange copy = *from;
	struct comparison result = {.differences = NULL};
	struct trace_redaction redaction = clean_row(r, &copy.row);

	if (!clean_result(r, &copy.result, &result, redaction.request + redaction.answers > 0))
		copy.result = NULL;
	push_exchange(r, &copy);
	push_redaction(r, &redaction);
	free(result.differences);
	clean_up(r);
}

static void push_differences(struct record *r, int64_t exchange, const struct comparison *result)
{
	struct record_item *item = record_item_new(RECORD_DIFFERENCES,
		result->command_count * sizeof(enum verdict) + room_for_differences(result));

	if (!item) {
		log_error("exchange %lld: its differences are not in the trace: out of memory",
			(long long)exchange);
		return;
	}
	item->exchange.row = (struct trace_exchange){.id = exchange};
	item->exchange.commands = (struct record_commands){0};
	copy_result(item, result);
	trace_queue_push(r->queue, &item->base);
}

void record_differences(struct record *r, int64_t exchange, const struct comparison *result)
{
	struct comparison copy = {.differences = NULL};

	if (clean_result(r, &result, &copy, false))
		push_differences(r, exchange, result);
	else
		log_error("exchange %lld: its differences are not in the trace: out of memory",
			(long long)exchange);
	free(copy.differences);
	clean_up(r);
}
