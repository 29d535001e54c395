/*
 * OIDs in what a client sends.
 */
#include "diffengine/user_messages.h"

#include "diffengine/user_values.h"
#include "wire/decode.h"

static void put_oid(unsigned char *at, uint32_t oid)
{
	for (int i = 3; i >= 0; i--, oid >>= 8)
		at[i] = (unsigned char)oid;
}

static size_t replace(const struct user_types *t, unsigned char *at, uint32_t oid)
{
	uint32_t other = user_types_translate(t, oid);

	if (other)
		put_oid(at, other);
	return other == 0 && oid != 0;
}

/* Of the parameter at `i`, from 0. */
static bool is_binary(const struct msg_bind *bind, size_t i)
{
	struct wire_items formats = bind->formats;
	int16_t format = 0;

	if (formats.count == 1)
		i = 0;
	while (wire_int16_next(&formats, &format))
		if (i-- == 0)
			return format == 1;
	return false;
}

/* The next parameter that may have OIDs inside, and its type; *i counts all. */
static bool next_parameter(struct msg_bind *bind, const struct statement *statement, size_t *i,
	struct wire_value *value)
{
	while (*i < statement->type_count && wire_value_next(&bind->parameters, value)) {
		size_t at = (*i)++;

		if (statement->types[at] >= FIRST_USER_OID && is_binary(bind, at))
			return true;
	}
	return false;
}

static bool ask_parse(struct user_tables *t, struct bytes body)
{
	struct msg_parse msg;
	uint32_t oid;
	bool is_named = false;

	if (!decode_parse(body, &msg))
		return false;
	while (wire_oid_next(&msg.types, &oid)) {
		if (oid < FIRST_USER_OID)
			continue;
		(void)user_types_ask(&t->types, oid); /* one too many stays unknown */
		is_named = true;
	}
	return is_named;
}

static bool ask_bind(struct user_tables *t, const struct statement *statement, struct bytes body)
{
	struct msg_bind msg;
	struct wire_value value;
	size_t i = 0;
	bool is_named = false;

	if (!statement || !statement->types || !decode_bind(body, &msg))
		return false;
	while (next_parameter(&msg, statement, &i, &value)) {
		(void)user_types_ask(&t->types, statement->types[i - 1]);
		is_named = true;
	}
	return is_named;
}

bool user_message_ask(
	struct user_tables *t, const struct frame *f, const struct statement *statement)
{
	struct msg_function_call call;

	switch (f->type) {
	case FRONTEND_PARSE:
		return ask_parse(t, f->body);
	case FRONTEND_BIND:
		return ask_bind(t, statement, f->body);
	case FRONTEND_FUNCTION_CALL:
		if (!decode_function_call(f->body, &call) || call.oid < FIRST_USER_OID)
			return false;
		(void)user_types_ask(&t->functions, call.oid);
		return true;
	default:
		return false;
	}
}

static size_t translate_parse(const struct user_tables *t, unsigned char *body, size_t len)
{
	struct msg_parse msg;
	unsigned char *at;
	uint32_t oid;
	size_t unknown = 0;

	if (!decode_parse(bytes_of(body, len), &msg))
		return 0;
	at = body + (msg.types.rest.ptr - body);
	for (; wire_oid_next(&msg.types, &oid); at += 4)
		if (oid >= FIRST_USER_OID)
			unknown += replace(&t->types, at, oid);
	return unknown;
}

static size_t translate_bind(const struct user_tables *t, const struct statement *statement,
	unsigned char *body, size_t len)
{
	struct msg_bind msg;
	struct wire_value value;
	size_t unknown = 0, i = 0;

	if (!statement || !statement->types || !decode_bind(bytes_of(body, len), &msg))
		return 0;
	while (next_parameter(&msg, statement, &i, &value))
		if (!value.is_null && value.data.len > 0)
			unknown += user_value_translate(&t->types, statement->types[i - 1],
				body + (value.data.ptr - body), value.data.len);
	return unknown;
}

size_t user_message_translate(const struct user_tables *t, const struct statement *statement,
	unsigned char *message, size_t len)
{
	struct msg_function_call call;
	unsigned char *body;
	struct frame f;

	if (frame_next(bytes_of(message, len), WIRE_FRONTEND, len, &f, NULL) != FRAME_OK)
		return 0;
	body = message + (f.body.ptr - message);
	if (f.type == FRONTEND_PARSE)
		return translate_parse(t, body, f.body.len);
	if (f.type == FRONTEND_BIND)
		return translate_bind(t, statement, body, f.body.len);
	if (f.type == FRONTEND_FUNCTION_CALL && decode_function_call(f.body, &call) &&
		call.oid >= FIRST_USER_OID)
		return replace(&t->functions, body, call.oid);
	return 0;
}
