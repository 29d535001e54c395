/*
 * Messages of a look-up, and the walk over its answer.
 */
#include "diffengine/lookup.h"

#include "wire/encode.h"
#include "wire/frame.h"

bool lookup_write(struct buf *out, const struct lookup *lookup)
{
	struct encode_bind bind = {.portal = lookup->name,
		.statement = lookup->name,
		.parameters = lookup->parameters,
		.nparameters = lookup->nparameters};

	/* One that an error has left behind would be in the way. */
	return encode_close(out, 'S', lookup->name) &&
	       encode_parse(out, lookup->name, lookup->sql, NULL, 0) && encode_bind(out, &bind) &&
	       encode_execute(out, lookup->name, 0) && encode_close(out, 'P', lookup->name) &&
	       encode_close(out, 'S', lookup->name);
}

bool lookup_append_quoted(struct buf *out, const char *text)
{
	bool ok = buf_append_byte(out, '"');

	for (; ok && *text; text++)
		ok = ((*text != '"' && *text != '\\') || buf_append_byte(out, '\\')) &&
		     buf_append_byte(out, (unsigned char)*text);
	return ok && buf_append_byte(out, '"');
}

enum lookup_step lookup_next(struct bytes *answer, struct bytes *row, struct err *why)
{
	struct frame f;

	while (frame_next(*answer, WIRE_BACKEND, (size_t)WIRE_MESSAGE_MAX + 5, &f, NULL) ==
		FRAME_OK) {
		*answer = bytes_skip(*answer, f.whole.len);
		if (f.type == BACKEND_DATA_ROW) {
			*row = f.body;
			return LOOKUP_ROW;
		}
		if (f.type == BACKEND_ERROR_RESPONSE) {
			struct bytes text =
				decode_error(f.body) ? error_field(f.body, 'M') : bytes_of("", 0);

			err_set(why, "%.*s", bytes_width(text, 200), (const char *)text.ptr);
			return LOOKUP_ERROR;
		}
	}
	return LOOKUP_END;
}
