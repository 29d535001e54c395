/*
 * Rows of one result against rows of the other. Where the statement determines an order, row
 * by row; else as multisets: rows are sorted by their bytes on both sides and merged, and
 * what is left over on either side is a difference. Left-over rows are paired with the one
 * they share most values with, so that a changed value is reported as one value, not as two
 * rows.
 */
#include "diffengine/compare_impl.h"

#include <stdio.h>
#include <stdlib.h>

struct row { /* a row and where it stood */
	struct bytes body;
	size_t at;
};

struct row_set {
	struct row *rows;
	size_t count;
};

static int compare_bodies(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	size_t len = a->body.len < b->body.len ? a->body.len : b->body.len;
	int order = len ? memcmp(a->body.ptr, b->body.ptr, len) : 0;

	if (order)
		return order;
	if (a->body.len != b->body.len)
		return a->body.len < b->body.len ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int compare_positions(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	return a->at < b->at ? -1 : a->at > b->at;
}

static bool sorted(struct compare_run *run, const struct item *item, struct row_set *set)
{
	set->rows = arena_alloc(run->arena, (item->row_count + 1) * sizeof(*set->rows));
	if (!set->rows)
		return false;
	set->count = item->row_count;
	for (size_t i = 0; i < set->count; i++)
		set->rows[i] = (struct row){.body = item->rows[i], .at = i};
	qsort(set->rows, set->count, sizeof(*set->rows), compare_bodies);
	return true;
}

/* Takes out of both sorted sets what they have in common; the rest goes back to the order in
 * which it came. */
static void subtract(struct row_set *a, struct row_set *b)
{
	size_t i = 0, j = 0, n = 0, m = 0;

	while (i < a->count || j < b->count) {
		int order;

		if (i == a->count)
			order = 1;
		else if (j == b->count)
			order = -1;
		else if (bytes_equal(a->rows[i].body, b->rows[j].body))
			order = 0;
		else
			order = compare_bodies(&a->rows[i], &b->rows[j]);
		if (order == 0) {
			i++;
			j++;
		} else if (order < 0) {
			a->rows[n++] = a->rows[i++];
		} else {
			b->rows[m++] = b->rows[j++];
		}
	}
	a->count = n;
	b->count = m;
	qsort(a->rows, a->count, sizeof(*a->rows), compare_positions);
	qsort(b->rows, b->count, sizeof(*b->rows), compare_positions);
}

static const char *or_null(const char *text)
{
	return text ? text : "NULL";
}

static void note_value(
	struct compare_run *run, enum diff_kind kind, const struct compare_cell *cell)
{
	compare_note(run, kind, cell, "%s mismatch: row %lld, column %d (%.*s): %s %s, %s %s",
		kind == DIFF_COPY_DATA ? "COPY data" : "Value", (long long)cell->row, cell->column,
		(int)text_shown(cell->column_name, COMPARE_NAME_MAX),
		(const char *)cell->column_name.ptr, compare_name(run, 0),
		compare_pick(run, 0, or_null(cell->truth), or_null(cell->candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(cell->truth), or_null(cell->candidate)));
}

/* CopyData has no columns that could be told apart here: the line is the value. */
static void note_line(
	struct compare_run *run, struct bytes truth, struct bytes candidate, int64_t at)
{
	static const struct wire_column column = {.format = 0};
	struct wire_value a = {.data = truth}, b = {.data = candidate};
	struct compare_cell cell = {.row = at,
		.truth = value_readable(run->arena, &a, &column),
		.candidate = value_readable(run->arena, &b, &column)};

	compare_note(run, DIFF_COPY_DATA, &cell, "COPY data mismatch: line %lld: %s %s, %s %s",
		(long long)at, compare_name(run, 0),
		compare_pick(run, 0, or_null(cell.truth), or_null(cell.candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(cell.truth), or_null(cell.candidate)));
}

static void compare_pair(struct compare_run *run, const struct compare_rows *rows,
	const struct row *truth, const struct row *candidate)
{
	struct wire_items left, right, columns = {0};
	struct wire_value a, b;
	struct wire_column column = {0};
	int64_t at = (int64_t)truth->at + 1 + rows->before;

	if (rows->is_copy) {
		note_line(run, truth->body, candidate->body, at);
		return;
	}
	if (!decode_data_row(truth->body, &left) || !decode_data_row(candidate->body, &right) ||
		left.count != right.count ||
		(rows->columns.ptr && !decode_row_description(rows->columns, &columns))) {
		compare_note(run, DIFF_GRAMMAR, &(struct compare_cell){.row = at},
			"Row mismatch: row %lld is malformed or has another number of values",
			(long long)at);
		return;
	}
	for (int i = 1; wire_value_next(&left, &a) && wire_value_next(&right, &b); i++) {
		if (!wire_column_next(&columns, &column))
			column = (struct wire_column){.name = bytes_str("?")};
		if (a.is_null == b.is_null && (a.is_null || bytes_equal(a.data, b.data)))
			continue;
		note_value(run, DIFF_VALUE,
			&(struct compare_cell){.row = at,
				.column = i,
				.column_name = column.name,
				.truth = value_readable(run->arena, &a, &column),
				.candidate = value_readable(run->arena, &b, &column)});
	}
}

/* How many values two rows share: what makes them the likely same row. */
static unsigned likeness(struct bytes a, struct bytes b)
{
	struct wire_items left, right;
	struct wire_value x, y;
	unsigned same = 0;

	if (!decode_data_row(a, &left) || !decode_data_row(b, &right))
		return 0;
	while (wire_value_next(&left, &x) && wire_value_next(&right, &y))
		same += x.is_null == y.is_null && bytes_equal(x.data, y.data);
	return same;
}

/* Rows beyond this many are paired by position: likeness is quadratic. */
#define PAIRING_MAX 200

static void pair_left_over(struct compare_run *run, const struct compare_rows *rows,
	struct row_set *truth, struct row_set *candidate)
{
	for (size_t i = 0; i < truth->count; i++) {
		size_t best = i, most = candidate->count < PAIRING_MAX ? candidate->count : i + 1;
		unsigned best_likeness = 0;
		struct row swap;

		for (size_t j = i; j < most && !rows->is_copy; j++) {
			unsigned same = likeness(truth->rows[i].body, candidate->rows[j].body);

			if (same > best_likeness) {
				best_likeness = same;
				best = j;
			}
		}
		swap = candidate->rows[i];
		candidate->rows[i] = candidate->rows[best];
		candidate->rows[best] = swap;
		compare_pair(run, rows, &truth->rows[i], &candidate->rows[i]);
	}
}

static const char *row_text(
	struct compare_run *run, const struct compare_rows *rows, const struct row *row)
{
	struct wire_items values, columns = {0};
	struct wire_value value;
	struct wire_column column;
	char text[2 * COMPARE_VALUE_MAX];
	size_t len = 0;
	struct bytes shown;
	int n;

	if (rows->is_copy || !decode_data_row(row->body, &values) ||
		(rows->columns.ptr && !decode_row_description(rows->columns, &columns)))
		return value_readable(run->arena, &(struct wire_value){.data = row->body},
			&(struct wire_column){.format = (int16_t)!rows->is_copy});
	text[len] = '\0';
	for (const char *before = ""; len < COMPARE_VALUE_MAX && wire_value_next(&values, &value);
		before = ", ") {
		if (!wire_column_next(&columns, &column))
			column = (struct wire_column){.format = 0};
		shown = bytes_str(or_null(value_readable(run->arena, &value, &column)));
		n = snprintf(text + len, sizeof(text) - len, "%s%.*s", before,
			(int)text_shown(shown, 100), (const char *)shown.ptr);
		len += n > 0 ? (size_t)n : 0;
	}
	return arena_printf(run->arena, "(%s%s)", text, values.count ? ", ..." : "");
}

/* How many rows that only one side has are shown; the counts say the rest. */
#define EXTRA_ROWS_SHOWN 3

/* "5 rows; only here: row 4: (4, NULL), row 5: (5, x) and 3 more" */
static const char *count_text(struct compare_run *run, const struct compare_rows *rows,
	const struct item *item, const struct row_set *extra)
{
	const char *text = arena_printf(run->arena, "%lld rows%s",
		(long long)((int64_t)item->row_count + rows->before),
		extra->count ? "; only here: " : "");
	size_t shown = extra->count < EXTRA_ROWS_SHOWN ? extra->count : EXTRA_ROWS_SHOWN;

	for (size_t i = 0; text && i < shown; i++)
		text = arena_printf(run->arena, "%s%srow %lld: %s", text, i ? ", " : "",
			(long long)extra->rows[i].at + 1 + rows->before,
			or_null(row_text(run, rows, &extra->rows[i])));
	if (text && extra->count > shown)
		text = arena_printf(run->arena, "%s and %zu more", text, extra->count - shown);
	return text;
}

static void note_counts(struct compare_run *run, const struct compare_rows *rows,
	const struct row_set *truth, const struct row_set *candidate)
{
	const char *a = compare_count(run, (int64_t)rows->truth->row_count + rows->before);
	const char *b = compare_count(run, (int64_t)rows->candidate->row_count + rows->before);
	struct compare_cell cell = {.truth = count_text(run, rows, rows->truth, truth),
		.candidate = count_text(run, rows, rows->candidate, candidate)};

	compare_note(run, DIFF_ROW_COUNT, &cell,
		"Row count mismatch: %s returned %s rows, %s returned %s rows",
		compare_name(run, 0), compare_pick(run, 0, a, b), compare_name(run, 1),
		compare_pick(run, 1, a, b));
}

static void note_order(struct compare_run *run, const struct compare_rows *rows)
{
	size_t at = 0;
	struct row a, b;
	struct compare_cell cell;

	while (bytes_equal(rows->truth->rows[at], rows->candidate->rows[at]))
		at++;
	a = (struct row){.body = rows->truth->rows[at], .at = at};
	b = (struct row){.body = rows->candidate->rows[at], .at = at};
	cell = (struct compare_cell){.row = (int64_t)at + 1 + rows->before,
		.truth = row_text(run, rows, &a),
		.candidate = row_text(run, rows, &b)};
	compare_note(run, DIFF_ORDER, &cell,
		"Row order mismatch: row %lld: %s %s, %s %s (the same rows in another order)",
		(long long)cell.row, compare_name(run, 0),
		compare_pick(run, 0, or_null(cell.truth), or_null(cell.candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(cell.truth), or_null(cell.candidate)));
}

static bool are_in_step(const struct compare_rows *rows)
{
	for (size_t i = 0; i < rows->truth->row_count; i++)
		if (!bytes_equal(rows->truth->rows[i], rows->candidate->rows[i]))
			return false;
	return true;
}

void compare_rows(struct compare_run *run, const struct compare_rows *rows)
{
	bool is_count_same = rows->truth->row_count == rows->candidate->row_count;
	struct row_set truth, candidate;

	if (is_count_same && are_in_step(rows))
		return;
	if (!sorted(run, rows->truth, &truth) || !sorted(run, rows->candidate, &candidate)) {
		compare_inconclude(run, "the rows are too many to be compared");
		return;
	}
	subtract(&truth, &candidate);
	if (!is_count_same) {
		note_counts(run, rows, &truth, &candidate);
	} else if (truth.count > 0) {
		pair_left_over(run, rows, &truth, &candidate);
	} else if (rows->is_ordered) {
		note_order(run, rows);
	}
}
