/*
 * From the backends to the client. Each side's bytes are framed once and checked off against
 * what is owed; the two answers are walked in step as they come. An answer is held until both
 * sides have settled, unless it is longer than half the window: then its equal head is handed
 * on while the rest arrives. With on-mismatch = log the source of truth's bytes go to
 * the client at once and are compared behind its back.
 */
#include "capture/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/exchange.h"
#include "capture/folding.h"
#include "capture/judge.h"
#include "capture/parameters.h"
#include "capture/proxy.h"
#include "capture/retry.h"
#include "capture/session.h"
#include "capture/align.h"
#include "capture/relay.h"
#include "capture/seed.h"
#include "capture/startup.h"
#include "diffengine/compare.h"
#include "wire/decode.h"

/* "The administrator ends this connection" and the like: the client gets that code. */
static void note_fatal(struct side *side, struct bytes body)
{
	if (decode_error(body) && bytes_equal_str(error_field(body, 'V'), "FATAL") &&
		error_field(body, 'C').len == 5)
		snprintf(side->fatal, sizeof(side->fatal), "%.5s",
			(const char *)error_field(body, 'C').ptr);
}

static void note_answer(struct session *s, struct side *side, const struct frame *f)
{
	struct bytes tag;

	if (s->exchange.phase == PHASE_LOOKING) {
		if (f->type == BACKEND_ERROR_RESPONSE)
			note_fatal(side, f->body);
		return;
	}
	switch (f->type) {
	case BACKEND_DATA_ROW:
	case BACKEND_COPY_DATA:
		side->rows++;
		break;
	case BACKEND_COMMAND_COMPLETE:
		if (decode_string(f->body, &tag))
			snprintf(side->last_tag, sizeof(side->last_tag), "%.*s",
				bytes_width(tag, sizeof(side->last_tag) - 1),
				(const char *)tag.ptr);
		types_note_tag(s, bytes_str(side->last_tag));
		keys_note_tag(s, bytes_str(side->last_tag));
		side->last_rows = side->rows;
		side->rows = 0;
		break;
	case BACKEND_PARSE_COMPLETE:
	case BACKEND_BIND_COMPLETE:
	case BACKEND_CLOSE_COMPLETE:
		side->completed++;
		break;
	case BACKEND_ERROR_RESPONSE:
		side->rows = 0;
		side->has_failed = true;
		note_fatal(side, f->body);
		break;
	case BACKEND_PARAMETER_STATUS:
		parameters_note(s, side, f->body);
		break;
	case BACKEND_READY_FOR_QUERY:
		side->done_us = record_now(&s->proxy->record);
		side->rows = 0;
		break;
	default:
		break;
	}
}

/* A COPY FROM may fail before it has seen any data (into a view, say), and one side's error may
 * be here while the other's is not. So both are judged where each has said CopyInResponse. */
static bool stops_framing(const struct session *s, const struct side *side, const struct frame *f)
{
	return f->type == BACKEND_COPY_IN_RESPONSE && s->exchange.phase == PHASE_AWAITING &&
	       side->backend->protocol.copy == PROTOCOL_COPY_IN;
}

/* Frames what is new. False: the session is over. */
static bool frame_new(struct session *s, struct side *side)
{
	struct link *link = &side->backend->link;
	size_t max = (size_t)s->proxy->settings->max_message;
	struct frame f;
	struct err err;

	while (!side->is_stopped) {
		struct bytes rest = bytes_skip(buf_bytes(&link->in), side->framed);

		switch (frame_next(rest, WIRE_BACKEND, max, &f, &err)) {
		case FRAME_NEED_MORE:
			link->need = f.whole.len ? side->framed + f.whole.len : 0;
			return true;
		case FRAME_MALFORMED:
			answer_give_up(s, side, "08P01", err.text);
			return false;
		case FRAME_OK:
			break;
		}
		if (protocol_on_answer(&side->backend->protocol, &f, &err) != PROTOCOL_OK) {
			answer_give_up(s, side, "08P01", err.text);
			return false;
		}
		note_answer(s, side, &f);
		side->framed += f.whole.len;
		side->is_stopped = stops_framing(s, side, &f);
	}
	return true;
}

