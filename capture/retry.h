/*
 * Races are not mismatches. Two databases run concurrent sessions in slightly different
 * order, so a reading unit that overlapped another session's writing one may see it on one
 * side and not yet on the other. Such a difference is not judged at once: outside a
 * transaction the unit is asked again, alone, on both sides (equal then is `retried`); inside
 * a transaction, where asking again would prove nothing, it is `undecidable`.
 */
#ifndef CAPTURE_RETRY_H
#define CAPTURE_RETRY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/bytes.h"

struct session;
struct side;
struct comparison;

/* A unit of the session goes out, or its answer has settled: keeps track of overlaps. */
void retry_note_sent(struct session *s);
void retry_note_settled(struct session *s);

/* The answers differ. True: the unit is asked again, and `result` is forgotten. */
bool retry_begin(struct session *s, const struct comparison *result);
/* Whether the unit can be asked again: it was a transaction of its own, nothing of its answer
 * has gone to the client, and all of it is at hand. */
bool retry_is_repeatable(const struct session *s);
/* The exchange's request as the side was sent it. */
struct bytes retry_request_of(const struct session *s, const struct side *side);
/* Sends it to one side again. False: no memory. */
bool retry_send_side(struct side *side, struct bytes request) ATTR_USE_RESULT;
/* The turn was granted, or the unit can go out at once. */
void retry_send(struct session *s);
/* The answers differ and may do so because of a race that nobody can decide. */
bool retry_is_undecidable(const struct session *s, const struct comparison *result);

#endif
