/*
 * Backend answers from a short script, for the tests of diffengine/: steps separated by ';',
 * each the message's type letter and its fields.
 *
 *   T id:23 name        RowDescription; name[:type OID[:b]], text (25) and text format if absent
 *   D 1|axe|\N          DataRow, \N being NULL; "D" alone: a row without values
 *   C SELECT 1          CommandComplete      Z I            ReadyForQuery
 *   E 23505 message     ErrorResponse        N message      NoticeResponse
 *   S name value        ParameterStatus      A channel      NotificationResponse
 *   t 23 25             ParameterDescription V value        FunctionCallResponse (\N: NULL)
 *   G, H, W             COPY responses of one text column   d line  CopyData
 *   1 2 3 n s I c       messages without a body
 */
#ifndef TESTS_UNIT_DIFFENGINE_ANSWERS_H
#define TESTS_UNIT_DIFFENGINE_ANSWERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/encode.h"
#include "wire/message.h"

#define ANSWER_ITEMS_MAX 32
#define ANSWER_CEILING   ((size_t)1 << 24)

/* Takes the part of `*rest` before `separator` off it; false at the end. */
static inline bool answer_split(struct bytes *rest, char separator, struct bytes *part)
{
	const unsigned char *end;

	if (!rest->ptr)
		return false;
	end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
	*part = bytes_of(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
	*rest = end ? bytes_skip(*rest, part->len + 1) : bytes_of(NULL, 0);
	return true;
}

/* The text as a C string in `out`. */
static inline const char *answer_string(struct bytes text, char *out, size_t size)
{
	assert_true(text.len < size);
	if (text.len)
		memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return out;
}

static inline struct wire_value answer_value(struct bytes text)
{
	if (bytes_equal_str(text, "\\N"))
		return (struct wire_value){.is_null = true};
	return (struct wire_value){.data = text};
}

static inline void answer_row(struct buf *out, struct bytes fields)
{
	struct wire_value values[ANSWER_ITEMS_MAX];
	struct bytes field;
	size_t count = 0;

	if (fields.len == 0)
		fields = bytes_of(NULL, 0);
	while (answer_split(&fields, '|', &field)) {
		assert_true(count < ANSWER_ITEMS_MAX);
		values[count++] = answer_value(field);
	}
	assert_true(encode_data_row(out, values, count));
}

static inline struct wire_column answer_column(struct bytes field)
{
	struct wire_column column = {.type_oid = 25, .typlen = -1, .typmod = -1};
	struct bytes part;
	char number[16];

	answer_split(&field, ':', &column.name);
	if (answer_split(&field, ':', &part))
		column.type_oid =
			(uint32_t)strtoul(answer_string(part, number, sizeof(number)), NULL, 10);
	column.format = field.ptr != NULL;
	return column;
}

static inline void answer_columns(struct buf *out, struct bytes fields)
{
	struct wire_column columns[ANSWER_ITEMS_MAX];
	struct bytes field;
	size_t count = 0;

	while (fields.len > 0 && answer_split(&fields, ' ', &field)) {
		assert_true(count < ANSWER_ITEMS_MAX);
		columns[count++] = answer_column(field);
	}
	assert_true(encode_row_description(out, columns, count));
}

static inline void answer_parameters(struct buf *out, struct bytes fields)
{
	uint32_t oids[ANSWER_ITEMS_MAX];
	struct bytes field;
	char number[16];
	size_t count = 0;

	while (fields.len > 0 && answer_split(&fields, ' ', &field)) {
		assert_true(count < ANSWER_ITEMS_MAX);
		oids[count++] =
			(uint32_t)strtoul(answer_string(field, number, sizeof(number)), NULL, 10);
	}
	assert_true(encode_parameter_description(out, oids, count));
}

static inline void answer_failure(struct buf *out, unsigned char type, struct bytes fields)
{
	struct encode_error error = {.severity = "ERROR"};
	struct bytes state = bytes_str("00000");
	char sqlstate[8], message[1024];

	if (type == BACKEND_ERROR_RESPONSE)
		answer_split(&fields, ' ', &state);
	error.sqlstate = answer_string(state, sqlstate, sizeof(sqlstate));
	error.message = answer_string(fields, message, sizeof(message));
	assert_true(encode_error(out, type, &error));
}

static inline void answer_texts(struct buf *out, unsigned char type, struct bytes fields)
{
	struct bytes first = {0};
	char text[1024], more[1024];

	answer_split(&fields, type == BACKEND_COMMAND_COMPLETE ? '\0' : ' ', &first);
	answer_string(first, text, sizeof(text));
	answer_string(fields, more, sizeof(more));
	if (type == BACKEND_COMMAND_COMPLETE)
		assert_true(encode_command_complete(out, text));
	else if (type == BACKEND_PARAMETER_STATUS)
		assert_true(encode_parameter_status(out, text, more));
	else
		assert_true(encode_notification(out, 7, text, more));
}

static inline void answer_step(struct buf *out, unsigned char type, struct bytes fields)
{
	static const int16_t text_format;

	if (type == BACKEND_ROW_DESCRIPTION)
		answer_columns(out, fields);
	else if (type == BACKEND_DATA_ROW)
		answer_row(out, fields);
	else if (type == BACKEND_PARAMETER_DESCRIPTION)
		answer_parameters(out, fields);
	else if (type == BACKEND_ERROR_RESPONSE || type == BACKEND_NOTICE_RESPONSE)
		answer_failure(out, type, fields);
	else if (type == BACKEND_COMMAND_COMPLETE || type == BACKEND_PARAMETER_STATUS ||
		 type == BACKEND_NOTIFICATION_RESPONSE)
		answer_texts(out, type, fields);
	else if (type == BACKEND_FUNCTION_CALL_RESPONSE)
		assert_true(encode_function_result(out, answer_value(fields)));
	else if (type == BACKEND_COPY_IN_RESPONSE || type == BACKEND_COPY_OUT_RESPONSE ||
		 type == BACKEND_COPY_BOTH_RESPONSE)
		assert_true(encode_copy_response(out, type, 0, &text_format, 1));
	else /* ReadyForQuery's status, CopyData's line, or no body */
		assert_true(encode_raw(out, type, fields));
}

/* Appends the script's messages to `out`, which was initialised with ANSWER_CEILING. */
static inline void answer_write(struct buf *out, const char *script)
{
	struct bytes rest = bytes_str(script), step;

	while (rest.len > 0 && answer_split(&rest, ';', &step)) {
		while (step.len > 0 && step.ptr[0] == ' ')
			step = bytes_skip(step, 1);
		if (step.len > 0)
			answer_step(out, step.ptr[0], bytes_skip(step, 2));
	}
}

/* A fixed sequence of pseudo-random numbers (xorshift), the same in every run. */
static inline uint32_t answer_random(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

#endif
