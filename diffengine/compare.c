/*
 * Item against item. The two answers belong to the same requests, so the i-th item of one
 * answers the same step as the i-th of the other; where they do not even have the same shape
 * the comparison notes it and stops there, since what follows is its consequence.
 */
#include "diffengine/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "diffengine/compare_impl.h"

/* Two values as value.c shows them fit, with names of any sane length. */
#define SENTENCE_MAX 4096

const char *compare_pick(
	const struct compare_run *run, int place, const char *truth, const char *candidate)
{
	return (place == 0) == run->input->truth_is_first ? truth : candidate;
}

const char *compare_count(struct compare_run *run, int64_t count)
{
	const char *text = arena_printf(run->arena, "%" PRId64, count);

	return text ? text : "?";
}

const char *compare_name(const struct compare_run *run, int place)
{
	return compare_pick(run, place, run->input->truth_name, run->input->candidate_name);
}

void compare_note(struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell,
	const char *text, ...)
{
	struct comparison *result = run->result;
	struct difference *d;
	char sentence[SENTENCE_MAX];
	va_list args;

	run->has_mismatch = true;
	if (result->count == COMPARE_DIFFERENCES_MAX) {
		result->omitted++;
		return;
	}
	va_start(args, text);
	if (vsnprintf(sentence, sizeof(sentence), text, args) >= SENTENCE_MAX)
		sentence[text_shown(bytes_str(sentence), SENTENCE_MAX - 2)] = '\0';
	va_end(args);
	d = &result->differences[result->count++];
	*d = (struct difference){.kind = kind, .ordinal = run->ordinal};
	if (cell) {
		d->row = cell->row;
		d->column = cell->column;
		d->truth = cell->truth;
		d->candidate = cell->candidate;
		if (cell->column_name.ptr)
			d->column_name = arena_copy_str(run->arena, cell->column_name);
	}
	d->text = arena_printf(run->arena, "%s", sentence);
	if (!d->text)
		d->text = diff_kind_info(kind)->meaning;
}

void compare_inconclude(struct compare_run *run, const char *note)
{
	run->is_inconclusive = true;
	run->result->note = note;
}

static const struct compare_command *command_of(const struct compare_run *run, unsigned ordinal)
{
	static const struct compare_command unknown = {.is_ordered = true};

	return ordinal < run->input->command_count ? &run->input->commands[ordinal] : &unknown;
}

static void note_items(struct compare_run *run, enum diff_kind kind, const struct item *truth,
	const struct item *candidate, const char *what)
{
	const char *a = truth ? item_summary(truth, run->arena) : "nothing more";
	const char *b = candidate ? item_summary(candidate, run->arena) : "nothing more";
	struct compare_cell cell = {.truth = a, .candidate = b};

	compare_note(run, kind, &cell, "%s: %s returned %s, %s returned %s", what,
		compare_name(run, 0), compare_pick(run, 0, a, b), compare_name(run, 1),
		compare_pick(run, 1, a, b));
}

static const char *text_copy(struct compare_run *run, struct bytes text)
{
	const char *copy = arena_copy_str(run->arena, text);

	return copy ? copy : "?";
}

static void note_column(struct compare_run *run, enum diff_kind kind, int at,
	const struct wire_column *truth, const struct wire_column *candidate)
{
	struct compare_cell cell = {.column = at, .column_name = truth->name};
	const char *what;

	if (kind == DIFF_COLUMNS) {
		what = "name";
		cell.truth = text_copy(run, truth->name);
		cell.candidate = text_copy(run, candidate->name);
	} else if (kind == DIFF_TYPE) {
		what = "type OID, length and modifier";
		cell.truth = arena_printf(run->arena, "%u, %d, %d", truth->type_oid, truth->typlen,
			(int)truth->typmod);
		cell.candidate = arena_printf(run->arena, "%u, %d, %d", candidate->type_oid,
			candidate->typlen, (int)candidate->typmod);
		cell.truth = cell.truth ? cell.truth : "?";
		cell.candidate = cell.candidate ? cell.candidate : "?";
	} else {
		what = "format";
		cell.truth = truth->format ? "binary" : "text";
		cell.candidate = candidate->format ? "binary" : "text";
	}
	compare_note(run, kind, &cell, "Column %s mismatch: column %d (%.*s): %s %s, %s %s", what,
		at, (int)text_shown(truth->name, COMPARE_NAME_MAX), (const char *)truth->name.ptr,
		compare_name(run, 0), compare_pick(run, 0, cell.truth, cell.candidate),
		compare_name(run, 1), compare_pick(run, 1, cell.truth, cell.candidate));
}