static void consume(struct side *side, size_t len)
{
	if (len == 0)
		return;
	buf_consume(&side->backend->link.in, len);
	side->framed -= len;
}

/* Of a unit that one side alone answers. */
static void hand_on_single(struct session *s)
{
	struct side *leader = route_leader(s);
	struct bytes answer = side_framed(leader);

	if (leader == &s->truth)
		exchange_note_truth(s, answer);
	else
		exchange_note_candidate(s, answer);
	session_send(s, bytes_skip(answer, s->exchange.handed));
	s->exchange.handed = 0;
	consume(leader, answer.len);
}

void answer_hand_on(struct session *s, size_t truth, size_t candidate)
{
	struct exchange *ex = &s->exchange;
	struct bytes answer = bytes_of(side_framed(&s->truth).ptr, truth);

	exchange_note_truth(s, answer);
	session_send(s, bytes_skip(answer, ex->handed));
	ex->handed = ex->handed > truth ? ex->handed - truth : 0;
	consume(&s->truth, truth);
	if (!s->is_detached) {
		exchange_note_candidate(s, bytes_of(side_framed(&s->candidate).ptr, candidate));
		consume(&s->candidate, candidate);
	}
}

/* on-mismatch = log: what the truth has said so far. */
static void hand_on_at_once(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct bytes answer = side_framed(route_leader(s));

	/* An error that our own cancel causes is told in our own words. */
	if (!ex->is_handed_at_once || ex->is_deadlocked || ex->handed >= answer.len)
		return;
	session_send(s, bytes_skip(answer, ex->handed));
	ex->handed = answer.len;
}

static void keep_columns(struct session *s)
{
	struct lockstep *l = &s->exchange.lock;

	if (!l->is_in_item || l->columns_len == 0 || (l->is_headless && l->columns == 0))
		return;
	buf_reset(&s->columns);
	/* Without its type and length: the body. */
	if (!buf_append(
		    &s->columns, side_framed(&s->truth).ptr + l->columns + 5, l->columns_len - 5))
		buf_reset(&s->columns);
}

void answer_hand_on_equal(struct session *s)
{
	struct lockstep *l = &s->exchange.lock;
	size_t truth = l->truth, candidate = l->candidate;

	keep_columns(s);
	answer_hand_on(s, truth, candidate);
	lockstep_rebase(l, truth, candidate);
	types_mark(s);
}

/* A long answer: its equal head goes on. */
static void stream(struct session *s)
{
	const struct lockstep *l = &s->exchange.lock;
	size_t truth = l->truth, candidate = l->candidate;
	size_t half = (size_t)s->proxy->settings->window / 2;

	if ((truth < half && candidate < half) || link_is_clogged(&s->client))
		return;
	if (!types_settle(s))
		return;
	answer_hand_on_equal(s);
}

void answer_diverge(struct session *s)
{
	size_t high_water = folding_high_water(s);

	s->exchange.has_diverged = true;
	exchange_diverge(s);
	/* More is needed at once now. */
	s->truth.backend->link.high_water = high_water;
	s->candidate.backend->link.high_water = high_water;
}

static void converge(struct session *s)
{
	size_t window = (size_t)s->proxy->settings->window;

	s->exchange.has_diverged = false;
	if (s->truth.backend)
		s->truth.backend->link.high_water = window;
	if (s->candidate.backend)
		s->candidate.backend->link.high_water = window;
}

static bool has_settled(const struct side *side)
{
	return side->is_sent && protocol_is_settled(&side->backend->protocol);
}

