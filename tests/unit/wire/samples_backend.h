/*
 * Samples of what the backend sends; the table is in samples.h.
 */
#ifndef TESTS_UNIT_WIRE_SAMPLES_BACKEND_H
#define TESTS_UNIT_WIRE_SAMPLES_BACKEND_H

#include "base/attr.h"
#include "base/buf.h"
#include "tests/unit/wire/sample_values.h"
#include "wire/encode.h"
#include "wire/message.h"

static inline bool sample_authentication_ok(struct buf *out)
{
	return encode_authentication(out, 0, bytes_of(NULL, 0));
}

static inline bool sample_authentication_md5(struct buf *out)
{
	return encode_authentication(out, 5, TEXT_BYTES("salt"));
}

static inline bool sample_authentication_sasl(struct buf *out)
{
	return encode_authentication(out, 10, TEXT_BYTES("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"));
}

static inline bool sample_authentication_continue(struct buf *out)
{
	return encode_authentication(out, 11, TEXT_BYTES("r=abcdef,s=c2FsdA==,i=4096"));
}

static inline bool sample_parameter_status(struct buf *out)
{
	return encode_parameter_status(out, "TimeZone", "UTC");
}

static inline bool sample_key_data(struct buf *out)
{
	return encode_key_data(out, 4711, 0xdeadbeef);
}

static inline bool sample_ready(struct buf *out)
{
	return encode_ready(out, 'I');
}

static inline bool sample_negotiate(struct buf *out)
{
	static const char *const options[] = {"_pq_.one", "_pq_.two"};

	return encode_negotiate(out, 0, options, ARRAY_LEN(options));
}

static inline bool sample_row_description(struct buf *out)
{
	const struct wire_column columns[] = {
		{TEXT_BYTES("id"), 16384, 1, 23, 4, -1, 1},
		{TEXT_BYTES("?column?"), 0, 0, 701, 8, -1, 0},
		{TEXT_BYTES("two words"), 16384, 3, 1043, -1, 24, 0},
	};

	return encode_row_description(out, columns, ARRAY_LEN(columns));
}

static inline bool sample_row_description_bare(struct buf *out)
{
	return encode_row_description(out, NULL, 0);
}

static inline bool sample_data_row(struct buf *out)
{
	const struct wire_value values[] = {TEXT_VALUE("1"), NULL_VALUE, TEXT_VALUE("")};

	return encode_data_row(out, values, ARRAY_LEN(values));
}

static inline bool sample_command_complete(struct buf *out)
{
	return encode_command_complete(out, "SELECT 1");
}

static inline bool sample_parameter_description(struct buf *out)
{
	static const uint32_t oids[] = {23, 25};

	return encode_parameter_description(out, oids, ARRAY_LEN(oids));
}

static inline bool sample_copy_in(struct buf *out)
{
	static const int16_t formats[] = {0, 0};

	return encode_copy_response(out, BACKEND_COPY_IN_RESPONSE, 0, formats, ARRAY_LEN(formats));
}

static inline bool sample_copy_out(struct buf *out)
{
	static const int16_t formats[] = {1, 1};

	return encode_copy_response(out, BACKEND_COPY_OUT_RESPONSE, 1, formats, ARRAY_LEN(formats));
}

static inline bool sample_copy_both(struct buf *out)
{
	return encode_copy_response(out, BACKEND_COPY_BOTH_RESPONSE, 0, NULL, 0);
}

static inline bool sample_function_result(struct buf *out)
{
	return encode_function_result(out, TEXT_VALUE("42"));
}

static inline bool sample_function_null(struct buf *out)
{
	return encode_function_result(out, NULL_VALUE);
}

static inline bool sample_notification(struct buf *out)
{
	return encode_notification(out, 4711, "news", "hello");
}

static inline bool sample_error(struct buf *out)
{
	const struct encode_error error = {
		.severity = "ERROR",
		.sqlstate = "23505",
		.message = "duplicate key",
		.detail = "Key (id)=(1) already exists.",
		.routine = "_bt_check_unique",
	};

	return encode_error(out, BACKEND_ERROR_RESPONSE, &error);
}

static inline bool sample_notice(struct buf *out)
{
	const struct encode_error notice = {
		.severity = "NOTICE", .sqlstate = "00000", .message = "hi", .hint = "wave back"};

	return encode_error(out, BACKEND_NOTICE_RESPONSE, &notice);
}

static inline bool sample_error_empty(struct buf *out)
{
	return encode_error(out, BACKEND_ERROR_RESPONSE, &(struct encode_error){0});
}

#endif
