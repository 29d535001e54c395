/*
 * Then and now, side by side.
 */
#include "replay/recall.h"

#include <stdio.h>
#include <string.h>

#include "replay/drift.h"
#include "replay/exchange.h"
#include "replay/replay.h"
#include "schema/trace_read.h"

struct recalling {
	struct session *s;
	bool is_found;
};

/* The same messages, but for what is never compared. */
static bool is_same(const struct fixture_side *before, const struct fixture_side *now)
{
	struct lockstep walk = {.truth = 0};

	if (before->is_cut || now->is_cut || before->status != now->status)
		return false;
	return lockstep_advance(&walk, before->bytes, now->bytes) == LOCKSTEP_DRY &&
	       walk.truth == before->bytes.len && walk.candidate == now->bytes.len;
}

static void note(struct session *s, const char *name, const struct comparison *result)
{
	struct exchange *ex = &s->exchange;
	const char *what = result->count > 0 ? result->differences[0].text : result->note;

	if (!ex->recalled[0])
		snprintf(ex->recalled, sizeof(ex->recalled),
			"%s answers otherwise than in the capture%s%.200s", name, what ? ": " : "",
			what ? what : "");
}

static bool is_excluded(const struct drift_input *input)
{
	for (size_t i = 0; i < input->command_count; i++)
		if (input->commands[i].is_excluded)
			return true;
	return false;
}

/* True: it has drifted. */
static bool compare(struct session *s, const char *name, const struct fixture_side *before,
	const struct fixture_side *now)
{
	struct replay *r = s->replay;
	struct drift_input input = {.before = *before, .now = *now};
	struct comparison result;
	bool drifted = false;

	if (is_same(before, now))
		return false;
	input.commands = exchange_commands(s, &input.command_count);
	if (is_excluded(&input)) {
		arena_reset(&r->arena);
		return false;
	}
	if (!drift_compare(&input, &r->arena, &result, &drifted)) {
		snprintf(s->exchange.recalled, sizeof(s->exchange.recalled),
			"its answer is too long to be compared with the capture");
		r->recall.unknown++;
	} else if (drifted) {
		note(s, name, &result);
	}
	if (drifted && s->candidate.is_absent)
		exchange_judge(s, &result, 0);
	arena_reset(&r->arena);
	return drifted;
}

static struct fixture_side now_of(const struct session *s, bool is_truth)
{
	const struct exchange *ex = &s->exchange;
	bool is_first = is_truth || !ex->has_candidate;
	struct bytes bytes = buf_bytes(is_first ? &ex->truth : &ex->candidate);

	return (struct fixture_side){.bytes = bytes,
		.is_cut = (int64_t)bytes.len < (is_first ? ex->truth_len : ex->candidate_len),
		.status = is_truth ? s->truth.status : s->candidate.status};
}

static void recall_both(struct session *s, const struct fixture_side before[2])
{
	struct replay *r = s->replay;
	struct fixture_side truth = now_of(s, true), candidate = now_of(s, false);

	r->recall.drifted[0] += compare(s, r->truth.name, &before[0], &truth);
	r->recall.drifted[1] += compare(s, r->candidate.name, &before[1], &candidate);
}

static void recall_one(struct session *s, const struct fixture_side *before)
{
	struct replay *r = s->replay;
	struct fixture_side now = now_of(s, true);
	bool drifted = compare(s, r->truth.name, before, &now);

	r->recall.drifted[r->wishes.against == AGAINST_CANDIDATE] += drifted;
	if (drifted)
		s->exchange.verdict = verdict_worst(s->exchange.verdict, VERDICT_MISMATCH);
}

static void recall_verdict(struct session *s, enum verdict before)
{
	struct replay *r = s->replay;
	struct exchange *ex = &s->exchange;

	ex->is_regression = before == VERDICT_EQUAL && ex->verdict == VERDICT_MISMATCH;
	ex->is_mended = before == VERDICT_MISMATCH && ex->verdict == VERDICT_EQUAL;
	r->recall.regressions += ex->is_regression;
	r->recall.mended += ex->is_mended;
}

static bool on_row(void *context, const struct trace_exchange *row)
{
	struct recalling *c = context;
	struct session *s = c->s;
	struct replay *r = s->replay;
	struct fixture_side before[2] = {drift_truth(row), drift_candidate(row)};
	bool is_swapped = r->is_swapped;

	/* A whole answer holds a ReadyForQuery at least. */
	if (row->id != s->exchange.recorded.id || row->truth_us < 0 || row->candidate_us < 0 ||
		row->truth_len == 0)
		return false;
	c->is_found = true;
	if (r->wishes.against == AGAINST_BOTH) {
		if (is_swapped) {
			struct fixture_side first = before[0];

			before[0] = before[1];
			before[1] = first;
		}
		recall_both(s, before);
		recall_verdict(s, (enum verdict)row->verdict);
	} else {
		recall_one(s, &before[(r->wishes.against == AGAINST_CANDIDATE) != is_swapped]);
	}
	return false;
}

void recall_exchange(struct session *s)
{
	struct replay *r = s->replay;
	struct recalling c = {.s = s};
	struct err err;

	if (s->exchange.verdict == VERDICT_INCONCLUSIVE || s->exchange.verdict == VERDICT_EXCLUDED)
		return;
	if (!trace_read_exchanges(r->source, 0, s->exchange.recorded.id, on_row, &c, &err)) {
		replay_stop(r, err.text);
		return;
	}
	if (c.is_found)
		return;
	r->recall.unknown++;
	if (!s->candidate.is_absent)
		return;
	s->exchange.verdict = VERDICT_INCONCLUSIVE;
	snprintf(s->exchange.why, sizeof(s->exchange.why),
		"the capture has no whole answer to compare with");
}
