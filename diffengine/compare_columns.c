/*
 * Descriptions of results and parameters: number, name, type and format of columns.
 */
#include <stdio.h>

#include "diffengine/compare_impl.h"

static const char *text_copy(struct compare_run *run, struct bytes text)
{
	const char *copy = arena_copy_str(run->arena, text);

	return copy ? copy : "?";
}

static void note_column(struct compare_run *run, enum diff_kind kind, int at,
	const struct wire_column *truth, const struct wire_column *candidate)
{
	struct compare_cell cell = {
		.column = at, .column_name = truth->name, .type_oid = truth->type_oid};
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
static void note_description(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
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

bool compare_columns(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
	struct wire_items left, right;
	struct wire_column a, b;
	struct compare_cell cell = {0};
	bool are_same = true;

	if (!truth->columns.ptr || !candidate->columns.ptr) {
		if (truth->columns.ptr || candidate->columns.ptr ||
			truth->is_no_data != candidate->is_no_data)
			note_description(run, items);
		return true;
	}
	if (!decode_row_description(truth->columns, &left) ||
		!decode_row_description(candidate->columns, &right)) {
		if (!bytes_equal(truth->columns, candidate->columns))
			compare_note_items(run, DIFF_GRAMMAR, items, "Malformed RowDescription");
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

void compare_parameters(struct compare_run *run, const struct compare_items *items)
{
	const struct item *truth = items->truth, *candidate = items->candidate;
	struct wire_items left, right;
	uint32_t a, b;
	char what[32];

	if (bytes_equal(truth->parameters, candidate->parameters))
		return;
	if (!truth->parameters.ptr || !candidate->parameters.ptr ||
		!decode_parameter_description(truth->parameters, &left) ||
		!decode_parameter_description(candidate->parameters, &right)) {
		compare_note_items(run, DIFF_GRAMMAR, items, "ParameterDescription mismatch");
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
