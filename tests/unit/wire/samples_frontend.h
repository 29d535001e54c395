/*
 * Samples of what the frontend sends, and of COPY, which both sides send; the table is in
 * samples.h.
 */
#ifndef TESTS_UNIT_WIRE_SAMPLES_FRONTEND_H
#define TESTS_UNIT_WIRE_SAMPLES_FRONTEND_H

#include "base/attr.h"
#include "base/buf.h"
#include "tests/unit/wire/sample_values.h"
#include "wire/encode.h"
#include "wire/message.h"

static inline bool sample_startup(struct buf *out)
{
	static const struct wire_pair pairs[] = {{"user", "app"}, {"database", ""}};

	return encode_startup(out, WIRE_PROTOCOL_3_0, pairs, ARRAY_LEN(pairs));
}

static inline bool sample_startup_bare(struct buf *out)
{
	return encode_startup(out, WIRE_PROTOCOL_3_0, NULL, 0);
}

static inline bool sample_ssl(struct buf *out)
{
	return encode_ssl_request(out);
}

static inline bool sample_gssenc(struct buf *out)
{
	return encode_gssenc_request(out);
}

static inline bool sample_cancel(struct buf *out)
{
	return encode_cancel_request(out, 4711, 0xdeadbeef);
}

static inline bool sample_query(struct buf *out)
{
	return encode_query(out, "select 1");
}

static inline bool sample_parse(struct buf *out)
{
	static const uint32_t types[] = {23, 0};

	return encode_parse(out, "s1", "select $1, $2", types, ARRAY_LEN(types));
}

static inline bool sample_bind(struct buf *out)
{
	static const int16_t formats[] = {0, 0, 1}, results[] = {1};
	const struct wire_value values[] = {TEXT_VALUE("abc"), NULL_VALUE, TEXT_VALUE("\0\1")};
	const struct encode_bind bind = {
		.portal = "",
		.statement = "s1",
		.formats = formats,
		.nformats = ARRAY_LEN(formats),
		.parameters = values,
		.nparameters = ARRAY_LEN(values),
		.result_formats = results,
		.nresult_formats = ARRAY_LEN(results),
	};

	return encode_bind(out, &bind);
}

static inline bool sample_bind_bare(struct buf *out)
{
	return encode_bind(out, &(struct encode_bind){.portal = "", .statement = ""});
}

static inline bool sample_describe(struct buf *out)
{
	return encode_describe(out, 'P', "");
}

static inline bool sample_close(struct buf *out)
{
	return encode_close(out, 'S', "s1");
}

static inline bool sample_execute(struct buf *out)
{
	return encode_execute(out, "", 100);
}

static inline bool sample_function_call(struct buf *out)
{
	static const int16_t formats[] = {1};
	const struct wire_value arguments[] = {TEXT_VALUE("\1\2"), NULL_VALUE};

	const struct encode_function_call call = {
		.oid = 1598,
		.formats = formats,
		.nformats = ARRAY_LEN(formats),
		.arguments = arguments,
		.narguments = ARRAY_LEN(arguments),
		.result_format = 1,
	};

	return encode_function_call(out, &call);
}

static inline bool sample_password(struct buf *out)
{
	return encode_password(out, "open sesame");
}

static inline bool sample_sasl_initial(struct buf *out)
{
	return encode_sasl_initial(out, "SCRAM-SHA-256", TEXT_BYTES("n,,n=,r=abc"));
}

static inline bool sample_sasl_response(struct buf *out)
{
	return encode_sasl_response(out, TEXT_BYTES("c=biws,r=abcdef,p=xyz"));
}

static inline bool sample_copy_data(struct buf *out)
{
	return encode_copy_data(out, TEXT_BYTES("1\tone\n"));
}

static inline bool sample_copy_fail(struct buf *out)
{
	return encode_copy_fail(out, "no more");
}

#endif
