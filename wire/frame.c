/*
 * The framer looks at the head of the next message only (type and length), so its cost does
 * not depend on how much has arrived. A type or length that cannot be right is reported as
 * soon as it is seen: waiting for the rest would mean buffering what will be refused.
 */
#include "wire/frame.h"

#include "wire/reader.h"

#define LENGTH_SIZE 4 /* the length field, which counts itself */
#define HEAD_SIZE   (1 + LENGTH_SIZE)

/* The length is outside the table's bounds for its type; `length` is shown as sent, signed. */
static enum frame_result bad_length(
	const struct message_info *info, uint32_t length, struct err *err)
{
	int32_t sent = (int32_t)length;

	if (sent < 0 || length < info->min_body + LENGTH_SIZE)
		err_set(err, "%s message has length %d, at least %zu is needed", info->name,
			(int)sent, info->min_body + LENGTH_SIZE);
	else
		err_set(err, "%s message has length %d, at most %zu is allowed", info->name,
			(int)sent, info->max_body + LENGTH_SIZE);
	return FRAME_MALFORMED;
}

/* The head gave the whole message's length: cuts the frame out if it is all there. */
static enum frame_result cut(struct bytes in, size_t whole, size_t head, struct frame *frame)
{
	if (in.len < whole) {
		frame->whole.len = whole;
		return FRAME_NEED_MORE;
	}
	frame->whole = bytes_of(in.ptr, whole);
	frame->body = bytes_of(in.ptr + head, whole - head);
	return FRAME_OK;
}

enum frame_result frame_next(
	struct bytes in, enum wire_side from, size_t max, struct frame *frame, struct err *err)
{
	*frame = (struct frame){0};
	if (in.len == 0)
		return FRAME_NEED_MORE;
	frame->type = in.ptr[0];
	const struct message_info *info = message_info(from, frame->type);

	if (!info->name) {
		err_set(err, "message type 0x%02x is unknown", frame->type);
		return FRAME_MALFORMED;
	}
	if (in.len < HEAD_SIZE)
		return FRAME_NEED_MORE;
	uint32_t length = reader_load32(in.ptr + 1);

	if (length < info->min_body + LENGTH_SIZE || length > info->max_body + LENGTH_SIZE)
		return bad_length(info, length, err);
	size_t whole = 1 + (size_t)length;

	if (whole > max) {
		err_set(err, "%s message takes %zu bytes, at most %zu are allowed", info->name,
			whole, max);
		return FRAME_MALFORMED;
	}
	return cut(in, whole, HEAD_SIZE, frame);
}

enum frame_result frame_startup(struct bytes in, struct frame *frame, struct err *err)
{
	*frame = (struct frame){0};
	if (in.len < LENGTH_SIZE)
		return FRAME_NEED_MORE;
	uint32_t length = reader_load32(in.ptr);

	if (length < LENGTH_SIZE + 4 || length > WIRE_STARTUP_MAX) {
		err_set(err, "startup packet has length %d, 8 to %d is allowed",
			(int)(int32_t)length, WIRE_STARTUP_MAX);
		return FRAME_MALFORMED;
	}
	return cut(in, length, LENGTH_SIZE, frame);
}