static void learn_types(struct statement *statement, struct bytes body)
{
	struct wire_items oids;

	if (statement && decode_parameter_description(body, &oids))
		statement_learn_types(statement, oids);
}

/* The side beside the leader, as far as it has to answer. */
static bool has_other_settled(struct session *s)
{
	const struct side *follower = route_follower(s);

	if (s->is_detached && follower == &s->candidate)
		return true;
	return has_settled(follower) || (s->exchange.is_routed && !follower->is_sent);
}

void answer_learn_columns(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct bytes answer = side_framed(&s->truth);
	struct frame f;
	bool is_described = false;

	while (ex->described_known < ex->described_count &&
		frame_next(answer, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) ==
			FRAME_OK) {
		if (f.type == BACKEND_PARAMETER_DESCRIPTION) {
			is_described = true;
			learn_types(ex->described[ex->described_known], f.body);
		} else if (is_described) {
			struct statement *statement = ex->described[ex->described_known++];

			if (f.type == BACKEND_ROW_DESCRIPTION && statement)
				statement_learn_columns(statement, f.body);
			is_described = false;
		}
		answer = bytes_skip(answer, f.whole.len);
	}
	/* Those that are left have failed. */
	ex->described_known = ex->described_count;
}

void answer_finish(struct session *s, const struct comparison *result)
{
	unsigned first = s->exchange.lock.ordinal;

	converge(s);
	exchange_finish(s, result, first);
	s->truth.backend->link.need = 0;
	link_trim(&s->truth.backend->link);
	if (!s->is_detached) {
		s->candidate.backend->link.need = 0;
		link_trim(&s->candidate.backend->link);
	}
	link_trim(&s->client);
}

/* Commands that are complete when this unit is: the lockstep stopped where the answers differ,
 * so the truth's is walked on against itself. */
static unsigned count_commands(const struct session *s)
{
	struct lockstep rest = s->exchange.lock;

	rest.candidate = rest.truth;
	(void)lockstep_advance(&rest, side_framed(&s->truth), side_framed(&s->truth));
	return rest.ordinal;
}

void answer_go_on(struct session *s, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	const struct side *leader = route_leader(s);
	unsigned commands = count_commands(s);

	if (route_is_single(s))
		hand_on_single(s);
	else
		answer_hand_on(s, s->truth.framed, s->candidate.framed);
	if (s->is_marked)
		return;
	turn_release(&s->proxy->turn, &s->ticket);
	ex->route.is_fixed = leader->backend->protocol.copy == PROTOCOL_COPY_IN;
	if (leader->backend->protocol.copy == PROTOCOL_COPY_IN) {
		ex->phase = PHASE_COPYING;
		/* A Sync that was sent before the data is swallowed by the COPY. */
		ex->ends = ex->is_simple;
	} else if (protocol_is_idle(&leader->backend->protocol) && leader->done_us >= 0) {
		answer_finish(s, result);
		return;
	} else {
		ex->phase = PHASE_COLLECTING;
	}
	if (ex->has_diverged)
		converge(s);
	if (result && result->count > 0) {
		record_differences(&s->proxy->record, ex->id, result);
		exchange_note_differences(s, result);
	}
	ex->lock.is_in_item = false;
	ex->lock.truth = ex->lock.candidate = 0;
	ex->lock.ordinal = ex->unit_ordinal = commands;
	folding_reset(&ex->folding);
	ex->unit_writes = false;
}

/* Nothing is under way: only asynchronous messages come. The client gets the truth's. */
static void forward_asynchronous(struct session *s)
{
	struct bytes news = side_framed(&s->truth);
	struct frame f;

	while (frame_next(news, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) == FRAME_OK) {
		/* An error now is a FATAL before the end of the connection, told by
		 * answer_give_up. */
		if (f.type != BACKEND_ERROR_RESPONSE)
			session_send(s, f.whole);
		news = bytes_skip(news, f.whole.len);
	}
	consume(&s->truth, s->truth.framed);
	if (s->candidate.backend)
		consume(&s->candidate, s->candidate.framed);
}

