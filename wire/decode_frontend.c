/*
 * Decoders of what the frontend sends. Each reads its message's fields in the order of the
 * protocol document ("Message Formats") and accepts the body only if they fill it exactly.
 */
#include "wire/decode.h"

#include "wire/message.h"
#include "wire/reader.h"

/* Pairs of strings up to an empty name, which must be the last byte. */
static bool startup_parameters(struct reader *r, struct bytes *parameters)
{
	const unsigned char *first = r->at;

	while (reader_string(r).len > 0)
		reader_string(r);
	if (!reader_is_done(r))
		return false;
	*parameters = bytes_of(first, (size_t)(r->end - first) - 1);
	return true;
}

bool decode_startup(struct bytes body, struct msg_startup *msg)
{
	struct reader r = reader_of(body);

	*msg = (struct msg_startup){.code = reader_u32(&r)};
	if (msg->code >> 16 == WIRE_PROTOCOL_3_0 >> 16)
		return startup_parameters(&r, &msg->parameters);
	if (msg->code == WIRE_CODE_CANCEL) {
		msg->cancel_pid = reader_u32(&r);
		msg->cancel_key = reader_u32(&r);
		return reader_is_done(&r);
	}
	if (msg->code == WIRE_CODE_SSL || msg->code == WIRE_CODE_GSSENC)
		return reader_is_done(&r);
	/* Another protocol: what follows the code has a form that is not ours to judge. */
	return !r.is_bad;
}

bool startup_parameter_next(struct bytes *parameters, struct bytes *name, struct bytes *value)
{
	if (parameters->len == 0)
		return false;
	struct reader r = reader_of(*parameters);

	*name = reader_string(&r);
	*value = reader_string(&r);
	*parameters = reader_rest(&r);
	return !r.is_bad;
}

bool decode_bind(struct bytes body, struct msg_bind *msg)
{
	struct reader r = reader_of(body);

	msg->portal = reader_string(&r);
	msg->statement = reader_string(&r);
	msg->formats = reader_int16s(&r);
	msg->parameters = reader_values(&r);
	msg->result_formats = reader_int16s(&r);
	return reader_is_done(&r);
}

bool decode_named(struct bytes body, struct msg_named *msg)
{
	struct reader r = reader_of(body);

	msg->kind = (char)reader_byte(&r);
	msg->name = reader_string(&r);
	return reader_is_done(&r) && (msg->kind == 'S' || msg->kind == 'P');
}

bool decode_execute(struct bytes body, struct msg_execute *msg)
{
	struct reader r = reader_of(body);

	msg->portal = reader_string(&r);
	msg->max_rows = (int32_t)reader_u32(&r);
	return reader_is_done(&r);
}

bool decode_function_call(struct bytes body, struct msg_function_call *msg)
{
	struct reader r = reader_of(body);

	msg->oid = reader_u32(&r);
	msg->formats = reader_int16s(&r);
	msg->arguments = reader_values(&r);
	msg->result_format = (int16_t)reader_u16(&r);
	return reader_is_done(&r);
}

bool decode_parse(struct bytes body, struct msg_parse *msg)
{
	struct reader r = reader_of(body);

	msg->name = reader_string(&r);
	msg->query = reader_string(&r);
	msg->types = reader_oids(&r);
	return reader_is_done(&r);
}

bool decode_sasl_initial(struct bytes body, struct msg_sasl_initial *msg)
{
	struct reader r = reader_of(body);

	msg->mechanism = reader_string(&r);
	struct wire_value response = reader_value(&r);

	msg->has_response = !response.is_null;
	msg->response = response.data;
	return reader_is_done(&r);
}
