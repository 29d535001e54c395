/*
 * From the backends. Each side's bytes are framed once and checked off against what is owed;
 * the two answers are walked in step as they come. As long as they are the same, what is
 * longer than half the window is dropped, for nobody waits for it. Where they differ both
 * are held to the end of the unit and compared in full.
 */
#include "replay/session.h"

#include <stdio.h>

#include "base/clock.h"
#include "diffengine/compare.h"
#include "diffengine/user_values.h"
#include "replay/exchange.h"
#include "replay/replay.h"
#include "wire/decode.h"
#include "wire/encode.h"

static struct bytes framed_of(const struct side *side)
{
	if (side->is_absent)
		return bytes_of(NULL, 0);
	return bytes_of(buf_bytes(&side->backend->link.in).ptr, side->framed);
}

/* --- bytes in --- */

static void note_end(struct side *side)
{
	side->commands++;
	side->rows = 0;
}

static void note_answer(struct session *s, struct side *side, const struct frame *f)
{
	struct bytes tag;

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
		side->last_rows = side->rows;
		note_end(side);
		break;
	case BACKEND_PORTAL_SUSPENDED:
	case BACKEND_EMPTY_QUERY_RESPONSE:
	case BACKEND_ERROR_RESPONSE:
	case BACKEND_FUNCTION_CALL_RESPONSE:
		note_end(side);
		break;
	case BACKEND_READY_FOR_QUERY:
		side->done_us = writer_now(&s->replay->writer);
		side->status = side->backend->protocol.status;
		break;
	default:
		break;
	}
}

static bool is_checked_off(struct session *s, struct side *side, const struct frame *f)
{
	char why[ERR_TEXT_MAX + 128];
	struct err err;

	if (protocol_on_answer(&side->backend->protocol, f, &err) == PROTOCOL_OK)
		return true;
	snprintf(why, sizeof(why), "%s: %s", side->backend->target->name, err.text);
	session_give_up(s, why);
	return false;
}

/* A COPY FROM may fail before it has seen any data, and one side's error may be here while the
 * other's is not. So both are judged where each has said CopyInResponse. */
static bool stops_framing(const struct side *side, const struct frame *f)
{
	return f->type == BACKEND_COPY_IN_RESPONSE && side_is_in_copy(side);
}

/* Frames what is new. False: the session is over. */
static bool frame_new(struct session *s, struct side *side)
{
	char why[ERR_TEXT_MAX + 128];
	struct link *link;
	struct frame f;
	struct err err;

	while (!side->is_stopped && !side->is_absent) {
		struct bytes rest;

		link = &side->backend->link;
		rest = bytes_skip(buf_bytes(&link->in), side->framed);

		switch (frame_next(
			rest, WIRE_BACKEND, (size_t)s->replay->settings->max_message, &f, &err)) {
		case FRAME_NEED_MORE:
			link->need = f.whole.len ? side->framed + f.whole.len : 0;
			return true;
		case FRAME_MALFORMED:
			snprintf(why, sizeof(why), "%s: %s", side->backend->target->name, err.text);
			session_give_up(s, why);
			return false;
		case FRAME_OK:
			break;
		}
		if (!is_checked_off(s, side, &f))
			return false;
		/* The answer to our own ROLLBACK is not the exchange's. */
		if (s->exchange.phase != PHASE_ALIGNING && s->exchange.phase != PHASE_LOOKING)
			note_answer(s, side, &f);
		side->framed += f.whole.len;
		side->is_stopped = stops_framing(side, &f);
	}
	return true;
}

/* Goes on behind a CopyInResponse that was judged. False: the session is over. */
static bool resume_framing(struct session *s)
{
	s->truth.is_stopped = s->candidate.is_stopped = false;
	return frame_new(s, &s->truth) && frame_new(s, &s->candidate);
}

static void consume(struct side *side, size_t len)
{
	if (len == 0)
		return;
	buf_consume(&side->backend->link.in, len);
	side->framed -= len;
}

/* The first bytes of both sides' answers leave the buffers. */
static void take_answers(struct session *s, size_t truth, size_t candidate)
{
	struct bytes answer = bytes_of(framed_of(&s->truth).ptr, truth);

	if (!s->exchange.is_learned)
		steps_learn(&s->exchange.steps, answer);
	exchange_note_truth(s, answer);
	exchange_note_candidate(s, bytes_of(framed_of(&s->candidate).ptr, candidate));
	consume(&s->truth, truth);
	consume(&s->candidate, candidate);
}

/* --- in step --- */

static void set_high_water(struct session *s, size_t mark)
{
	s->truth.backend->link.high_water = mark;
	if (!s->candidate.is_absent)
		s->candidate.backend->link.high_water = mark;
}

static void diverge(struct session *s)
{
	s->exchange.has_diverged = true;
	exchange_diverge(s);
	/* Everything is needed at once now. */
	set_high_water(s, (size_t)s->replay->settings->max_message);
}

