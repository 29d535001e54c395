/*
 * One line per message: its name from the message table, then its body (text_frontend.c,
 * text_backend.c). A line that does not fit into the buffer is taken back whole.
 */
#include "wire/dump.h"

#include <stdint.h>

#include "wire/text.h"

static struct text text_for(struct buf *out, const struct dump_style *style)
{
	return (struct text){.out = out,
		.value_max = style->value_max ? style->value_max : TEXT_VALUE_MAX,
		.is_stable = style->is_stable};
}

/* Ends a piece of text that began when the buffer held `before` bytes. */
static bool finished(struct text *t, size_t before)
{
	if (t->is_full)
		buf_truncate(t->out, before);
	return !t->is_full;
}

/* Messages whose very bytes are secrets, even where they cannot be decoded. */
static bool holds_secret(enum wire_side from, unsigned char type)
{
	if (from == WIRE_FRONTEND)
		return type == FRONTEND_STARTUP || type == FRONTEND_PASSWORD;
	return type == BACKEND_AUTHENTICATION || type == BACKEND_BACKEND_KEY_DATA;
}

static void malformed(struct text *t, enum wire_side from, const struct frame *frame)
{
	text_str(t, " malformed ");
	if (holds_secret(from, frame->type))
		text_str(t, "(hidden)");
	else
		text_hex(t, frame->body);
}

static void startup(struct text *t, const struct frame *frame)
{
	if (text_startup(t, frame->body))
		return;
	text_str(t, "StartupMessage");
	malformed(t, WIRE_FRONTEND, frame);
}

static void message(struct text *t, enum wire_side from, const struct frame *frame)
{
	const char *name = message_info(from, frame->type)->name;
	text_body_fn *body = from == WIRE_FRONTEND ? text_frontend_body(frame->type)
						   : text_backend_body(frame->type);

	if (!name) {
		text_hex(t, bytes_of(&frame->type, 1));
		malformed(t, from, frame);
		return;
	}
	text_str(t, name);
	if (body ? !body(t, frame->body) : frame->body.len > 0)
		malformed(t, from, frame);
}

bool dump_frame(struct buf *out, enum wire_side from, const struct frame *frame,
	const struct dump_style *style)
{
	struct text t = text_for(out, style);
	size_t before = buf_len(out);

	if (from == WIRE_FRONTEND && frame->type == FRONTEND_STARTUP)
		startup(&t, frame);
	else
		message(&t, from, frame);
	text_str(&t, "\n");
	return finished(&t, before);
}

/* A startup packet begins with its length, whose first byte is 0: no message has that type. */
static enum frame_result next(
	struct bytes in, enum wire_side from, struct frame *frame, struct err *err)
{
	if (from == WIRE_FRONTEND && in.len > 0 && in.ptr[0] == 0)
		return frame_startup(in, frame, err);
	return frame_next(in, from, SIZE_MAX, frame, err);
}

bool dump_stream(
	struct buf *out, enum wire_side from, struct bytes in, const struct dump_style *style)
{
	while (in.len > 0) {
		struct frame frame;
		struct err err;

		switch (next(in, from, &frame, &err)) {
		case FRAME_OK:
			if (!dump_frame(out, from, &frame, style))
				return false;
			in = bytes_skip(in, frame.whole.len);
			break;
		case FRAME_NEED_MORE:
			return buf_printf(out, "(%zu bytes incomplete)\n", in.len);
		case FRAME_MALFORMED:
			return buf_printf(out, "(%zu bytes malformed: %s)\n", in.len, err.text);
		}
	}
	return true;
}

bool dump_value(struct buf *out, const struct wire_value *value, size_t max)
{
	struct text t = text_for(out, &(struct dump_style){.value_max = max});
	size_t before = buf_len(out);

	text_value(&t, value);
	return finished(&t, before);
}
