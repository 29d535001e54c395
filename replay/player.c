/*
 * From the recorded request to the backends. Messages are gathered until one completes a
 * unit (Query, FunctionCall, Sync, Flush); then the unit goes out: a reading one to both
 * sides, a writing one to the source of truth and, when that has answered, to the candidate. The
 * next unit waits for both answers. COPY data, and the head of a unit that is too long to be
 * held, goes to both sides as it is read; a side that is over its high-water mark holds the
 * reading back.
 */
#include "replay/session.h"

#include "replay/exchange.h"
#include "replay/replay.h"
#include "wire/encode.h"

/* Unanswered messages at which the head of a long unit is sent and its answers are awaited. */
#define UNIT_MESSAGES_MAX (PROTOCOL_OWED_MAX / 2)
#define COPY_CHUNK        65536

static bool is_copy_message(unsigned char type)
{
	return type == FRONTEND_COPY_DATA || type == FRONTEND_COPY_DONE ||
	       type == FRONTEND_COPY_FAIL;
}

/* False: the session was given up. */
static bool hold(struct session *s, struct side *side, const struct frame *f)
{
	if (protocol_on_request(&side->backend->protocol, f) == PROTOCOL_OK &&
		buf_append_bytes(&side->held, f->whole)) {
		types_translate(s, side, f->whole.len);
		return true;
	}
	session_give_up(s, "out of memory for a request");
	return false;
}

/* True: the side gets the message. COPY data is only for a side that asked for it: it may have
 * failed where the captured one did not. */
static bool take(struct session *s, struct side *side, const struct frame *f)
{
	if (s->state != SESSION_READY || side_is_over(side) ||
		(is_copy_message(f->type) && !side_is_in_copy(side)))
		return false;
	return hold(s, side, f);
}

static bool is_any_in_copy(const struct session *s)
{
	return side_is_in_copy(&s->truth) || side_is_in_copy(&s->candidate);
}

/* A backend in COPY IN ignores Flush and Sync. */
static bool is_boundary(const struct session *s, unsigned char type)
{
	switch (type) {
	case FRONTEND_QUERY:
	case FRONTEND_FUNCTION_CALL:
		return true;
	case FRONTEND_SYNC:
	case FRONTEND_FLUSH:
		return !is_any_in_copy(s);
	case FRONTEND_COPY_DONE:
	case FRONTEND_COPY_FAIL:
		return s->exchange.steps.is_simple;
	default:
		return false;
	}
}

static bool is_parallel(const struct session *s)
{
	return s->replay->settings->has_execution &&
	       s->replay->settings->execution == EXECUTION_PARALLEL;
}

/* Sends the unit that is held. */
static void send_unit(struct session *s)
{
	struct exchange *ex = &s->exchange;
	bool to_both = !ex->steps.unit_writes || ex->is_partial || is_parallel(s);

	ex->phase = PHASE_AWAITING;
	ex->unit_len = 0;
	ex->is_partial = false;
	steps_end_unit(&ex->steps);
	s->types.has_begun = true;
	s->types.is_tried = s->types.pairs.is_closed = false;
	s->truth.is_sent = s->candidate.is_sent = false;
	side_send_held(&s->truth);
	if (to_both)
		side_send_held(&s->candidate);
}

/* Sends the unit, when it is its turn. */
static void dispatch(struct session *s)
{
	struct exchange *ex = &s->exchange;

	ex->has_turn = !is_parallel(s);
	if (ex->has_turn && !turn_request(&s->replay->turn, &s->ticket,
				    ex->steps.unit_writes ? TURN_WRITE : TURN_READ))
		ex->phase = PHASE_WAITING;
	else
		send_unit(s);
}

bool player_wait(struct session *s)
{
	if (s->ticket.state != TURN_HELD)
		return false;
	send_unit(s);
	return true;
}

/* COPY data, or the head of a unit without end. */
static void send_part(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (ex->unit_len == 0)
		return;
	ex->unit_len = 0;
	s->types.has_begun = true;
	ex->is_partial = !is_any_in_copy(s);
	side_send_held(&s->truth);
	side_send_held(&s->candidate);
}

static bool is_full(const struct side *side)
{
	return side_is_clogged(side) ||
	       (!side->is_absent && side->backend->protocol.count >= UNIT_MESSAGES_MAX);
}

/* Too much is unanswered or unsent: more when some of it is gone. */
static bool must_wait(const struct session *s)
{
	return is_full(&s->truth) || is_full(&s->candidate);
}

/* The next message of the request; one that waited for a look-up comes first. */
static enum request_result next(struct session *s, struct frame *f, struct err *err)
{
	if (!s->types.has_pending)
		return request_next(&s->exchange.source, f, err);
	s->types.has_pending = false;
	*f = s->types.pending;
	return REQUEST_MESSAGE;
}

/* True: the unit was sent. */
static bool take_message(struct session *s, const struct frame *f)
{
	struct exchange *ex = &s->exchange;
	bool is_end = is_boundary(s, f->type);
	bool is_taken;

	exchange_note_request(s, f->whole);
	steps_note(&ex->steps, &s->prepared, f);
	ex->unit_len += f->whole.len;
	is_taken = take(s, &s->truth, f);
	is_taken |= take(s, &s->candidate, f);
	if (!is_taken || !is_end || s->state != SESSION_READY)
		return false;
	dispatch(s);
	return true;
}

static size_t part_limit(const struct session *s)
{
	return is_any_in_copy(s) ? COPY_CHUNK : (size_t)s->replay->settings->window / 2;
}

bool player_feed(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct frame f;
	struct err err;

	while (s->state == SESSION_READY) {
		if (ex->unit_len >= part_limit(s) || must_wait(s))
			send_part(s);
		if (must_wait(s))
			return false;
		switch (next(s, &f, &err)) {
		case REQUEST_MESSAGE:
			if (types_look_up(s, &f))
				return true;
			if (take_message(s, &f))
				return true;
			break;
		case REQUEST_END:
			return player_end(s);
		case REQUEST_FAILED:
			session_give_up(s, err.text);
			break;
		}
	}
	return false;
}

bool player_queue(struct session *s, struct side *side, struct bytes message)
{
	struct frame f;

	return frame_next(message, WIRE_FRONTEND, message.len, &f, NULL) == FRAME_OK &&
	       hold(s, side, &f);
}

/* The recorded client went away in the middle of its COPY. */
static bool fail_copy(struct session *s, struct side *side)
{
	struct buf out;
	bool ok;

	if (!side_is_in_copy(side))
		return true;
	s->exchange.steps.unit_writes = true;
	buf_init(&out, 256);
	ok = encode_copy_fail(&out, "twinkly-replay: the recorded data ends here") &&
	     player_queue(s, side, buf_bytes(&out));
	buf_fini(&out);
	return ok;
}

/* Without a Sync behind it the answer stays in the server's buffer. */
static bool ask_for_answer(struct session *s, struct side *side)
{
	static const unsigned char flush[] = {FRONTEND_FLUSH, 0, 0, 0, 4};

	return side->is_absent || protocol_is_settled(&side->backend->protocol) ||
	       player_queue(s, side, bytes_of(flush, sizeof(flush)));
}

bool player_end(struct session *s)
{
	s->exchange.is_played = true;
	if (!fail_copy(s, &s->truth) || !fail_copy(s, &s->candidate) ||
		!ask_for_answer(s, &s->truth) || !ask_for_answer(s, &s->candidate))
		return false;
	dispatch(s);
	return true;
}
