/*
 * After every exchange both sides have the same transaction status, or the trace says that
 * they have not. Where a difference was let pass (an excluded statement, on-mismatch = log) or
 * was told to the client whose session goes on (on-mismatch = error), and left the sides in
 * different states:
 *
 *   truth  candidate   excluded                on-mismatch = error    on-mismatch = log
 *   E      T           candidate poisoned      candidate poisoned     detached until the end
 *   T      E           truth poisoned, client  truth poisoned         of the transaction
 *                      gets an error
 *   T      T           -                       both poisoned          -
 *   I      T or E      a mismatch              candidate rolled back  candidate rolled back
 *   T or E I           a mismatch              truth rolled back      detached
 *
 * Poisoned: a statement that fails is sent, so that the client's ROLLBACK, or ROLLBACK TO a
 * savepoint, works as ever on both. In the middle of an exchange (after a Flush) the rest of
 * the exchange is broken off on both sides. A COPY FROM that only one side has begun is ended
 * there by CopyFail. A detached candidate is left out; when the truth is idle again it is
 * rolled back and taken back in. What it missed is counted as not compared.
 */
#include "capture/align.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/consequence.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/mismatch.h"
#include "capture/answer.h"
#include "diffengine/compare.h"
#include "wire/encode.h"

/* Not SQL on purpose: it fails in any state, and says in the server's log who sent it. */
#define POISON "twinkly: this transaction fails, as it did on the other database"

/* Bytes of a step: a Close is shorter than what it closes, of which 256 KiB are looked at. */
#define STEP_MAX ((size_t)1024 * 1024)

/* The two sides are changed one after the other: what each has to do. */
static bool append_step(struct session *s, struct side *side, enum align_step step, struct buf *out)
{
	const struct side *other = side == &s->truth ? &s->candidate : &s->truth;

	switch (step) {
	case ALIGN_NOTHING:
		return true;
	case ALIGN_POISON:
		return encode_query(out, POISON);
	case ALIGN_ROLLBACK:
		return encode_query(out, "ROLLBACK");
	case ALIGN_FAIL_OPEN:
		return encode_parse(out, "", POISON, NULL, 0) && encode_flush(out);
	case ALIGN_FAIL_ANEW:
		return encode_query(out, "BEGIN") && encode_query(out, POISON);
	case ALIGN_BREAK_OFF:
		return encode_parse(out, "", POISON, NULL, 0) && encode_sync(out);
	case ALIGN_CLOSE:
		return names_write_closes(s, side == &s->truth, out);
	case ALIGN_END_COPY:
		/* A Sync that was sent before the data was swallowed by the COPY. */
		return encode_copy_fail(out, "it failed on the other database") &&
		       (s->exchange.is_simple || other->done_us < 0 || encode_sync(out));
	}
	return false;
}

static bool send_messages(struct session *s, struct side *side, struct bytes data)
{
	struct bytes rest = data;
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, data.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(&side->backend->protocol, &f) != PROTOCOL_OK)
			return false;
		rest = bytes_skip(rest, f.whole.len);
	}
	s->align.side = side;
	s->align.keep = side->framed;
	side->is_sent = true;
	side->heard_us = clock_mono_us();
	(void)!backend_send(side->backend, data);
	return true;
}

/* Starts the next step that is left. False: none is. */
static bool start_step(struct session *s)
{
	struct side *sides[2] = {&s->truth, &s->candidate};

	for (int i = 0; i < 2; i++) {
		enum align_step step = s->align.steps[i];
		struct buf out;
		bool ok;

		if (step == ALIGN_NOTHING)
			continue;
		s->align.steps[i] = ALIGN_NOTHING;
		buf_init(&out, STEP_MAX);
		ok = append_step(s, sides[i], step, &out) &&
		     send_messages(s, sides[i], buf_bytes(&out));
		buf_fini(&out);
		if (ok)
			return true;
		session_fatal(s, "53200", "twinkly is out of memory");
		return true;
	}
	return false;
}

/* Once the other steps are taken. The truth's is closed only if the client was told that it
 * failed. */
