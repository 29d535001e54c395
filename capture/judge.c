/*
 * Both sides have answered a unit whole: what is to be made of it. Where the bytes differed
 * the full comparison runs, from the step on in which they did; a race or a late cancel is
 * nobody's fault; a mismatch goes to the client as configured; else the sides' transaction states
 * are brought together and the session goes on.
 */
#include "capture/judge.h"

#include "base/clock.h"
#include "capture/again.h"
#include "capture/consequence.h"
#include "capture/exchange.h"
#include "capture/keys.h"
#include "capture/parameters.h"
#include "capture/proxy.h"
#include "capture/retry.h"
#include "capture/session.h"
#include "capture/mismatch.h"
#include "capture/align.h"
#include "capture/slow.h"
#include "capture/answer.h"
#include "diffengine/compare.h"
#include "diffengine/user_values.h"

static size_t item_start(const struct lockstep *l, bool is_truth)
{
	if (!l->is_in_item)
		return is_truth ? l->truth : l->candidate;
	return is_truth ? l->item_truth : l->item_candidate;
}

/* The truth's OIDs of user types in the candidate's rows. */
static void normalise(struct session *s, struct compare_input *input)
{
	unsigned char *copy;

	input->types = &s->types.tables.types;
	input->types->is_closed = true;
	if (input->types->candidate_count == 0)
		return;
	copy = arena_alloc(&s->proxy->arena, input->candidate.len);
	if (!copy)
		return; /* so large that it cannot be compared anyway */
	if (input->candidate.len > 0)
		memcpy(copy, input->candidate.ptr, input->candidate.len);
	input->candidate = bytes_of(copy, input->candidate.len);
	user_answer_normalise(input->types, copy, input->candidate.len);
}

/* The two whole answers from the step on in which they differ. Returns where in the truth's
 * buffer they agree up to. */
static size_t compare(struct session *s, struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	const struct lockstep *l = &ex->lock;
	const struct settings *settings = s->proxy->settings;
	bool is_headless = l->is_in_item && l->is_headless;
	size_t truth = is_headless ? 0 : item_start(l, true);
	size_t candidate = is_headless ? 0 : item_start(l, false);
	struct compare_input input = {.truth = bytes_skip(side_framed(&s->truth), truth),
		.candidate = bytes_skip(side_framed(&s->candidate), candidate),
		.start = {.is_in_result = is_headless, .ordinal = l->ordinal},
		.rows_before = is_headless ? l->rows_gone : 0,
		.truth_name = settings->truth.name,
		.candidate_name = settings->candidate.name,
		.truth_is_first = settings->truth_is_postgresql};

	if (is_headless && buf_len(&s->columns) > 0)
		input.start.columns = buf_bytes(&s->columns);
	normalise(s, &input);
	input.objects = &s->objects;
	policy_set_time(&s->proxy->policy, s->proxy->started_wall_us, clock_wall_us());
	input.policy = s->proxy->policy.compare;
	input.commands = exchange_commands(s, &input.command_count);
	compare_answers(&input, &s->proxy->arena, result);
	return truth + result->agreed;
}

static void on_inconclusive(struct session *s, const struct comparison *result)
{
	s->exchange.verdict = VERDICT_INCONCLUSIVE;
	s->exchange.note = "the answers could not be compared";
	session_fatal(s, "54000", "twinkly cannot compare the answers of %s and %s: %s",
		s->proxy->settings->postgresql_name, s->proxy->settings->yugabytedb_name,
		result->note);
}

/* A cancel request reaches two databases at two moments: that one side was done and the other
 * was not is nobody's fault. */
static bool is_cancel_only(const struct comparison *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->differences[i].kind != DIFF_ERROR_SUCCESS &&
			result->differences[i].kind != DIFF_SQLSTATE)
			return false;
	return result->count > 0;
}

static void excuse_cancel(struct session *s, struct comparison *result)
{
	for (size_t i = 0; i < result->command_count; i++)
		if (result->commands[i] == VERDICT_MISMATCH)
			result->commands[i] = VERDICT_INCONCLUSIVE;
	s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_INCONCLUSIVE);
	s->exchange.note = "cancelled by the client; the request reached only one side in time";
	result->verdict = VERDICT_EQUAL;
}

