/*
 * The two tables of message types, indexed by type byte, made from the lists in the header.
 * Bytes that are in no list leave a row of zeros, whose name is NULL.
 */
#include "wire/message.h"

#include <assert.h>
#include <stdint.h>

/* The framer adds the length field's own 4 bytes and compares within int32. */
static_assert(WIRE_MESSAGE_MAX + 4 <= INT32_MAX, "message lengths are int32");

#define X_ROW(byte, NAME, text, min, max) \
	[byte] = {.name = (text), .min_body = (min), .max_body = (max)},

static const struct message_info frontend[UINT8_MAX + 1] = {WIRE_FRONTEND_MESSAGES(X_ROW)};
static const struct message_info backend[UINT8_MAX + 1] = {WIRE_BACKEND_MESSAGES(X_ROW)};

const struct message_info *message_info(enum wire_side from, unsigned char type)
{
	return from == WIRE_FRONTEND ? &frontend[type] : &backend[type];
}