static void converge(struct session *s)
{
	s->exchange.has_diverged = false;
	set_high_water(s, (size_t)s->replay->settings->window);
}

static void keep_columns(struct session *s)
{
	struct lockstep *l = &s->exchange.lock;

	if (!l->is_in_item || l->columns_len == 0 || (l->is_headless && l->columns == 0))
		return;
	buf_reset(&s->columns);
	/* Without its type and length: the body. */
	if (!buf_append(&s->columns, framed_of(&s->truth).ptr + l->columns + 5, l->columns_len - 5))
		buf_reset(&s->columns);
}

/* A long answer: its equal head is done with. */
static void stream(struct session *s)
{
	struct lockstep *l = &s->exchange.lock;
	size_t truth = l->truth, candidate = l->candidate;

	if (truth < (size_t)s->replay->settings->window / 2)
		return;
	keep_columns(s);
	take_answers(s, truth, candidate);
	lockstep_rebase(l, truth, candidate);
	types_mark(s);
}

static bool is_full(const struct session *s, const struct side *side)
{
	return !side_has_settled(side) &&
	       buf_len(&side->backend->link.in) >= (size_t)s->replay->settings->max_message;
}

void answer_walk(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (ex->has_split || (s->candidate.is_absent &&
				     s->truth.framed > (size_t)s->replay->settings->window / 2)) {
		take_answers(s, s->truth.framed, s->candidate.framed);
		return;
	}
	if (s->candidate.is_absent)
		return;
	if (!ex->has_diverged && lockstep_advance(&ex->lock, framed_of(&s->truth),
					 framed_of(&s->candidate)) == LOCKSTEP_DIFFERS)
		diverge(s);
	if (!ex->has_diverged)
		stream(s);
	else if (is_full(s, &s->truth) || is_full(s, &s->candidate))
		session_give_up(s, "the answers differ and are longer than proxy.max-message");
}

void answer_keep_rest(struct session *s)
{
	if (s->exchange.id == 0 || !s->truth.backend ||
		(!s->candidate.backend && !s->candidate.is_absent))
		return;
	if (!s->candidate.is_absent)
		exchange_diverge(s);
	take_answers(s, s->truth.framed, s->candidate.framed);
}

void answer_drop(struct session *s)
{
	consume(&s->truth, s->truth.framed);
	consume(&s->candidate, s->candidate.framed);
}

/* --- the end of a unit --- */

static size_t item_start(const struct lockstep *l, bool is_truth)
{
	if (!l->is_in_item)
		return is_truth ? l->truth : l->candidate;
	return is_truth ? l->item_truth : l->item_candidate;
}

/* The truth's OIDs of user types in the candidate's rows. */
static void normalise(struct session *s, struct compare_input *input)
{
	struct user_types *pairs = &s->types.pairs;
	unsigned char *copy;

	pairs->is_closed = true;
	input->types = pairs;
	copy = pairs->candidate_count ? arena_alloc(&s->replay->arena, input->candidate.len) : NULL;
	if (!copy || input->candidate.len == 0)
		return;
	memcpy(copy, input->candidate.ptr, input->candidate.len);
	user_answer_normalise(pairs, copy, input->candidate.len);
	input->candidate = bytes_of(copy, input->candidate.len);
}

/* The two whole answers from the step on in which they differ. */
static void compare(struct session *s)
{
	const struct lockstep *l = &s->exchange.lock;
	const struct settings *settings = s->replay->settings;
	bool is_headless = l->is_in_item && l->is_headless;
	size_t truth = is_headless ? 0 : item_start(l, true);
	size_t candidate = is_headless ? 0 : item_start(l, false);
	struct compare_input input = {.truth = bytes_skip(framed_of(&s->truth), truth),
		.candidate = bytes_skip(framed_of(&s->candidate), candidate),
		.start = {.is_in_result = is_headless, .ordinal = l->ordinal},
		.rows_before = is_headless ? l->rows_gone : 0,
		.policy = s->replay->policy.compare,
		.truth_name = settings->truth.name,
		.candidate_name = settings->candidate.name,
		.truth_is_first = settings->truth_is_postgresql};
	struct comparison result;

	if (is_headless && buf_len(&s->columns) > 0)
		input.start.columns = buf_bytes(&s->columns);
	normalise(s, &input);
	input.commands = exchange_commands(s, &input.command_count);
	compare_answers(&input, &s->replay->arena, &result);
	exchange_judge(s, &result, l->ordinal);
	arena_reset(&s->replay->arena);
}

/* They cannot be walked in step any more: one is in COPY, skips to a Sync, or has given its
 * ReadyForQuery, and the other is not or has not. */
static bool are_apart(const struct session *s)
{
	const struct protocol *truth = &s->truth.backend->protocol;
	const struct protocol *candidate = &s->candidate.backend->protocol;

	return truth->copy != candidate->copy || truth->is_skipping != candidate->is_skipping ||
	       side_is_over(&s->truth) != side_is_over(&s->candidate);
}

