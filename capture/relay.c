/*
 * From the client to the backends. Messages are framed once, at the front of the client's
 * buffer, until one completes a unit: Query, FunctionCall, Sync, Flush. The unit then waits
 * for its turn and is sent as the bytes that came: a reading one to both sides, a writing
 * one to the source of truth and, when that has answered, to the candidate
 * (comparison.execution). One unit is under way at a time; what a client sends ahead waits in
 * its buffer, and the buffer's high-water mark holds the client back.
 */
#include "capture/relay.h"

#include <stdlib.h>

#include "base/clock.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/retry.h"
#include "capture/session.h"
#include "capture/mismatch.h"
#include "capture/answer.h"
#include "wire/decode.h"
#include "wire/encode.h"

/* Unanswered messages at which the head of a long unit is sent and its answers are awaited. */
#define UNIT_MESSAGES_MAX (PROTOCOL_OWED_MAX / 2)

static size_t max_message(const struct session *s)
{
	return (size_t)s->proxy->settings->max_message;
}

static bool is_clogged(const struct session *s)
{
	return link_is_clogged(&s->truth.backend->link) ||
	       (!s->is_detached && link_is_clogged(&s->candidate.backend->link));
}

/* The protocol state of both sides learns of the message before it is sent. */
static bool note_owed(struct session *s, const struct frame *f)
{
	/* Of a routed unit the follower's part is noted when it is sent. */
	if (s->exchange.is_routed && s->exchange.route.is_fixed) {
		if (protocol_on_request(&route_leader(s)->backend->protocol, f) == PROTOCOL_OK)
			return true;
		session_fatal(s, "54000", "too many messages are waiting for their answers");
		return false;
	}
	if (protocol_on_request(&s->truth.backend->protocol, f) != PROTOCOL_OK ||
		(!s->is_detached &&
			protocol_on_request(&s->candidate.backend->protocol, f) != PROTOCOL_OK)) {
		session_fatal(s, "54000", "too many messages are waiting for their answers");
		return false;
	}
	return true;
}

static void send_to(struct side *side, struct bytes data)
{
	side->is_sent = true;
	side->heard_us = clock_mono_us();
	if (side->asked_us == 0)
		side->asked_us = side->heard_us;
	if (data.len > 0)
		(void)!backend_send(side->backend, data);
}

void relay_send_held(struct side *side)
{
	send_to(side, buf_bytes(&side->held));
	buf_release(&side->held);
}

/* Not SQL on purpose: it fails in any state. */
#define ENDED_UNIT "twinkly: this statement was ended on the other database"

static unsigned char last_type(struct bytes messages)
{
	unsigned char type = 0;
	struct frame f;

	while (frame_next(messages, WIRE_FRONTEND, messages.len, &f, NULL) == FRAME_OK) {
		type = f.type;
		messages = bytes_skip(messages, f.whole.len);
	}
	return type;
}

/* What it owes was noted when the client's messages came: one error answers them all. */
void relay_fail_held(struct session *s)
{
	struct bytes held = buf_bytes(&s->candidate.held);
	bool is_simple = held.len > 0 &&
			 (*held.ptr == FRONTEND_QUERY || *held.ptr == FRONTEND_FUNCTION_CALL);
	bool has_sync = !is_simple && last_type(held) == FRONTEND_SYNC;
	struct buf out;
	bool ok;

	buf_init(&out, 1024);
	ok = is_simple ? encode_query(&out, ENDED_UNIT)
		       : encode_parse(&out, "", ENDED_UNIT, NULL, 0) &&
				 (has_sync ? encode_sync(&out) : encode_flush(&out));
	if (ok)
		send_to(&s->candidate, buf_bytes(&out));
	else
		session_fatal(s, "53200", "twinkly is out of memory");
	buf_fini(&out);
	buf_release(&s->candidate.held);
}

static bool goes_to_both(const struct session *s)
{
	const struct exchange *ex = &s->exchange;

	return s->proxy->execution == EXECUTION_PARALLEL || !ex->unit_writes || ex->is_partial;
}

