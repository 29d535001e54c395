/*
 * From items to messages.
 */
#include "replay/fixture_request.h"

#include <stdint.h>
#include <string.h>

#include "replay/fixture_types.h"
#include "replay/fixture_value.h"
#include "wire/encode.h"
#include "wire/message.h"

#define LIST_MAX 65535 /* a count of the protocol has 16 bits */

static bool encoded(struct fixture_cursor *c, bool ok)
{
	return ok || cursor_refuse(c, "the message is too long");
}

/* --- lists in brackets --- */

struct list {
	void *items; /* in the arena */
	size_t count, cap, size;
};

/* Room for one more; NULL with err. */
static void *add(struct fixture_cursor *c, struct list *list)
{
	size_t cap = list->cap ? 2 * list->cap : 8;
	void *more;

	if (list->count == LIST_MAX) {
		cursor_refuse(c, "more than 65535 items in a list");
		return NULL;
	}
	if (list->count == list->cap) {
		more = arena_alloc(c->arena, cap * list->size);
		if (!more) {
			cursor_refuse(c, "out of memory for the line");
			return NULL;
		}
		if (list->count > 0)
			memcpy(more, list->items, list->count * list->size);
		list->items = more;
		list->cap = cap;
	}
	return (char *)list->items + list->size * list->count++;
}

static bool parse_format(struct fixture_cursor *c, int16_t *format)
{
	int64_t n;

	if (cursor_take(c, 't') || cursor_take(c, 'b')) {
		*format = c->text.ptr[c->at - 1] == 'b';
		return true;
	}
	if (!cursor_number(c, INT16_MIN, INT16_MAX, &n))
		return cursor_fail(c, "a format: t, b or a number");
	*format = (int16_t)n;
	return true;
}

static bool parse_formats(struct fixture_cursor *c, struct list *formats)
{
	int16_t *format;

	*formats = (struct list){.size = sizeof(int16_t)};
	if (!cursor_need(c, '['))
		return false;
	while (!cursor_take(c, ']')) {
		format = add(c, formats);
		if (!format || !parse_format(c, format))
			return false;
	}
	return true;
}

static bool parse_type(struct fixture_cursor *c, uint32_t *oid)
{
	struct bytes name = cursor_word(c);
	const struct fixture_type *type = fixture_type_by_name(name);
	int64_t n;

	if (bytes_equal_str(name, "oid") && cursor_peek(c) == ':') {
		c->at++;
		if (!cursor_number(c, 0, UINT32_MAX, &n))
			return false;
		*oid = (uint32_t)n;
		return true;
	}
	*oid = type ? type->oid : 0;
	if (type || bytes_equal_str(name, "-"))
		return true;
	c->at -= name.len;
	return cursor_fail(
		c, "the name of a built-in type, oid:NUMBER, or - where the server finds it out");
}

static bool parse_types(struct fixture_cursor *c, struct list *types)
{
	uint32_t *oid;

	*types = (struct list){.size = sizeof(uint32_t)};
	if (!cursor_need(c, '['))
		return false;
	while (!cursor_take(c, ']')) {
		oid = add(c, types);
		if (!oid || !parse_type(c, oid))
			return false;
	}
	return true;
}

/* `formats`: what the values' forms say. */
static bool parse_values(struct fixture_cursor *c, struct list *values, struct list *formats)
{
	struct wire_value *value;
	int16_t *format;
	bool is_binary, is_any_binary = false;

	if (!cursor_need(c, '['))
		return false;
	while (!cursor_take(c, ']')) {
		value = add(c, values);
		format = add(c, formats);
		if (!value || !format || !fixture_parse_value(c, value, &is_binary))
			return false;
		*format = is_binary;
		is_any_binary |= is_binary;
	}
	if (!is_any_binary)
		formats->count = 0;
	return true;
}

/* --- messages --- */

static bool parse_query(struct fixture_cursor *c, struct buf *out)
{
	const char *sql;

	return cursor_string(c, &sql) && encoded(c, encode_query(out, sql));
}

static bool parse_parse(struct fixture_cursor *c, struct buf *out)
{
	struct list types = {0};
	const char *name, *sql;

	if (!cursor_name(c, &name) || !cursor_string(c, &sql))
		return false;
	if (cursor_key(c, "types") && !parse_types(c, &types))
		return false;
	return encoded(c, encode_parse(out, name, sql, types.items, types.count));
}

static bool parse_bind(struct fixture_cursor *c, struct buf *out)
{
	struct list formats = {0}, results = {0}, values = {.size = sizeof(struct wire_value)};
	struct list derived = {.size = sizeof(int16_t)};
	struct encode_bind bind = {0};
	bool has_formats;

	if (!cursor_name(c, &bind.portal) || !cursor_name(c, &bind.statement))
		return false;
	has_formats = cursor_key(c, "formats");
	if ((has_formats && !parse_formats(c, &formats)) ||
		(cursor_key(c, "params") && !parse_values(c, &values, &derived)) ||
		(cursor_key(c, "results") && !parse_formats(c, &results)))
		return false;
	bind.formats = has_formats ? formats.items : derived.items;
	bind.nformats = has_formats ? formats.count : derived.count;
	bind.parameters = values.items;
	bind.nparameters = values.count;
	bind.result_formats = results.items;
	bind.nresult_formats = results.count;
	return encoded(c, encode_bind(out, &bind));
}

