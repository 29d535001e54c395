/*
 * User types in a replay. The trace has their OIDs as the captured source of truth had given
 * them out, and, as events, their names; either database of the replay has OIDs of its own. So
 * each side gets requests with its OIDs, and answers are compared by name, as in the capture
 * (capture/types.h).
 *
 * Names are looked up as the capture does it, on both sides at once, when a message names a
 * type, or an answer holds one; and OIDs in answers that the trace does not know are looked up
 * by OID on the truth and by name on the candidate. Once before a unit is sent and once after
 * it is answered. An entry becomes known with the exchange in whose time it was recorded, so
 * that a type that was dropped and made again is taken for what it was then.
 */
#ifndef REPLAY_TYPES_H
#define REPLAY_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "diffengine/lockstep.h"
#include "diffengine/user_messages.h"
#include "wire/backend.h"

struct session;
struct side;

struct replay_types {
	struct user_tables sides[2]; /* recorded OID to that side's: truth, candidate */
	struct user_types pairs;     /* the truth's OID to the candidate's */
	size_t fed;                  /* of the roster's entries */
	bool is_tried;               /* in this unit */
	bool has_begun;              /* something of the exchange was sent already */
	bool has_pending;            /* a message waits for the look-up */
	struct frame pending;
	struct lockstep mark; /* where the walk over the answer can begin anew */
	struct protocol saved[2];
	size_t keep[2];
	bool is_asked[2]; /* and its answer is awaited */
	bool is_final;    /* the look-up ends in Sync */
	int phase;        /* of the exchange, before LOOKING */
};

void types_fini(struct replay_types *t);

/* An exchange begins: takes what was recorded until it ended. */
void types_begin(struct session *s);
/* True: types are looked up before the message is taken; it is kept. */
bool types_look_up(struct session *s, const struct frame *f) ATTR_USE_RESULT;
/* LOOKING. True: done; the phase is what it was. */
bool types_step(struct session *s);
/* The message, behind what the side holds already, gets its OIDs. */
void types_translate(struct session *s, struct side *side, size_t len);

/* The walk over the answers may begin anew from where it is now. */
void types_mark(struct session *s);
/* Before the answers are judged. True: types are looked up first. */
bool types_look_back(struct session *s) ATTR_USE_RESULT;

#endif
