/*
 * Who gets the unit under way.
 */
#include "capture/route.h"

#include <stdio.h>

#include "base/clock.h"
#include "capture/consequence.h"
#include "capture/align.h"
#include "capture/answer.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "wire/decode.h"
#include "wire/encode.h"

static bool is_on(const struct session *s)
{
	return routing_is_on(s->proxy->routing);
}

struct side *route_leader(struct session *s)
{
	return s->exchange.is_routed && s->exchange.is_led_by_candidate ? &s->candidate : &s->truth;
}

struct side *route_follower(struct session *s)
{
	return route_leader(s) == &s->truth ? &s->candidate : &s->truth;
}

bool route_is_single(const struct session *s)
{
	return s->is_detached || s->exchange.is_routed;
}

/* --- collecting --- */

void route_begin_unit(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct unit_route *r = &ex->route;

	if (!is_on(s) || r->is_fixed || ex->unit_len > 0)
		return;
	buf_reset(&r->shared);
	*r = (struct unit_route){.shared = r->shared};
	r->marks[0] = protocol_mark(&s->truth.backend->protocol);
	if (!s->is_alone)
		r->marks[1] = protocol_mark(&s->candidate.backend->protocol);
	ex->is_routed = false;
}

static void want(struct unit_route *r, enum route route, const char *pattern)
{
	if (r->wanted != ROUTE_BOTH || route == ROUTE_BOTH)
		return;
	r->wanted = route;
	r->pattern = pattern;
}

/* For both, whoever leads. */
static void share(struct session *s, struct bytes message)
{
	if (!buf_append_bytes(&s->exchange.route.shared, message))
		session_fatal(s, "53200", "twinkly is out of memory");
}

void route_mark(struct session *s, struct statement *statement)
{
	if (is_on(s) && statement && !statement->is_control)
		statement->route = routing_match(
			s->proxy->routing, statement_text(statement), &statement->pattern);
}

/* True: transaction control that both get. */
static bool note(struct unit_route *r, const struct statement *statement)
{
	if (statement && statement->is_control) {
		r->has_late_control |= r->has_body;
		return !r->has_body;
	}
	r->has_body = true;
	if (statement)
		want(r, statement->route, statement->pattern);
	return false;
}

void route_note_statement(struct session *s, const struct statement *statement, size_t end)
{
	if (is_on(s) && note(&s->exchange.route, statement))
		s->exchange.route.head_len = end;
}

/* All statements of the text were noted. */
void route_note_query(struct session *s, struct bytes text)
{
	struct unit_route *r = &s->exchange.route;
	struct buf head;

	if (!is_on(s) || !r->has_body || r->head_len == 0)
		return;
	buf_init(&head, r->head_len + 1);
	if (!buf_append(&head, text.ptr, r->head_len) || !encode_query(&r->shared, buf_cstr(&head)))
		session_fatal(s, "53200", "twinkly is out of memory");
	buf_fini(&head);
}

void route_note_use(struct session *s, const struct frame *f, const struct statement *statement,
	enum route place)
{
	struct unit_route *r = &s->exchange.route;

	if (!is_on(s))
		return;
	want(r, place, NULL);
	if (note(r, statement))
		share(s, f->whole);
}

void route_note_close(struct session *s, const struct frame *f, enum route place)
{
	if (!is_on(s))
		return;
	want(&s->exchange.route, place, NULL);
	if (place == ROUTE_BOTH)
		share(s, f->whole);
}

/* --- deciding --- */

static enum route choose(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct unit_route *r = &ex->route;
	enum route route = r->wanted;

	if (route == ROUTE_BOTH && r->has_body)
		route = routing_default(s->proxy->routing);
	/* A Sync or Flush alone: to whom the exchange went. */
	if (!r->has_body && route == ROUTE_BOTH && buf_len(&r->shared) == 0 && !ex->is_shared)
		route = ex->last_route;
	return r->has_late_control ? ROUTE_BOTH : route;
}

static const char *name_of(const struct session *s, enum route route)
{
	return route == ROUTE_POSTGRESQL ? s->proxy->settings->postgresql_name
					 : s->proxy->settings->yugabytedb_name;
}

static void note_reason(struct session *s, enum route route)
{
	struct exchange *ex = &s->exchange;
	const struct unit_route *r = &ex->route;

	if (ex->note)
		return;
	if (r->pattern)
		snprintf(s->why, sizeof(s->why), "routed to %s only by the pattern \"%s\"",
			name_of(s, route), r->pattern);
	else
		snprintf(s->why, sizeof(s->why), "routed to %s only: %s", name_of(s, route),
			r->wanted != ROUTE_BOTH ? "it was prepared there"
						: "proxy.routing.default-target");
	ex->note = s->why;
}

