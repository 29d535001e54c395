/*
 * Rows of one result against rows of the other, as the statement's policy says (row_policy.h):
 * as multisets, in the sequence of their sort keys, or in sequence. What is left over on
 * either side is a difference. Left-over rows are paired with the one they share most values
 * with, so that a changed value is reported as one value, not as two rows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "diffengine/compare_match.h"
#include "diffengine/ledger.h"

struct result { /* the two results under comparison */
	struct compare_run *run;
	const struct compare_rows *rows;
	struct row_policy policy;
	struct row_set left_over[2]; /* truth, candidate */
	bool has_allowed;            /* rows that are not the same bytes count as such */
};

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

/* Column `c` of the result's policy; beyond what is known: exact. */
static const struct column_policy *column_at(const struct result *r, size_t c)
{
	static const struct column_policy exact;

	return c < r->policy.column_count ? &r->policy.columns[c] : &exact;
}

static void compare_cells(struct result *r, struct match_cell *cell)
{
	enum value_allowance why;
	enum value_result result = match_value(r->run, cell, &why);

	if (result == VALUE_SAME)
		return;
	if (result == VALUE_ALLOWED) {
		match_note_allowed(r->run, cell, why);
		return;
	}
	note_value(r->run, DIFF_VALUE,
		&(struct compare_cell){.row = cell->row,
			.column = cell->at,
			.column_name = cell->pair.column.name,
			.type_oid = cell->pair.column.type_oid,
			.truth = value_readable(
				r->run->arena, &cell->pair.truth, &cell->pair.column),
			.candidate = value_readable(r->run->arena, &cell->pair.candidate,
				&cell->pair.candidate_column)});
}

static bool begin_columns(struct bytes body, struct wire_items *items)
{
	*items = (struct wire_items){0};
	return !body.ptr || decode_row_description(body, items);
}