static void compare_column(struct compare_run *run, int at, const struct wire_column *truth,
	const struct wire_column *candidate)
{
	if (!bytes_equal(truth->name, candidate->name))
		note_column(run, DIFF_COLUMNS, at, truth, candidate);
	if (!user_types_alike(run->input->types, truth->type_oid, candidate->type_oid) ||
		truth->typlen != candidate->typlen || truth->typmod != candidate->typmod)
		note_column(run, DIFF_TYPE, at, truth, candidate);
	if (truth->format != candidate->format)
		note_column(run, DIFF_FORMAT, at, truth, candidate);
}

/* One side describes what it will return and the other does not, or returns nothing. */
static void note_description(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	const char *a = truth->columns.ptr  ? "columns"
			: truth->is_no_data ? "NoData"
					    : "no columns";
	const char *b = candidate->columns.ptr  ? "columns"
			: candidate->is_no_data ? "NoData"
						: "no columns";
	struct compare_cell cell = {.truth = a, .candidate = b};

	compare_note(run, DIFF_GRAMMAR, &cell,
		"Description mismatch: %s returned %s, %s returned %s", compare_name(run, 0),
		compare_pick(run, 0, a, b), compare_name(run, 1), compare_pick(run, 1, a, b));
}

/* False: the columns differ in number or name, so that the rows cannot be paired. */
static bool compare_columns(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	struct wire_items left, right;
	struct wire_column a, b;
	struct compare_cell cell = {0};
	bool are_same = true;

	if (!truth->columns.ptr || !candidate->columns.ptr) {
		if (truth->columns.ptr || candidate->columns.ptr ||
			truth->is_no_data != candidate->is_no_data)
			note_description(run, truth, candidate);
		return true;
	}
	if (!decode_row_description(truth->columns, &left) ||
		!decode_row_description(candidate->columns, &right)) {
		if (!bytes_equal(truth->columns, candidate->columns))
			note_items(run, DIFF_GRAMMAR, truth, candidate, "Malformed RowDescription");
		return true;
	}
	if (left.count != right.count) {
		cell.truth = compare_count(run, left.count);
		cell.candidate = compare_count(run, right.count);
		compare_note(run, DIFF_COLUMNS, &cell,
			"Column count mismatch: %s returned %s columns, %s returned %s columns",
			compare_name(run, 0), compare_pick(run, 0, cell.truth, cell.candidate),
			compare_name(run, 1), compare_pick(run, 1, cell.truth, cell.candidate));
		return false;
	}
	for (int at = 1; wire_column_next(&left, &a) && wire_column_next(&right, &b); at++) {
		are_same = are_same && bytes_equal(a.name, b.name);
		compare_column(run, at, &a, &b);
	}
	return are_same;
}

static void note_parameters(
	struct compare_run *run, const char *what, int64_t truth, int64_t candidate)
{
	struct compare_cell cell = {
		.truth = compare_count(run, truth), .candidate = compare_count(run, candidate)};

	compare_note(run, DIFF_TYPE, &cell, "Parameter %s mismatch: %s returned %s, %s returned %s",
		what, compare_name(run, 0), compare_pick(run, 0, cell.truth, cell.candidate),
		compare_name(run, 1), compare_pick(run, 1, cell.truth, cell.candidate));
}

static void compare_parameters(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	struct wire_items left, right;
	uint32_t a, b;
	char what[32];

	if (bytes_equal(truth->parameters, candidate->parameters))
		return;
	if (!truth->parameters.ptr || !candidate->parameters.ptr ||
		!decode_parameter_description(truth->parameters, &left) ||
		!decode_parameter_description(candidate->parameters, &right)) {
		note_items(run, DIFF_GRAMMAR, truth, candidate, "ParameterDescription mismatch");
		return;
	}
	if (left.count != right.count) {
		note_parameters(run, "count", left.count, right.count);
		return;
	}
	for (int at = 1; wire_oid_next(&left, &a) && wire_oid_next(&right, &b); at++) {
		snprintf(what, sizeof(what), "%d: type OID", at);
		if (!user_types_alike(run->input->types, a, b))
			note_parameters(run, what, a, b);
	}
}

static void compare_errors(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	if (!bytes_equal(error_field(truth->error, 'C'), error_field(candidate->error, 'C')))
		note_items(run, DIFF_SQLSTATE, truth, candidate, "SQLSTATE mismatch");
}

/* One side failed. */
static enum diff_kind failure_kind(const struct item *failed)
{
	return bytes_equal_str(error_field(failed->error, 'C'), "0A000") ? DIFF_UNSUPPORTED
									 : DIFF_ERROR_SUCCESS;
}

/* Both are results that ended in different ways. */
static void compare_ends(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	const struct item *failed = truth->end == ITEM_ERROR ? truth : candidate;

	if (truth->end != ITEM_ERROR && candidate->end != ITEM_ERROR)
		note_items(run,
			truth->end == ITEM_SUSPENDED || candidate->end == ITEM_SUSPENDED
				? DIFF_PORTAL
				: DIFF_GRAMMAR,
			truth, candidate, "Result mismatch");
	else
		note_items(run, failure_kind(failed), truth, candidate, "Error mismatch");
}

