/*
 * From messages to items.
 */
#include "replay/fixture_answer.h"

#include <string.h>

#include "replay/fixture_types.h"
#include "replay/fixture_value.h"
#include "wire/frame.h"

#define FRAME_MAX ((size_t)WIRE_MESSAGE_MAX + 5)

struct printing {
	struct text text;
	struct wire_items columns; /* of the result under way; count 0: unknown */
	uint32_t users[FIXTURE_USERS_MAX];
	size_t user_count;
};

/* --- types --- */

/* From 1, in order of appearance; 0: too many. */
static size_t user_number(struct printing *p, uint32_t oid)
{
	for (size_t i = 0; i < p->user_count; i++)
		if (p->users[i] == oid)
			return i + 1;
	if (p->user_count == FIXTURE_USERS_MAX)
		return 0;
	p->users[p->user_count++] = oid;
	return p->user_count;
}

static void print_type(struct printing *p, uint32_t oid, const int16_t *len)
{
	const struct fixture_type *type = fixture_type_by_oid(oid);
	size_t number = !type && oid >= 16384 ? user_number(p, oid) : 0;

	if (type) {
		text_str(&p->text, type->name);
	} else {
		text_str(&p->text, number ? "user" : "oid:");
		text_int(&p->text, number ? (int64_t)number : oid);
	}
	if (len && *len != (type ? type->len : -1)) {
		text_str(&p->text, "(");
		text_int(&p->text, *len);
		text_str(&p->text, ")");
	}
}

static void print_column(struct printing *p, const struct wire_column *column)
{
	text_str(&p->text, " ");
	fixture_print_word(&p->text, column->name);
	text_str(&p->text, ":");
	print_type(p, column->type_oid, &column->typlen);
	if (column->typmod != -1) {
		text_str(&p->text, "/");
		text_int(&p->text, column->typmod);
	}
	if (column->format != 0)
		text_str(&p->text, ":b");
}

/* --- items; false: the body cannot be decoded --- */

static bool print_columns(struct printing *p, struct bytes body)
{
	struct wire_items columns;
	struct wire_column column;

	if (!decode_row_description(body, &columns))
		return false;
	p->columns = columns;
	text_str(&p->text, "columns");
	while (wire_column_next(&columns, &column) && !p->text.is_full)
		print_column(p, &column);
	return true;
}

static bool has_control(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 && s.ptr[i] != '\n' && s.ptr[i] != '\r' && s.ptr[i] != '\t')
			return true;
	return false;
}

static bool print_row(struct printing *p, struct bytes body)
{
	struct wire_items values, columns = p->columns;
	struct wire_value value;
	struct wire_column column;

	if (!decode_data_row(body, &values))
		return false;
	text_str(&p->text, "row");
	while (wire_value_next(&values, &value) && !p->text.is_full) {
		bool is_known = wire_column_next(&columns, &column);
		/* A statement that was described before it was bound says text of all. */
		int16_t format = (is_known && column.format != 0) || has_control(value.data);

		text_str(&p->text, " ");
		fixture_print_value(&p->text, &value, format, is_known ? column.type_oid : 0);
	}
	return true;
}

static bool print_parameters(struct printing *p, struct bytes body)
{
	struct wire_items oids;
	uint32_t oid;

	if (!decode_parameter_description(body, &oids))
		return false;
	text_str(&p->text, "params");
	while (wire_oid_next(&oids, &oid) && !p->text.is_full) {
		text_str(&p->text, " ");
		print_type(p, oid, NULL);
	}
	return true;
}

static bool print_tag(struct printing *p, struct bytes body)
{
	struct bytes tag;

	if (!decode_string(body, &tag))
		return false;
	text_str(&p->text, "tag ");
	text_quoted(&p->text, tag);
	p->columns.count = 0;
	return true;
}

static bool print_error(struct printing *p, struct bytes body)
{
	struct bytes severity;

	if (!decode_error(body))
		return false;
	severity = error_field(body, 'V');
	if (severity.len == 0)
		severity = error_field(body, 'S');
	text_str(&p->text, bytes_equal_str(severity, "FATAL")   ? "fatal "
			   : bytes_equal_str(severity, "PANIC") ? "panic "
								: "error ");
	fixture_print_word(&p->text, error_field(body, 'C'));
	text_str(&p->text, " ");
	text_quoted(&p->text, error_field(body, 'M'));
	p->columns.count = 0;
	return true;
}

static bool print_copy(struct printing *p, const char *name, struct bytes body)
{
	struct msg_copy msg;
	int16_t format;

	if (!decode_copy(body, &msg))
		return false;
	text_str(&p->text, name);
	text_str(&p->text, " ");
	text_int(&p->text, msg.format);
	text_str(&p->text, " [");
	for (const char *gap = "";
		wire_int16_next(&msg.column_formats, &format) && !p->text.is_full; gap = " ") {
		text_str(&p->text, gap);
		text_int(&p->text, format);
	}
	text_str(&p->text, "]");
	return true;
}

