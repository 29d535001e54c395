/*
 * Views of decoded messages. A decoder checks the whole body once: it returns false for a
 * body that is too short, too long or inconsistent, and what it filled in can afterwards be
 * iterated without further checks. Views borrow from the body. Strings come without their
 * NUL. Names and order of fields are the protocol document's.
 */
#ifndef WIRE_DECODE_H
#define WIRE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

/* A list of counted items inside a body; advance with the matching ..._next function, which
 * returns false after the last. Copy the struct to iterate again. */
struct wire_items {
	uint16_t count; /* items not yet taken */
	struct bytes rest;
};

struct wire_value { /* a parameter or a column's value */
	bool is_null;
	struct bytes data;
};

struct wire_column { /* one field of RowDescription */
	struct bytes name;
	uint32_t table_oid;
	int16_t attnum;
	uint32_t type_oid;
	int16_t typlen;
	int32_t typmod;
	int16_t format; /* 0 text, 1 binary */
};

bool wire_value_next(struct wire_items *items, struct wire_value *value);
bool wire_column_next(struct wire_items *items, struct wire_column *column);
bool wire_int16_next(struct wire_items *items, int16_t *format);
bool wire_oid_next(struct wire_items *items, uint32_t *oid);

/* --- from the frontend --- */

struct msg_startup { /* code is a protocol version or one of WIRE_CODE_... */
	uint32_t code;
	struct bytes parameters;         /* name NUL value NUL ..., without the final NUL */
	uint32_t cancel_pid, cancel_key; /* WIRE_CODE_CANCEL only */
};
bool decode_startup(struct bytes body, struct msg_startup *msg) ATTR_USE_RESULT;
bool startup_parameter_next(struct bytes *parameters, struct bytes *name, struct bytes *value);

struct msg_bind {
	struct bytes portal, statement;
	struct wire_items formats;        /* int16 */
	struct wire_items parameters;     /* values */
	struct wire_items result_formats; /* int16 */
};
bool decode_bind(struct bytes body, struct msg_bind *msg) ATTR_USE_RESULT;

struct msg_named { /* Close and Describe */
	char kind; /* 'S' statement, 'P' portal */
	struct bytes name;
};
bool decode_named(struct bytes body, struct msg_named *msg) ATTR_USE_RESULT;

struct msg_execute {
	struct bytes portal;
	int32_t max_rows; /* 0: all */
};
bool decode_execute(struct bytes body, struct msg_execute *msg) ATTR_USE_RESULT;

struct msg_function_call {
	uint32_t oid;
	struct wire_items formats;
	struct wire_items arguments;
	int16_t result_format;
};
bool decode_function_call(struct bytes body, struct msg_function_call *msg) ATTR_USE_RESULT;

struct msg_parse {
	struct bytes name, query;
	struct wire_items types; /* oids */
};
bool decode_parse(struct bytes body, struct msg_parse *msg) ATTR_USE_RESULT;

/* Query, CopyFail, CommandComplete and a clear-text PasswordMessage: one string. */
bool decode_string(struct bytes body, struct bytes *text) ATTR_USE_RESULT;

struct msg_sasl_initial {
	struct bytes mechanism;
	bool has_response;
	struct bytes response;
};
bool decode_sasl_initial(struct bytes body, struct msg_sasl_initial *msg) ATTR_USE_RESULT;

/* --- from the backend --- */

bool decode_row_description(struct bytes body, struct wire_items *columns) ATTR_USE_RESULT;
bool decode_data_row(struct bytes body, struct wire_items *values) ATTR_USE_RESULT;
bool decode_parameter_description(struct bytes body, struct wire_items *oids) ATTR_USE_RESULT;

/* ErrorResponse and NoticeResponse: code byte, string, ..., final NUL. */
bool decode_error(struct bytes body) ATTR_USE_RESULT;
/* Field `code` ('C' SQLSTATE, 'M' message, ...) of a checked body; empty if absent. */
struct bytes error_field(struct bytes body, char code);
/* Iterates the fields of a checked body; start with *rest = body. */
bool error_field_next(struct bytes *rest, char *code, struct bytes *text);

struct msg_copy { /* CopyInResponse, CopyOutResponse, CopyBothResponse */
	uint8_t format;
	struct wire_items column_formats;
};
bool decode_copy(struct bytes body, struct msg_copy *msg) ATTR_USE_RESULT;

struct msg_parameter_status {
	struct bytes name, value;
};
bool decode_parameter_status(struct bytes body, struct msg_parameter_status *msg) ATTR_USE_RESULT;

struct msg_notification {
	uint32_t pid;
	struct bytes channel, payload;
};
bool decode_notification(struct bytes body, struct msg_notification *msg) ATTR_USE_RESULT;

struct msg_key_data {
	uint32_t pid, key;
};
bool decode_key_data(struct bytes body, struct msg_key_data *msg) ATTR_USE_RESULT;

struct msg_authentication {
	uint32_t code; /* 0 Ok, 3 clear-text, 5 MD5, 10 SASL, 11 continue, 12 final, ... */
	struct bytes data;
};
bool decode_authentication(struct bytes body, struct msg_authentication *msg) ATTR_USE_RESULT;

struct msg_negotiate {
	uint32_t newest_minor;
	uint32_t option_count;
	struct bytes options; /* NUL-terminated names */
};
bool decode_negotiate(struct bytes body, struct msg_negotiate *msg) ATTR_USE_RESULT;

bool decode_function_result(struct bytes body, struct wire_value *value) ATTR_USE_RESULT;
bool decode_ready(struct bytes body, char *status) ATTR_USE_RESULT; /* I, T or E */

#endif