static void add_closes(struct session *s)
{
	if (s->align.has_closed || s->align.steps[0] != ALIGN_NOTHING ||
		s->align.steps[1] != ALIGN_NOTHING)
		return;
	s->align.has_closed = true;
	if (names_is_alone(s, false))
		s->align.steps[1] = ALIGN_CLOSE;
	else if (names_is_alone(s, true) && s->align.then != ALIGN_THEN_GO_ON)
		s->align.steps[0] = ALIGN_CLOSE;
}

/* The exchange goes into the trace now, with what was found; then the steps are taken. */
static bool begin(struct session *s, const struct comparison *result)
{
	add_closes(s);
	if (s->align.steps[0] == ALIGN_NOTHING && s->align.steps[1] == ALIGN_NOTHING)
		return false;
	exchange_note_rest(s);
	exchange_record(s, result, s->exchange.lock.ordinal);
	s->exchange.phase = PHASE_ALIGNING;
	return start_step(s);
}

static bool report_status(struct session *s)
{
	char text[256], truth[2] = {s->truth.backend->protocol.status},
			candidate[2] = {s->candidate.backend->protocol.status};
	bool is_first = s->proxy->settings->truth_is_postgresql;
	struct difference difference = {.kind = DIFF_TRANSACTION_STATUS,
		.truth = truth,
		.candidate = candidate,
		.text = text};
	enum verdict verdict = VERDICT_MISMATCH;
	struct comparison result = {.verdict = verdict,
		.differences = &difference,
		.count = 1,
		.commands = &verdict,
		.command_count = 1};

	snprintf(text, sizeof(text),
		"Transaction status mismatch after a difference that was let pass: %s is in state "
		"%s, %s in "
		"state %s",
		s->proxy->settings->postgresql_name, is_first ? truth : candidate,
		s->proxy->settings->yugabytedb_name, is_first ? candidate : truth);
	s->exchange.verdict = VERDICT_MISMATCH;
	consequence_note(s, &result);
	mismatch_report(s, &result);
	return true;
}

static bool align_excluded(
	struct session *s, const struct comparison *result, char truth, char candidate)
{
	if (truth == 'I' || candidate == 'I')
		return report_status(s);
	if (candidate == 'T') {
		s->align.steps[1] = ALIGN_POISON;
	} else {
		s->align.steps[0] = ALIGN_POISON;
		s->align.then = ALIGN_THEN_EXCUSE;
	}
	return begin(s, result);
}

static void detach(struct session *s)
{
	log_warning("session %lld: %s is left out until the transaction ends", (long long)s->id,
		s->candidate.backend->target->name);
	record_event(&s->proxy->record, s->id, "detached",
		"the two sides are in different transaction states");
	s->is_detached = true;
	consequence_note_detached(s);
	/* Its part of this unit was judged already. */
	exchange_note_candidate(s, side_framed(&s->candidate));
	buf_consume(&s->candidate.backend->link.in, s->candidate.framed);
	s->candidate.framed = 0;
}

/* on-mismatch = log */
static bool align_lenient(struct session *s, const struct comparison *result, char truth)
{
	if (truth == 'I') {
		s->align.steps[1] = ALIGN_ROLLBACK;
		return begin(s, result);
	}
	s->align.is_detaching = true;
	if (begin(s, result))
		return true;
	detach(s);
	return false;
}

static bool reattach(struct session *s)
{
	if (s->is_alone || s->truth.backend->protocol.status != 'I')
		return false;
	s->is_detached = false;
	record_event(&s->proxy->record, s->id, "attached", NULL);
	if (s->candidate.backend->protocol.status != 'I')
		s->align.steps[1] = ALIGN_ROLLBACK;
	return begin(s, NULL);
}

static bool is_copying(const struct side *side)
{
	return side->backend->protocol.copy == PROTOCOL_COPY_IN;
}

bool align_begin(struct session *s, const struct comparison *result)
{
	char truth = s->truth.backend->protocol.status;
	char candidate = s->candidate.backend->protocol.status;

	s->align = (struct align){.then = ALIGN_THEN_GO_ON};
	if (!s->is_detached && is_copying(&s->candidate) && !is_copying(&s->truth)) {
		s->align.steps[1] = ALIGN_END_COPY;
		return begin(s, result);
	}
	/* In the middle of an exchange nobody has said its status yet. */
	if (s->truth.done_us < 0 || (!s->is_detached && s->candidate.done_us < 0))
		return false;
	if (s->is_detached)
		return reattach(s);
	if (truth == candidate)
		return begin(s, result);
	return s->exchange.is_handed_at_once ? align_lenient(s, result, truth)
					     : align_excluded(s, result, truth, candidate);
}

