/*
 * Folding of long results. Each side is taken as far as it has come; the lockstep goes on
 * behind the rows when both sides have reached their result's end.
 */
#include "capture/folding.h"

#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/answer.h"
#include "diffengine/compare.h"

static bool is_row(unsigned char type)
{
	return type == BACKEND_DATA_ROW || type == BACKEND_COPY_DATA;
}

static bool is_asynchronous(unsigned char type)
{
	return type == BACKEND_NOTICE_RESPONSE || type == BACKEND_PARAMETER_STATUS ||
	       type == BACKEND_NOTIFICATION_RESPONSE;
}

static bool next_frame(const struct side *side, size_t at, struct frame *f)
{
	struct bytes rest = side_framed(side);

	return frame_next(bytes_skip(rest, at), WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, f,
		       NULL) == FRAME_OK;
}

static bool is_at_row(const struct side *side, size_t at)
{
	struct frame f;

	while (next_frame(side, at, &f) && is_asynchronous(f.type))
		at += f.whole.len;
	return next_frame(side, at, &f) && is_row(f.type);
}

static bool is_too_long(const struct side *side)
{
	return side->framed >= FOLDING_BYTES;
}

size_t folding_high_water(const struct session *s)
{
	size_t window = (size_t)s->proxy->settings->window;

	return FOLDING_BYTES + window;
}

static void start(struct session *s)
{
	struct exchange *ex = &s->exchange;
	const struct compare_command *commands;
	size_t count;

	commands = exchange_commands(s, &count);
	ex->folding = (struct folding){.is_on = true,
		.ordinal = ex->lock.ordinal,
		.is_ordered = ex->lock.ordinal >= count || commands[ex->lock.ordinal].is_ordered,
		.is_excluded = ex->lock.ordinal < count && commands[ex->lock.ordinal].is_excluded,
		.first_row = ex->lock.rows + 1,
		.truth = {.rows = ex->lock.rows},
		.candidate = {.rows = ex->lock.rows}};
	arena_reset(&s->proxy->arena);
	answer_hand_on_equal(s);
}

/* Folds the rows that are there. True: the side has reached the end of its rows. */
static bool fold_side(struct session *s, const struct side *side, struct fold *fold, size_t *len)
{
	struct frame f;

	*len = 0;
	while (next_frame(side, *len, &f)) {
		if (is_row(f.type))
			fold_add(fold,
				side == &s->candidate ? types_row_of_candidate(s, f.body) : f.body);
		else if (!is_asynchronous(f.type))
			return true;
		*len += f.whole.len;
	}
	return false;
}

static void finish(struct session *s)
{
	struct exchange *ex = &s->exchange;
	struct folding *folding = &ex->folding;

	folding->is_on = false;
	ex->lock.rows = ex->lock.rows_gone = folding->truth.rows;
	if (folding->is_excluded)
		ex->verdict = verdict_worst(ex->verdict, VERDICT_EXCLUDED);
	else if (folding->is_ordered || !fold_is_equal(&folding->truth, &folding->candidate))
		folding->is_different = true;
	ex->has_diverged = folding->is_different;
	types_mark(s);
}

void folding_advance(struct session *s)
{
	struct exchange *ex = &s->exchange;
	size_t truth = 0, candidate = 0;
	bool is_truth_done = false, is_candidate_done;

	if (!ex->folding.is_on) {
		if (ex->folding.is_different ||
			(!is_too_long(&s->truth) && !is_too_long(&s->candidate)) ||
			!is_at_row(&s->truth, ex->lock.truth) ||
			!is_at_row(&s->candidate, ex->lock.candidate))
			return;
		start(s);
	}
	if (!link_is_clogged(&s->client))
		is_truth_done = fold_side(s, &s->truth, &ex->folding.truth, &truth);
	is_candidate_done = fold_side(s, &s->candidate, &ex->folding.candidate, &candidate);
	answer_hand_on(s, truth, candidate);
	if (is_truth_done && is_candidate_done)
		finish(s);
}

static const char *sentence(const struct session *s, struct arena *arena, enum diff_kind *kind)
{
	const struct folding *f = &s->exchange.folding;
	const struct settings *settings = s->proxy->settings;
	bool is_first = settings->truth_is_postgresql;

	if (f->truth.rows != f->candidate.rows) {
		*kind = DIFF_ROW_COUNT;
		return arena_printf(arena,
			"Row count mismatch: %s returned %lld rows, %s returned %lld rows",
			settings->postgresql_name,
			(long long)(is_first ? f->truth.rows : f->candidate.rows),
			settings->yugabytedb_name,
			(long long)(is_first ? f->candidate.rows : f->truth.rows));
	}
	if (f->is_ordered && fold_is_equal(&f->truth, &f->candidate)) {
		*kind = DIFF_ORDER;
		return arena_printf(arena,
			"Row order mismatch: from row %lld on the same rows come in another order",
			(long long)f->first_row);
	}
	*kind = DIFF_VALUE;
	return arena_printf(arena,
		"Value mismatch: %s and %s returned %lld rows each, but not the same ones; the "
		"first that differs is row %lld (the result is too long for its rows to be shown)",
		settings->postgresql_name, settings->yugabytedb_name, (long long)f->truth.rows,
		(long long)f->first_row);
}

void folding_judge(struct session *s, struct arena *arena, struct comparison *result)
{
	struct difference *difference = arena_alloc(arena, sizeof(*difference));
	enum verdict *verdict = arena_alloc(arena, sizeof(*verdict));

	*result = (struct comparison){.verdict = VERDICT_MISMATCH};
	if (!difference || !verdict)
		return;
	*verdict = VERDICT_MISMATCH;
	difference->ordinal = s->exchange.folding.ordinal;
	difference->row = s->exchange.folding.first_row;
	difference->text = sentence(s, arena, &difference->kind);
	difference->truth =
		arena_printf(arena, "%lld rows", (long long)s->exchange.folding.truth.rows);
	difference->candidate =
		arena_printf(arena, "%lld rows", (long long)s->exchange.folding.candidate.rows);
	if (!difference->text)
		difference->text = diff_kind_info(difference->kind)->meaning;
	result->differences = difference;
	result->count = 1;
	result->commands = verdict;
	result->command_count = 1;
}
