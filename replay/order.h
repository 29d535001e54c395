/*
 * What is due: which exchange begins next, which session connects, which one is over. The order
 * is that of the trace as far as replay/wishes.h asks for it:
 *
 *   dependency   an exchange is due when all that had finished (both ReadyForQuery) before it
 *                began in the capture have finished here; one that only reads, when all of these
 *                that may write have
 *   serial       and when nothing is under way but what waits for a lock
 *   free         when its session has none under way
 *
 * Connects and disconnects stand in that order as well. Another session may win a lock here than
 * in the capture, and then that order cannot be kept: while an exchange is blocked (stall.h) the
 * next one of a session that blocks it is due, which is called relaxed.
 */
#ifndef REPLAY_ORDER_H
#define REPLAY_ORDER_H

#include "replay/replay.h"

/* The place in the plan of the next exchange that is due. False: none is now. */
bool order_next(struct replay *r, size_t *at, bool *is_relaxed) ATTR_USE_RESULT;

/* The next session whose time to connect has come; NULL: none now. */
struct roster_session *order_connects(struct replay *r) ATTR_USE_RESULT;

/* The captured session was gone by the time at which the next exchange began. */
bool order_is_past(struct replay *r, const struct session *s) ATTR_USE_RESULT;

#endif
