/*
 * Two answers in step. Both sides' messages were framed and checked by the relay, so a
 * message that does not frame here is simply not whole yet.
 */
#include "diffengine/lockstep.h"

#include "diffengine/user_values.h"
#include "wire/decode.h"
#include "wire/frame.h"

#define ANSWER_MESSAGE_MAX ((size_t)WIRE_MESSAGE_MAX + 5)

/* The next message that is not asynchronous; *at is moved to its start. */
static bool next_message(struct bytes in, size_t *at, struct frame *f)
{
	while (frame_next(bytes_skip(in, *at), WIRE_BACKEND, ANSWER_MESSAGE_MAX, f, NULL) ==
		FRAME_OK) {
		if (f->type != BACKEND_NOTICE_RESPONSE && f->type != BACKEND_PARAMETER_STATUS &&
			f->type != BACKEND_NOTIFICATION_RESPONSE)
			return true;
		*at += f->whole.len;
	}
	return false;
}

static bool are_columns_same(struct user_types *types, struct bytes a, struct bytes b)
{
	struct wire_items left, right;
	struct wire_column x, y;

	if (!decode_row_description(a, &left) || !decode_row_description(b, &right) ||
		left.count != right.count)
		return false;
	while (wire_column_next(&left, &x) && wire_column_next(&right, &y))
		if (!bytes_equal(x.name, y.name) ||
			!user_types_alike(types, x.type_oid, y.type_oid) || x.typlen != y.typlen ||
			x.typmod != y.typmod || x.format != y.format)
			return false;
	return true;
}

static bool are_parameters_same(struct user_types *types, struct bytes a, struct bytes b)
{
	struct wire_items left, right;
	uint32_t x, y;

	if (!decode_parameter_description(a, &left) || !decode_parameter_description(b, &right) ||
		left.count != right.count)
		return false;
	while (wire_oid_next(&left, &x) && wire_oid_next(&right, &y))
		if (!user_types_alike(types, x, y))
			return false;
	return true;
}

/* Codes that servers use for very different things: only the text tells (error_class.h). */
static bool is_ambiguous(struct bytes sqlstate)
{
	return bytes_equal_str(sqlstate, "XX000") || bytes_equal_str(sqlstate, "25P02") ||
	       bytes_equal_str(sqlstate, "57014");
}

static bool are_errors_same(struct bytes a, struct bytes b)
{
	return decode_error(a) && decode_error(b) &&
	       bytes_equal(error_field(a, 'C'), error_field(b, 'C')) &&
	       (!is_ambiguous(error_field(a, 'C')) ||
		       bytes_equal(error_field(a, 'M'), error_field(b, 'M')));
}

/* The RowDescription of the result under way, where it is at hand. */
static struct bytes columns_of(const struct lockstep *l, struct bytes truth)
{
	if (l->columns_len < 5 || (l->is_headless && l->columns == 0))
		return bytes_of(NULL, 0);
	return bytes_of(truth.ptr + l->columns + 5, l->columns_len - 5);
}

static bool are_messages_same(
	const struct lockstep *l, struct bytes truth, const struct frame *a, const struct frame *b)
{
	if (bytes_equal(a->whole, b->whole))
		return true;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case BACKEND_ROW_DESCRIPTION:
		return are_columns_same(l->types, a->body, b->body);
	case BACKEND_PARAMETER_DESCRIPTION:
		return are_parameters_same(l->types, a->body, b->body);
	case BACKEND_DATA_ROW:
		return l->types &&
		       user_rows_alike(l->types, columns_of(l, truth), a->body, b->body);
	case BACKEND_ERROR_RESPONSE:
		return are_errors_same(a->body, b->body);
	default:
		return false;
	}
}

static void begin_item(struct lockstep *l)
{
	if (l->is_in_item)
		return;
	l->is_in_item = true;
	l->is_headless = false;
	l->rows_gone = 0;
	l->item_truth = l->truth;
	l->item_candidate = l->candidate;
}

static void end_item(struct lockstep *l, bool is_command)
{
	l->is_in_item = false;
	l->columns_len = 0;
	l->rows = 0;
	l->ordinal += is_command;
}

static void note_message(struct lockstep *l, const struct frame *f)
{
	switch (f->type) {
	case BACKEND_DATA_ROW:
	case BACKEND_COPY_DATA:
		l->rows++;
		break;
	case BACKEND_ROW_DESCRIPTION:
		l->columns = l->truth;
		l->columns_len = f->whole.len;
		break;
	case BACKEND_COMMAND_COMPLETE:
	case BACKEND_PORTAL_SUSPENDED:
	case BACKEND_EMPTY_QUERY_RESPONSE:
	case BACKEND_ERROR_RESPONSE:
	case BACKEND_FUNCTION_CALL_RESPONSE:
		end_item(l, true);
		break;
	case BACKEND_PARSE_COMPLETE:
	case BACKEND_BIND_COMPLETE:
	case BACKEND_CLOSE_COMPLETE:
	case BACKEND_READY_FOR_QUERY:
		end_item(l, false);
		break;
	default:
		break;
	}
}

enum lockstep_result lockstep_advance(
	struct lockstep *l, struct bytes truth, struct bytes candidate)
{
	struct frame a, b;
	bool has_truth, has_candidate;

	for (;;) {
		has_truth = next_message(truth, &l->truth, &a);
		has_candidate = next_message(candidate, &l->candidate, &b);
		if (!has_truth || !has_candidate)
			return LOCKSTEP_DRY;
		begin_item(l);
		if (!are_messages_same(l, truth, &a, &b))
			return LOCKSTEP_DIFFERS;
		note_message(l, &a);
		l->truth += a.whole.len;
		l->candidate += b.whole.len;
	}
}

static size_t less(size_t value, size_t n)
{
	return value > n ? value - n : 0;
}

void lockstep_rebase(struct lockstep *l, size_t n, size_t m)
{
	if (l->is_in_item && n > l->item_truth) {
		l->is_headless = true;
		l->rows_gone = l->rows;
	}
	l->truth = less(l->truth, n);
	l->candidate = less(l->candidate, m);
	l->item_truth = less(l->item_truth, n);
	l->item_candidate = less(l->item_candidate, m);
	l->columns = less(l->columns, n);
}
