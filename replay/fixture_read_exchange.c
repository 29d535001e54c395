/*
 * Requests and answers: from lines to rows of exchanges.
 */
#include "replay/fixture_read_impl.h"

#include <stdlib.h>

#include "replay/fixture_request.h"

static void reply_init(struct reply *reply)
{
	*reply = (struct reply){.done_us = -1};
	buf_init(&reply->bytes, FIXTURE_ANSWER_MAX);
}

static struct reading_exchange *exchange_new(struct reading *r, struct reading_session *s)
{
	struct reading_exchange *ex = NULL;

	if (r->open_count < FIXTURE_OPEN_MAX)
		ex = calloc(1, sizeof(*ex));
	if (!ex) {
		cursor_refuse(&r->c, "too many exchanges are under way");
		return NULL;
	}
	buf_init(&ex->request, FIXTURE_PART);
	buf_init(&ex->more, FIXTURE_PART);
	reply_init(&ex->truth);
	reply_init(&ex->candidate);
	ex->id = ++r->last_exchange;
	ex->started_us = r->now_us;
	ex->line = r->c.line;
	list_append(&s->open, &ex->node);
	r->open_count++;
	return ex;
}

void reading_exchange_free(struct reading *r, struct reading_exchange *ex)
{
	list_remove(&ex->node);
	buf_fini(&ex->request);
	buf_fini(&ex->more);
	buf_fini(&ex->truth.bytes);
	buf_fini(&ex->candidate.bytes);
	free(ex);
	r->open_count--;
}

/* --- requests --- */

static bool flush_part(struct reading *r, struct reading_exchange *ex)
{
	struct fixture_part part = {
		.exchange = ex->id, .ordinal = ++ex->parts, .body = buf_bytes(&ex->more)};
	bool ok = r->sink->part(r->sink->context, &part, r->err);

	buf_reset(&ex->more);
	return ok;
}

static bool keep(struct reading *r, struct reading_exchange *ex, struct bytes data)
{
	while (data.len > 0) {
		bool is_first = buf_len(&ex->request) < FIXTURE_PART;
		struct buf *to = is_first ? &ex->request : &ex->more;
		size_t room = FIXTURE_PART - buf_len(to);
		size_t len = data.len < room ? data.len : room;

		if (!buf_append(to, data.ptr, len))
			return cursor_refuse(&r->c, "out of memory for the request");
		data = bytes_skip(data, len);
		if (!is_first && buf_len(to) == FIXTURE_PART && !flush_part(r, ex))
			return false;
	}
	return true;
}

/* After an item. *goes_on: a semicolon, another one follows. */
static bool next_item(struct reading *r, bool *goes_on)
{
	*goes_on = cursor_take(&r->c, ';');
	return *goes_on || cursor_is_at_end(&r->c) ||
	       cursor_fail(&r->c, "a semicolon or the end of the line");
}

static struct reading_exchange *newest(struct reading_session *s)
{
	return list_entry(s->open.prev, struct reading_exchange, node);
}

bool reading_request(struct reading *r, size_t session, bool is_another)
{
	struct reading_session *s = r->sessions[session];
	struct reading_exchange *ex;
	bool goes_on = true;

	if (s->is_asking && !is_another && !list_is_empty(&s->open))
		ex = newest(s);
	else
		ex = exchange_new(r, s);
	if (!ex)
		return false;
	s->is_asking = true;
	while (goes_on) {
		buf_reset(&r->message);
		if (!fixture_parse_message(&r->c, &r->message) ||
			!keep(r, ex, buf_bytes(&r->message)) || !next_item(r, &goes_on))
			return false;
	}
	return true;
}

/* --- answers --- */

static int64_t since(const struct reading_exchange *ex, const struct reply *reply)
{
	return reply->done_us < 0 ? -1 : reply->done_us - ex->started_us;
}

static int64_t whole_len(const struct reply *reply)
{
	return (int64_t)buf_len(&reply->bytes) + reply->is_cut;
}