static void note_place(struct session *s, char kind, struct bytes name, enum route route)
{
	const struct statement *statement = prepared_get(&s->prepared, kind, name);

	if (statement && !statement->is_control)
		prepared_place(&s->prepared, kind, name, route);
}

/* What is prepared in a routed unit exists on its leader only, but for its head. */
static void note_places(struct session *s, enum route route)
{
	struct bytes unit = bytes_of(buf_bytes(&s->client.in).ptr, s->exchange.unit_len);
	struct msg_parse parse;
	struct msg_bind bind;
	struct frame f;

	while (frame_next(unit, WIRE_FRONTEND, unit.len, &f, NULL) == FRAME_OK) {
		if (f.type == FRONTEND_PARSE && decode_parse(f.body, &parse))
			note_place(s, 'S', parse.name, route);
		else if (f.type == FRONTEND_BIND && decode_bind(f.body, &bind))
			note_place(s, 'P', bind.portal, route);
		unit = bytes_skip(unit, f.whole.len);
	}
}

static bool can_lead(struct session *s, enum route route)
{
	if (!s->exchange.is_led_by_candidate || !s->is_detached)
		return true;
	session_fatal(s, "08006", "twinkly: the statement is routed to %s only, %s",
		name_of(s, route),
		s->is_alone ? "without which this session goes on"
			    : "which is left out until the transaction ends");
	return false;
}

/* The follower does not get the unit after all: it owes nothing for it. */
static void take_back(struct session *s)
{
	struct side *follower = route_follower(s);

	if (follower == &s->candidate && s->is_detached)
		buf_reset(&s->exchange.route.shared);
	else
		protocol_rewind(&follower->backend->protocol,
			&s->exchange.route.marks[follower == &s->candidate]);
}

bool route_decide(struct session *s)
{
	struct exchange *ex = &s->exchange;
	enum route route;

	if (!is_on(s))
		return true;
	route = ex->route.is_fixed ? ex->is_routed ? ex->last_route : ROUTE_BOTH : choose(s);
	if (route != ROUTE_BOTH)
		note_places(s, route);
	if (ex->route.is_fixed)
		return true;
	ex->is_routed = route != ROUTE_BOTH;
	ex->is_shared |= !ex->is_routed;
	if (!ex->is_routed)
		return true;
	ex->last_route = route;
	ex->is_led_by_candidate =
		(route == ROUTE_POSTGRESQL) != s->proxy->settings->truth_is_postgresql;
	ex->has_candidate |= ex->is_led_by_candidate; /* else its answer would not be kept */
	note_reason(s, route);
	if (!can_lead(s, route))
		return false;
	take_back(s);
	return true;
}

/* --- the follower --- */

static bool note_owed(struct side *side, struct bytes messages)
{
	struct frame f;

	while (frame_next(messages, WIRE_FRONTEND, messages.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(&side->backend->protocol, &f) != PROTOCOL_OK)
			return false;
		messages = bytes_skip(messages, f.whole.len);
	}
	return true;
}

static bool ends_in_query(struct bytes messages)
{
	unsigned char type = 0;
	struct frame f;

	while (frame_next(messages, WIRE_FRONTEND, messages.len, &f, NULL) == FRAME_OK) {
		type = f.type;
		messages = bytes_skip(messages, f.whole.len);
	}
	return type == FRONTEND_QUERY;
}

void route_send_shared(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct side *follower = route_follower(s);
	struct buf *shared = &ex->route.shared;
	bool ok;

	if (buf_len(shared) == 0 && !ex->is_shared)
		return;
	if (follower == &s->candidate && s->is_detached)
		return;
	ex->is_shared = true;
	ok = ends_in_query(buf_bytes(shared)) ||
	     (ex->ends ? encode_sync(shared) : encode_flush(shared));
	if (!ok || !note_owed(follower, buf_bytes(shared))) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	follower->is_sent = true;
	follower->heard_us = clock_mono_us();
	(void)!backend_send(follower->backend, buf_bytes(shared));
	buf_reset(shared);
}

/* What it says of its part is for nobody. */
static void swallow(struct session *s, struct side *follower)
{
	if (!follower->is_sent || (follower == &s->candidate && s->is_detached))
		return;
	buf_consume(&follower->backend->link.in, follower->framed);
	follower->framed = 0;
}

void route_settle(struct session *s)
{
	s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_NOT_COMPARED);
	consequence_note(s, NULL);
	swallow(s, route_follower(s));
	if (!align_routed(s) && !s->is_marked)
		answer_go_on(s, NULL);
}
