/*
 * From items to messages.
 */
#include "replay/fixture_answer.h"

#include <string.h>

#include "replay/fixture_types.h"
#include "replay/fixture_value.h"
#include "wire/encode.h"
#include "wire/message.h"

#define COLUMNS_MAX 65535

static bool encoded(struct fixture_cursor *c, bool ok)
{
	return ok || cursor_refuse(c, "the answer is too long");
}

/* Room for one more in an array of the arena; NULL with err. */
static void *grow(struct fixture_cursor *c, void *items, size_t count, size_t size)
{
	void *more = items;

	if (count == COLUMNS_MAX) {
		cursor_refuse(c, "more than 65535 items in a list");
		return NULL;
	}
	if (count == 0 || (count >= 8 && (count & (count - 1)) == 0)) {
		more = arena_alloc(c->arena, (count ? 2 * count : 8) * size);
		if (more && count > 0)
			memcpy(more, items, count * size);
		if (!more)
			cursor_refuse(c, "out of memory for the line");
	}
	return more;
}

/* --- types --- */

static bool parse_number(struct bytes digits, uint32_t *n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || value > UINT32_MAX)
			return false;
		value = 10 * value + (digits.ptr[i] - '0');
	}
	*n = (uint32_t)value;
	return digits.len > 0 && value <= UINT32_MAX;
}

/* "user7" */
static bool parse_user(struct bytes word, uint32_t *oid)
{
	uint32_t number;

	if (word.len < 5 || memcmp(word.ptr, "user", 4) != 0 ||
		!parse_number(bytes_skip(word, 4), &number) || number < 1 ||
		number > FIXTURE_USERS_MAX)
		return false;
	*oid = FIXTURE_USER_OID + number;
	return true;
}

/* The word up to a slash; the slash and what follows is given back. */
static struct bytes type_word(struct fixture_cursor *c)
{
	struct bytes word = cursor_word(c);
	const unsigned char *slash = word.len ? memchr(word.ptr, '/', word.len) : NULL;

	if (!slash)
		return word;
	c->at -= word.len - (size_t)(slash - word.ptr);
	return bytes_of(word.ptr, (size_t)(slash - word.ptr));
}

static bool parse_type(struct fixture_cursor *c, uint32_t *oid, int16_t *len)
{
	struct bytes word = type_word(c);
	const struct fixture_type *type = fixture_type_by_name(word);
	int64_t n = -1;

	*len = type ? type->len : -1;
	*oid = type ? type->oid : 0;
	if (bytes_equal_str(word, "oid") && cursor_peek(c) == ':') {
		c->at++;
		word = type_word(c);
		if (!parse_number(word, oid))
			return cursor_fail(c, "the number of a type");
	} else if (!type && !parse_user(word, oid)) {
		c->at -= word.len;
		return cursor_fail(c, "a built-in type, user1 to user64, or oid:NUMBER");
	}
	if (cursor_peek(c) != '(')
		return true;
	c->at++;
	if (!cursor_number(c, INT16_MIN, INT16_MAX, &n) || !cursor_need(c, ')'))
		return false;
	*len = (int16_t)n;
	return true;
}

static bool parse_column(struct fixture_cursor *c, struct wire_column *column)
{
	const char *name;
	int64_t typmod;

	*column = (struct wire_column){.typmod = -1};
	if (!cursor_name(c, &name))
		return false;
	column->name = bytes_str(name);
	if (cursor_peek(c) != ':')
		return cursor_fail(c, "a colon and the column's type");
	c->at++;
	if (!parse_type(c, &column->type_oid, &column->typlen))
		return false;
	if (cursor_peek(c) == '/') {
		c->at++;
		if (!cursor_number(c, INT32_MIN, INT32_MAX, &typmod))
			return false;
		column->typmod = (int32_t)typmod;
	}
	if (cursor_peek(c) != ':')
		return true;
	c->at++;
	if (!bytes_equal_str(cursor_word(c), "b"))
		return cursor_fail(c, "b, for a column in binary format");
	column->format = 1;
	return true;
}