/* Inside a transaction, or with the answer given already, asking again would prove nothing. */
static void excuse_race(struct session *s, struct comparison *result)
{
	for (size_t i = 0; i < result->command_count; i++)
		if (result->commands[i] == VERDICT_MISMATCH)
			result->commands[i] = VERDICT_UNDECIDABLE;
	s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_UNDECIDABLE);
	s->exchange.note = "concurrent: another session was writing meanwhile";
	result->verdict = VERDICT_EQUAL;
}

/* The answers differ in bytes; `result` says in what. */
static void on_compared(struct session *s, struct comparison *result, size_t agreed)
{
	struct exchange *ex = &s->exchange;

	if (ex->is_cancelled && is_cancel_only(result))
		excuse_cancel(s, result);
	if (retry_begin(s, result) || again_begin(s, result))
		return;
	if (retry_is_undecidable(s, result))
		excuse_race(s, result);
	again_conclude(s, result);
	consequence_note(s, result);
	agreed = slow_conclude(s, result, agreed);
	ex->verdict = verdict_worst(ex->verdict, result->verdict);
	if (ex->is_retried || ex->again_times > 0)
		ex->verdict = verdict_worst(ex->verdict, VERDICT_RETRIED);
	if (!ex->note)
		ex->note = result->note;
	if (result->is_incomparable) {
		on_inconclusive(s, result);
	} else if (result->verdict == VERDICT_MISMATCH && !ex->is_handed_at_once) {
		answer_hand_on(s, agreed, 0);
		if (s->proxy->settings->on_mismatch == ON_MISMATCH_ERROR)
			mismatch_error(s, result);
		else
			mismatch_report(s, result);
	} else if (again_is_for_client(s, result)) {
		mismatch_again(s, result);
	} else if (align_begin(s, result)) {
		return;
	} else {
		answer_go_on(s, result);
	}
}

static void on_equal(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct comparison result = {.verdict = VERDICT_EQUAL};

	if (ex->is_retried || ex->again_times > 0)
		ex->verdict = verdict_worst(ex->verdict, VERDICT_RETRIED);
	if (!ex->slow && !parameters_differ(s, &result)) {
		answer_go_on(s, NULL);
		return;
	}
	on_compared(s, &result, 0);
	arena_reset(&s->proxy->arena);
}

void judge_different(struct session *s)
{
	struct comparison result;
	size_t agreed = 0;

	if (s->exchange.folding.is_different)
		folding_judge(s, &s->proxy->arena, &result);
	else
		agreed = compare(s, &result);
	on_compared(s, &result, agreed);
	arena_reset(&s->proxy->arena);
}

void judge_answers(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!ex->has_diverged && cursors_are_open(&s->cursors) && ex->truth_len == 0) {
		ex->lock = (struct lockstep){.ordinal = ex->unit_ordinal};
		answer_diverge(s);
	}
	if (!ex->has_diverged &&
		(ex->lock.truth != s->truth.framed || ex->lock.candidate != s->candidate.framed))
		answer_diverge(s);
	if (!ex->has_diverged) {
		on_equal(s);
		return;
	}
	if (!keys_look_up(s))
		judge_different(s);
}

void judge_settled(struct session *s)
{
	struct exchange *ex = &s->exchange;

	if (!route_is_single(s) && types_look_back(s))
		return;
	retry_note_settled(s);
	answer_learn_columns(s);
	/* The cancel may have come too late: then both have answered as ever. */
	if (s->exchange.is_deadlocked && (s->truth.has_failed || s->candidate.has_failed)) {
		mismatch_deadlock(s);
		return;
	}
	s->exchange.is_deadlocked = false;
	if (s->is_detached) {
		ex->verdict = verdict_worst(ex->verdict, VERDICT_NOT_COMPARED);
		consequence_note(s, NULL);
		if (!align_begin(s, NULL))
			answer_go_on(s, NULL);
		return;
	}
	if (ex->is_routed) {
		route_settle(s);
		return;
	}
	if (!slow_begin(s))
		judge_answers(s);
}
