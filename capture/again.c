/*
 * Another try for one side.
 */
#include "capture/again.h"

#include <stdio.h>

#include "base/clock.h"
#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/retry.h"
#include "capture/session.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"

#define FIRST_DELAY_US (10 * INT64_C(1000))

/* BEGIN, COMMIT and the like inside: a part of it may have been committed. */
static bool controls_transaction(const struct session *s)
{
	const struct exchange *ex = &s->exchange;

	for (size_t i = 0; i < ex->command_count; i++) {
		const struct statement *statement = ex->commands[i].statement;
		const struct analysis *analysis =
			statement ? analysis_get(s->proxy->policy.compare.analyses,
					    statement_text(statement))
				  : NULL;

		if (!analysis || analysis->class == ANALYSIS_TRANSACTION)
			return true;
	}
	return false;
}

bool again_begin(struct session *s, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	struct side *side;

	if (result->retry == COMPARE_RETRY_NONE || result->verdict != VERDICT_INCONCLUSIVE ||
		ex->again_times == AGAIN_TIMES_MAX || ex->is_handed_at_once ||
		!retry_is_repeatable(s) || controls_transaction(s))
		return false;
	side = result->retry == COMPARE_RETRY_TRUTH ? &s->truth : &s->candidate;
	ex->again_us = clock_mono_us() + (FIRST_DELAY_US << ex->again_times);
	ex->again_times++;
	ex->again_side = side;
	s->proxy->counts.asked_again++;
	snprintf(s->why, sizeof(s->why), "%s asked for another try, %d of at most %d",
		side->backend->target->name, ex->again_times, AGAIN_TIMES_MAX);
	ex->note = s->why;
	buf_consume(&side->backend->link.in, side->framed);
	side->framed = 0;
	side->is_sent = false;
	ex->lock = (struct lockstep){0};
	types_begin_unit(s);
	exchange_forget_answers(ex);
	ex->phase = PHASE_BACKING_OFF;
	return true;
}

void again_tick(struct session *s, int64_t now)
{
	struct exchange *ex = &s->exchange;

	if (s->is_marked || s->state != SESSION_READY || ex->phase != PHASE_BACKING_OFF ||
		now < ex->again_us)
		return;
	ex->phase = PHASE_AWAITING;
	if (!retry_send_side(ex->again_side, retry_request_of(s, ex->again_side)))
		session_fatal(s, "53200", "twinkly is out of memory");
}

bool again_is_for_client(const struct session *s, const struct comparison *result)
{
	return result->retry == COMPARE_RETRY_CANDIDATE && !s->exchange.is_handed_at_once &&
	       s->candidate.done_us >= 0 && s->candidate.backend->protocol.status == 'E' &&
	       s->truth.done_us >= 0 && s->truth.backend->protocol.status == 'T';
}

/* One side has made the change and the other has not. */
static bool is_lost(const struct session *s)
{
	return s->exchange.unit_writes && s->truth.done_us >= 0 && s->candidate.done_us >= 0 &&
	       s->truth.backend->protocol.status == 'I' &&
	       s->candidate.backend->protocol.status == 'I';
}

void again_conclude(struct session *s, struct comparison *result)
{
	if (result->retry == COMPARE_RETRY_NONE || !is_lost(s))
		return;
	for (size_t i = 0; i < result->count; i++) {
		if (result->differences[i].kind != DIFF_RETRY)
			continue;
		result->differences[i].verdict = VERDICT_MISMATCH;
		result->differences[i].rule = NULL;
	}
	for (size_t i = 0; i < result->command_count; i++)
		if (result->commands[i] == VERDICT_INCONCLUSIVE)
			result->commands[i] = VERDICT_MISMATCH;
	result->verdict = VERDICT_MISMATCH;
}
