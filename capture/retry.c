/*
 * Overlaps of reading with writing units, and asking again.
 */
#include "capture/retry.h"

#include "base/clock.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "diffengine/compare.h"
#include "wire/decode.h"

void retry_note_sent(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct proxy *p = s->proxy;

	if (ex->unit_writes && !ex->is_counted_writer) {
		ex->is_counted_writer = true;
		ex->is_overlapped |= p->writing > 0;
		p->writing++;
		ex->sent_epoch = ++p->write_epoch;
	} else if (!ex->unit_writes) {
		ex->sent_epoch = p->write_epoch;
		ex->is_overlapped |= p->writing > 0;
	}
}

void retry_note_settled(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct proxy *p = s->proxy;

	if (ex->is_counted_writer) {
		ex->is_counted_writer = false;
		ex->is_overlapped |= ex->sent_epoch != p->write_epoch;
		p->writing--;
		p->write_epoch++;
	} else if (!ex->unit_writes && ex->sent_epoch != p->write_epoch) {
		ex->is_overlapped = true;
	}
}

/* A statement that was prepared under a name cannot be prepared so again. */
static bool can_be_repeated(struct bytes request)
{
	struct msg_parse parse;
	struct frame f;

	while (frame_next(request, WIRE_FRONTEND, request.len, &f, NULL) == FRAME_OK) {
		if (f.type == FRONTEND_PARSE && decode_parse(f.body, &parse) && parse.name.len > 0)
			return false;
		request = bytes_skip(request, f.whole.len);
	}
	return request.len == 0;
}

static bool is_idle_on_both(const struct session *s)
{
	return s->truth.done_us >= 0 && s->candidate.done_us >= 0 &&
	       s->truth.backend->protocol.status == 'I' &&
	       s->candidate.backend->protocol.status == 'I';
}

static bool is_raced(const struct exchange *ex, const struct comparison *result)
{
	return result->verdict == VERDICT_MISMATCH && ex->is_overlapped && !ex->unit_writes &&
	       !ex->has_written;
}

bool retry_is_repeatable(const struct session *s)
{
	const struct exchange *ex = &s->exchange;

	return ex->began_idle && ex->truth_len == 0 && ex->request_parts == 0 &&
	       buf_len(&ex->request_more) == 0 && is_idle_on_both(s) && !s->types.is_sent_lost &&
	       can_be_repeated(buf_bytes(&ex->request));
}

/* The candidate may have been sent other OIDs. */
struct bytes retry_request_of(const struct session *s, const struct side *side)
{
	return side == &s->candidate && s->types.has_sent ? buf_bytes(&s->types.sent)
							  : buf_bytes(&s->exchange.request);
}

bool retry_begin(struct session *s, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;

	if (!is_raced(ex, result) || ex->is_retried || ex->is_handed_at_once ||
		!retry_is_repeatable(s))
		return false;
	ex->is_retried = true;
	buf_consume(&s->truth.backend->link.in, s->truth.framed);
	buf_consume(&s->candidate.backend->link.in, s->candidate.framed);
	s->truth.framed = s->candidate.framed = 0;
	s->truth.is_sent = s->candidate.is_sent = false;
	turn_release(&s->proxy->turn, &s->ticket);
	ex->phase = PHASE_QUEUED;
	if (turn_request(&s->proxy->turn, &s->ticket, TURN_ALONE))
		retry_send(s);
	return true;
}

bool retry_send_side(struct side *side, struct bytes request)
{
	struct bytes rest = request;
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, request.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(&side->backend->protocol, &f) != PROTOCOL_OK)
			return false;
		rest = bytes_skip(rest, f.whole.len);
	}
	side->is_sent = true;
	side->completed = 0;
	side->has_failed = false;
	side->done_us = -1;
	side->heard_us = clock_mono_us();
	(void)!backend_send(side->backend, request);
	return true;
}

void retry_send(struct session *s)
{
	struct exchange *ex = &s->exchange;

	ex->phase = PHASE_AWAITING;
	ex->lock = (struct lockstep){0};
	types_begin_unit(s);
	ex->is_overlapped = false;
	exchange_forget_answers(ex);
	if (!retry_send_side(&s->truth, buf_bytes(&ex->request)) ||
		!retry_send_side(&s->candidate, retry_request_of(s, &s->candidate)))
		session_fatal(s, "53200", "twinkly is out of memory");
}

/* Rows may be another session's doing; success on one side and failure on the other, or other
 * columns, are not. */
static bool is_about_rows(const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (diff_kind_info(result->differences[i].kind)->severity != SEVERITY_DATA)
			return false;
	return result->count > 0;
}

bool retry_is_undecidable(const struct session *s, const struct comparison *result)
{
	const struct exchange *ex = &s->exchange;

	return is_raced(ex, result) && !ex->is_retried && is_about_rows(result);
}