static void judge_unit(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->has_split && !ex->has_diverged && !s->candidate.is_absent && ex->truth_len == 0 &&
		cursors_are_open(&s->cursors)) {
		ex->lock = (struct lockstep){.ordinal = ex->unit_ordinal};
		diverge(s);
	}
	if (!ex->has_split && !ex->has_diverged && !s->candidate.is_absent &&
		(ex->lock.truth != s->truth.framed || ex->lock.candidate != s->candidate.framed))
		diverge(s);
	if (ex->has_diverged) {
		/* The unit may describe what it then runs. */
		steps_learn(&ex->steps, framed_of(&s->truth));
		ex->is_learned = true;
		compare(s);
		ex->has_split = are_apart(s);
	}
	take_answers(s, s->truth.framed, s->candidate.framed);
	ex->is_learned = false;
	converge(s);
	ex->unit_ordinal = s->truth.commands;
	ex->lock = (struct lockstep){.ordinal = ex->unit_ordinal};
	types_mark(s);
}

/* --- the end of an exchange --- */

static bool queue_rollback(struct session *s, struct side *side)
{
	struct buf out;
	bool ok;

	if (side->status == 'I')
		return true;
	buf_init(&out, 64);
	ok = encode_query(&out, "ROLLBACK") && player_queue(s, side, buf_bytes(&out));
	buf_fini(&out);
	return ok;
}

/* After every exchange both sides have the same transaction status, so that what follows can
 * be compared. */
static bool align(struct session *s)
{
	if (!queue_rollback(s, &s->truth) || !queue_rollback(s, &s->candidate))
		return false;
	s->exchange.is_rolled_back = true;
	s->exchange.phase = PHASE_ALIGNING;
	side_send_held(&s->truth);
	side_send_held(&s->candidate);
	return true;
}

bool answer_align_step(struct session *s)
{
	if (!side_has_settled(&s->truth) || !side_has_settled(&s->candidate))
		return false;
	answer_drop(s);
	exchange_finish(s);
	return true;
}

static bool finish(struct session *s)
{
	/* Its client went away without a Sync, and nobody knows the status. */
	bool is_last = !side_is_over(&s->truth) || !side_is_over(&s->candidate);

	if (s->candidate.is_absent)
		s->candidate.status = s->truth.status;
	if (!is_last && s->truth.status != s->candidate.status)
		return align(s);
	exchange_finish(s);
	if (is_last) {
		s->state = SESSION_OVER;
		replay_wake(s->replay);
	}
	return !is_last;
}

/* The truth has answered, or says more than is held before the candidate is heard. A unit that
 * had given its turn back while it was blocked takes it again. */
static void send_second_half(struct session *s)
{
	if (s->candidate.is_sent ||
		!(side_has_settled(&s->truth) || !link_wants_read(&s->truth.backend->link)))
		return;
	if (!s->exchange.has_turn || turn_return(&s->replay->turn, &s->ticket))
		side_send_held(&s->candidate);
}

/* Who waited for a lock of this transaction may move, and goes before others. */
static void end_turn(struct session *s)
{
	if (side_is_over(&s->truth) && side_is_over(&s->candidate) &&
		(s->truth.status != 'T' || s->candidate.status != 'T'))
		stall_released(s);
	turn_release(&s->replay->turn, &s->ticket);
}

bool answer_step(struct session *s)
{
	struct exchange *ex = &s->exchange;

	send_second_half(s);
	if (!side_has_settled(&s->truth) || !side_has_settled(&s->candidate))
		return false;
	if (types_look_back(s))
		return true;
	if (!ex->has_split)
		answer_walk(s);
	if (s->state != SESSION_READY)
		return false;
	judge_unit(s);
	end_turn(s);
	if (!resume_framing(s))
		return false;
	if (!ex->is_played) {
		ex->phase = PHASE_FEEDING;
		return true;
	}
	if (side_is_in_copy(&s->truth) || side_is_in_copy(&s->candidate))
		return player_end(s);
	return finish(s);
}

/* --- events --- */

static struct side *side_of(struct session *s, const struct backend *b)
{
	return s->truth.backend == b ? &s->truth : &s->candidate;
}

static void on_connected(struct backend *b, void *context)
{
	(void)b;
	session_on_connected(context);
}

static void on_readable(struct backend *b, void *context)
{
	struct session *s = context;
	struct side *side = side_of(s, b);

	if (s->state != SESSION_READY)
		return;
	side->heard_us = clock_mono_us();
	if (!frame_new(s, side))
		return;
	session_advance(s);
	if (s->state == SESSION_READY && b->state == BACKEND_ENDED)
		session_give_up(s, b->refusal.why.text);
}

static void on_drained(struct backend *b, void *context)
{
	struct session *s = context;

	side_of(s, b)->heard_us = clock_mono_us();
	session_advance(s);
}

const struct backend_events *answer_events(void)
{
	static const struct backend_events events = {
		.on_connected = on_connected, .on_readable = on_readable, .on_drained = on_drained};

	return &events;
}
