/*
 * Statements of our own that look something up in a session (capture/types.h, capture/keys.h),
 * while nothing else is under way in it:
 *
 *   COLLECTING | AWAITING, all answered --look_begin--> LOOKING --look_end--> as before
 *
 * A look-up is a prepared statement and portal of our own name that are closed at once, so
 * nothing of the client's is disturbed. Its answers are neither compared nor recorded. Not where
 * a transaction has failed, or in COPY. One look-up at a time; the loop's thread.
 *
 * A database that does not answer one is treated as one that does not answer the client:
 * comparison.backend-timeout.
 */
#ifndef CAPTURE_LOOK_H
#define CAPTURE_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "wire/protocol.h"

struct session;
struct side;

#define LOOK_REQUEST_MAX ((size_t)2 * 1024 * 1024) /* bytes of a look-up's messages */

struct look { /* zero it to start */
	struct side *side;
	size_t keep;           /* bytes of its buffer before the answer to our statement */
	struct protocol saved; /* what the unit that is not sent yet will owe */
	bool is_asking;        /* `saved` holds something */
	int phase;             /* of the exchange, before LOOKING */
	void (*on_answered)(struct session *s);
};

void look_fini(struct look *look);

bool look_is_possible(const struct session *s);
/* `on_answered` is called for each look_ask. */
void look_begin(struct session *s, void (*on_answered)(struct session *s));
/* Sends the messages to the side. A failure ends the session. */
void look_ask(struct session *s, struct side *side, struct bytes messages);
/* Bytes came while LOOKING. */
void look_advance(struct session *s);
/* The answer, until look_take_answer, which takes it out of the buffer. */
struct bytes look_answer(const struct session *s);
void look_take_answer(struct session *s);
void look_end(struct session *s);

#endif