static bool print_copy_in(struct printing *p, struct bytes body)
{
	return print_copy(p, "copy-in", body);
}

static bool print_copy_out(struct printing *p, struct bytes body)
{
	return print_copy(p, "copy-out", body);
}

static bool print_copy_both(struct printing *p, struct bytes body)
{
	return print_copy(p, "copy-both", body);
}

static bool print_data(struct printing *p, struct bytes body)
{
	text_str(&p->text, "data ");
	text_quoted(&p->text, body);
	return true;
}

static bool print_function(struct printing *p, struct bytes body)
{
	struct wire_value value;

	if (!decode_function_result(body, &value))
		return false;
	text_str(&p->text, "function ");
	fixture_print_value(&p->text, &value, has_control(value.data), 0);
	return true;
}

static bool print_ready(struct printing *p, struct bytes body)
{
	char status[2] = "";

	if (!decode_ready(body, status))
		return false;
	text_str(&p->text, "ready ");
	text_str(&p->text, status);
	return true;
}

typedef bool print_fn(struct printing *p, struct bytes body);

static print_fn *printer_of(unsigned char type)
{
	static print_fn *const printers[UINT8_MAX + 1] = {
		[BACKEND_ROW_DESCRIPTION] = print_columns,
		[BACKEND_DATA_ROW] = print_row,
		[BACKEND_PARAMETER_DESCRIPTION] = print_parameters,
		[BACKEND_COMMAND_COMPLETE] = print_tag,
		[BACKEND_ERROR_RESPONSE] = print_error,
		[BACKEND_COPY_IN_RESPONSE] = print_copy_in,
		[BACKEND_COPY_OUT_RESPONSE] = print_copy_out,
		[BACKEND_COPY_BOTH_RESPONSE] = print_copy_both,
		[BACKEND_COPY_DATA] = print_data,
		[BACKEND_FUNCTION_CALL_RESPONSE] = print_function,
		[BACKEND_READY_FOR_QUERY] = print_ready,
	};

	return printers[type];
}

/* Messages without a body; NULL: no such one. */
static const char *bare_name(unsigned char type)
{
	static const char *const names[UINT8_MAX + 1] = {
		[BACKEND_PARSE_COMPLETE] = "parsed",
		[BACKEND_BIND_COMPLETE] = "bound",
		[BACKEND_CLOSE_COMPLETE] = "closed",
		[BACKEND_NO_DATA] = "nodata",
		[BACKEND_PORTAL_SUSPENDED] = "suspended",
		[BACKEND_EMPTY_QUERY_RESPONSE] = "empty",
		[BACKEND_COPY_DONE] = "copydone",
	};

	return names[type];
}

static bool is_left_out(unsigned char type)
{
	return type == BACKEND_NOTICE_RESPONSE || type == BACKEND_PARAMETER_STATUS ||
	       type == BACKEND_NOTIFICATION_RESPONSE;
}

static void print_message(struct printing *p, const struct frame *frame)
{
	const char *bare = bare_name(frame->type);
	print_fn *print = printer_of(frame->type);
	size_t before = buf_len(p->text.out);
	char type[] = {(char)frame->type, '\0'};

	if (is_left_out(frame->type))
		return;
	if (bare) {
		text_str(&p->text, bare);
	} else if (!print || !print(p, frame->body)) {
		buf_truncate(p->text.out, before);
		text_str(&p->text, "raw ");
		text_str(&p->text, type);
		text_str(&p->text, " ");
		text_hex(&p->text, frame->body);
	}
	text_str(&p->text, "\n");
}

static void print_end(struct printing *p, const struct fixture_side *side, bool is_ready)
{
	char status[] = {side->status, '\0'};

	if (is_ready) {
		text_str(&p->text, "status=");
	} else if (side->is_cut) {
		text_str(&p->text, side->status ? "cut " : "cut");
	} else {
		text_str(&p->text, "end");
		status[0] = '\0';
	}
	text_str(&p->text, status);
	text_str(&p->text, "\n");
}

bool fixture_print_answer(const struct fixture_side *side, struct buf *out)
{
	struct printing p = {.text = {.out = out, .value_max = SIZE_MAX}};
	struct fixture_side last = *side;
	struct bytes rest = side->bytes;
	bool is_ready = false;
	struct frame frame;
	struct err err;

	while (!p.text.is_full &&
		frame_next(rest, WIRE_BACKEND, FRAME_MAX, &frame, &err) == FRAME_OK) {
		rest = bytes_skip(rest, frame.whole.len);
		/* The last one is the answer's own status, not an item. */
		is_ready = rest.len == 0 && frame.type == BACKEND_READY_FOR_QUERY &&
			   !side->is_cut && decode_ready(frame.body, &last.status);
		if (!is_ready)
			print_message(&p, &frame);
	}
	print_end(&p, &last, is_ready);
	return !p.text.is_full;
}
