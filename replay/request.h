/*
 * The recorded request of one exchange, message by message. A request may be longer than
 * memory (COPY data): its parts are read one at a time. Before the first message is handed
 * out the whole request is walked once, since half a request must never be sent.
 */
#ifndef REPLAY_REQUEST_H
#define REPLAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "schema/trace.h"
#include "wire/frame.h"

enum request_state {
	REQUEST_WHOLE,
	REQUEST_EMPTY,     /* nothing of it was ever sent */
	REQUEST_CUT,       /* ends inside a message, or before one that asks for an answer */
	REQUEST_MALFORMED, /* not what a client sends in a session, or too long a message */
	/* of replay/select.h */
	REQUEST_LEFT_OUT, /* not chosen */
	REQUEST_WRITES,   /* may write */
	REQUEST_BROKEN    /* cannot be read */
};

/* The walk: only heads of messages are looked at. Pure. */
struct request_check {
	size_t max;            /* bytes of a message */
	unsigned char head[5]; /* of the message under way */
	size_t head_len;
	size_t left;        /* of its body */
	unsigned char last; /* type of the last whole message */
	bool is_malformed;
};

void request_check_init(struct request_check *check, size_t max_message);
void request_check_feed(struct request_check *check, struct bytes data);
enum request_state request_check_end(const struct request_check *check);

struct request {
	struct trace *trace;
	size_t max_message;
	int64_t exchange;
	int parts, next_part;
	struct buf in; /* not handed out yet, but for the message handed out last */
	size_t given;  /* bytes of that */
};

void request_init(struct request *request, struct trace *trace, size_t max_message);
void request_fini(struct request *request);

/* Begins with the request of that exchange. False with err: the trace cannot be read. Only a
 * WHOLE one may be gone on with. */
bool request_open(struct request *request, int64_t exchange, enum request_state *state,
	struct err *err) ATTR_USE_RESULT;
/* Gives the storage back. */
void request_close(struct request *request);

enum request_result { REQUEST_MESSAGE, REQUEST_END, REQUEST_FAILED };

/* The next message, borrowed until the next call. FAILED: err says why. */
enum request_result request_next(
	struct request *request, struct frame *frame, struct err *err) ATTR_USE_RESULT;

#endif
