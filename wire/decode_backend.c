/*
 * Decoders of what the backend sends. Each reads its message's fields in the order of the
 * protocol document ("Message Formats") and accepts the body only if they fill it exactly.
 */
#include "wire/decode.h"

#include "wire/reader.h"

bool decode_row_description(struct bytes body, struct wire_items *columns)
{
	struct reader r = reader_of(body);

	*columns = reader_columns(&r);
	return reader_is_done(&r);
}

bool decode_data_row(struct bytes body, struct wire_items *values)
{
	struct reader r = reader_of(body);

	*values = reader_values(&r);
	return reader_is_done(&r);
}

bool decode_parameter_description(struct bytes body, struct wire_items *oids)
{
	struct reader r = reader_of(body);

	*oids = reader_oids(&r);
	return reader_is_done(&r);
}

bool decode_error(struct bytes body)
{
	struct reader r = reader_of(body);

	while (reader_byte(&r) != 0)
		reader_string(&r);
	return reader_is_done(&r);
}

bool error_field_next(struct bytes *rest, char *code, struct bytes *text)
{
	struct reader r = reader_of(*rest);

	*code = (char)reader_byte(&r);
	if (*code == '\0')
		return false;
	*text = reader_string(&r);
	*rest = reader_rest(&r);
	return !r.is_bad;
}

struct bytes error_field(struct bytes body, char code)
{
	char found;
	struct bytes text;

	while (error_field_next(&body, &found, &text)) {
		if (found == code)
			return text;
	}
	return bytes_of(NULL, 0);
}

bool decode_copy(struct bytes body, struct msg_copy *msg)
{
	struct reader r = reader_of(body);

	msg->format = reader_byte(&r);
	msg->column_formats = reader_int16s(&r);
	return reader_is_done(&r);
}

bool decode_parameter_status(struct bytes body, struct msg_parameter_status *msg)
{
	struct reader r = reader_of(body);

	msg->name = reader_string(&r);
	msg->value = reader_string(&r);
	return reader_is_done(&r);
}

bool decode_notification(struct bytes body, struct msg_notification *msg)
{
	struct reader r = reader_of(body);

	msg->pid = reader_u32(&r);
	msg->channel = reader_string(&r);
	msg->payload = reader_string(&r);
	return reader_is_done(&r);
}

bool decode_key_data(struct bytes body, struct msg_key_data *msg)
{
	struct reader r = reader_of(body);

	msg->pid = reader_u32(&r);
	msg->key = reader_u32(&r);
	return reader_is_done(&r);
}

/* Names of SASL mechanisms up to an empty one, which must be the last byte. */
static bool is_mechanism_list(struct bytes data)
{
	struct reader r = reader_of(data);

	while (reader_string(&r).len > 0)
		;
	return reader_is_done(&r);
}

bool decode_authentication(struct bytes body, struct msg_authentication *msg)
{
	struct reader r = reader_of(body);

	msg->code = reader_u32(&r);
	if (r.is_bad)
		return false;
	msg->data = reader_rest(&r);
	switch (msg->code) {
	case 0: /* Ok */
	case 2: /* KerberosV5 */
	case 3: /* CleartextPassword */
	case 7: /* GSS */
	case 9: /* SSPI */
		return msg->data.len == 0;
	case 5: /* MD5Password: the salt */
		return msg->data.len == 4;
	case 10: /* SASL */
		return is_mechanism_list(msg->data);
	default: /* GSSContinue, SASLContinue, SASLFinal: any data */
		return true;
	}
}

bool decode_negotiate(struct bytes body, struct msg_negotiate *msg)
{
	struct reader r = reader_of(body);

	msg->newest_minor = reader_u32(&r);
	msg->option_count = reader_u32(&r);
	const unsigned char *first = r.at;

	/* A name takes a byte at least, so a count beyond the body ends with the body. */
	for (uint32_t i = 0; i < msg->option_count && !r.is_bad; i++)
		reader_string(&r);
	msg->options = bytes_of(first, (size_t)(r.at - first));
	return reader_is_done(&r);
}

bool decode_function_result(struct bytes body, struct wire_value *value)
{
	struct reader r = reader_of(body);

	*value = reader_value(&r);
	return reader_is_done(&r);
}

bool decode_ready(struct bytes body, char *status)
{
	struct reader r = reader_of(body);

	*status = (char)reader_byte(&r);
	return reader_is_done(&r) && (*status == 'I' || *status == 'T' || *status == 'E');
}
