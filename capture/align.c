/*
 * After every exchange both sides have the same transaction status, or the trace says that
 * they have not. Where a difference was let pass (an excluded statement, or
 * fail-on-differences = false) and left the sides in different states:
 *
 *   truth  candidate   excluded                              fail-on-differences = false
 *   E      T           the candidate is made to fail, too    detached until the end of the
 *   T      E           the truth is made to fail, and the    transaction
 *                      client gets an error
 *   I      T or E      a mismatch                            the candidate is rolled back
 *   T or E I           a mismatch                            detached
 *
 * A COPY FROM that only the candidate has begun is ended there by CopyFail.
 * A detached candidate is left out; when the truth is idle again it is rolled back and taken
 * back in. What it missed is counted as not compared.
 */
#include "capture/session.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "diffengine/compare.h"
#include "wire/encode.h"

/* Not SQL on purpose: it fails in any state, and says in the server's log who sent it. */
#define POISON "twinkly: this transaction fails, as it did on the other database"

static bool send_messages(struct session *s, struct side *side, struct bytes data)
{
	struct bytes rest = data;
	struct frame f;

	while (frame_next(rest, WIRE_FRONTEND, data.len, &f, NULL) == FRAME_OK) {
		if (protocol_on_request(&side->backend->protocol, &f) != PROTOCOL_OK)
			return false;
		rest = bytes_skip(rest, f.whole.len);
	}
	s->exchange.phase = PHASE_ALIGNING;
	s->align = (struct align){.side = side, .keep = side->framed};
	side->is_sent = true;
	side->heard_us = clock_mono_us();
	(void)!backend_send(side->backend, data);
	return true;
}

static bool send_statement(struct session *s, struct side *side, const char *sql)
{
	struct buf out;
	bool ok;

	buf_init(&out, 1024);
	ok = encode_query(&out, sql) && send_messages(s, side, buf_bytes(&out));
	buf_fini(&out);
	return ok;
}

/* The truth refused a COPY, for which the candidate now awaits data that will not come. */
static bool end_copy(struct session *s)
{
	bool needs_sync = !s->exchange.is_simple && s->truth.done_us >= 0;
	struct buf out;
	bool ok;

	buf_init(&out, 1024);
	ok = encode_copy_fail(&out, "it failed on the other database") &&
	     (!needs_sync || encode_sync(&out)) && send_messages(s, &s->candidate, buf_bytes(&out));
	buf_fini(&out);
	return ok;
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
		"Transaction status mismatch after an excluded statement: %s is in state %s, %s in "
		"state %s",
		s->proxy->settings->postgresql_name, is_first ? truth : candidate,
		s->proxy->settings->yugabytedb_name, is_first ? candidate : truth);
	s->exchange.verdict = VERDICT_MISMATCH;
	mismatch_report(s, &result);
	return true;
}

static bool align_excluded(struct session *s, char truth, char candidate)
{
	if (truth == 'I' || candidate == 'I')
		return report_status(s);
	if (candidate == 'T')
		return send_statement(s, &s->candidate, POISON);
	if (!send_statement(s, &s->truth, POISON))
		return false;
	s->align.replaces_answer = true;
	return true;
}

/* fail-on-differences = false */
static bool align_lenient(struct session *s, char truth)
{
	if (truth == 'I')
		return send_statement(s, &s->candidate, "ROLLBACK");
	log_warning("session %lld: %s is left out until the transaction ends", (long long)s->id,
		s->candidate.backend->target->name);
	record_event(&s->proxy->record, s->id, "detached",
		"the two sides are in different transaction states");
	s->is_detached = true;
	/* Its part of this unit was judged already. */
	exchange_note_candidate(
		s, bytes_of(buf_bytes(&s->candidate.backend->link.in).ptr, s->candidate.framed));
	buf_consume(&s->candidate.backend->link.in, s->candidate.framed);
	s->candidate.framed = 0;
	return false;
}

static bool reattach(struct session *s)
{
	if (s->truth.backend->protocol.status != 'I')
		return false;
	s->is_detached = false;
	record_event(&s->proxy->record, s->id, "attached", NULL);
	return s->candidate.backend->protocol.status != 'I' &&
	       send_statement(s, &s->candidate, "ROLLBACK");
}

bool align_begin(struct session *s, const struct comparison *result)
{
	char truth = s->truth.backend->protocol.status;
	char candidate = s->candidate.backend->protocol.status;

	(void)result;
	if (!s->is_detached && s->candidate.backend->protocol.copy == PROTOCOL_COPY_IN &&
		s->truth.backend->protocol.copy != PROTOCOL_COPY_IN)
		return end_copy(s);
	/* In the middle of an exchange nobody has said its status yet. */
	if (s->truth.done_us < 0 || (!s->is_detached && s->candidate.done_us < 0))
		return false;
	if (s->is_detached)
		return reattach(s);
	if (truth == candidate)
		return false;
	return s->exchange.is_handed_at_once ? align_lenient(s, truth)
					     : align_excluded(s, truth, candidate);
}

static void answer_with_error(struct session *s)
{
	char text[256];

	snprintf(text, sizeof(text),
		"an excluded statement failed on %s only; the transaction was made to fail on "
		"both databases",
		s->candidate.backend->target->name);
	/* What the client would have got is recorded, and not sent. */
	s->exchange.handed = s->truth.framed;
	mismatch_answer(s, text, 'E');
}

void align_advance(struct session *s)
{
	struct side *side = s->align.side;

	if (!protocol_is_settled(&side->backend->protocol))
		return;
	buf_truncate(&side->backend->link.in, s->align.keep);
	side->framed = s->align.keep;
	if (s->align.replaces_answer)
		answer_with_error(s);
	s->align = (struct align){0};
	s->exchange.phase = PHASE_AWAITING;
	answer_go_on(s, NULL);
}