/* It is not read on before the other side's answer comes, to be compared with it. */
static bool is_full(const struct side *side)
{
	return !link_wants_read(&side->backend->link);
}

static void walk(struct session *s);

/* Rows of a long result that differ; where there is none, all of both answers is needed. */
static void fold(struct session *s)
{
	struct exchange *ex = &s->exchange;
	bool was_on = ex->folding.is_on;

	folding_advance(s);
	if (was_on && !ex->has_diverged)
		walk(s); /* the rows were the same: in step again behind them */
	else if (!ex->folding.is_on && (is_full(&s->truth) || is_full(&s->candidate)))
		s->truth.backend->link.high_water = s->candidate.backend->link.high_water =
			s->truth.backend->link.in.ceiling;
}

static void walk(struct session *s)
{
	struct exchange *ex = &s->exchange;

	hand_on_at_once(s);
	if (route_is_single(s)) {
		if (route_leader(s)->framed > 0 && !link_is_clogged(&s->client))
			hand_on_single(s);
		return;
	}
	if (!ex->has_diverged && lockstep_advance(&ex->lock, side_framed(&s->truth),
					 side_framed(&s->candidate)) == LOCKSTEP_DIFFERS)
		answer_diverge(s);
	if (!ex->has_diverged)
		stream(s);
	else
		fold(s);
}

/* Two answers that differ and are too long to be held. */
static bool is_overfull(const struct side *side)
{
	return buf_len(&side->backend->link.in) + LINK_READ_CHUNK > side->backend->link.in.ceiling;
}

/* A writing unit's, which the truth has answered. */
static void send_second_half(struct session *s)
{
	if (s->exchange.is_deadlocked && s->truth.has_failed)
		relay_fail_held(s);
	else if (turn_return(&s->proxy->turn, &s->ticket))
		relay_send_held(&s->candidate);
}

static void advance_exchange(struct session *s)
{
	struct exchange *ex = &s->exchange;
	bool truth, candidate;

	walk(s);
	if (s->is_marked || s->state != SESSION_READY || ex->folding.is_on)
		return;
	truth = has_settled(route_leader(s));
	candidate = has_other_settled(s);
	if (ex->phase == PHASE_AWAITING && truth && candidate) {
		judge_settled(s);
	} else if (ex->phase == PHASE_AWAITING && !candidate && !s->candidate.is_sent &&
		   (truth || is_full(&s->truth))) {
		send_second_half(s);
	} else if (ex->phase == PHASE_COPYING && truth && candidate &&
		   route_leader(s)->backend->protocol.copy != PROTOCOL_COPY_IN &&
		   (route_is_single(s) ||
			   s->candidate.backend->protocol.copy != PROTOCOL_COPY_IN)) {
		judge_settled(s);
	} else if (ex->has_diverged && (is_overfull(&s->truth) || is_overfull(&s->candidate))) {
		answer_give_up(s, &s->truth, "54000",
			"the answers differ and are longer than proxy.max-message");
	}
}

bool answer_at_once(struct session *s)
{
	const struct exchange *ex = &s->exchange;
	bool was_sent = s->candidate.is_sent;

	if (ex->phase != PHASE_AWAITING || !has_settled(route_leader(s)) ||
		(was_sent && !has_other_settled(s)))
		return false;
	advance_exchange(s);
	return ex->phase != PHASE_AWAITING || s->candidate.is_sent != was_sent;
}

static void advance(struct session *s)
{
	if (!s->exchange.is_open)
		forward_asynchronous(s);
	else if (s->exchange.phase == PHASE_ALIGNING)
		align_advance(s);
	else if (s->exchange.phase == PHASE_LOOKING)
		look_advance(s);
	else if (s->exchange.phase != PHASE_EXPLAINING)
		advance_exchange(s);
}

