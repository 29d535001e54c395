/*
 * What an exchange gathers for the trace on its way, and at its end its row there.
 */
#ifndef REPLAY_EXCHANGE_H
#define REPLAY_EXCHANGE_H

#include "diffengine/compare.h"
#include "replay/session.h"

void exchange_init(struct exchange *ex, struct replay *r);
void exchange_fini(struct exchange *ex);

/* Request bytes, for the trace. */
void exchange_note_request(struct session *s, struct bytes data);
/* Answer bytes that leave the buffers, for the trace. */
void exchange_note_truth(struct session *s, struct bytes data);
void exchange_note_candidate(struct session *s, struct bytes data);
/* From here on the candidate's answer is kept, too: what came before was the same. */
void exchange_diverge(struct session *s);
/* A unit's full comparison: its verdicts are kept, its differences written. */
void exchange_judge(struct session *s, const struct comparison *result, unsigned first_ordinal);

/* What the statements' texts say of the commands, for the comparison; in the arena. */
const struct compare_command *exchange_commands(struct session *s, size_t *count);

/* The exchange is over: counts it, writes its row, makes way for the next one. */
void exchange_finish(struct session *s);

#endif