/* The bytes at the front of the client's buffer go out. */
static void send_bytes(struct session *s, size_t len, bool to_both)
{
	struct bytes data = bytes_of(buf_bytes(&s->client.in).ptr, len);
	struct bytes other = types_for_candidate(s, data);

	if (!other.ptr) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	exchange_note_request(s, data);
	send_to(route_leader(s), route_leader(s) == &s->truth ? data : other);
	if (!route_is_single(s)) {
		if (to_both)
			send_to(&s->candidate, other);
		else if (!buf_append_bytes(&s->candidate.held, other))
			session_fatal(s, "53200", "twinkly is out of memory");
	}
	buf_consume(&s->client.in, len);
}

static void send_unit(struct session *s)
{
	struct exchange *ex = &s->exchange;
	bool to_both = goes_to_both(s);

	s->truth.is_sent = s->candidate.is_sent = false;
	ex->phase = PHASE_AWAITING;
	retry_note_sent(s);
	types_begin_unit(s);
	ex->has_written |= ex->unit_writes;
	send_bytes(s, ex->unit_len, to_both);
	if (ex->is_routed && !s->is_marked)
		route_send_shared(s);
	ex->unit_len = 0;
	ex->is_partial = false;
	watch_update(s->proxy);
}

/* A unit without end: its head goes to both sides at once, so that neither the proxy nor the
 * client has to hold it all. */
static void send_partial(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->is_partial)
		types_begin_unit(s);
	ex->is_partial = ex->route.is_fixed = true;
	retry_note_sent(s);
	ex->has_written |= ex->unit_writes;
	send_bytes(s, ex->unit_len, true);
	ex->unit_len = 0;
	watch_update(s->proxy);
}

void relay_dispatch(struct session *s)
{
	if (!route_decide(s) || types_look_up(s, true))
		return;
	s->exchange.phase = PHASE_QUEUED;
	if (turn_request(
		    &s->proxy->turn, &s->ticket, s->exchange.unit_writes ? TURN_WRITE : TURN_READ))
		send_unit(s);
}

void relay_on_granted(struct session *s)
{
	if (s->is_marked || s->state != SESSION_READY)
		return;
	if (s->exchange.phase == PHASE_QUEUED) {
		if (s->exchange.is_retried)
			retry_send(s);
		else
			send_unit(s);
		session_update(s);
	} else if (s->exchange.phase == PHASE_AWAITING && !s->candidate.is_sent) {
		relay_send_held(&s->candidate);
	}
}

static void on_malformed(struct session *s, const char *why)
{
	session_fatal(s, "08P01", "protocol violation by the client: %s", why);
}

static bool is_boundary(unsigned char type)
{
	return type == FRONTEND_QUERY || type == FRONTEND_FUNCTION_CALL || type == FRONTEND_SYNC ||
	       type == FRONTEND_FLUSH;
}

static bool is_copy_message(unsigned char type)
{
	return type == FRONTEND_COPY_DATA || type == FRONTEND_COPY_DONE ||
	       type == FRONTEND_COPY_FAIL;
}

/* One more message of the unit. False: the pump stops here. */
static bool take_message(struct session *s, const struct frame *f)
{
	struct exchange *ex = &s->exchange;

	if (f->type == FRONTEND_TERMINATE) {
		session_end(s, "terminated by the client");
		return false;
	}
	if (s->awaits_sync) {
		if (f->type == FRONTEND_SYNC)
			mismatch_on_sync(s);
		buf_consume(&s->client.in, f->whole.len);
		return true;
	}
	if (f->type == FRONTEND_PASSWORD) {
		on_malformed(s, "a PasswordMessage outside authentication");
		return false;
	}
	/* The rest of a COPY that failed; the server would ignore it, too. */
	if (ex->unit_len == 0 && is_copy_message(f->type)) {
		buf_consume(&s->client.in, f->whole.len);
		return true;
	}
	if (!exchange_note_message(s, f)) {
		on_malformed(s, "malformed message body");
		return false;
	}
	if (s->is_marked || !note_owed(s, f))
		return false;
	ex->unit_len += f->whole.len;
	if (!is_boundary(f->type))
		return true;
	ex->ends = f->type != FRONTEND_FLUSH;
	relay_dispatch(s);
	return true;
}

/* Somebody does not keep up: a backend, or the client, which gets answers and does not read
 * them. */
