/*
 * The answer's whole messages are found first; outcome_parse takes those apart. A result may be
 * two items, a description and the rows.
 */
#include "diffengine/answer_rows.h"

#include "diffengine/compare_impl.h"
#include "diffengine/outcome.h"
#include "wire/frame.h"

/* The beginning of the answer that is whole messages. */
static struct bytes whole_part(struct bytes answer, bool *is_cut)
{
	struct bytes rest = answer;
	struct frame frame;
	struct err err;

	*is_cut = answer.len > ANSWER_BYTES_MAX;
	if (*is_cut)
		rest.len = ANSWER_BYTES_MAX;
	while (rest.len > 0 &&
		frame_next(rest, WIRE_BACKEND, ANSWER_BYTES_MAX, &frame, &err) == FRAME_OK)
		rest = bytes_skip(rest, frame.whole.len);
	*is_cut = *is_cut || rest.len > 0;
	return bytes_of(answer.ptr, (size_t)(rest.ptr - answer.ptr));
}

static bool read_names(struct answer_rows *rows, struct arena *arena)
{
	struct wire_items items;
	struct wire_column column;
	struct bytes *names;
	size_t count = 0;

	if (!rows->columns.ptr || !decode_row_description(rows->columns, &items))
		return true;
	names = arena_alloc(arena, (items.count + 1u) * sizeof(*names));
	if (!names)
		return false;
	while (count < ANSWER_COLUMNS_MAX && wire_column_next(&items, &column))
		names[count++] = column.name;
	rows->names = names;
	rows->column_count = count;
	return true;
}

static bool read_error(struct answer_rows *rows, struct bytes body, struct arena *arena)
{
	struct bytes rest = body, text;
	struct answer_field *fields;
	size_t count = 0;
	char code;

	if (!body.ptr || !decode_error(body))
		return true;
	while (error_field_next(&rest, &code, &text))
		count++;
	fields = arena_alloc(arena, (count + 1) * sizeof(*fields));
	if (!fields)
		return false;
	rows->error = fields;
	rows->error_count = count;
	for (rest = body; error_field_next(&rest, &code, &text); fields++)
		*fields = (struct answer_field){.code = code, .text = text};
	return true;
}

/* Columns of rows that nothing describes (they were, in an earlier exchange). */
static void count_columns(struct answer_rows *rows)
{
	struct wire_items values;

	if (rows->is_copy)
		rows->column_count = 1;
	else if (!rows->names && rows->row_count > 0 && decode_data_row(rows->rows[0], &values))
		rows->column_count =
			values.count < ANSWER_COLUMNS_MAX ? values.count : ANSWER_COLUMNS_MAX;
}

static void take_item(struct answer_rows *rows, const struct item *item)
{
	rows->is_found = true;
	if (item->columns.ptr)
		rows->columns = item->columns;
	if (item->end == ITEM_DESCRIBED)
		return;
	rows->rows = item->rows;
	rows->row_count = item->row_count;
	rows->is_copy = item->is_copy;
	rows->tag = item->tag;
	rows->has_rows = rows->columns.ptr || item->row_count > 0 || item->copy.ptr;
}

bool answer_rows_read(
	struct answer_rows *rows, struct bytes answer, unsigned ordinal, struct arena *arena)
{
	struct bytes error = {NULL, 0};
	struct outcome outcome;
	struct err err;
	bool is_cut;
	struct bytes whole = whole_part(answer, &is_cut);

	*rows = (struct answer_rows){.is_cut = is_cut};
	if (!outcome_parse(&outcome, whole, &(struct outcome_start){0}, arena, &err)) {
		rows->is_cut = true;
		return true;
	}
	for (size_t i = 0; i < outcome.count; i++) {
		const struct item *item = &outcome.items[i];

		if (item->kind != ITEM_RESULT || item->ordinal != ordinal)
			continue;
		take_item(rows, item);
		if (item->end == ITEM_ERROR)
			error = item->error;
	}
	if (!read_names(rows, arena) || !read_error(rows, error, arena))
		return false;
	count_columns(rows);
	return true;
}

static const char **copy_cell(const char **cells, struct bytes line, struct arena *arena)
{
	static const struct wire_column text = {.format = 0};
	struct wire_value value = {.data = line};

	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		value.data.len--;
	cells[0] = value_readable(arena, &value, &text);
	return cells;
}

const char **answer_cells(const struct answer_rows *rows, size_t row, struct arena *arena)
{
	const char **cells = arena_alloc(arena, (rows->column_count + 1) * sizeof(*cells));
	struct wire_items values, columns = {0};
	struct wire_value value;
	struct wire_column column;

	if (!cells || rows->is_copy)
		return cells ? copy_cell(cells, rows->rows[row], arena) : NULL;
	if (!decode_data_row(rows->rows[row], &values))
		return NULL;
	if (rows->columns.ptr && !decode_row_description(rows->columns, &columns))
		columns = (struct wire_items){0};
	for (size_t i = 0; i < rows->column_count && wire_value_next(&values, &value); i++) {
		if (!wire_column_next(&columns, &column))
			column = (struct wire_column){0};
		cells[i] = value_readable(arena, &value, &column);
	}
	return cells;
}