/* on-mismatch = error: what makes `side` fit the state that the client will see. */
static enum align_step step_after_error(const struct side *side, const struct side *other)
{
	char status = side->backend->protocol.status;
	char theirs = other->backend->protocol.status;

	if (is_copying(side))
		return ALIGN_END_COPY;
	if (side->done_us < 0) /* after a Flush */
		return ALIGN_BREAK_OFF;
	if (status == 'I')
		return ALIGN_NOTHING;
	if (theirs == 'I' && other->done_us >= 0)
		return ALIGN_ROLLBACK;
	return status == 'T' ? ALIGN_POISON : ALIGN_NOTHING;
}

bool align_after_error(struct session *s, const struct comparison *result)
{
	s->align = (struct align){.then = ALIGN_THEN_READY};
	s->align.steps[0] = step_after_error(&s->truth, &s->candidate);
	s->align.steps[1] = step_after_error(&s->candidate, &s->truth);
	return begin(s, result);
}

/* What makes the follower of a routed unit fit its leader's state. */
static enum align_step step_of_follower(const struct side *leader, const struct side *follower)
{
	char status = leader->backend->protocol.status;
	char theirs = follower->backend->protocol.status;

	if (status == theirs)
		return ALIGN_NOTHING;
	if (status == 'I')
		return ALIGN_ROLLBACK;
	return theirs == 'T' ? ALIGN_POISON : ALIGN_FAIL_ANEW;
}

bool align_routed(struct session *s)
{
	struct side *leader = route_leader(s), *follower = route_follower(s);
	enum align_step *step = &s->align.steps[follower == &s->candidate];

	s->align = (struct align){.then = ALIGN_THEN_GO_ON};
	if (leader->done_us < 0) {
		/* After a Flush: the Sync must not commit what the leader rolls back. */
		if (leader->has_failed && s->exchange.is_shared && !follower->has_failed)
			*step = ALIGN_FAIL_OPEN;
		return begin(s, NULL);
	}
	*step = step_of_follower(leader, follower);
	if (leader->backend->protocol.status != 'T' || *step == ALIGN_NOTHING)
		return begin(s, NULL);
	session_fatal(s, s->proxy->settings->mismatch_sqlstate,
		"twinkly: after a routed statement %s is inside a transaction and %s is not",
		leader->backend->target->name, follower->backend->target->name);
	return true;
}

static void excuse(struct session *s)
{
	char text[256];

	snprintf(text, sizeof(text),
		"a statement failed on %s only, which is excused; the transaction was made to fail "
		"on both databases",
		s->candidate.backend->target->name);
	/* What the client would have got is recorded, and not sent. */
	s->exchange.handed = s->truth.framed;
	mismatch_answer(s, text, 'E');
}

void align_advance(struct session *s)
{
	struct side *side = s->align.side;
	enum align_then then = s->align.then;

	if (!protocol_is_settled(&side->backend->protocol))
		return;
	buf_truncate(&side->backend->link.in, s->align.keep);
	side->framed = s->align.keep;
	/* A COPY that was ended may have left the sides in different states. */
	if (then == ALIGN_THEN_READY && s->align.steps[0] == ALIGN_NOTHING &&
		s->align.steps[1] == ALIGN_NOTHING && !s->align.is_checked) {
		s->align.is_checked = true;
		s->align.steps[0] = step_after_error(&s->truth, &s->candidate);
		s->align.steps[1] = step_after_error(&s->candidate, &s->truth);
	}
	add_closes(s);
	if (start_step(s) || s->is_marked)
		return;
	s->exchange.phase = PHASE_AWAITING;
	if (s->align.is_detaching)
		detach(s);
	if (then == ALIGN_THEN_READY) {
		mismatch_ready(s);
		return;
	}
	if (then == ALIGN_THEN_EXCUSE)
		excuse(s);
	answer_go_on(s, NULL);
}
