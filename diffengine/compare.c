/*
 * Item against item. The two answers belong to the same requests, so the i-th item of one
 * answers the same step as the i-th of the other; where they do not even have the same shape
 * the comparison notes it and stops there, since what follows is its consequence.
 */
#include "diffengine/compare.h"

#include "diffengine/compare_impl.h"
#include "diffengine/object_oids.h"

static const struct compare_command *command_of(const struct compare_run *run, unsigned ordinal)
{
	static const struct compare_command unknown = {.is_ordered = true};

	return ordinal < run->input->command_count ? &run->input->commands[ordinal] : &unknown;
}

/* Both are results that ended in different ways. */
static void compare_ends(struct compare_run *run, const struct compare_items *items)
{
	enum item_end truth = items->truth->end, candidate = items->candidate->end;

	if (truth == ITEM_ERROR || candidate == ITEM_ERROR)
		compare_failure(run, items);
	else
		compare_note_items(run,
			truth == ITEM_SUSPENDED || candidate == ITEM_SUSPENDED ? DIFF_PORTAL
									       : DIFF_GRAMMAR,
			items, "Result mismatch");
}

static void compare_copies(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
	bool are_rows_alike = truth->is_copy == candidate->is_copy || truth->row_count == 0 ||
			      candidate->row_count == 0;

	if (!bytes_equal(truth->copy, candidate->copy) || !are_rows_alike)
		compare_note_items(run, DIFF_GRAMMAR, items, "COPY format mismatch");
}

/* Which rows come before the same error depends on the plan. The columns do not, but a server may
 * fail before it tells them. */
static void compare_failed_columns(struct compare_run *run, const struct compare_items *items)
{
	if (items->truth->columns.ptr && items->candidate->columns.ptr)
		(void)compare_columns(run, items);
}

static void compare_results(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
	const struct compare_command *command = command_of(run, truth->ordinal);
	bool was_under_way = truth->offset == 0 && run->input->start.is_in_result;
	struct compare_rows rows = {.truth = truth,
		.candidate = candidate,
		.columns = truth->columns.ptr ? truth->columns : command->columns,
		.candidate_columns = candidate->columns,
		.command = command,
		.before = was_under_way ? run->input->rows_before : 0,
		.is_copy = truth->is_copy || candidate->is_copy};

	if (truth->end == ITEM_ERROR && candidate->end == ITEM_ERROR) {
		compare_failed_columns(run, items);
		compare_errors(run, items);
		run->has_failure = true;
		return;
	}
	if (truth->end != candidate->end) {
		compare_ends(run, items);
		return;
	}
	compare_parameters(run, items);
	compare_copies(run, items);
	if (!compare_columns(run, items))
		return;
	compare_rows(run, &rows);
	/* "SELECT 5" against "SELECT 3" says again what the rows already say. */
	if (truth->end == ITEM_COMPLETE && truth->row_count == candidate->row_count &&
		!bytes_equal(truth->tag, candidate->tag))
		compare_note_items(run, DIFF_TAG, items, "Command tag mismatch");
}

/* The response does not say its format. What holds control characters is not text: libpq asks
 * for binary results, such as the OID of a large object. */
static int16_t function_format(const struct wire_value *value)
{
	for (size_t i = 0; i < value->data.len; i++)
		if (value->data.ptr[i] < 0x20)
			return 1;
	return 0;
}

/* What lo_creat and its like answer to libpq: the OID of a new object, on each side its own. */
static bool are_object_oids(
	struct compare_run *run, const struct wire_value *truth, const struct wire_value *candidate)
{
	static const struct compare_excuse own = {VERDICT_ALLOWED, "builtin:server-type"};
	const struct wire_column column = {.type_oid = 26, .format = 1};
	uint32_t a = object_oid_read(truth, &column), b = object_oid_read(candidate, &column);

	if (a < FIRST_USER_OID || b < FIRST_USER_OID)
		return false;
	if (run->input->objects)
		object_oids_learn(run->input->objects, a, b);
	compare_note_excused(run, &own, DIFF_FUNCTION_RESULT, NULL,
		"Function result allowed: an OID, %u of the truth, %u of the candidate", a, b);
	return true;
}