static bool finish(struct reading *r, size_t session, struct reading_exchange *ex)
{
	struct trace_exchange row = {.id = ex->id,
		.session = (int64_t)session + 1,
		.started_us = ex->started_us,
		.truth_us = since(ex, &ex->truth),
		.candidate_us = since(ex, &ex->candidate),
		.truth_status = ex->truth.status,
		.candidate_status = ex->candidate.status,
		.request = buf_bytes(&ex->request),
		.truth = buf_bytes(&ex->truth.bytes),
		.candidate = buf_bytes(&ex->candidate.bytes),
		.truth_len = whole_len(&ex->truth),
		.candidate_len = whole_len(&ex->candidate)};
	bool ok;

	row.has_candidate =
		!bytes_equal(row.truth, row.candidate) || row.truth_len != row.candidate_len;
	ok = (buf_len(&ex->more) == 0 || flush_part(r, ex)) &&
	     r->sink->exchange(r->sink->context, &row, r->err);
	reading_exchange_free(r, ex);
	return ok;
}

static bool apply(struct reading *r, struct reply *reply, const struct fixture_item *item)
{
	if (reply->is_over)
		return cursor_refuse(&r->c, "this side's answer has ended already");
	if (!buf_append_bytes(&reply->bytes, buf_bytes(&r->message)))
		return cursor_refuse(&r->c, "the answer is too long");
	reply->is_over = item->kind != FIXTURE_MESSAGE;
	reply->is_cut = item->kind == FIXTURE_CUT;
	reply->status = item->status;
	if (item->status)
		reply->done_us = r->now_us;
	return true;
}

/* The oldest exchange whose answer is not complete on that side, or on both. */
static struct reading_exchange *awaiting(struct reading_session *s, enum reading_sides sides)
{
	list_for_each (node, &s->open) {
		struct reading_exchange *ex = list_entry(node, struct reading_exchange, node);

		if (!(sides != READING_CANDIDATE && ex->truth.is_over) &&
			!(sides != READING_TRUTH && ex->candidate.is_over))
			return ex;
	}
	return NULL;
}

/* Answers come in the order of requests: both sides wait for the same one, or one is ahead. */
static bool take_item(struct reading *r, struct reading_session *s, enum reading_sides sides)
{
	struct reading_exchange *ex = awaiting(s, sides);
	struct fixture_item item;

	cursor_skip(&r->c);
	if (!ex)
		return cursor_refuse(&r->c, "no exchange of this session waits for an answer");
	buf_reset(&r->message);
	return fixture_parse_item(&r->c, &r->message, &item) &&
	       (sides == READING_CANDIDATE || apply(r, &ex->truth, &item)) &&
	       (sides == READING_TRUTH || apply(r, &ex->candidate, &item));
}

static bool take_accept(struct reading *r, size_t session)
{
	struct fixture_accept accept;
	struct trace_event row = {
		.session = (int64_t)session + 1, .at_us = r->now_us, .what = "accept"};
	size_t from, end;

	cursor_skip(&r->c);
	from = r->c.at;
	if (list_is_empty(&r->sessions[session]->open))
		return cursor_refuse(&r->c, "no exchange of this session waits for an answer");
	if (!fixture_parse_accept(&r->c, &accept))
		return false;
	end = r->c.at;
	if (!cursor_is_at_end(&r->c))
		return cursor_fail(&r->c, "the end of the line");
	row.detail = arena_copy_str(&r->arena, bytes_of(r->c.text.ptr + from, end - from));
	if (!row.detail)
		return cursor_refuse(&r->c, "out of memory for the line");
	return r->sink->event(r->sink->context, &row, r->err);
}

static bool finish_all(struct reading *r, size_t session)
{
	struct reading_session *s = r->sessions[session];

	list_for_each (node, &s->open) {
		struct reading_exchange *ex = list_entry(node, struct reading_exchange, node);

		if (ex->truth.is_over && ex->candidate.is_over && !finish(r, session, ex))
			return false;
	}
	return true;
}

bool reading_answer(struct reading *r, size_t session, enum reading_sides sides)
{
	struct reading_session *s = r->sessions[session];
	size_t before = r->c.at;
	bool goes_on = true;

	s->is_asking = false;
	if (bytes_equal_str(cursor_word(&r->c), "accept"))
		return take_accept(r, session);
	r->c.at = before;
	while (goes_on) {
		if (!take_item(r, s, sides))
			return false;
		before = r->c.at;
		goes_on = cursor_key(&r->c, "status");
		r->c.at = before;
		if (!goes_on && !next_item(r, &goes_on))
			return false;
	}
	return finish_all(r, session);
}