/* --- items --- */

static bool is_over(struct fixture_cursor *c)
{
	return cursor_is_at_end(c) || cursor_peek(c) == ';';
}

static bool parse_columns(struct fixture_cursor *c, struct buf *out)
{
	struct wire_column *columns = NULL;
	size_t count = 0;

	while (!is_over(c)) {
		columns = grow(c, columns, count, sizeof(*columns));
		if (!columns || !parse_column(c, &columns[count]))
			return false;
		count++;
	}
	return encoded(c, encode_row_description(out, columns, count));
}

static bool parse_row(struct fixture_cursor *c, struct buf *out)
{
	struct wire_value *values = NULL;
	size_t count = 0;
	bool is_binary;

	while (!is_over(c)) {
		values = grow(c, values, count, sizeof(*values));
		if (!values || !fixture_parse_value(c, &values[count], &is_binary))
			return false;
		count++;
	}
	return encoded(c, encode_data_row(out, values, count));
}

static bool parse_parameters(struct fixture_cursor *c, struct buf *out)
{
	uint32_t *oids = NULL;
	size_t count = 0;
	int16_t len;

	while (!is_over(c)) {
		oids = grow(c, oids, count, sizeof(*oids));
		if (!oids || !parse_type(c, &oids[count], &len))
			return false;
		count++;
	}
	return encoded(c, encode_parameter_description(out, oids, count));
}

static bool parse_tag(struct fixture_cursor *c, struct buf *out)
{
	const char *tag;

	return cursor_string(c, &tag) && encoded(c, encode_command_complete(out, tag));
}

static bool parse_failure(struct fixture_cursor *c, const char *severity, struct buf *out)
{
	struct encode_error error = {.severity = severity};

	return cursor_name(c, &error.sqlstate) && cursor_string(c, &error.message) &&
	       encoded(c, encode_error(out, BACKEND_ERROR_RESPONSE, &error));
}

static bool parse_error(struct fixture_cursor *c, struct buf *out)
{
	return parse_failure(c, "ERROR", out);
}

static bool parse_fatal(struct fixture_cursor *c, struct buf *out)
{
	return parse_failure(c, "FATAL", out);
}

static bool parse_panic(struct fixture_cursor *c, struct buf *out)
{
	return parse_failure(c, "PANIC", out);
}

static bool parse_copy(struct fixture_cursor *c, unsigned char type, struct buf *out)
{
	int16_t *formats = NULL;
	size_t count = 0;
	int64_t format, n;

	if (!cursor_number(c, 0, 255, &format) || !cursor_need(c, '['))
		return false;
	while (!cursor_take(c, ']')) {
		formats = grow(c, formats, count, sizeof(*formats));
		if (!formats || !cursor_number(c, INT16_MIN, INT16_MAX, &n))
			return false;
		formats[count++] = (int16_t)n;
	}
	return encoded(c, encode_copy_response(out, type, (uint8_t)format, formats, count));
}

static bool parse_copy_in(struct fixture_cursor *c, struct buf *out)
{
	return parse_copy(c, BACKEND_COPY_IN_RESPONSE, out);
}

static bool parse_copy_out(struct fixture_cursor *c, struct buf *out)
{
	return parse_copy(c, BACKEND_COPY_OUT_RESPONSE, out);
}

static bool parse_copy_both(struct fixture_cursor *c, struct buf *out)
{
	return parse_copy(c, BACKEND_COPY_BOTH_RESPONSE, out);
}

static bool parse_data(struct fixture_cursor *c, struct buf *out)
{
	struct bytes data;

	return cursor_quoted(c, &data) && encoded(c, encode_copy_data(out, data));
}

static bool parse_function(struct fixture_cursor *c, struct buf *out)
{
	struct wire_value value;
	bool is_binary;

	return fixture_parse_value(c, &value, &is_binary) &&
	       encoded(c, encode_function_result(out, value));
}