static void compare_pair(struct result *r, const struct row *truth, const struct row *candidate)
{
	struct wire_items left, right, columns, candidate_columns;
	struct match_cell cell = {.row = (int64_t)truth->at + 1 + r->rows->before};

	if (r->rows->is_copy) {
		note_line(r->run, truth->body, candidate->body, cell.row);
		return;
	}
	if (!decode_data_row(truth->body, &left) || !decode_data_row(candidate->body, &right) ||
		left.count != right.count || !begin_columns(r->rows->columns, &columns) ||
		!begin_columns(r->rows->candidate_columns, &candidate_columns)) {
		compare_note(r->run, DIFF_GRAMMAR, &(struct compare_cell){.row = cell.row},
			"Row mismatch: row %lld is malformed or has another number of values",
			(long long)cell.row);
		return;
	}
	for (size_t c = 0; wire_value_next(&left, &cell.pair.truth) &&
			   wire_value_next(&right, &cell.pair.candidate);
		c++) {
		if (!wire_column_next(&columns, &cell.pair.column))
			cell.pair.column = (struct wire_column){.name = bytes_str("?")};
		if (!wire_column_next(&candidate_columns, &cell.pair.candidate_column))
			cell.pair.candidate_column = cell.pair.column;
		cell.column = column_at(r, c);
		cell.at = (int)c + 1;
		compare_cells(r, &cell);
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

static void pair_left_over(struct result *r)
{
	struct row_set *truth = &r->left_over[0], *candidate = &r->left_over[1];

	for (size_t i = 0; i < truth->count && i < candidate->count; i++) {
		size_t best = i, most = candidate->count < PAIRING_MAX ? candidate->count : i + 1;
		unsigned best_likeness = 0;
		struct row swap;

		for (size_t j = i; j < most && !r->rows->is_copy; j++) {
			unsigned same = likeness(truth->rows[i].body, candidate->rows[j].body);

			if (same > best_likeness) {
				best_likeness = same;
				best = j;
			}
		}
		swap = candidate->rows[i];
		candidate->rows[i] = candidate->rows[best];
		candidate->rows[best] = swap;
		compare_pair(r, &truth->rows[i], &candidate->rows[i]);
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

static void note_counts(struct result *r)
{
	const struct compare_rows *rows = r->rows;
	struct compare_run *run = r->run;
	const char *a = compare_count(run, (int64_t)rows->truth->row_count + rows->before);
	const char *b = compare_count(run, (int64_t)rows->candidate->row_count + rows->before);
	struct compare_cell cell = {.truth = count_text(run, rows, rows->truth, &r->left_over[0]),
		.candidate = count_text(run, rows, rows->candidate, &r->left_over[1])};

	compare_note(run, DIFF_ROW_COUNT, &cell,
		"Row count mismatch: %s returned %s rows, %s returned %s rows",
		compare_name(run, 0), compare_pick(run, 0, a, b), compare_name(run, 1),
		compare_pick(run, 1, a, b));
}

static void note_order(struct result *r, size_t at)
{
	struct compare_run *run = r->run;
	struct row a = {.body = r->rows->truth->rows[at], .at = at};
	struct row b = {.body = r->rows->candidate->rows[at], .at = at};
	struct compare_cell cell = {.row = (int64_t)at + 1 + r->rows->before,
		.truth = row_text(run, r->rows, &a),
		.candidate = row_text(run, r->rows, &b)};

	compare_note(run, DIFF_ORDER, &cell,
		"Row order mismatch: row %lld: %s %s, %s %s (the same rows in another order)",
		(long long)cell.row, compare_name(run, 0),
		compare_pick(run, 0, or_null(cell.truth), or_null(cell.candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(cell.truth), or_null(cell.candidate)));
}

/* What the statement does not determine differs: shown by its first row, held against nobody. */
static void undecide(struct result *r, const char *why)
{
	const struct compare_excuse undetermined = {VERDICT_UNDECIDABLE, "builtin:undetermined"};
	struct compare_run *run = r->run;
	const struct row *a = r->left_over[0].count ? &r->left_over[0].rows[0] : NULL;
	const struct row *b = r->left_over[1].count ? &r->left_over[1].rows[0] : NULL;
	struct compare_cell cell = {.row = a ? (int64_t)a->at + 1 + r->rows->before : 0,
		.truth = a ? row_text(run, r->rows, a) : NULL,
		.candidate = b ? row_text(run, r->rows, b) : NULL};

	run->result->note = why;
	compare_note_excused(run, &undetermined, DIFF_VALUE, &cell,
		"Rows not compared: %s; the first that differs: %s %s, %s %s", why,
		compare_name(run, 0),
		compare_pick(run, 0, or_null(cell.truth), or_null(cell.candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(cell.truth), or_null(cell.candidate)));
}

/* --- sort keys -------------------------------------------------------------------------------- */

static bool has_same_keys(const struct result *r, struct bytes a, struct bytes b)
{
	for (size_t k = 0; k < r->policy.key_count; k++) {
		struct row_key left, right;
		size_t key = (size_t)r->policy.keys[k];

		if (!match_key(r->rows, a, key, &left) || !match_key(r->rows, b, key, &right))
			return false;
		if (!value_is_tie(&left.value, &right.value, &left.column) &&
			match_key_differs(r->run, column_at(r, key), &left, &right))
			return false;
	}
	return true;
}

static size_t shorter(const struct compare_rows *rows)
{
	return rows->truth->row_count < rows->candidate->row_count ? rows->truth->row_count
								   : rows->candidate->row_count;
}

/* The first row where the two sequences of keys part; the number of rows if nowhere. */
static size_t find_disorder(const struct result *r)
{
	size_t at = 0, count = shorter(r->rows);

	while (at < count &&
		(bytes_equal(r->rows->truth->rows[at], r->rows->candidate->rows[at]) ||
			has_same_keys(r, r->rows->truth->rows[at], r->rows->candidate->rows[at])))
		at++;
	return at;
}

static size_t find_difference(const struct result *r)
{
	size_t at = 0, count = shorter(r->rows);

	while (at < count && bytes_equal(r->rows->truth->rows[at], r->rows->candidate->rows[at]))
		at++;
	return at;
}

/* The rows outside of the tie groups that the limit and the offset may have cut. */
struct kept {
	size_t from, until;
};

static struct kept find_kept(const struct result *r, bool is_tail_cut)
{
	const struct item *truth = r->rows->truth;
	struct kept kept = {0, truth->row_count};

	if (r->policy.has_offset)
		while (kept.from < truth->row_count &&
			has_same_keys(r, truth->rows[0], truth->rows[kept.from]))
			kept.from++;
	if (is_tail_cut)
		while (kept.until > kept.from && has_same_keys(r, truth->rows[truth->row_count - 1],
							 truth->rows[kept.until - 1]))
			kept.until--;
	return kept;
}

static void keep_between(struct row_set *set, const struct kept *kept)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->rows[i].at >= kept->from && set->rows[i].at < kept->until)
			set->rows[n++] = set->rows[i];
	set->count = n;
}

/* --- results ---------------------------------------------------------------------------------- */

static bool are_in_step(const struct compare_rows *rows)
{
	if (rows->truth->row_count != rows->candidate->row_count)
		return false;
	for (size_t i = 0; i < rows->truth->row_count; i++)
		if (!bytes_equal(rows->truth->rows[i], rows->candidate->rows[i]))
			return false;
	return true;
}

/* The limit may have cut rows off the end. */
static bool is_tail_cut(const struct result *r)
{
	int64_t before = r->rows->before;
	int64_t truth = (int64_t)r->rows->truth->row_count + before;
	int64_t candidate = (int64_t)r->rows->candidate->row_count + before;

	if (!r->policy.has_limit)
		return false;
	return r->policy.limit < 0 || truth >= r->policy.limit || candidate >= r->policy.limit;
}

/* The rows are the same as multisets. */
static void judge_sequence(struct result *r)
{
	size_t count = r->rows->truth->row_count, at = count;

	if (r->policy.order == ROWS_IN_SEQUENCE && !r->has_allowed)
		at = find_difference(r);
	else if (r->policy.order == ROWS_HAVE_KEYS)
		at = find_disorder(r);
	if (at < count)
		note_order(r, at);
	else if (r->policy.are_keys_unknown)
		undecide(r, "the statement is ordered, but could not be parsed");
}

/* Rows differ, and a limit or an offset leaves out rows of the same statement. */
static void judge_cut(struct result *r, bool is_tail)
{
	static const char why[] = "LIMIT or OFFSET cuts rows whose order is not determined";
	struct row_set all[2] = {r->left_over[0], r->left_over[1]};
	struct kept kept;

	if (r->policy.order != ROWS_HAVE_KEYS) {
		undecide(r, why);
		return;
	}
	if (find_disorder(r) < shorter(r->rows)) {
		pair_left_over(r);
		return;
	}
	kept = find_kept(r, is_tail);
	keep_between(&r->left_over[0], &kept);
	keep_between(&r->left_over[1], &kept);
	if (r->left_over[0].count > 0 || r->left_over[1].count > 0) {
		pair_left_over(r);
		return;
	}
	r->left_over[0] = all[0];
	r->left_over[1] = all[1];
	undecide(r, "LIMIT or OFFSET cuts rows that tie");
}

static void judge_left_over(struct result *r)
{
	bool is_count_same = r->rows->truth->row_count == r->rows->candidate->row_count;
	bool is_tail = is_tail_cut(r);

	if (r->policy.undetermined)
		undecide(r, r->policy.undetermined);
	else if (!is_count_same)
		note_counts(r);
	else if (is_tail || r->policy.has_offset)
		judge_cut(r, is_tail);
	else
		pair_left_over(r);
}

/* --- portions of a cursor --------------------------------------------------------------------- */

static bool is_last_portion(const struct result *r)
{
	const struct compare_portion *portion = &r->rows->command->portion;

	if (portion->is_portal)
		return r->rows->truth->end == ITEM_COMPLETE;
	return portion->rows <= 0 || (int64_t)r->rows->truth->row_count < portion->rows;
}

static bool add_portion(struct result *r)
{
	const struct compare_portion *portion = &r->rows->command->portion;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < r->left_over[side].count; i++)
			if (!ledger_add(portion->ledger, portion->key,
				    r->left_over[side].rows[i].body, side == 0))
				return false;
	return true;
}

/* Portions in no determined order: all of them together must be the same. */
static void judge_portion(struct result *r)
{
	const struct compare_portion *portion = &r->rows->command->portion;
	bool is_last = is_last_portion(r);
	struct compare_cell cell = {0};

	if (!add_portion(r)) {
		compare_inconclude(r->run, "too many cursors whose portions differ");
	} else if (!is_last && (r->left_over[0].count || r->left_over[1].count)) {
		undecide(r, "a portion of a cursor's rows, which have no determined order");
	} else if (is_last && ledger_is_open(portion->ledger, portion->key)) {
		ledger_close(portion->ledger, portion->key);
		compare_note(r->run, DIFF_VALUE, &cell,
			"Value mismatch: the rows that a cursor returned in all its portions are "
			"not the same on %s and %s",
			compare_name(r->run, 0), compare_name(r->run, 1));
	}
}

/* Its portions are added up: nothing else determines which rows come when. */
static bool is_added_up(const struct result *r)
{
	return r->rows->command->is_partial && !r->rows->command->is_total &&
	       r->rows->command->portion.ledger && r->policy.order == ROWS_ARE_A_SET &&
	       !r->policy.undetermined;
}

static void note_plan(struct compare_run *run)
{
	static const struct compare_excuse plan = {VERDICT_ALLOWED, "builtin:explain"};

	compare_note_excused(run, &plan, DIFF_VALUE, NULL,
		"Plans differ: of EXPLAIN only success and the columns are compared");
}

void compare_rows(struct compare_run *run, const struct compare_rows *rows)
{
	struct result r = {.run = run, .rows = rows};
	struct row_policy_input input = {.analysis = run->analysis,
		.scope = run->scope,
		.run = &run->input->policy,
		.command = rows->command,
		.columns = rows->is_copy ? bytes_of(NULL, 0) : rows->columns,
		.copy = rows->truth->copy};

	if (are_in_step(rows) &&
		!(rows->command->portion.ledger &&
			ledger_is_open(rows->command->portion.ledger, rows->command->portion.key)))
		return;
	if (!row_policy_make(&r.policy, &input, run->arena) ||
		!match_sorted(run, rows->truth, &r.left_over[0]) ||
		!match_sorted(run, rows->candidate, &r.left_over[1])) {
		compare_inconclude(run, "the rows are too many to be compared");
		return;
	}
	match_subtract(&r.left_over[0], &r.left_over[1]);
	if (r.policy.is_plan) {
		if (r.left_over[0].count || r.left_over[1].count)
			note_plan(run);
		return;
	}
	r.has_allowed = r.left_over[0].count > 0;
	match_soft(run, rows, &r.policy, r.left_over);
	if (is_added_up(&r) && rows->truth->row_count == rows->candidate->row_count)
		judge_portion(&r);
	else if (r.left_over[0].count || r.left_over[1].count)
		judge_left_over(&r);
	else
		judge_sequence(&r);
}
