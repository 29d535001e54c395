/*
 * One backend of a session that is replayed, and how far it is with the exchange under way.
 * Functions are in session.c.
 */
#ifndef REPLAY_SIDE_H
#define REPLAY_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/backend.h"

struct side {                          /* one backend of the session */
	struct backend *backend;       /* NULL: not connected yet, or absent */
	bool is_absent;                /* --against the other one; it has always settled */
	size_t framed;                 /* bytes of link.in that were framed and checked off */
	int64_t done_us;               /* when its ReadyForQuery came; -1: not yet */
	int64_t heard_us;              /* monotonic: when it last said or was sent something */
	int64_t sent_us;               /* monotonic: when the unit was sent, for cancel requests */
	char status;                   /* of that ReadyForQuery */
	struct buf held;               /* bytes of the unit that it has not been sent yet */
	bool is_sent;                  /* the unit was sent */
	bool is_stopped, is_cancelled; /* stopped: see stops_framing (answer.c) */
	unsigned commands;             /* that have ended */
	int64_t rows;                  /* of the result under way */
	int64_t last_rows; /* of the last complete command, with its tag: kept where the trace */
	char last_tag[64]; /* cuts the answer */
};

/* It has said all that this exchange asks of it. */
bool side_is_over(const struct side *side);
/* Nothing more comes from it until it is sent something. */
bool side_has_settled(const struct side *side);
bool side_is_in_copy(const struct side *side);
/* It takes no more for now: too much is unsent. */
bool side_is_clogged(const struct side *side);
/* Sends what is held. */
void side_send_held(struct side *side);

#endif
