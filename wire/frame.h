/*
 * The framer: finds the next whole message in a run of bytes. Pure; it neither copies nor
 * keeps anything. Need-more, malformed and a frame are three different answers.
 * Source of the rules: protocol document, "Overview" and "Message Formats".
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/message.h"

struct frame {
	unsigned char type; /* 0 for a startup packet */
	struct bytes body;  /* after type and length */
	struct bytes whole; /* as on the wire */
};

enum frame_result {
	FRAME_OK,
	FRAME_NEED_MORE, /* frame->whole.len is then the length needed, 0 while unknown */
	FRAME_MALFORMED  /* err says why: unknown type, length out of the table's bounds */
};

/* The first message of `in`, as sent by `from`, longer than `max` being malformed
 * (`max` counts the whole message; at most 1 + WIRE_MESSAGE_MAX + 4). */
enum frame_result frame_next(struct bytes in, enum wire_side from, size_t max, struct frame *frame,
	struct err *err) ATTR_USE_RESULT;

/* The first packet of a connection, which has no type byte: startup, SSLRequest,
 * GSSENCRequest or CancelRequest. At most WIRE_STARTUP_MAX bytes. */
enum frame_result frame_startup(
	struct bytes in, struct frame *frame, struct err *err) ATTR_USE_RESULT;

#endif