static void compare_copies(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	bool are_rows_alike = truth->is_copy == candidate->is_copy || truth->row_count == 0 ||
			      candidate->row_count == 0;

	if (!bytes_equal(truth->copy, candidate->copy) || !are_rows_alike)
		note_items(run, DIFF_GRAMMAR, truth, candidate, "COPY format mismatch");
}

static void compare_results(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	const struct compare_command *command = command_of(run, truth->ordinal);
	bool was_under_way = truth->offset == 0 && run->input->start.is_in_result;
	struct compare_rows rows = {.truth = truth,
		.candidate = candidate,
		.columns = truth->columns.ptr ? truth->columns : command->columns,
		.before = was_under_way ? run->input->rows_before : 0,
		.is_ordered = command->is_ordered,
		.is_copy = truth->is_copy || candidate->is_copy};

	if (truth->end == ITEM_ERROR && candidate->end == ITEM_ERROR) {
		compare_errors(run, truth, candidate);
		return;
	}
	if (truth->end != candidate->end) {
		compare_ends(run, truth, candidate);
		return;
	}
	compare_parameters(run, truth, candidate);
	compare_copies(run, truth, candidate);
	if (!compare_columns(run, truth, candidate))
		return;
	compare_rows(run, &rows);
	/* "SELECT 5" against "SELECT 3" says again what the rows already say. */
	if (truth->end == ITEM_COMPLETE && truth->row_count == candidate->row_count &&
		!bytes_equal(truth->tag, candidate->tag))
		note_items(run, DIFF_TAG, truth, candidate, "Command tag mismatch");
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

static void compare_function(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	struct wire_column column = {.format = 0};
	struct wire_value a, b;
	struct compare_cell cell = {0};

	if (bytes_equal(truth->function, candidate->function))
		return;
	if (!decode_function_result(truth->function, &a) ||
		!decode_function_result(candidate->function, &b)) {
		note_items(run, DIFF_GRAMMAR, truth, candidate, "Malformed function result");
		return;
	}
	column.format = function_format(&a) | function_format(&b);
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

/* Only where nothing else differed: after another difference it is its consequence. */
static void compare_status(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	const char *a, *b;

	if (truth->status == candidate->status || run->has_mismatch)
		return;
	a = text_copy(run, bytes_of(&truth->status, 1));
	b = text_copy(run, bytes_of(&candidate->status, 1));
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
static bool compare_items(
	struct compare_run *run, const struct item *truth, const struct item *candidate)
{
	if (!truth || !candidate || truth->kind != candidate->kind) {
		const struct item *failed = is_failure(truth)       ? truth
					    : is_failure(candidate) ? candidate
								    : NULL;

		note_items(run, failed ? failure_kind(failed) : DIFF_GRAMMAR, truth, candidate,
			failed ? "Error mismatch" : "Answer mismatch");
		return false;
	}
	switch (truth->kind) {
	case ITEM_RESULT:
		compare_results(run, truth, candidate);
		return truth->end == candidate->end;
	case ITEM_FUNCTION:
		compare_function(run, truth, candidate);
		return true;
	case ITEM_READY:
		compare_status(run, truth, candidate);
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

/* Item pairs in order, each judged on its own. */
static void compare_all(struct compare_run *run, const struct outcome *truth,
	const struct outcome *candidate, size_t truth_len)
{
	size_t count = truth->count > candidate->count ? truth->count : candidate->count;
	bool agrees = true, goes_on = true;

	run->result->agreed = truth_len;
	for (size_t i = 0; i < count && goes_on; i++) {
		const struct item *a = i < truth->count ? &truth->items[i] : NULL;
		const struct item *b = i < candidate->count ? &candidate->items[i] : NULL;
		size_t before = run->result->count + run->result->omitted;
		bool is_mismatch;

		run->is_inconclusive = false;
		run->ordinal = a ? a->ordinal : b->ordinal;
		if (command_of(run, run->ordinal)->is_excluded &&
			!(a && b && a->kind == ITEM_READY && b->kind == ITEM_READY)) {
			goes_on = a && b && a->kind == b->kind && a->end == b->end;
			set_verdict(run, run->ordinal, VERDICT_EXCLUDED);
			continue;
		}
		goes_on = compare_items(run, a, b);
		is_mismatch = run->result->count + run->result->omitted > before;
		if (!is_mismatch && !run->is_inconclusive)
			continue;
		set_verdict(
			run, run->ordinal, is_mismatch ? VERDICT_MISMATCH : VERDICT_INCONCLUSIVE);
		if (agrees)
			run->result->agreed = a ? a->offset : truth_len;
		agrees = false;
	}
}

static void inconclude(struct comparison *result, struct arena *arena, const struct err *err)
{
	result->verdict = VERDICT_INCONCLUSIVE;
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
