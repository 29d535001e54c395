/*
 * What an exchange gathers on its way: the statements of its commands, the bytes for the
 * trace, and at its end its row there.
 */
#ifndef CAPTURE_EXCHANGE_H
#define CAPTURE_EXCHANGE_H

#include "capture/session.h"
#include "wire/frame.h"

/* A client's message, before it is sent: opens the exchange, keeps names of statements and
 * portals, decides whether the unit writes. False: its body is malformed. */
bool exchange_note_message(struct session *s, const struct frame *f) ATTR_USE_RESULT;
/* Request bytes that go out now, for the trace. */
void exchange_note_request(struct session *s, struct bytes data);
/* Answer bytes that leave the buffers, for the trace. */
void exchange_note_truth(struct session *s, struct bytes data);
void exchange_note_candidate(struct session *s, struct bytes data);
/* From here on the candidate's answer is kept, too: what came before was the same. */
void exchange_diverge(struct session *s);

/* What the statements' texts say of the commands, for the comparison; in the arena. */
const struct compare_command *exchange_commands(struct session *s, size_t *count);

/* The exchange is over: counts it and gives it to the trace. `result` may be NULL. */
void exchange_finish(struct session *s, const struct comparison *result, unsigned first_ordinal);
void exchange_reset(struct exchange *ex);

#endif
