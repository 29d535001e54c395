/*
 * Messages of a client that name user types: the parameter types of a Parse, what is inside
 * a Bind's parameters in binary format, the function of a FunctionCall.
 */
#ifndef DIFFENGINE_USER_MESSAGES_H
#define DIFFENGINE_USER_MESSAGES_H

#include "diffengine/prepared.h"
#include "diffengine/user_types.h"
#include "wire/frame.h"

struct user_tables {
	struct user_types types, functions;
};

/* Asks about what the message names and is not known (user_types_ask). `statement`: of a Bind,
 * may be NULL. False: it names no user type. */
bool user_message_ask(
	struct user_tables *t, const struct frame *f, const struct statement *statement);

/* Replaces OIDs in a whole message, in place. Returns how many have no known counterpart. */
size_t user_message_translate(const struct user_tables *t, const struct statement *statement,
	unsigned char *message, size_t len);

#endif