static bool must_wait(const struct session *s)
{
	return is_clogged(s) || link_is_clogged(&s->client);
}

static bool owes_much(const struct session *s)
{
	return s->truth.backend->protocol.count >= UNIT_MESSAGES_MAX ||
	       (!s->is_detached && s->candidate.backend->protocol.count >= UNIT_MESSAGES_MAX);
}

/* False: nothing more can be taken now. */
static bool collect(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct bytes rest = bytes_skip(buf_bytes(&s->client.in), ex->unit_len);
	struct frame f;
	struct err err;

	if (must_wait(s))
		return false;
	/* What is owed was noted before it is sent: only what was sent will be answered. */
	if (ex->unit_len >= (size_t)s->proxy->settings->window / 2 ||
		(ex->unit_len > 0 && owes_much(s))) {
		if (!route_decide(s) || types_look_up(s, false))
			return false;
		send_partial(s);
		return !s->is_marked;
	}
	if (owes_much(s))
		return false;
	switch (frame_next(rest, WIRE_FRONTEND, max_message(s), &f, &err)) {
	case FRAME_NEED_MORE:
		s->client.need = ex->unit_len + f.whole.len;
		return false;
	case FRAME_MALFORMED:
		on_malformed(s, err.text);
		return false;
	case FRAME_OK:
		return take_message(s, &f);
	}
	return false;
}

/* CopyDone or CopyFail: with a simple query it is a unit of its own, in the extended protocol
 * the head of the one that the client's Sync will end. */
static bool end_copy(struct session *s, const struct frame *f)
{
	struct exchange *ex = &s->exchange;

	if (!note_owed(s, f))
		return false;
	ex->unit_len = f->whole.len;
	ex->unit_writes = true;
	ex->phase = PHASE_COLLECTING;
	if (ex->is_simple) {
		ex->ends = true;
		relay_dispatch(s);
	}
	return true;
}

static bool is_copy_filling(unsigned char type)
{
	return type == FRONTEND_COPY_DATA || type == FRONTEND_FLUSH || type == FRONTEND_SYNC;
}

/* COPY data is forwarded as it comes, all whole messages at a time. */
static bool forward_copy(struct session *s)
{
	struct bytes in = buf_bytes(&s->client.in);
	size_t len = 0;
	struct frame f;
	struct err err;
	enum frame_result result;

	if (is_clogged(s))
		return false;
	while ((result = frame_next(bytes_skip(in, len), WIRE_FRONTEND, max_message(s), &f,
			&err)) == FRAME_OK &&
		is_copy_filling(f.type)) {
		if (!note_owed(s, &f))
			return false;
		len += f.whole.len;
	}
	if (len > 0) {
		send_bytes(s, len, true);
		return !s->is_marked;
	}
	if (result == FRAME_NEED_MORE) {
		s->client.need = f.whole.len;
		return false;
	}
	if (result == FRAME_MALFORMED)
		on_malformed(s, err.text);
	else if (f.type == FRONTEND_COPY_DONE || f.type == FRONTEND_COPY_FAIL)
		return end_copy(s, &f);
	else if (f.type == FRONTEND_TERMINATE)
		session_end(s, "terminated by the client during COPY");
	else
		on_malformed(s, "unexpected message during COPY from stdin");
	return false;
}

void relay_pump(struct session *s)
{
	bool goes_on = true;

	while (goes_on && !s->is_marked && s->state == SESSION_READY) {
		s->client.need = 0;
		if (s->exchange.phase == PHASE_COLLECTING)
			goes_on = collect(s);
		else if (s->exchange.phase == PHASE_COPYING)
			goes_on = forward_copy(s);
		else
			goes_on = answer_at_once(s);
	}
	if (s->is_client_gone && !s->is_marked && s->state == SESSION_READY &&
		(s->exchange.phase == PHASE_COLLECTING || s->exchange.phase == PHASE_COPYING))
		session_end(s, "the client closed the connection");
	else if (s->proxy->stop_why && !s->is_marked && s->state == SESSION_READY &&
		 !s->exchange.is_open)
		session_fatal(s, "57P01", "%s", s->proxy->stop_why);
}
