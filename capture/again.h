/*
 * A side asks for its transaction to be tried again, as YugabyteDB does under contention or
 * after DDL, and the other does not. Where the unit was a transaction of its own and nothing of
 * the answer has gone to the client, that side is asked again, a few times with a growing
 * delay: equal then is `retried`. Inside a transaction only the client can repeat it: it gets
 * a 40001 and both sides a failed transaction. What a side has lost for good by then, with the
 * other's change made, is a mismatch.
 */
#ifndef CAPTURE_AGAIN_H
#define CAPTURE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct session;
struct comparison;

#define AGAIN_TIMES_MAX 5 /* the last one 160 ms after the one before */

/* True: the side is asked again when the watch says so, and `result` is forgotten. */
bool again_begin(struct session *s, const struct comparison *result) ATTR_USE_RESULT;
/* The watch: sends what is due. */
void again_tick(struct session *s, int64_t now);
/* No further try: what that makes of the result. */
void again_conclude(struct session *s, struct comparison *result);
/* The candidate asks for another try of a transaction that the truth has open. */
bool again_is_for_client(const struct session *s, const struct comparison *result);

#endif