static bool parse_status(struct fixture_cursor *c, char *status)
{
	struct bytes word = cursor_word(c);

	if (word.len == 1 && memchr("ITE", word.ptr[0], 3)) {
		*status = (char)word.ptr[0];
		return true;
	}
	c->at -= word.len;
	return cursor_fail(c, "a transaction status: I, T or E");
}

static bool parse_ready(struct fixture_cursor *c, struct buf *out)
{
	char status;

	return parse_status(c, &status) && encoded(c, encode_ready(out, status));
}

static bool parse_raw(struct fixture_cursor *c, struct buf *out)
{
	struct bytes type = cursor_word(c);
	struct wire_value value;
	bool is_binary;

	if (type.len != 1 || !message_info(WIRE_BACKEND, type.ptr[0])->name) {
		c->at -= type.len;
		return cursor_fail(c, "the letter of a message type");
	}
	return fixture_parse_value(c, &value, &is_binary) &&
	       encoded(c, encode_raw(out, type.ptr[0], value.data));
}

struct item_row {
	const char *name;
	bool (*parse)(struct fixture_cursor *c, struct buf *out); /* NULL: no body */
	unsigned char type;                                       /* of a message without a body */
};

static const struct item_row *item_of(struct bytes name)
{
	static const struct item_row rows[] = {{.name = "columns", .parse = parse_columns},
		{.name = "row", .parse = parse_row}, {.name = "tag", .parse = parse_tag},
		{.name = "error", .parse = parse_error}, {.name = "fatal", .parse = parse_fatal},
		{.name = "panic", .parse = parse_panic},
		{.name = "params", .parse = parse_parameters},
		{.name = "copy-in", .parse = parse_copy_in},
		{.name = "copy-out", .parse = parse_copy_out},
		{.name = "copy-both", .parse = parse_copy_both},
		{.name = "data", .parse = parse_data},
		{.name = "function", .parse = parse_function},
		{.name = "ready", .parse = parse_ready}, {.name = "raw", .parse = parse_raw},
		{.name = "parsed", .type = BACKEND_PARSE_COMPLETE},
		{.name = "bound", .type = BACKEND_BIND_COMPLETE},
		{.name = "closed", .type = BACKEND_CLOSE_COMPLETE},
		{.name = "nodata", .type = BACKEND_NO_DATA},
		{.name = "suspended", .type = BACKEND_PORTAL_SUSPENDED},
		{.name = "empty", .type = BACKEND_EMPTY_QUERY_RESPONSE},
		{.name = "copydone", .type = BACKEND_COPY_DONE}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (bytes_equal_str(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* The three that end an answer. */
static bool parse_last(struct fixture_cursor *c, struct buf *out, struct fixture_item *item)
{
	struct bytes word;

	if (cursor_key(c, "status")) {
		item->kind = FIXTURE_STATUS;
		return parse_status(c, &item->status) &&
		       encoded(c, encode_ready(out, item->status));
	}
	word = cursor_word(c);
	item->kind = bytes_equal_str(word, "cut") ? FIXTURE_CUT : FIXTURE_END;
	if (item->kind == FIXTURE_CUT)
		return is_over(c) || parse_status(c, &item->status);
	if (bytes_equal_str(word, "end"))
		return true;
	c->at -= word.len;
	return cursor_fail(c, "an item of an answer such as columns, row, tag, error or status=I");
}

bool fixture_parse_item(struct fixture_cursor *c, struct buf *out, struct fixture_item *item)
{
	size_t before;
	const struct item_row *row;

	*item = (struct fixture_item){.kind = FIXTURE_MESSAGE};
	cursor_skip(c);
	before = c->at;
	row = item_of(cursor_word(c));
	if (!row) {
		c->at = before;
		return parse_last(c, out, item);
	}
	return row->parse ? row->parse(c, out) : encoded(c, encode_empty(out, row->type));
}
