/*
 * Encoders of what the frontend sends, field by field in the order of the protocol document
 * ("Message Formats").
 */
#include "wire/encode.h"

#include "wire/message.h"
#include "wire/writer.h"

bool encode_startup(
	struct buf *out, uint32_t version, const struct wire_pair *parameters, size_t count)
{
	struct writer w = writer_begin(out, FRONTEND_STARTUP);

	writer_u32(&w, version);
	for (size_t i = 0; i < count && !w.is_bad; i++) {
		writer_string(&w, parameters[i].name);
		writer_string(&w, parameters[i].value);
	}
	writer_byte(&w, '\0');
	return writer_end(&w);
}

static bool encode_code(struct buf *out, uint32_t code)
{
	struct writer w = writer_begin(out, FRONTEND_STARTUP);

	writer_u32(&w, code);
	return writer_end(&w);
}

bool encode_ssl_request(struct buf *out)
{
	return encode_code(out, WIRE_CODE_SSL);
}

bool encode_gssenc_request(struct buf *out)
{
	return encode_code(out, WIRE_CODE_GSSENC);
}

bool encode_cancel_request(struct buf *out, uint32_t pid, uint32_t key)
{
	struct writer w = writer_begin(out, FRONTEND_STARTUP);

	writer_u32(&w, WIRE_CODE_CANCEL);
	writer_u32(&w, pid);
	writer_u32(&w, key);
	return writer_end(&w);
}

bool encode_query(struct buf *out, const char *sql)
{
	struct writer w = writer_begin(out, FRONTEND_QUERY);

	writer_string(&w, sql);
	return writer_end(&w);
}

bool encode_parse(
	struct buf *out, const char *name, const char *sql, const uint32_t *types, size_t ntypes)
{
	struct writer w = writer_begin(out, FRONTEND_PARSE);

	writer_string(&w, name);
	writer_string(&w, sql);
	writer_oids(&w, types, ntypes);
	return writer_end(&w);
}

bool encode_bind(struct buf *out, const struct encode_bind *bind)
{
	struct writer w = writer_begin(out, FRONTEND_BIND);

	writer_string(&w, bind->portal);
	writer_string(&w, bind->statement);
	writer_int16s(&w, bind->formats, bind->nformats);
	writer_values(&w, bind->parameters, bind->nparameters);
	writer_int16s(&w, bind->result_formats, bind->nresult_formats);
	return writer_end(&w);
}

static bool encode_named(struct buf *out, unsigned char type, char kind, const char *name)
{
	struct writer w = writer_begin(out, type);

	writer_byte(&w, (unsigned char)kind);
	writer_string(&w, name);
	return writer_end(&w);
}

bool encode_describe(struct buf *out, char kind, const char *name)
{
	return encode_named(out, FRONTEND_DESCRIBE, kind, name);
}

bool encode_close(struct buf *out, char kind, const char *name)
{
	return encode_named(out, FRONTEND_CLOSE, kind, name);
}

bool encode_execute(struct buf *out, const char *portal, int32_t max_rows)
{
	struct writer w = writer_begin(out, FRONTEND_EXECUTE);

	writer_string(&w, portal);
	writer_u32(&w, (uint32_t)max_rows);
	return writer_end(&w);
}

bool encode_function_call(struct buf *out, const struct encode_function_call *call)
{
	struct writer w = writer_begin(out, FRONTEND_FUNCTION_CALL);

	writer_u32(&w, call->oid);
	writer_int16s(&w, call->formats, call->nformats);
	writer_values(&w, call->arguments, call->narguments);
	writer_u16(&w, (uint16_t)call->result_format);
	return writer_end(&w);
}

bool encode_sync(struct buf *out)
{
	return encode_empty(out, FRONTEND_SYNC);
}

bool encode_flush(struct buf *out)
{
	return encode_empty(out, FRONTEND_FLUSH);
}

bool encode_terminate(struct buf *out)
{
	return encode_empty(out, FRONTEND_TERMINATE);
}

bool encode_password(struct buf *out, const char *password)
{
	struct writer w = writer_begin(out, FRONTEND_PASSWORD);

	writer_string(&w, password);
	return writer_end(&w);
}

bool encode_sasl_initial(struct buf *out, const char *mechanism, struct bytes response)
{
	struct writer w = writer_begin(out, FRONTEND_PASSWORD);

	writer_string(&w, mechanism);
	/* A view cannot tell empty from absent (base/bytes.h): empty is sent as absent. */
	writer_value(&w, &(struct wire_value){.is_null = response.len == 0, .data = response});
	return writer_end(&w);
}

bool encode_sasl_response(struct buf *out, struct bytes response)
{
	return encode_raw(out, FRONTEND_PASSWORD, response);
}