/* Goes on behind a CopyInResponse that was judged. False: there is nothing to go on with. */
static bool resume_framing(struct session *s)
{
	struct side *sides[2] = {&s->truth, &s->candidate};
	bool is_resumed = false;

	if (s->is_marked || s->state != SESSION_READY || s->exchange.phase == PHASE_AWAITING)
		return false;
	for (int i = 0; i < 2; i++) {
		if (!sides[i]->is_stopped)
			continue;
		sides[i]->is_stopped = false;
		if (!frame_new(s, sides[i]))
			return false;
		is_resumed = true;
	}
	return is_resumed;
}

void answer_advance(struct session *s)
{
	if (s->is_marked || s->state != SESSION_READY)
		return;
	do
		advance(s);
	while (resume_framing(s));
	if (s->is_marked || s->state != SESSION_READY)
		return;
	backend_update(s->truth.backend);
	if (!s->is_alone)
		backend_update(s->candidate.backend);
	relay_pump(s);
}

void answer_give_up(struct session *s, struct side *side, const char *sqlstate, const char *why)
{
	const char *name = side->backend->target->name;

	if (s->is_marked || s->state != SESSION_READY)
		return;
	if (s->exchange.is_open) {
		s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_INCONCLUSIVE);
		snprintf(s->why, sizeof(s->why), "%s: %s", name, why);
		s->exchange.note = s->why;
		exchange_diverge(s);
		exchange_note_rest(s);
	}
	session_fatal(s, sqlstate, "twinkly: %s: %s", name, why);
}

static struct side *side_of(struct session *s, const struct backend *b)
{
	return s->truth.backend == b ? &s->truth : &s->candidate;
}

static void on_connected(struct backend *b, void *context)
{
	(void)b;
	startup_on_connected(context);
}

/* In degraded mode the truth's answer is enough. */
static bool can_go_alone(const struct session *s, const struct side *side)
{
	return side == &s->candidate && !s->proxy->settings->require_secondary &&
	       !(s->exchange.is_routed && s->exchange.is_led_by_candidate) &&
	       s->exchange.phase != PHASE_ALIGNING && s->exchange.phase != PHASE_LOOKING &&
	       s->exchange.phase != PHASE_EXPLAINING;
}

static void on_lost(struct session *s, struct side *side)
{
	const struct backend *b = side->backend;

	if (!can_go_alone(s, side)) {
		answer_give_up(
			s, side, side->fatal[0] ? side->fatal : "08006", b->refusal.why.text);
		return;
	}
	session_go_alone(s, b->refusal.why.text);
	answer_advance(s);
}

static void on_readable(struct backend *b, void *context)
{
	struct session *s = context;
	struct side *side = side_of(s, b);

	if (!s->is_marked && s->is_seeding && s->state == SESSION_CONNECTING &&
		b->state == BACKEND_READY) {
		if (seed_on_readable(s, b))
			startup_on_seeded(s);
		return;
	}
	if (s->is_marked || s->state != SESSION_READY) {
		/* A backend that is lost before the client was greeted ends the session too. */
		if (!s->is_marked && s->state == SESSION_CONNECTING && b->state == BACKEND_ENDED)
			session_fatal(s, "08006", "twinkly: lost the connection to %s: %s",
				b->target->name, b->refusal.why.text);
		return;
	}
	side->heard_us = clock_mono_us();
	if (!frame_new(s, side))
		return;
	answer_advance(s);
	if (!s->is_marked && s->state == SESSION_READY && b->state == BACKEND_ENDED)
		on_lost(s, side);
	session_update(s);
}

static void on_drained(struct backend *b, void *context)
{
	struct session *s = context;

	side_of(s, b)->heard_us = clock_mono_us();
	relay_pump(s);
	session_update(s);
}

const struct backend_events *answer_events(void)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};

	return &events;
}
