/*
 * One of the session's two backends, with what it has done in the exchange under way.
 */
#ifndef CAPTURE_SIDE_H
#define CAPTURE_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/backend.h"

struct side {                    /* one backend of the session */
	struct backend *backend; /* NULL before CONNECTING and after the end */
	size_t framed;           /* bytes of link.in that were framed and checked off */
	int64_t asked_us;  /* monotonic: when the exchange's first bytes went out; 0: not yet */
	int64_t done_us;   /* when its ReadyForQuery came; -1: not yet */
	int64_t heard_us;  /* monotonic: when it last said something, or was sent something */
	struct buf held;   /* the unit's bytes that it has not been sent yet */
	bool is_sent;      /* the unit was sent */
	size_t completed;  /* ParseComplete, BindComplete and CloseComplete of this exchange */
	bool has_failed;   /* an ErrorResponse came in this exchange */
	bool is_stopped;   /* what follows its CopyInResponse waits for the judgement of that */
	int64_t rows;      /* of the result under way */
	int64_t last_rows; /* of the last complete command, with its tag: kept where the trace */
	char fatal[6];     /* SQLSTATE of a FATAL that it said last; "" none */
	char last_tag[64]; /* cuts the answer */
};

/* The whole messages that it has answered and that are still in its buffer. */
static inline struct bytes side_framed(const struct side *side)
{
	return bytes_of(buf_bytes(&side->backend->link.in).ptr, side->framed);
}

#endif
