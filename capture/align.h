/*
 * Equal transaction states on both sides again, by statements of our own.
 */
#ifndef CAPTURE_ALIGN_H
#define CAPTURE_ALIGN_H

#include <stdbool.h>

struct comparison;
struct session;

/* True: it takes over (phase ALIGNING), or has ended the session. `result` may be NULL. */
bool align_begin(struct session *s, const struct comparison *result);
/* The client was told of a mismatch, and its session goes on. False: both sides are fit. */
bool align_after_error(struct session *s, const struct comparison *result);
/* A routed unit was answered: the side that was not asked is brought to the same state. False:
 * it is there, or the session was ended. */
bool align_routed(struct session *s);
void align_advance(struct session *s);

#endif