static bool parse_kind(struct fixture_cursor *c, char *kind)
{
	struct bytes word = cursor_word(c);

	*kind = bytes_equal_str(word, "portal") ? 'P' : 'S';
	if (*kind == 'P' || bytes_equal_str(word, "statement"))
		return true;
	c->at -= word.len;
	return cursor_fail(c, "statement or portal");
}

static bool parse_describe(struct fixture_cursor *c, struct buf *out)
{
	const char *name;
	char kind;

	return parse_kind(c, &kind) && cursor_name(c, &name) &&
	       encoded(c, encode_describe(out, kind, name));
}

static bool parse_close(struct fixture_cursor *c, struct buf *out)
{
	const char *name;
	char kind;

	return parse_kind(c, &kind) && cursor_name(c, &name) &&
	       encoded(c, encode_close(out, kind, name));
}

static bool parse_execute(struct fixture_cursor *c, struct buf *out)
{
	const char *portal;
	int64_t max = 0;

	if (!cursor_name(c, &portal))
		return false;
	if (cursor_key(c, "max") && !cursor_number(c, INT32_MIN, INT32_MAX, &max))
		return false;
	return encoded(c, encode_execute(out, portal, (int32_t)max));
}

static bool parse_function_call(struct fixture_cursor *c, struct buf *out)
{
	struct list formats = {0}, values = {.size = sizeof(struct wire_value)};
	struct list derived = {.size = sizeof(int16_t)};
	struct encode_function_call call = {0};
	bool has_formats;
	int64_t oid;

	if (!cursor_number(c, 0, UINT32_MAX, &oid))
		return false;
	has_formats = cursor_key(c, "formats");
	if ((has_formats && !parse_formats(c, &formats)) ||
		(cursor_key(c, "args") && !parse_values(c, &values, &derived)) ||
		(cursor_key(c, "result") && !parse_format(c, &call.result_format)))
		return false;
	call.oid = (uint32_t)oid;
	call.formats = has_formats ? formats.items : derived.items;
	call.nformats = has_formats ? formats.count : derived.count;
	call.arguments = values.items;
	call.narguments = values.count;
	return encoded(c, encode_function_call(out, &call));
}

static bool parse_copy_data(struct fixture_cursor *c, struct buf *out)
{
	struct bytes data;

	return cursor_quoted(c, &data) && encoded(c, encode_copy_data(out, data));
}

static bool parse_copy_fail(struct fixture_cursor *c, struct buf *out)
{
	const char *reason;

	return cursor_string(c, &reason) && encoded(c, encode_copy_fail(out, reason));
}

static bool parse_sync(struct fixture_cursor *c, struct buf *out)
{
	return encoded(c, encode_sync(out));
}

static bool parse_flush(struct fixture_cursor *c, struct buf *out)
{
	return encoded(c, encode_flush(out));
}

static bool parse_copy_done(struct fixture_cursor *c, struct buf *out)
{
	return encoded(c, encode_copy_done(out));
}

static bool parse_raw(struct fixture_cursor *c, struct buf *out)
{
	struct bytes type = cursor_word(c);
	struct wire_value value;
	bool is_binary;

	if (type.len != 1 || !message_info(WIRE_FRONTEND, type.ptr[0])->name) {
		c->at -= type.len;
		return cursor_fail(c, "the letter of a message type");
	}
	return fixture_parse_value(c, &value, &is_binary) &&
	       encoded(c, encode_raw(out, type.ptr[0], value.data));
}

bool fixture_parse_message(struct fixture_cursor *c, struct buf *out)
{
	static const struct {
		const char *name;
		bool (*parse)(struct fixture_cursor *c, struct buf *out);
	} messages[] = {{"Query", parse_query}, {"Parse", parse_parse}, {"Bind", parse_bind},
		{"Describe", parse_describe}, {"Execute", parse_execute}, {"Close", parse_close},
		{"Sync", parse_sync}, {"Flush", parse_flush}, {"CopyData", parse_copy_data},
		{"CopyDone", parse_copy_done}, {"CopyFail", parse_copy_fail},
		{"FunctionCall", parse_function_call}, {"Raw", parse_raw}};
	struct bytes name = cursor_word(c);

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (bytes_equal_str(name, messages[i].name))
			return messages[i].parse(c, out);
	c->at -= name.len;
	return cursor_fail(c, "a message such as Query, Parse, Bind, Execute or Sync");
}
