/*
 * Folding of long results. Each side is taken as far as it has come; the lockstep goes on
 * behind the rows when both sides have reached their result's end.
 */
#include "capture/folding.h"

#include "capture/exchange.h"
#include "capture/proxy.h"
#include "capture/session.h"
#include "capture/answer.h"
#include "diffengine/analysis.h"
#include "diffengine/compare.h"
#include "diffengine/known.h"
#include "diffengine/row_policy.h"
#include "diffengine/rules.h"

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

void folding_reset(struct folding *folding)
{
	fold_plan_free(folding->plan);
	*folding = (struct folding){0};
}

/* The RowDescription of the result under way; ptr NULL: not at hand. */
static struct bytes columns_of(const struct session *s, const struct compare_command *command)
{
	const struct lockstep *l = &s->exchange.lock;

	if (l->is_in_item && l->columns_len > 5 && !(l->is_headless && l->columns == 0))
		return bytes_of(side_framed(&s->truth).ptr + l->columns + 5, l->columns_len - 5);
	if (l->is_headless && buf_len(&s->columns) > 0)
		return buf_bytes(&s->columns);
	return command ? command->columns : bytes_of(NULL, 0);
}

static struct fold_plan *plan_of(struct session *s, const struct compare_command *command)
{
	const struct compare_policy *run = &s->proxy->policy.compare;
	struct row_policy_input input = {.run = run, .command = command};
	struct rules_subject subject;
	struct row_policy policy;

	if (!command || !command->text.ptr)
		return fold_plan_new(NULL);
	input.columns = columns_of(s, command);
	input.analysis = analysis_get(run->analyses, command->text);
	subject = (struct rules_subject){.statement = command->text, .analysis = input.analysis};
	input.scope = rules_select(run->rules, &subject);
	if (!row_policy_make(&policy, &input, &s->proxy->arena))
		return NULL;
	return fold_plan_new(&policy);
}

static void start(struct session *s)
{
	struct exchange *ex = &s->exchange;
	const struct compare_command *commands, *command;
	size_t count;

	commands = exchange_commands(s, &count);
	command = ex->lock.ordinal < count ? &commands[ex->lock.ordinal] : NULL;
	folding_reset(&ex->folding);
	ex->folding = (struct folding){.is_on = true,
		.ordinal = ex->lock.ordinal,
		.plan = plan_of(s, command),
		.is_excluded = command && command->is_excluded,
		.first_row = ex->lock.rows + 1,
		.truth = {.rows = ex->lock.rows},
		.candidate = {.rows = ex->lock.rows}};
	arena_reset(&s->proxy->arena);
	if (!ex->folding.plan) {
		session_fatal(s, "53200", "twinkly is out of memory");
		return;
	}
	answer_hand_on_equal(s);
}

/* Folds the rows that are there. True: the side has reached the end of its rows. */
static bool fold_side(struct session *s, const struct side *side, struct fold *fold, size_t *len)
{
	struct frame f;

	*len = 0;
	while (next_frame(side, *len, &f)) {
		if (is_row(f.type))
			fold_add(s->exchange.folding.plan, fold,
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
	folding->result = fold_compare(folding->plan, &folding->truth, &folding->candidate);
	if (folding->is_excluded)
		ex->verdict = verdict_worst(ex->verdict, VERDICT_EXCLUDED);
	else
		folding->is_different = folding->result != FOLD_EQUAL;
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
		if (s->is_marked || s->state != SESSION_READY)
			return;
	}
	if (!link_is_clogged(&s->client))
		is_truth_done = fold_side(s, &s->truth, &ex->folding.truth, &truth);
	is_candidate_done = fold_side(s, &s->candidate, &ex->folding.candidate, &candidate);
	answer_hand_on(s, truth, candidate);
	if (is_truth_done && is_candidate_done)
		finish(s);
}

static const char *sentence(const struct session *s, struct arena *arena)
{
	const struct folding *f = &s->exchange.folding;
	const struct settings *settings = s->proxy->settings;
	bool is_first = settings->truth_is_postgresql;

	switch (f->result) {
	case FOLD_COUNT:
		return arena_printf(arena,
			"Row count mismatch: %s returned %lld rows, %s returned %lld rows",
			settings->postgresql_name,
			(long long)(is_first ? f->truth.rows : f->candidate.rows),
			settings->yugabytedb_name,
			(long long)(is_first ? f->candidate.rows : f->truth.rows));
	case FOLD_ORDER:
		return arena_printf(arena,
			"Row order mismatch: from row %lld on the same rows come in another order",
			(long long)f->first_row);
	case FOLD_UNDETERMINED:
		return "Rows not compared: they differ, and the statement does not determine which "
		       "rows it returns";
	case FOLD_TOLERANT:
		return "Values not compared: they differ in columns that may differ within bounds, "
		       "in a result too long to be paired row by row";
	case FOLD_EQUAL:
	case FOLD_ROWS:
		break;
	}
	return arena_printf(arena,
		"Value mismatch: %s and %s returned %lld rows each, but not the same ones; the "
		"first that differs is row %lld (the result is too long for its rows to be shown)",
		settings->postgresql_name, settings->yugabytedb_name, (long long)f->truth.rows,
		(long long)f->first_row);
}

static enum diff_kind kind_of(enum fold_result result)
{
	if (result == FOLD_COUNT)
		return DIFF_ROW_COUNT;
	return result == FOLD_ORDER ? DIFF_ORDER : DIFF_VALUE;
}

static const char *known_rule(struct session *s, enum diff_kind kind)
{
	const struct exchange *ex = &s->exchange;
	struct known *known = s->proxy->policy.compare.known;
	struct known_difference difference = {.kind = kind};
	unsigned at = ex->folding.ordinal;

	if (!known || at >= ex->command_count || !ex->commands[at].statement)
		return NULL;
	difference.statement = statement_text(ex->commands[at].statement);
	return known_allow(known, &difference);
}

void folding_judge(struct session *s, struct arena *arena, struct comparison *result)
{
	const struct folding *f = &s->exchange.folding;
	bool is_excused = f->result == FOLD_UNDETERMINED || f->result == FOLD_TOLERANT;
	struct difference *difference = arena_alloc(arena, sizeof(*difference));
	enum verdict *verdict = arena_alloc(arena, sizeof(*verdict));

	*result =
		(struct comparison){.verdict = is_excused ? VERDICT_UNDECIDABLE : VERDICT_MISMATCH};
	if (!difference || !verdict)
		return;
	difference->kind = kind_of(f->result);
	if (!is_excused)
		difference->rule = known_rule(s, difference->kind);
	if (difference->rule)
		result->verdict = VERDICT_ALLOWED;
	*verdict = result->verdict;
	difference->ordinal = f->ordinal;
	difference->row = f->first_row;
	difference->verdict = result->verdict;
	if (is_excused)
		difference->rule = "builtin:undetermined";
	difference->text = sentence(s, arena);
	difference->truth = arena_printf(arena, "%lld rows", (long long)f->truth.rows);
	difference->candidate = arena_printf(arena, "%lld rows", (long long)f->candidate.rows);
	if (!difference->text)
		difference->text = diff_kind_info(difference->kind)->meaning;
	result->differences = difference;
	result->count = 1;
	result->commands = verdict;
	result->command_count = 1;
}