static void compare_function(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
	struct wire_column column = {.format = 0};
	struct wire_value a, b;
	struct compare_cell cell = {0};

	if (bytes_equal(truth->function, candidate->function))
		return;
	if (!decode_function_result(truth->function, &a) ||
		!decode_function_result(candidate->function, &b)) {
		compare_note_items(run, DIFF_GRAMMAR, items, "Malformed function result");
		return;
	}
	column.format = function_format(&a) | function_format(&b);
	if (are_object_oids(run, &a, &b))
		return;
	cell.truth = value_readable(run->arena, &a, &column);
	cell.candidate = value_readable(run->arena, &b, &column);
	compare_note(run, DIFF_FUNCTION_RESULT, &cell, "Function result mismatch: %s %s, %s %s",
		compare_name(run, 0),
		compare_pick(run, 0, cell.truth ? cell.truth : "NULL",
			cell.candidate ? cell.candidate : "NULL"),
		compare_name(run, 1),
		compare_pick(run, 1, cell.truth ? cell.truth : "NULL",
			cell.candidate ? cell.candidate : "NULL"));
}

static const char *status_text(struct compare_run *run, char status)
{
	const char *text = arena_printf(run->arena, "%c", status);

	return text ? text : "?";
}

/* Only where nothing else differed: after another difference it is its consequence. */
static void compare_status(struct compare_run *run, const struct compare_items *items)
{
	const char *a, *b;

	if (items->truth->status == items->candidate->status || run->has_difference)
		return;
	a = status_text(run, items->truth->status);
	b = status_text(run, items->candidate->status);
	compare_note(run, DIFF_TRANSACTION_STATUS,
		&(struct compare_cell){.truth = a, .candidate = b},
		"Transaction status mismatch: %s is in state %s, %s in state %s (I idle, T in a "
		"transaction, E in a failed one)",
		compare_name(run, 0), compare_pick(run, 0, a, b), compare_name(run, 1),
		compare_pick(run, 1, a, b));
}

static bool is_failure(const struct item *item)
{
	return item && item->kind == ITEM_RESULT && item->end == ITEM_ERROR;
}

/* False: the shapes differ, nothing after this can be paired. */
static bool compare_pair(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;

	if (!truth || !candidate || truth->kind != candidate->kind) {
		if (is_failure(truth) || is_failure(candidate))
			compare_failure(run, items);
		else
			compare_note_items(run, DIFF_GRAMMAR, items, "Answer mismatch");
		return false;
	}
	switch (truth->kind) {
	case ITEM_RESULT:
		compare_results(run, items);
		return truth->end == candidate->end;
	case ITEM_FUNCTION:
		compare_function(run, items);
		return true;
	case ITEM_READY:
		compare_status(run, items);
		return true;
	case ITEM_PARSED:
	case ITEM_BOUND:
	case ITEM_CLOSED:
		return true;
	}
	return true;
}

static void find_statuses(
	struct comparison *result, const struct outcome *truth, const struct outcome *candidate)
{
	for (size_t i = 0; i < truth->count; i++)
		if (truth->items[i].kind == ITEM_READY)
			result->truth_status = truth->items[i].status;
	for (size_t i = 0; i < candidate->count; i++)
		if (candidate->items[i].kind == ITEM_READY)
			result->candidate_status = candidate->items[i].status;
}

/* Commands from `first` on; a ReadyForQuery belongs to none. */
static size_t count_commands(const struct outcome *outcome, unsigned first)
{
	for (size_t i = outcome->count; i > 0; i--)
		if (outcome->items[i - 1].kind != ITEM_READY)
			return outcome->items[i - 1].ordinal - first + 1;
	return 0;
}

static void set_verdict(struct compare_run *run, unsigned ordinal, enum verdict verdict)
{
	struct comparison *result = run->result;
	size_t i = ordinal - run->input->start.ordinal;

	if (i < result->command_count)
		result->commands[i] = verdict_worst(result->commands[i], verdict);
	result->verdict = verdict_worst(result->verdict, verdict);
}

/* What the statement's text and the rules say of the command, once for all its items. */
static void begin_command(struct compare_run *run, unsigned ordinal)
{
	const struct compare_policy *policy = &run->input->policy;
	struct rules_subject subject = {.statement = command_of(run, ordinal)->text};

	run->ordinal = ordinal;
	run->text = subject.statement;
	run->asked = command_of(run, ordinal)->asked;
	run->analysis = NULL;
	run->scope = NULL;
	if (!subject.statement.ptr)
		return;
	if (policy->analyses)
		run->analysis = analysis_get(policy->analyses, subject.statement);
	subject.analysis = run->analysis;
	if (policy->rules)
		run->scope = rules_select(policy->rules, &subject);
}

