/*
 * Encoders of what the backend sends, field by field in the order of the protocol document
 * ("Message Formats"). Twinkly sends few of them itself; tests and fixtures need the rest.
 */
#include "wire/encode.h"

#include <string.h>

#include "wire/message.h"
#include "wire/writer.h"

bool encode_authentication(struct buf *out, uint32_t code, struct bytes data)
{
	struct writer w = writer_begin(out, BACKEND_AUTHENTICATION);

	writer_u32(&w, code);
	writer_bytes(&w, data);
	return writer_end(&w);
}

bool encode_parameter_status(struct buf *out, const char *name, const char *value)
{
	struct writer w = writer_begin(out, BACKEND_PARAMETER_STATUS);

	writer_string(&w, name);
	writer_string(&w, value);
	return writer_end(&w);
}

bool encode_key_data(struct buf *out, uint32_t pid, uint32_t key)
{
	struct writer w = writer_begin(out, BACKEND_BACKEND_KEY_DATA);

	writer_u32(&w, pid);
	writer_u32(&w, key);
	return writer_end(&w);
}

bool encode_ready(struct buf *out, char status)
{
	return encode_raw(out, BACKEND_READY_FOR_QUERY, bytes_of(&status, 1));
}

bool encode_negotiate(
	struct buf *out, uint32_t newest_minor, const char *const *options, size_t count)
{
	struct writer w = writer_begin(out, BACKEND_NEGOTIATE_PROTOCOL_VERSION);

	writer_u32(&w, newest_minor);
	writer_u32(&w, (uint32_t)count); /* more cannot fit into a message anyway */
	for (size_t i = 0; i < count && !w.is_bad; i++)
		writer_string(&w, options[i]);
	return writer_end(&w);
}

/* A column's name is a view, so it alone could smuggle a NUL into the middle of a string. */
static struct bytes up_to_nul(struct bytes name)
{
	const unsigned char *nul = name.len ? memchr(name.ptr, 0, name.len) : NULL;

	return nul ? bytes_of(name.ptr, (size_t)(nul - name.ptr)) : name;
}

bool encode_row_description(struct buf *out, const struct wire_column *columns, size_t count)
{
	struct writer w = writer_begin(out, BACKEND_ROW_DESCRIPTION);

	writer_count(&w, count);
	for (size_t i = 0; i < count && !w.is_bad; i++) {
		const struct wire_column *c = &columns[i];

		writer_bytes(&w, up_to_nul(c->name));
		writer_byte(&w, '\0');
		writer_u32(&w, c->table_oid);
		writer_u16(&w, (uint16_t)c->attnum);
		writer_u32(&w, c->type_oid);
		writer_u16(&w, (uint16_t)c->typlen);
		writer_u32(&w, (uint32_t)c->typmod);
		writer_u16(&w, (uint16_t)c->format);
	}
	return writer_end(&w);
}

bool encode_data_row(struct buf *out, const struct wire_value *values, size_t count)
{
	struct writer w = writer_begin(out, BACKEND_DATA_ROW);

	writer_values(&w, values, count);
	return writer_end(&w);
}

bool encode_command_complete(struct buf *out, const char *tag)
{
	struct writer w = writer_begin(out, BACKEND_COMMAND_COMPLETE);

	writer_string(&w, tag);
	return writer_end(&w);
}

bool encode_parameter_description(struct buf *out, const uint32_t *oids, size_t count)
{
	struct writer w = writer_begin(out, BACKEND_PARAMETER_DESCRIPTION);

	writer_oids(&w, oids, count);
	return writer_end(&w);
}

bool encode_copy_response(struct buf *out, unsigned char type, uint8_t format,
	const int16_t *column_formats, size_t count)
{
	struct writer w = writer_begin(out, type);

	writer_byte(&w, format);
	writer_int16s(&w, column_formats, count);
	return writer_end(&w);
}

bool encode_function_result(struct buf *out, struct wire_value value)
{
	struct writer w = writer_begin(out, BACKEND_FUNCTION_CALL_RESPONSE);

	writer_value(&w, &value);
	return writer_end(&w);
}

bool encode_notification(struct buf *out, uint32_t pid, const char *channel, const char *payload)
{
	struct writer w = writer_begin(out, BACKEND_NOTIFICATION_RESPONSE);

	writer_u32(&w, pid);
	writer_string(&w, channel);
	writer_string(&w, payload);
	return writer_end(&w);
}

static void error_field_out(struct writer *w, char code, const char *text)
{
	if (!text)
		return;
	writer_byte(w, (unsigned char)code);
	writer_string(w, text);
}

bool encode_error(struct buf *out, unsigned char type, const struct encode_error *error)
{
	struct writer w = writer_begin(out, type);

	error_field_out(&w, 'S', error->severity);
	error_field_out(&w, 'V', error->severity);
	error_field_out(&w, 'C', error->sqlstate);
	error_field_out(&w, 'M', error->message);
	error_field_out(&w, 'D', error->detail);
	error_field_out(&w, 'H', error->hint);
	error_field_out(&w, 'R', error->routine);
	writer_byte(&w, '\0');
	return writer_end(&w);
}
