/*
 * From the client to the backends.
 */
#ifndef CAPTURE_RELAY_H
#define CAPTURE_RELAY_H

struct side;
struct session;

/* Takes what can be taken from the client's buffer. */
void relay_pump(struct session *s);
void relay_on_granted(struct session *s);
/* The unit at the front of the client's buffer is complete: it gets its turn and is sent. */
void relay_dispatch(struct session *s);
/* Sends the held part of the unit to that side. */
void relay_send_held(struct side *side);
/* The candidate gets a statement that fails in place of its held part: the unit was ended. */
void relay_fail_held(struct session *s);

#endif