static bool is_excluded(const struct compare_run *run)
{
	return command_of(run, run->ordinal)->is_excluded ||
	       (run->scope && rules_for_column(run->scope, RULE_EXCLUDE, NULL, 0));
}

static bool is_ready(const struct compare_items *items)
{
	return items->truth && items->candidate && items->truth->kind == ITEM_READY &&
	       items->candidate->kind == ITEM_READY;
}

static bool have_same_end(const struct compare_items *items)
{
	return items->truth && items->candidate && items->truth->kind == items->candidate->kind &&
	       items->truth->end == items->candidate->end;
}

/* What follows where the answers part cannot be paired. */
static void give_up_rest(struct compare_run *run)
{
	struct comparison *result = run->result;

	for (size_t i = run->ordinal - run->input->start.ordinal + 1; i < result->command_count;
		i++)
		set_verdict(run, run->input->start.ordinal + (unsigned)i, VERDICT_NOT_COMPARED);
}

/* One pair of items. False: nothing after it can be paired. */
static bool judge_pair(struct compare_run *run, const struct compare_items *items)
{
	bool goes_on;

	run->item = VERDICT_EQUAL;
	if (is_excluded(run) && !is_ready(items)) {
		run->item = VERDICT_EXCLUDED;
		return have_same_end(items);
	}
	goes_on = compare_pair(run, items);
	return goes_on;
}

/* Item pairs in order, each judged on its own. */
static void compare_all(struct compare_run *run, const struct outcome *truth,
	const struct outcome *candidate, size_t truth_len)
{
	size_t count = truth->count > candidate->count ? truth->count : candidate->count;
	bool agrees = true, goes_on = true;

	run->result->agreed = truth_len;
	for (size_t i = 0; i < count && goes_on; i++) {
		struct compare_items items = {.truth = i < truth->count ? &truth->items[i] : NULL,
			.candidate = i < candidate->count ? &candidate->items[i] : NULL};
		unsigned ordinal = items.truth ? items.truth->ordinal : items.candidate->ordinal;

		if (i == 0 || ordinal != run->ordinal)
			begin_command(run, ordinal);
		goes_on = judge_pair(run, &items);
		set_verdict(run, ordinal, run->item);
		if (agrees &&
			(run->item == VERDICT_MISMATCH || run->item == VERDICT_INCONCLUSIVE)) {
			run->result->agreed = items.truth ? items.truth->offset : truth_len;
			agrees = false;
		}
	}
	if (!goes_on)
		give_up_rest(run);
}

static void inconclude(struct comparison *result, struct arena *arena, const struct err *err)
{
	result->verdict = VERDICT_INCONCLUSIVE;
	result->is_incomparable = true;
	result->agreed = 0;
	result->note = arena_printf(arena, "%s", err->text);
	if (!result->note)
		result->note = "the answers are too large to be compared";
}

void compare_answers(
	const struct compare_input *input, struct arena *arena, struct comparison *result)
{
	struct compare_run run = {.input = input, .arena = arena, .result = result};
	struct outcome truth, candidate;
	struct err err;
	*result = (struct comparison){.verdict = VERDICT_EQUAL};
	result->differences =
		arena_alloc(arena, COMPARE_DIFFERENCES_MAX * sizeof(*result->differences));
	if (!result->differences) {
		err_set(&err, "no memory for the comparison");
		inconclude(result, arena, &err);
		return;
	}
	if (!outcome_parse(&truth, input->truth, &input->start, arena, &err) ||
		!outcome_parse(&candidate, input->candidate, &input->start, arena, &err)) {
		inconclude(result, arena, &err);
		return;
	}
	result->command_count = count_commands(&truth, input->start.ordinal);
	if (count_commands(&candidate, input->start.ordinal) > result->command_count)
		result->command_count = count_commands(&candidate, input->start.ordinal);
	result->commands = arena_alloc(arena, result->command_count * sizeof(*result->commands));
	if (!result->commands)
		result->command_count = 0;
	find_statuses(result, &truth, &candidate);
	compare_all(&run, &truth, &candidate, input->truth.len);
}
