/*
 * Matching of rows: by bytes with sort and merge, then the left-over ones by the columns that
 * must be the same, and in each group of those by what the policy permits in the others.
 */
#include "diffengine/compare_match.h"

#include <stdlib.h>

#include "diffengine/object_oids.h"

#define TYPE_OID 26

/* --- by bytes --------------------------------------------------------------------------------- */

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

	if (order || a.len == b.len)
		return order;
	return a.len < b.len ? -1 : 1;
}

static int compare_bodies(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_bytes(a->body, b->body);

	if (order)
		return order;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int compare_positions(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	return a->at < b->at ? -1 : a->at > b->at;
}

/* The header of COPY in binary format comes in front of the first row, which may be another one
 * on the other side. */
static struct bytes without_copy_header(struct bytes row)
{
	static const unsigned char signature[] = "PGCOPY\n\377\r\n"; /* with its NUL */
	size_t fixed = sizeof(signature) + 8, extension;

	if (row.len < fixed || memcmp(row.ptr, signature, sizeof(signature)) != 0)
		return row;
	extension = (size_t)row.ptr[fixed - 4] << 24 | (size_t)row.ptr[fixed - 3] << 16 |
		    (size_t)row.ptr[fixed - 2] << 8 | row.ptr[fixed - 1];
	return bytes_skip(row, fixed + extension);
}

bool match_sorted(struct compare_run *run, const struct item *item, struct row_set *set)
{
	set->rows = arena_alloc(run->arena, (item->row_count + 1) * sizeof(*set->rows));
	if (!set->rows)
		return false;
	set->count = item->row_count;
	for (size_t i = 0; i < set->count; i++)
		set->rows[i] = (struct row){.body = item->rows[i], .at = i};
	if (item->is_copy && set->count > 0)
		set->rows[0].body = without_copy_header(set->rows[0].body);
	qsort(set->rows, set->count, sizeof(*set->rows), compare_bodies);
	return true;
}

static void sort_by_position(struct row_set *set)
{
	qsort(set->rows, set->count, sizeof(*set->rows), compare_positions);
}

void match_subtract(struct row_set *truth, struct row_set *candidate)
{
	size_t i = 0, j = 0, n = 0, m = 0;

	while (i < truth->count || j < candidate->count) {
		int order;

		if (i == truth->count)
			order = 1;
		else if (j == candidate->count)
			order = -1;
		else
			order = compare_bytes(truth->rows[i].body, candidate->rows[j].body);
		if (order == 0) {
			i++;
			j++;
		} else if (order < 0) {
			truth->rows[n++] = truth->rows[i++];
		} else {
			candidate->rows[m++] = candidate->rows[j++];
		}
	}
	truth->count = n;
	candidate->count = m;
	sort_by_position(truth);
	sort_by_position(candidate);
}

/* --- one value -------------------------------------------------------------------------------- */

static struct wire_value mapped(struct compare_run *run, const struct match_cell *cell,
	const struct wire_value *value, const struct wire_column *column)
{
	struct wire_value result = *value;
	const char *name;

	if (!cell->column->map || value->is_null || column->format != 0)
		return result;
	name = arena_copy_str(run->arena, column->name);
	if (name)
		result.data = rules_map(run->scope, name, value->data, run->arena);
	return result;
}

enum value_result match_value(
	struct compare_run *run, const struct match_cell *cell, enum value_allowance *why)
{
	struct value_pair pair = cell->pair;

	*why = ALLOWANCE_NONE;
	if (pair.truth.is_null == pair.candidate.is_null &&
		(pair.truth.is_null || bytes_equal(pair.truth.data, pair.candidate.data)))
		return VALUE_SAME;
	if (cell->column->is_undetermined)
		return VALUE_ALLOWED;
	pair.truth = mapped(run, cell, &pair.truth, &pair.column);
	pair.candidate = mapped(run, cell, &pair.candidate, &pair.candidate_column);
	if (cell->column->map && pair.truth.is_null == pair.candidate.is_null &&
		bytes_equal(pair.truth.data, pair.candidate.data))
		return VALUE_ALLOWED;
	return value_compare(&cell->column->value, &pair, run->arena, why);
}

static const char *or_null(const char *text)
{
	return text ? text : "NULL";
}

/* The excuse for a value that differs, and the rule that counts it. */
static struct compare_excuse excuse_of(const struct match_cell *cell, enum value_allowance why)
{
	struct compare_excuse excuse = {VERDICT_ALLOWED, value_allowance_name(why)};
	struct rule *rule = NULL;

	if (cell->column->is_undetermined)
		return (struct compare_excuse){VERDICT_UNDECIDABLE, "builtin:window"};
	if (why == ALLOWANCE_NONE)
		rule = cell->column->map;
	else if (why == ALLOWANCE_FLOAT || why == ALLOWANCE_CLOCK)
		rule = cell->column->tolerance;
	if (rule) {
		rule->use.fired++;
		excuse.rule = rule->name;
	}
	return excuse;
}

void match_note_allowed(
	struct compare_run *run, const struct match_cell *cell, enum value_allowance why)
{
	struct compare_excuse excuse = excuse_of(cell, why);
	struct compare_cell place = {.row = cell->row,
		.column = cell->at,
		.column_name = cell->pair.column.name,
		.truth = value_readable(run->arena, &cell->pair.truth, &cell->pair.column),
		.candidate = value_readable(
			run->arena, &cell->pair.candidate, &cell->pair.candidate_column)};

	compare_note_excused(run, &excuse, DIFF_VALUE, &place,
		"Value allowed: row %lld, column %d (%.*s): %s %s, %s %s", (long long)place.row,
		place.column, (int)text_shown(place.column_name, COMPARE_NAME_MAX),
		(const char *)place.column_name.ptr, compare_name(run, 0),
		compare_pick(run, 0, or_null(place.truth), or_null(place.candidate)),
		compare_name(run, 1),
		compare_pick(run, 1, or_null(place.truth), or_null(place.candidate)));
}

/* --- rows with soft columns ------------------------------------------------------------------- */

struct matcher {
	struct compare_run *run;
	const struct row_policy *policy;
	struct wire_column *columns, *candidate_columns;
	int64_t before;
	int64_t work;
};

static struct wire_column *take_columns(struct compare_run *run, struct bytes body, size_t count)
{
	struct wire_column *columns = arena_alloc(run->arena, (count + 1) * sizeof(*columns));
	struct wire_items items;

	if (!columns || !decode_row_description(body, &items) || items.count != count)
		return NULL;
	for (size_t i = 0; i < count && wire_column_next(&items, &columns[i]); i++)
		;
	return columns;
}

/* False: no memory, or a row has another number of values. */
static bool take_values(const struct matcher *m, struct row_set *set)
{
	size_t count = m->policy->column_count;

	for (size_t i = 0; i < set->count; i++) {
		struct row *row = &set->rows[i];
		struct wire_items items;

		row->values = arena_alloc(m->run->arena, (count + 1) * sizeof(*row->values));
		if (!row->values || !decode_data_row(row->body, &items) || items.count != count)
			return false;
		for (size_t c = 0; c < count && wire_value_next(&items, &row->values[c]); c++)
			;
	}
	return true;
}

static int compare_values(const struct wire_value *a, const struct wire_value *b)
{
	if (a->is_null || b->is_null)
		return (int)a->is_null - (int)b->is_null;
	return compare_bytes(a->data, b->data);
}

/* By the columns that are soft, or by those that are not. */
static int compare_part(
	const struct row_policy *policy, const struct row *a, const struct row *b, bool is_soft)
{
	for (size_t c = 0; c < policy->column_count; c++) {
		int order;

		if (policy->columns[c].is_soft != is_soft)
			continue;
		order = compare_values(&a->values[c], &b->values[c]);
		if (order)
			return order;
	}
	return 0;
}

static int compare_hard_first(const void *left, const void *right, void *context)
{
	const struct row_policy *policy = context;
	const struct row *a = left, *b = right;
	int order = compare_part(policy, a, b, false);

	if (!order)
		order = compare_part(policy, a, b, true);
	if (order)
		return order;
	return a->at < b->at ? -1 : a->at > b->at;
}

static struct match_cell cell_of(
	const struct matcher *m, const struct row *truth, const struct row *candidate, size_t c)
{
	return (struct match_cell){.column = &m->policy->columns[c],
		.pair = {.truth = truth->values[c],
			.candidate = candidate->values[c],
			.column = m->columns[c],
			.candidate_column = m->candidate_columns[c]},
		.row = (int64_t)truth->at + 1 + m->before,
		.at = (int)c + 1};
}

static bool is_match(struct matcher *m, const struct row *truth, const struct row *candidate)
{
	enum value_allowance why;

	m->work++;
	for (size_t c = 0; c < m->policy->column_count; c++) {
		struct match_cell cell;

		if (!m->policy->columns[c].is_soft)
			continue;
		cell = cell_of(m, truth, candidate, c);
		if (match_value(m->run, &cell, &why) == VALUE_DIFFERENT)
			return false;
	}
	return true;
}

/* Both are the OID of what must be the same object: nothing else could stand here. */
static void learn_oid(struct matcher *m, const struct match_cell *cell)
{
	struct object_oids **objects = m->run->input->objects;

	if (objects && cell->pair.column.type_oid == TYPE_OID)
		object_oids_learn(objects, object_oid_read(&cell->pair.truth, &cell->pair.column),
			object_oid_read(&cell->pair.candidate, &cell->pair.candidate_column));
}

static void note_match(
	struct matcher *m, const struct row *truth, const struct row *candidate, bool is_only)
{
	enum value_allowance why;

	for (size_t c = 0; c < m->policy->column_count; c++) {
		struct match_cell cell;

		if (!m->policy->columns[c].is_soft)
			continue;
		cell = cell_of(m, truth, candidate, c);
		if (match_value(m->run, &cell, &why) == VALUE_ALLOWED)
			match_note_allowed(m->run, &cell, why);
		if (is_only)
			learn_oid(m, &cell);
	}
}

/* Pairs the rows of one group greedily; a row that found its like loses its values. */
static void pair_group(struct matcher *m, struct row_set *truth, struct row_set *candidate)
{
	size_t first = 0;

	for (size_t i = 0; i < truth->count; i++) {
		while (first < candidate->count && !candidate->rows[first].values)
			first++;
		for (size_t j = first; j < candidate->count && m->work < MATCH_WORK_MAX; j++) {
			if (!candidate->rows[j].values ||
				!is_match(m, &truth->rows[i], &candidate->rows[j]))
				continue;
			note_match(m, &truth->rows[i], &candidate->rows[j],
				truth->count == 1 && candidate->count == 1);
			truth->rows[i].values = candidate->rows[j].values = NULL;
			break;
		}
	}
}

/* How many rows from `from` on have the same hard columns. */
static struct row_set group_at(const struct matcher *m, const struct row_set *set, size_t from)
{
	struct row_set group = {.rows = set->rows + from};

	while (from + group.count < set->count &&
		compare_part(m->policy, &set->rows[from], &set->rows[from + group.count], false) ==
			0)
		group.count++;
	return group;
}

static void pair_groups(struct matcher *m, struct row_set *truth, struct row_set *candidate)
{
	size_t i = 0, j = 0;

	while (i < truth->count && j < candidate->count) {
		int order = compare_part(m->policy, &truth->rows[i], &candidate->rows[j], false);
		struct row_set a = group_at(m, truth, i), b = group_at(m, candidate, j);

		if (order == 0)
			pair_group(m, &a, &b);
		i += order <= 0 ? a.count : 0;
		j += order >= 0 ? b.count : 0;
	}
}

/* Rows that found their like go; the rest go back to the order in which they came. */
static void compact(struct row_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->rows[i].values)
			set->rows[n++] = set->rows[i];
	set->count = n;
	sort_by_position(set);
}

