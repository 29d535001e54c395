/*
 * Decoding any message and walking all that it holds. The lists of a body that a decoder
 * accepted must give all their items, so here a list that ends early fails the test.
 */
#ifndef TESTS_UNIT_WIRE_WALK_H
#define TESTS_UNIT_WIRE_WALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/decode.h"
#include "wire/message.h"

/* A copy in a block of exactly its size, so that AddressSanitizer sees every overread; free
 * with free. An empty copy is a block, too. */
static inline unsigned char *exact_copy(struct bytes b)
{
	unsigned char *copy = malloc(b.len ? b.len : 1);

	assert_non_null(copy);
	if (b.len > 0)
		memcpy(copy, b.ptr, b.len);
	return copy;
}

static inline bool walk_values(struct wire_items items)
{
	struct wire_value value;
	unsigned count = items.count, taken = 0;
	volatile unsigned char touched = 0; /* so that AddressSanitizer sees every byte read */

	while (wire_value_next(&items, &value)) {
		for (size_t i = 0; i < value.data.len; i++)
			touched = value.data.ptr[i];
		taken++;
	}
	(void)touched;
	assert_int_equal(taken, count);
	assert_int_equal(items.rest.len, 0);
	return true;
}

static inline bool walk_columns(struct wire_items items)
{
	struct wire_column column;
	unsigned count = items.count, taken = 0;

	while (wire_column_next(&items, &column))
		taken++;
	assert_int_equal(taken, count);
	assert_int_equal(items.rest.len, 0);
	return true;
}

static inline bool walk_int16s(struct wire_items items)
{
	int16_t n;
	unsigned count = items.count, taken = 0;

	while (wire_int16_next(&items, &n))
		taken++;
	assert_int_equal(taken, count);
	assert_int_equal(items.rest.len, 0);
	return true;
}

static inline bool walk_oids(struct wire_items items)
{
	uint32_t oid;
	unsigned count = items.count, taken = 0;

	while (wire_oid_next(&items, &oid))
		taken++;
	assert_int_equal(taken, count);
	assert_int_equal(items.rest.len, 0);
	return true;
}

static inline bool decode_any_startup(struct bytes body)
{
	struct msg_startup msg;
	struct bytes name, value;

	if (!decode_startup(body, &msg))
		return false;
	while (startup_parameter_next(&msg.parameters, &name, &value))
		assert_true(name.len > 0);
	assert_int_equal(msg.parameters.len, 0);
	return true;
}

static inline bool decode_any_bind(struct bytes body)
{
	struct msg_bind msg;

	if (!decode_bind(body, &msg))
		return false;
	assert_true(walk_int16s(msg.formats));
	assert_true(walk_values(msg.parameters));
	assert_true(walk_int16s(msg.result_formats));
	return true;
}

static inline bool decode_any_function_call(struct bytes body)
{
	struct msg_function_call msg;

	if (!decode_function_call(body, &msg))
		return false;
	assert_true(walk_int16s(msg.formats));
	assert_true(walk_values(msg.arguments));
	return true;
}

static inline bool decode_any_frontend(unsigned char type, struct bytes body)
{
	struct bytes text;
	struct msg_named named;
	struct msg_execute execute;
	struct msg_parse parse;

	switch (type) {
	case FRONTEND_STARTUP:
		return decode_any_startup(body);
	case FRONTEND_BIND:
		return decode_any_bind(body);
	case FRONTEND_CLOSE:
	case FRONTEND_DESCRIBE:
		return decode_named(body, &named);
	case FRONTEND_EXECUTE:
		return decode_execute(body, &execute);
	case FRONTEND_FUNCTION_CALL:
		return decode_any_function_call(body);
	case FRONTEND_PARSE:
		return decode_parse(body, &parse) && walk_oids(parse.types);
	case FRONTEND_QUERY:
	case FRONTEND_COPY_FAIL:
		return decode_string(body, &text);
	case FRONTEND_COPY_DATA:
	case FRONTEND_PASSWORD:
		return true;
	default:
		return body.len == 0;
	}
}

static inline bool decode_any_error(struct bytes body)
{
	char code;
	struct bytes text;

	if (!decode_error(body))
		return false;
	while (error_field_next(&body, &code, &text))
		assert_int_not_equal(code, 0);
	assert_int_equal(body.len, 1);
	return true;
}

static inline bool decode_any_backend(unsigned char type, struct bytes body)
{
	struct wire_items items;
	struct wire_value value;
	struct bytes text;
	struct msg_copy copy;
	struct msg_parameter_status status;
	struct msg_notification notification;
	struct msg_key_data key;
	struct msg_authentication authentication;
	struct msg_negotiate negotiate;
	char state;

	switch (type) {
	case BACKEND_NOTIFICATION_RESPONSE:
		return decode_notification(body, &notification);
	case BACKEND_COMMAND_COMPLETE:
		return decode_string(body, &text);
	case BACKEND_DATA_ROW:
		return decode_data_row(body, &items) && walk_values(items);
	case BACKEND_ERROR_RESPONSE:
	case BACKEND_NOTICE_RESPONSE:
		return decode_any_error(body);
	case BACKEND_COPY_IN_RESPONSE:
	case BACKEND_COPY_OUT_RESPONSE:
	case BACKEND_COPY_BOTH_RESPONSE:
		return decode_copy(body, &copy) && walk_int16s(copy.column_formats);
	case BACKEND_BACKEND_KEY_DATA:
		return decode_key_data(body, &key);
	case BACKEND_AUTHENTICATION:
		return decode_authentication(body, &authentication);
	case BACKEND_PARAMETER_STATUS:
		return decode_parameter_status(body, &status);
	case BACKEND_ROW_DESCRIPTION:
		return decode_row_description(body, &items) && walk_columns(items);
	case BACKEND_FUNCTION_CALL_RESPONSE:
		return decode_function_result(body, &value);
	case BACKEND_READY_FOR_QUERY:
		return decode_ready(body, &state);
	case BACKEND_PARAMETER_DESCRIPTION:
		return decode_parameter_description(body, &items) && walk_oids(items);
	case BACKEND_NEGOTIATE_PROTOCOL_VERSION:
		return decode_negotiate(body, &negotiate);
	case BACKEND_COPY_DATA:
		return true;
	default:
		return body.len == 0;
	}
}

/* Decodes a body with the decoder of its message and walks all lists in it; a message without
 * a body must be empty. */
static inline bool decode_any(enum wire_side from, unsigned char type, struct bytes body)
{
	return from == WIRE_FRONTEND ? decode_any_frontend(type, body)
				     : decode_any_backend(type, body);
}

#endif
