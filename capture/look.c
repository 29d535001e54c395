/*
 * Sending a look-up, and taking its answer out of what the client is to get.
 */
#include "capture/look.h"

#include "base/clock.h"
#include "capture/proxy.h"
#include "capture/session.h"

void look_fini(struct look *look)
{
	if (look->is_asking)
		protocol_fini(&look->saved);
	look->is_asking = false;
}

static bool is_ready(const struct side *side)
{
	const struct protocol *p = &side->backend->protocol;

	return side->backend->state == BACKEND_READY && p->status != 'E' && !p->is_skipping &&
	       p->doubtful == 0 && p->copy == PROTOCOL_COPY_NONE;
}

/* What the truth alone gets needs nothing; what the candidate alone gets may be looked up while
 * the truth has no part in the exchange that a Flush would leave open. */
static bool suits_route(const struct exchange *ex)
{
	return !ex->is_routed || (ex->is_led_by_candidate && ex->started_us == 0);
}

bool look_is_possible(const struct session *s)
{
	return !s->is_detached && suits_route(&s->exchange) && is_ready(&s->truth) &&
	       is_ready(&s->candidate);
}

void look_begin(struct session *s, void (*on_answered)(struct session *s))
{
	s->look.on_answered = on_answered;
	s->look.phase = s->exchange.phase;
	s->exchange.phase = PHASE_LOOKING;
	watch_update(s->proxy);
}

static bool note_owed(struct protocol *p, struct bytes data)
{
	struct frame f;

	while (frame_next(data, WIRE_FRONTEND, data.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(p, &f) != PROTOCOL_OK)
			return false;
		data = bytes_skip(data, f.whole.len);
	}
	return true;
}

/* What the unit will owe was noted when it was framed; our statement goes before it. */
void look_ask(struct session *s, struct side *side, struct bytes messages)
{
	struct look *look = &s->look;
	struct protocol *protocol = &side->backend->protocol;

	look->side = side;
	look->keep = side->framed;
	look->saved = *protocol;
	look->is_asking = true;
	protocol_init(protocol);
	protocol->status = look->saved.status;
	side->is_sent = true;
	side->heard_us = clock_mono_us();
	if (note_owed(protocol, messages))
		(void)!backend_send(side->backend, messages);
	else
		session_fatal(s, "53200", "twinkly is out of memory");
}

void look_advance(struct session *s)
{
	if (protocol_is_settled(&s->look.side->backend->protocol))
		s->look.on_answered(s);
}

static bool is_asynchronous(unsigned char type)
{
	return type == BACKEND_NOTICE_RESPONSE || type == BACKEND_PARAMETER_STATUS ||
	       type == BACKEND_NOTIFICATION_RESPONSE;
}

struct bytes look_answer(const struct session *s)
{
	return bytes_skip(side_framed(s->look.side), s->look.keep);
}

/* What came between our answer's messages is the client's and stays. */
static void take_out(struct side *side, size_t keep)
{
	struct buf *in = &side->backend->link.in;
	unsigned char *to = in->ptr + in->start + keep;
	struct bytes rest = bytes_skip(side_framed(side), keep);
	struct bytes behind = bytes_skip(buf_bytes(in), side->framed);
	size_t kept = 0;
	struct frame f;

	while (frame_next(rest, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) == FRAME_OK) {
		if (is_asynchronous(f.type)) {
			memmove(to + kept, f.whole.ptr, f.whole.len);
			kept += f.whole.len;
		}
		rest = bytes_skip(rest, f.whole.len);
	}
	if (behind.len > 0)
		memmove(to + kept, behind.ptr, behind.len);
	side->framed = keep + kept;
	buf_truncate(in, keep + kept + behind.len);
}

/* Our error may have left a transaction failed: that is its status then. */
void look_take_answer(struct session *s)
{
	struct look *look = &s->look;
	struct protocol *protocol = &look->side->backend->protocol;
	char status = protocol->status;

	take_out(look->side, look->keep);
	protocol_fini(protocol);
	*protocol = look->saved;
	protocol->status = status;
	look->is_asking = false;
}

void look_end(struct session *s)
{
	s->exchange.phase = s->look.phase;
}
