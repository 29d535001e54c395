/*
 * Encoders: append one whole message to a buffer. False when the buffer's ceiling or memory
 * does not allow it or a count or length does not fit its field; the buffer is then as
 * before. Strings may not hold a NUL (it would end them early): encoders cut at the first one.
 */
#ifndef WIRE_ENCODE_H
#define WIRE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "wire/decode.h"

/* Any message from its type and ready-made body; type 0 writes no type byte. */
bool encode_raw(struct buf *out, unsigned char type, struct bytes body) ATTR_USE_RESULT;

/* --- from the frontend --- */
struct wire_pair {
	const char *name, *value;
};
bool encode_startup(struct buf *out, uint32_t version, const struct wire_pair *parameters,
	size_t count) ATTR_USE_RESULT;
bool encode_ssl_request(struct buf *out) ATTR_USE_RESULT;
bool encode_gssenc_request(struct buf *out) ATTR_USE_RESULT;
bool encode_cancel_request(struct buf *out, uint32_t pid, uint32_t key) ATTR_USE_RESULT;
bool encode_query(struct buf *out, const char *sql) ATTR_USE_RESULT;
bool encode_parse(struct buf *out, const char *name, const char *sql, const uint32_t *types,
	size_t ntypes) ATTR_USE_RESULT;

struct encode_bind {
	const char *portal, *statement;
	const int16_t *formats;
	size_t nformats;
	const struct wire_value *parameters;
	size_t nparameters;
	const int16_t *result_formats;
	size_t nresult_formats;
};
bool encode_bind(struct buf *out, const struct encode_bind *bind) ATTR_USE_RESULT;
/* kind: 'S' statement or 'P' portal */
bool encode_describe(struct buf *out, char kind, const char *name) ATTR_USE_RESULT;
bool encode_close(struct buf *out, char kind, const char *name) ATTR_USE_RESULT;
bool encode_execute(struct buf *out, const char *portal, int32_t max_rows) ATTR_USE_RESULT;

struct encode_function_call {
	uint32_t oid;
	const int16_t *formats;
	size_t nformats;
	const struct wire_value *arguments;
	size_t narguments;
	int16_t result_format;
};
bool encode_function_call(struct buf *out, const struct encode_function_call *call) ATTR_USE_RESULT;
bool encode_sync(struct buf *out) ATTR_USE_RESULT;
bool encode_flush(struct buf *out) ATTR_USE_RESULT;
bool encode_terminate(struct buf *out) ATTR_USE_RESULT;
bool encode_password(struct buf *out, const char *password) ATTR_USE_RESULT;
bool encode_sasl_initial(
	struct buf *out, const char *mechanism, struct bytes response) ATTR_USE_RESULT;
bool encode_sasl_response(struct buf *out, struct bytes response) ATTR_USE_RESULT;

/* --- both directions --- */
bool encode_copy_data(struct buf *out, struct bytes data) ATTR_USE_RESULT;
bool encode_copy_done(struct buf *out) ATTR_USE_RESULT;
bool encode_copy_fail(struct buf *out, const char *reason) ATTR_USE_RESULT;

/* --- from the backend --- */
bool encode_authentication(struct buf *out, uint32_t code, struct bytes data) ATTR_USE_RESULT;
bool encode_parameter_status(struct buf *out, const char *name, const char *value) ATTR_USE_RESULT;
bool encode_key_data(struct buf *out, uint32_t pid, uint32_t key) ATTR_USE_RESULT;
bool encode_ready(struct buf *out, char status) ATTR_USE_RESULT;
bool encode_negotiate(struct buf *out, uint32_t newest_minor, const char *const *options,
	size_t count) ATTR_USE_RESULT;
bool encode_row_description(
	struct buf *out, const struct wire_column *columns, size_t count) ATTR_USE_RESULT;
bool encode_data_row(
	struct buf *out, const struct wire_value *values, size_t count) ATTR_USE_RESULT;
bool encode_command_complete(struct buf *out, const char *tag) ATTR_USE_RESULT;
/* BACKEND_PARSE_COMPLETE, BIND_COMPLETE, NO_DATA and the like: messages without a body. */
bool encode_empty(struct buf *out, unsigned char type) ATTR_USE_RESULT;
bool encode_parameter_description(
	struct buf *out, const uint32_t *oids, size_t count) ATTR_USE_RESULT;
/* type: BACKEND_COPY_IN_RESPONSE, COPY_OUT_RESPONSE or COPY_BOTH_RESPONSE */
bool encode_copy_response(struct buf *out, unsigned char type, uint8_t format,
	const int16_t *column_formats, size_t count) ATTR_USE_RESULT;
bool encode_function_result(struct buf *out, struct wire_value value) ATTR_USE_RESULT;
bool encode_notification(
	struct buf *out, uint32_t pid, const char *channel, const char *payload) ATTR_USE_RESULT;

struct encode_error {         /* absent fields are NULL */
	const char *severity; /* "ERROR", "FATAL", "NOTICE", ...: fields S and V */
	const char *sqlstate; /* five characters */
	const char *message;
	const char *detail, *hint, *routine;
};
/* type: BACKEND_ERROR_RESPONSE or BACKEND_NOTICE_RESPONSE */
bool encode_error(
	struct buf *out, unsigned char type, const struct encode_error *error) ATTR_USE_RESULT;

#endif