void match_soft(struct compare_run *run, const struct compare_rows *rows,
	const struct row_policy *policy, struct row_set sets[2])
{
	struct row_policy *context = arena_alloc(run->arena, sizeof(*context));
	struct matcher m = {.run = run, .policy = policy, .before = rows->before};

	if (!policy->has_soft || sets[0].count == 0 || sets[1].count == 0 || !context)
		return;
	m.columns = take_columns(run, rows->columns, policy->column_count);
	m.candidate_columns =
		rows->candidate_columns.ptr
			? take_columns(run, rows->candidate_columns, policy->column_count)
			: m.columns;
	if (!m.columns || !m.candidate_columns || !take_values(&m, &sets[0]) ||
		!take_values(&m, &sets[1]))
		return;
	*context = *policy;
	for (int i = 0; i < 2; i++)
		qsort_r(sets[i].rows, sets[i].count, sizeof(struct row), compare_hard_first,
			context);
	pair_groups(&m, &sets[0], &sets[1]);
	if (m.work >= MATCH_WORK_MAX)
		compare_inconclude(run, "the rows are too many to be paired by tolerant columns");
	compact(&sets[0]);
	compact(&sets[1]);
}

/* --- sort keys -------------------------------------------------------------------------------- */

/* Field `column` (from 0) of a line of COPY: between tabs in text format. */
static bool line_field(struct bytes line, size_t column, struct bytes *field)
{
	size_t start = 0, end;

	for (;; column--) {
		for (end = start; end < line.len && line.ptr[end] != '\t' && line.ptr[end] != '\n';)
			end++;
		if (column == 0)
			break;
		if (end == line.len || line.ptr[end] == '\n')
			return false;
		start = end + 1;
	}
	*field = bytes_of(line.ptr + start, end - start);
	return true;
}

bool match_key(
	const struct compare_rows *rows, struct bytes body, size_t column, struct row_key *key)
{
	struct wire_items values, columns;

	*key = (struct row_key){0};
	if (rows->is_copy)
		return line_field(body, column, &key->value.data);
	if (!decode_data_row(body, &values) || column >= values.count || !rows->columns.ptr ||
		!decode_row_description(rows->columns, &columns))
		return false;
	for (size_t c = 0; c <= column; c++)
		if (!wire_value_next(&values, &key->value) ||
			!wire_column_next(&columns, &key->column))
			return false;
	return true;
}

bool match_key_differs(struct compare_run *run, const struct column_policy *policy,
	const struct row_key *truth, const struct row_key *candidate)
{
	struct match_cell cell = {.column = policy,
		.pair = {.truth = truth->value,
			.candidate = candidate->value,
			.column = truth->column,
			.candidate_column = truth->column}};
	enum value_allowance why;

	return match_value(run, &cell, &why) == VALUE_DIFFERENT;
}
