/*
 * Encoders of what both sides send: ready-made bodies, COPY data, and messages that are
 * nothing but their type.
 */
#include "wire/encode.h"

#include "wire/message.h"
#include "wire/writer.h"

bool encode_raw(struct buf *out, unsigned char type, struct bytes body)
{
	struct writer w = writer_begin(out, type);

	writer_bytes(&w, body);
	return writer_end(&w);
}

bool encode_empty(struct buf *out, unsigned char type)
{
	return encode_raw(out, type, bytes_of(NULL, 0));
}

/* CopyData, CopyDone and CopyFail bear the same type byte in both directions. */
bool encode_copy_data(struct buf *out, struct bytes data)
{
	return encode_raw(out, FRONTEND_COPY_DATA, data);
}

bool encode_copy_done(struct buf *out)
{
	return encode_empty(out, FRONTEND_COPY_DONE);
}

bool encode_copy_fail(struct buf *out, const char *reason)
{
	struct writer w = writer_begin(out, FRONTEND_COPY_FAIL);

	writer_string(&w, reason);
	return writer_end(&w);
}
